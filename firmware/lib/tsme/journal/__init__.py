# The journal: a ring of erase blocks to which records are appended (SPEC section 4).
#
# A Store (__init__.pyi).  Nothing is written by recover(), and nothing is ever programmed over.
import struct

from .. import once
from ..errors import fault, over
from ..values import UNICODE
from .blocks import Blocks
from .records import CHECKPOINT, HEAD, MOST, PART, STEP, crc32, place

# Recovery replays at most so much; needs_checkpoint() is true before.
CHECKPOINT_STEPS = 256
CHECKPOINT_TRANSITIONS = 4096


class Journal:
    key = None  # whose records these are, if there are other journals beside it

    def __init__(self, device, slot=32, buffer=256):
        # buffer: bytes, or another Journal to share its buffers with, in one event loop
        self._blocks = b = Blocks(device, slot, getattr(buffer, "_blocks", buffer))
        self._buf = b.buf
        self._head = bytearray(HEAD)
        self._head4 = memoryview(self._head)[:4]
        self._reset()

    def _reset(self):
        self._live = False
        self._blocks.worn = ()
        self._measure()
        self._number = 0  # of the next record
        self._chain = 0
        self._generation = 0  # of the block being written; 0 before the first
        self._off = self._blocks.end  # at the end: the next commit opens a block
        self._newest = 0  # blocks up to this generation may hold what was never committed
        self._since = 0  # generation in which the newest checkpoint begins, or else record 0
        self._steps = 0
        self._owned = False
        self._start = None  # where the records begin that recover() has found
        self._ready = 0  # the generation that the next block is erased and marked for

    def _measure(self):
        # A checkpoint may take `reserve` blocks, and steps leave so many free for it, and one
        # that may fail: it always finds room, however often the power fails.
        b = self._blocks
        good = b.count - len(b.worn)
        self._reserve = max(1, min(b.count // 2 - 1, good - 2))
        self._kept = self._reserve + (good - self._reserve >= 3)

    # Power-up

    def format(self):
        # Erases everything. The oldest first: cut off, it leaves the newest state or none.
        once(
            "journal.recovery journal.walk journal.cursor journal.heads journal.info",
            "format",
            self,
        )

    def recover(self, on_checkpoint=None, on_step=None):
        # Calls back with the bodies (memoryviews, valid during the call) of the newest
        # checkpoint, if there is one, and of the steps after it.  -> Info
        found, start, route = once(
            "journal.recovery journal.walk journal.cursor journal.heads journal.info",
            "recover",
            self,
        )
        self._start = start and (start, route)
        if on_step:
            self.reread(on_checkpoint, on_step)
        return found

    def reread(self, on_checkpoint, on_step):
        # The same calls, once, right after a recover() without them: what finds the records is
        # then forgotten before what they are for is loaded.
        start = self._start
        self._start = None
        if start:
            once("journal.reread", "reread", self, start[0], start[1], on_checkpoint, on_step)

    def records(self, on_damage=None):
        # All records that can be read, oldest first: (number, kind, body, block, offset).
        # on_damage(number, number of the next readable one or None, block, offset).
        return once(
            "journal.recovery journal.walk journal.cursor journal.heads journal.info",
            "records",
            self,
            on_damage,
        )

    # Writing

    @property
    def number(self):
        # Of the next record.
        return self._number

    @property
    def retired(self):
        # Numbers of blocks that could not be erased or programmed and are not used any more.
        return self._blocks.worn

    @property
    def most(self):
        # Bytes that a record may have.
        return min(MOST, self._reserve * self._blocks.room - HEAD)

    @property
    def room(self):
        # Bytes the next step may have before a checkpoint is needed.
        b = self._blocks
        return max(0, self._blocks_left() * b.room + b.end - self._off - HEAD)

    def _free(self, top, since):
        # Good blocks behind generation `top` that hold nothing that is needed.
        b = self._blocks
        left = behind = (since or top + 1) + b.count - 1 - top
        for block in b.worn:
            if (block - b.of(top) - 1) % b.count < behind:
                left -= 1
        return left

    def _blocks_left(self):
        # Blocks that steps may still open.
        return self._free(self._generation, self._since) - self._kept

    def needs_checkpoint(self, steps=None, transitions=0):
        # `steps` and `transitions` since the newest checkpoint; the journal counts steps itself.
        if steps is None:
            steps = self._steps
        if steps >= CHECKPOINT_STEPS or transitions >= CHECKPOINT_TRANSITIONS:
            return True
        if self._free(self._generation, self._since) > self._kept:
            return False  # a block is left
        return self.room < self._blocks.room // 4

    def checkpoint(self, body):
        return self.commit(CHECKPOINT, body)

    def commit(self, kind, body):
        # Gives the record's number. After LimitError nothing was committed, and the journal goes
        # on; after any other error only recover() knows whether the record was committed.
        if self._live is not True:
            once("journal.provision journal.heads", "wake", self)
        b = self._blocks
        n = len(body)
        head = self._head
        struct.pack_into("<I", head, 0, n | kind << 24)
        crc = crc32(body, crc32(self._head4, self._chain))
        struct.pack_into("<I", head, 4, crc)
        off = self._off
        end = off + HEAD + n
        lead = off & (b.unit - 1)
        at = lead + HEAD
        tail = at + n
        buf = self._buf
        if end > b.end or tail > len(buf) or (kind == CHECKPOINT and self._blocks_left() <= 0):
            return self._commit_long(kind, body, crc)
        if lead:
            buf[:lead] = b.ff[:lead]
        buf[lead:at] = head
        buf[at:tail] = body
        view = b.padded(tail)
        self._live = False
        generation = self._generation
        if not b.program(b.of(generation), off - lead, view, lead):
            self._retire(b.of(generation))
            return self._store(kind, body, crc, 0)
        return self._committed(kind, crc, generation, generation, end)

    def _committed(self, kind, crc, begin, generation, end):
        b = self._blocks
        b.sync(b.of(generation))
        self._chain = crc
        number = self._number
        self._number = number + 1
        while self._generation < generation:
            self._seal(b.of(self._generation) if self._generation else b.claimed)
            self._generation += 1
        self._off = (end + b.slot - 1) & -b.slot
        if kind == CHECKPOINT:
            self._since = begin
            self._steps = 0
        else:
            if not self._since:
                self._since = begin
            self._steps += 1
        self._live = True
        return number

    def _seal(self, block):
        # Says in a block that the next one holds a record: if that loses its head, it is missed.
        b = self._blocks
        if block is None or block in b.worn:
            return
        off = 0
        n = b.unit
        at = PART
        if b.once:
            off = b.end
            n = b.slot
            at = 0
            b.buf[:n] = b.ff[:n]
        else:  # with what is there, for memory takes FF for what it is
            b.read(block, 0, b.view[:n])
        b.buf[at : at + 4] = bytes(4)
        if not b.program(block, off, b.view[:n]):
            self._retire(block)

    def _commit_long(self, kind, body, crc):
        # The record takes a new block, or more than the buffer holds.
        b = self._blocks
        n = HEAD + len(body)
        rest = b.end - self._off
        if kind == CHECKPOINT and (rest < n or self._blocks_left() <= 0):
            rest = 0  # from a block's beginning it keeps the fewest blocks from being erased
        opens = max(0, -(-(n - rest) // b.room))
        self._limits(kind, len(body), opens)
        self._live = False
        if opens:
            self._prepare()
        return self._store(kind, body, crc, min(n, rest))

    def _limits(self, kind, n, opens):
        if n > self.most:
            raise over("TSME-J007", n, self.most)
        if kind == STEP and opens > max(0, self._blocks_left()):
            raise over("TSME-J008", n, self.room)

    def _prepare(self):
        # Before a block is opened: the region is ours, and no newer head is in it.
        if not self._owned:
            once("journal.provision journal.heads", "own", self._blocks)
            self._owned = True
        if self._newest > self._generation:
            once("journal.provision journal.heads", "drop", self)

    def _store(self, kind, body, crc, done):
        # Writes the record: `done` bytes into this block, the rest into new ones. A block that
        # fails holds nothing of it: that goes into the next.
        b = self._blocks
        n = HEAD + len(body)
        generation = self._generation
        off = self._off
        begin = generation if done else 0
        if done:
            if b.write(b.of(generation), off, 0, self._head, body, 0, done):
                off += done
            else:
                self._retire(b.of(generation))
                begin = done = 0
        while done < n:
            since = self._since or begin
            need = -(-(n - done) // b.room) + (self._reserve if kind == STEP else 0)
            top = max(generation, self._newest)
            free = self._free(top, since)
            if free < need:
                if kind == STEP and free:  # a checkpoint gives room; nothing is added here
                    self._off = b.end
                    self._live = True
                    raise over("TSME-J008", len(body), self.room)
                raise fault("TSME-J011", len(b.worn), b.count)
            self._newest = following = b.after(top)
            end = self._open(following, generation, crc, body, done)
            if not end:
                self._retire(b.of(following))
                continue
            done += end - b.data
            off = end
            generation = following
            begin = begin or following
        return self._committed(kind, crc, begin, generation, off)

    def _retire(self, block):
        if block not in self._blocks.worn:
            self._blocks.worn += (block,)
        self._ready = 0  # its mark does not know
        self._measure()

    def _open(self, generation, before, crc, body, done):
        # Writes a block's head and what fits of the record; gives its end, 0 if that failed.
        b = self._blocks
        n = HEAD + len(body)
        piece = min(n - done, b.room)
        first = b.data
        number = self._number
        chain = self._chain
        if done:
            first = (b.data + piece + b.slot - 1) & -b.slot
            if done + piece < n or first >= b.end:
                first = 0
            else:
                number += 1
                chain = crc
        if b.of(generation) == b.claimed:
            b.claimed = None
        ready = generation == self._ready
        self._ready = 0
        if not ready and not b.make_ready(generation, before):
            return 0
        buf = self._buf
        at = b.data
        part = place(b.lay_mark(generation, before), first, number, chain, self._since)
        for off in range(b.unit, at, 32):
            buf[off : off + 32] = b.ff[:32]
        buf[b.slot : b.slot + PART] = part
        off = 0
        if ready:
            off = b.slot  # the first slot is programmed already
            if b.unit <= b.slot:
                at = b.slot
                buf[:at] = buf[at : 2 * at]
        if not b.write(b.of(generation), off, at, self._head, body, done, done + piece):
            return 0
        return b.data + piece

    def idle(self):
        # Erases the next block, so that no commit has to. True if there was something to do.
        if not self._live:
            return False
        if self._live is not True:
            once("journal.provision journal.heads", "wake", self)
        if self._ready:
            return False
        b = self._blocks
        self._live = False
        self._prepare()
        generation = self._generation
        top = max(generation, self._newest)
        done = self._free(top, self._since) > 0
        if done:
            following = b.after(top)
            if b.make_ready(following, generation) and b.program(
                b.of(following), 0, b.lay_mark(following, generation)
            ):
                b.sync(b.of(following))
                self._ready = following
            else:
                self._retire(b.of(following))
        self._live = True
        return done


if UNICODE:
    from ..values.cbor import sooner  # the native core needs cbor first

    Journal.commit = sooner(Journal.commit)
