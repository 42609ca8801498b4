# A board over a cable: answers requests of the Simple Management Protocol on its lines of bytes,
# and runs the board meanwhile (docs/SPEC.md, 8).
import asyncio
import sys

from .. import const, once
from ..errors import TsmeError, fault
from ..journal.records import crc32
from ..values.cbor import decode, encode, encode_into, put_head
from .packets import Line, since, ticks

_LOG = const(480)  # bytes of text that are kept
_LATE = const(2000)  # ms after which nobody waits for an answer
_AGAIN = const(6000)  # ms in which a message may be sent again
_QUIET = const(60000)  # ms of silence that end a session
_WRITES = const(4)  # that are remembered, and the last of each line
_LONG = const(1 << 28)  # ms: what lasts longer than two of it, ticks cannot tell

_EMSGSIZE = const(7)  # as SMP has them
_ENOTSUP = const(8)
_EACCESS = const(11)
_UNLOCK = const(19)
_OWN = const(65)  # the group of executions, programs and journals
_WHERE = "spppeeeeeeeejjjjssssesecccf"  # the part that has each of its commands
_IDLE = const(3000)  # ms after which no part is kept
_FORGOTTEN = (
    "link.asked link.system link.files link.programs link.executions link.journals link.clocks "
    "journal.recovery journal.walk journal.cursor journal.heads journal.info"
)


class Log:
    # What was logged and printed, of late: a ring in RAM, by the number of a byte.
    def __init__(self, size):
        self.ring = bytearray(size)
        self.next = 0  # of the byte to come, of all that there ever were

    def write(self, text):
        data = text.encode()
        size = len(self.ring)
        if len(data) > size:
            self.next += len(data) - size
            data = data[-size:]
        at = self.next % size
        head = data[: size - at]
        self.ring[at : at + len(head)] = head
        self.ring[: len(data) - len(head)] = data[len(head) :]
        self.next += len(data)


