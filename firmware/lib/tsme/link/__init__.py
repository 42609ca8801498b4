# A board over a cable: answers requests of the Simple Management Protocol on its lines of bytes,
# and runs the board meanwhile (docs/SPEC.md, 8).
import asyncio
import sys
import time

from .. import const, once
from ..errors import TsmeError, fault
from ..journal.records import crc32
from ..values.cbor import decode, encode, encode_into, put_head
from .log import Log
from .packets import Packets

_BUFFER = const(1024)  # bytes of a packet
_LOG = const(1024)  # bytes of text that are kept
_LATE = const(2000)  # ms after which nobody waits for an answer
_AGAIN = const(6000)  # ms in which a message may be sent again
_QUIET = const(60000)  # ms of silence that end a session
_WRITES = const(4)  # that are remembered

_ENOMEM = const(2)  # as SMP has them
_EINVAL = const(3)
_EMSGSIZE = const(7)
_ENOTSUP = const(8)
_EACCESS = const(11)
_OWN = const(65)  # the group of executions, programs and journals
_WHERE = "spppeeeeeeeejjjjssssese"  # the part that has each of its commands
_IDLE = const(3000)  # ms after which no part is kept
_FORGOTTEN = (
    "link.system link.files link.programs link.executions link.journals "
    "journal.recovery journal.walk journal.cursor journal.heads journal.info"
)


def ticks():
    return time.ticks_ms() if hasattr(time, "ticks_ms") else time.monotonic_ns() // 1000000


def since(then):
    now = ticks()
    return time.ticks_diff(now, then) if hasattr(time, "ticks_diff") else now - then


class Refusal(Exception):
    # rc: a code of the group, or with group None one that all have
    def __init__(self, rc, group=None):
        self.rc = rc
        self.group = group


def need(body, name, kind):
    # a member of a request
    value = body.get(name)
    if type(value) is not kind or kind is int and value < 0:
        raise fault("TSME-N003", name, kind.__name__)
    return value


class Line:
    # One stream, and who is at its other end.
    def __init__(self, stream):
        self.packets = Packets(stream, _BUFFER)
        self.stream = stream
        self.peer = getattr(stream, "session", 0)
        self.heard = self.empty = ticks()
        self.begin()

    def begin(self):
        # A session
        self.open = False  # unlocked
        self.nonce = None
        self.error = None  # of the last refusal


class Link:
    # board: a Board, or None.  streams: stdin and stdout if left out.  key: of the lock, None for
    # none.  files: the folder that may be written.  about: what the board says of itself.
    def __init__(self, board, *streams, key=None, files="/", about=None):
        if not streams:
            from .streams import Stdio

            streams = (Stdio(),)
        self.board = board
        self.lines = [Line(s) for s in streams]
        self.key = key.encode() if isinstance(key, str) else key
        self.files = files
        self.about = about or {}
        self.safe = not board or self.about.get("mode") == "safe"
        self.log = Log(_LOG)
        self.reset = None  # a function, in place of machine.reset()
        self.began = ticks()
        self.writes = []  # [message, its line or None, answer, when], the newest last
        self.kept = {}  # what a part has to remember: half an upload, a place in a journal
        self.part = None  # the module of the last request
        self.after = None  # what once() is to be called with when the answer is out
        self.running = None  # the task that runs the board

    # --- running ---

    async def run(self):
        # For ever.  Runs the board too, whenever something is under way, unless somebody does.
        usual = None
        if self.board:
            self.log.listen(self.board.tasks)
        for line in self.lines:
            if hasattr(line.stream, "console"):
                usual = self.log.take_prints()
        try:
            self.recover()
            while True:
                pause = 20
                for line in self.lines:
                    if await self.serve(line):
                        pause = 0
                    elif pause and since(line.heard) < 500:
                        pause = 1
                    elif self.part and since(line.heard) > _IDLE:
                        self._leave()
                await self._drive()
                await asyncio.sleep(pause / 1000)
        finally:
            if usual:
                import builtins

                builtins.print = usual
            if self.running:
                self.running.cancel()

    def recover(self):
        # What run() does first; before an event loop begins where the stack is small.
        if not self.safe:
            try:
                self.board.recover()
            except (TsmeError, OSError, MemoryError) as e:  # the link stays: it tells why
                self.log.write("it cannot go on: %s\n" % e)

    async def _drive(self):
        if self.running and self.running.done():
            task = self.running
            self.running = None
            await task  # raises what it did
        board = self.board
        if not self.safe and not self.running and not board.active and board.slots:
            if board.under_way():
                self.running = asyncio.create_task(board.run())

    async def serve(self, line):
        # At most one request.  -> was there something?
        stream = line.stream
        peer = getattr(stream, "session", 0)
        n = line.packets.poll()
        if peer != getattr(stream, "session", 0) or since(line.heard) > _QUIET:
            line.begin()
            line.heard = ticks()
        waited = since(line.empty)
        if line.packets.all:
            line.empty = ticks()
        if not n:
            return False
        line.heard = ticks()
        if waited < _LATE:
            await self._take(line, n)
        return True

    # --- one request ---

    async def _take(self, line, n):
        p = line.packets
        buf = p.buf
        op = buf[2]
        if op & 0xE5 or op > 0x0A or buf[3] or (buf[4] << 8 | buf[5]) != n - 8:
            return
        began = ticks()
        group = buf[6] << 8 | buf[7]
        key = None
        if op & 2:
            key = (bytes(p.view[2:10]), crc32(p.view[10 : 2 + n]))
        answer = self._again(key, line)
        if answer is None:
            try:
                body, end = decode(p.view[10 : 2 + n], 0, True)
                if not isinstance(body, dict) or end != n - 8:
                    return
            except TsmeError:
                return
            except MemoryError:
                body = None
            answer = await self._answer(line, group, body, key)
        n = self._put(p, answer)
        if since(began) < _LATE:
            buf[2] = op | 1
            buf[4] = n >> 8
            buf[5] = n & 0xFF
            p.answer(n + 8)
        if self.after:
            after = self.after
            self.after = None
            once(*after)

    async def _answer(self, line, group, body, key):
        # -> a map, or (map, source, map): source.fill(view) puts bytes there and says how many.
        buf = line.packets.buf
        op = buf[2]
        command = buf[9]
        try:
            if body is None:
                raise MemoryError
            answer = await self._perform(line, group, command, op & 2, body)
        except Refusal as e:
            if not e.group or op < 8:
                return {"rc": e.rc}
            return {"err": {"group": e.group, "rc": e.rc}}
        except MemoryError:
            self._leave()
            return {"rc": _ENOMEM}
        except Exception as e:
            rc, line.error = once("link.refusals", "told", e)
            if group != _OWN:
                return {"rc": rc if rc == _EINVAL else 1}
            return {"err": {"group": _OWN, "rc": rc}} if op >= 8 else {"rc": rc}
        if key and command != 19 and type(answer) is dict:
            self.writes.append([key, None if "id" in body else line, answer, ticks()])
            del self.writes[:-_WRITES]
        return answer

    async def _perform(self, line, group, command, write, body):
        part = {0: "s", 8: "f"}.get(group)
        if group == _OWN and command < len(_WHERE):
            part = _WHERE[command]
        if not part:
            raise Refusal(_ENOTSUP)
        if self.key and not line.open:
            if group == _OWN and write and command != 19:
                raise fault("TSME-N002")
            if group == 8 or group == 0 and command == 5:
                raise Refusal(_EACCESS)
        if group == 0 and command == 6:  # a client begins
            line.begin()
            self.writes = [w for w in self.writes if w[1] is not line]
        handler = self._use(part).HANDLERS.get(group << 9 | command << 1 | write >> 1)
        if not handler:
            raise Refusal(_ENOTSUP)
        answer = handler(self, line, body)  # calls: system files programs executions journals
        return await answer if hasattr(answer, "send") else answer

    def _again(self, key, line):
        # The answer to the same message, which was sent again.
        for w in self.writes:
            if w[0] == key and (w[1] is None or w[1] is line and since(w[3]) < _AGAIN):
                w[3] = ticks()
                return w[2]
        return None

    def _put(self, p, answer):
        # Into the packet, as its body.  -> its bytes
        buf = p.buf
        source = None
        if type(answer) is tuple:
            answer, source, after = answer
        out = bytearray()
        encode_into(out, answer, True)
        at = 10 + len(out)
        if at + 2 > len(buf):
            out = encode({"rc": _EMSGSIZE})
            source = None
            at = 10 + len(out)
        buf[10:at] = out
        if source:
            buf[at : at + 5] = b"\x64data"
            at += 8
            n = source.fill(p.view[at : len(buf) - 2 - 16 * len(after)])
            out = bytearray()
            put_head(out, 2, n)
            start = at - 3 + len(out)
            buf[at - 3 : start] = out
            if start != at:
                buf[start : start + n] = buf[at : at + n]
            at = start + n
            out = bytearray()
            encode_into(out, after, True)
            buf[10] += 1 + len(after)
            buf[at : at + len(out) - 1] = out[1:]
            at += len(out) - 1
        return at - 10

    # --- parts: loaded for a request, and kept for the next ---

    def _use(self, part):
        for name in ("system", "files", "programs", "executions", "journals"):
            if name[0] == part:
                break
        if self.part and self.part[0] != name:
            self._leave()
        if not self.part:
            self.part = (name, __import__("tsme.link." + name, None, None, ["*"]))
        return self.part[1]

    def _leave(self):
        self.part = None
        self.kept.pop("reader", None)
        if sys.implementation.name != "cpython":
            for n in _FORGOTTEN.split():
                if sys.modules.pop("tsme." + n, None):
                    room, _, n = ("tsme." + n).rpartition(".")
                    delattr(sys.modules[room], n)