class Link:
    # board: a Board, or None.  streams: stdin and stdout if left out.  key: of the lock, None for
    # none.  files: the folder that may be written.  about: what the board says of itself.
    def __init__(self, board, *streams, key=None, files="/", about=None):
        if not streams:
            from .streams import Stdio

            streams = (Stdio(),)
        self.board = board
        self.lines = [Line(one) for s in streams for one in getattr(s, "all", (s,))]
        self.key = key.encode() if isinstance(key, str) else key
        self.files = files
        self.about = about or {}
        self.safe = not board or self.about.get("mode") == "safe"
        self.log = Log(_LOG)
        self.reset = None  # a function, in place of machine.reset()
        self.began = ticks()
        self.up = 0  # ms before that
        self.writes = []  # [message, its line, answer, when, has it an id?], the newest last
        self.kept = {}  # what a part has to remember: half an upload, a place in a journal
        self.part = None  # the module of the last request
        self.after = None  # what once() is to be called with when the answer is out
        self.running = None  # the task that runs the board
        self.followers = []  # of clocks, to whom what ticks is pushed
        self.push = None  # what does that, while there are any

    # --- running ---

    async def run(self):
        # For ever.  Runs the board too, whenever something is under way, unless somebody does.
        usual = once("link.begin", "begin", self)
        try:
            while True:
                pause = since(self.began)
                if pause > _LONG:
                    self.up += pause
                    self.began = ticks()
                    self.writes = [w for w in self.writes if w[4] or since(w[3]) < _AGAIN]
                pause = 20
                quiet = _QUIET
                for line in self.lines:
                    if await self.serve(line):
                        pause = 0
                    quiet = min(quiet, since(line.heard))
                if pause and quiet < 500:
                    pause = 1
                if self.followers:
                    self.push(self)
                if (self.part or self.push and not self.followers) and quiet > _IDLE:
                    self._leave()
                if self.running and self.running.done():
                    task = self.running
                    self.running = None
                    await task  # raises what it did
                board = self.board
                if not self.safe and not self.running and not board.active:
                    if board.slots and board.under_way():
                        self.running = asyncio.create_task(board.run())
                await asyncio.sleep(pause / 1000)
        finally:
            if usual:
                once("link.begin", "end", usual)
            if self.running:
                self.running.cancel()

    def recover(self):
        # What is under way, before run(): a Pico has no stack left for it within an event loop.
        if not self.safe:
            once("link.begin", "recover", self)

    async def serve(self, line):
        # At most one request.  -> was there something?  What a handler calls is deep: few calls
        # lead to one.
        n = line.poll()
        if since(line.heard) > _QUIET:
            line.begin()
            line.heard = ticks()
        waited = since(line.empty)
        if line.all:
            line.empty = ticks()
        if not n:
            return False
        line.heard = began = ticks()
        if waited >= _LATE:
            return True
        op = line.buf[2]
        done = False  # what it asked for, and its answer is kept for who asks again
        try:
            try:
                asked = self._asked(line, n)
                if not asked:
                    return True
                answer, handler, body, key = asked
                if handler:
                    answer = handler(self, line, body)
                    if hasattr(answer, "send"):
                        answer = await answer
                    done = key and type(answer) is dict
                    if done:
                        self._remember([key, line, answer, ticks(), "id" in body])
                n = self._put(line, answer)
            except Exception as e:
                if done and isinstance(e, MemoryError):
                    raise
                n = self._put(line, once("link.refusals", "answer", e, line))
            if since(began) < _LATE:
                line.buf[2] = op | 1
                line.answer(n + 8)
            if self.after:
                after = self.after
                self.after = None
                once(*after)
        except MemoryError:
            self._leave()  # nobody hears of it, and asks again
        return True

    def _remember(self, write):
        # The oldest makes room, unless it is the newest of its line.
        writes = self.writes
        writes.append(write)
        for n in range(len(writes) - _WRITES):
            if writes[n][1] in [w[1] for w in writes[n + 1 :]]:
                del writes[n]
                break

    def _asked(self, line, n):
        # -> an answer, or a handler and what it is called with, and by which the same message is
        # known again; None: nothing is to be answered
        buf = line.buf
        view = line.view
        op = buf[2]
        if op & 0xE5 or op > 0x0A or buf[3] or (buf[4] << 8 | buf[5]) != n - 8:
            return None
        key = None
        if op & 2:  # perhaps the same message, which was sent again
            key = (bytes(view[2:10]), crc32(view[10 : 2 + n]))
        for w in self.writes:
            if w[0] == key and (w[4] or w[1] is line and since(w[3]) < _AGAIN):
                w[1] = line
                w[3] = ticks()
                return w[2], None, None, None
        try:
            body, end = decode(view[10 : 2 + n], 0, True)
        except TsmeError:
            return None
        if not isinstance(body, dict) or end != n - 8:
            return None
        group = buf[6] << 8 | buf[7]
        command = buf[9]
        part = {0: "s", 8: "f"}.get(group)
        if group == _OWN and command < len(_WHERE):
            part = _WHERE[command]
        if part and self.key and not line.open:
            if group == _OWN and key and command != _UNLOCK:
                raise fault("TSME-N002")
            if group == 8 or group == 0 and command == 5:
                return {"rc": _EACCESS}, None, None, None
        if group == 0 and command == 6:  # a client begins
            line.begin()
            self.writes = [w for w in self.writes if w[4] or w[1] is not line]
        if part:
            number = group << 9 | command << 1 | op >> 1 & 1
            for name in ("system", "files", "programs", "executions", "journals", "clocks"):
                if name[0] == part:
                    break
            if not self.part or self.part[0] != name:
                self._leave()
                self.part = (name, __import__("tsme.link." + name, None, None, ["*"]))
            part = self.part[1].HANDLERS.get(number)
        if not part:
            return {"rc": _ENOTSUP}, None, None, None
        return None, part, body, key if command != _UNLOCK else None

    def _put(self, line, answer):
        # Into the packet, as its body.  -> its bytes
        buf = line.buf
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
            n = source.fill(line.view[at : len(buf) - 2 - 16 * len(after)])
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
        buf[4] = at - 10 >> 8
        buf[5] = at - 10 & 0xFF
        return at - 10

    def _leave(self):
        # Parts are loaded for a request, and kept for the next.
        self.part = None
        self.kept.pop("reader", None)
        more = ""
        if not self.followers:
            self.push = None
            more = " link.followers"
        if sys.implementation.name != "cpython":
            for n in (_FORGOTTEN + more).split():
                if sys.modules.pop("tsme." + n, None):
                    room, _, n = ("tsme." + n).rpartition(".")
                    delattr(sys.modules[room], n)
