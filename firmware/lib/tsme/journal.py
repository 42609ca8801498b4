# The journal: a ring of erase blocks to which records are appended (SPEC section 4).
#
# A record is committed when commit() returns; recover() finds exactly the committed ones, and
# perhaps the one under way when the power went, never a part of it.  Nothing is written by
# recover(), and nothing is ever programmed over.
import struct

from . import once
from .blocks import Blocks
from .errors import fault, over
from .records import CHECKPOINT, HEAD, MOST, PART, STEP, crc32, mark, place

# Recovery replays at most so much; needs_checkpoint() is true before.
CHECKPOINT_STEPS = 256
CHECKPOINT_TRANSITIONS = 4096


class Info:
    # What recover() found.
    def __init__(self, records, steps, torn, blocks, generation):
        self.records = records  # committed in all, also those no longer kept
        self.steps = steps  # since the newest checkpoint
        self.torn = torn  # something behind the last record was never committed
        self.blocks = blocks  # needed for recovery; blocks of the ring that may not be erased
        self.generation = generation


class Journal:
    def __init__(self, device, slot=32, buffer=1024):
        self._blocks = b = Blocks(device, slot, buffer)
        self._buf = b.buf
        self._head = bytearray(HEAD)
        self._head4 = memoryview(self._head)[:4]
        # A checkpoint may take so many blocks, and steps leave so many free for it.  Then it
        # always finds room, whatever came before and however often the power fails.
        self._reserve = max(1, (b.count - 1) // 2)
        self._live = False
        self._reset()

    def _reset(self):
        self._number = 0  # of the next record
        self._chain = 0
        self._generation = 0  # of the block being written; 0 before the first
        self._off = self._blocks.size  # at the end: the next commit opens a block
        self._newest = 0  # blocks up to this generation may hold what was never committed
        self._checkpoint = 0  # generation in which the newest one begins
        self._steps = 0
        self._claimed = False
        self._ready = False  # the next block is erased and marked

    # Power-up

    def format(self):
        # Erases everything. The oldest first: cut off, it leaves the newest state or none.
        once("recovery walk", "format", self)

    def recover(self, on_checkpoint=None, on_step=None):
        # Calls back with the bodies (memoryviews, valid during the call) of the newest
        # checkpoint, if there is one, and of the steps after it.  -> Info
        return Info(*once("recovery walk", "recover", self, on_checkpoint, on_step))

    def records(self, on_damage=None):
        # All records that can be read, oldest first: (number, kind, body, block, offset).
        # on_damage(number, number of the next readable one or None, block, offset).
        return once("recovery walk", "records", self, on_damage)

    # Writing

    @property
    def number(self):
        # Of the next record.
        return self._number

    @property
    def most(self):
        # Bytes that a record may have.
        return min(MOST, self._reserve * self._blocks.room - HEAD)

    @property
    def room(self):
        # Bytes the next step may have before a checkpoint is needed.
        b = self._blocks
        return max(0, self._blocks_left() * b.room + b.size - self._off - HEAD)

    def _blocks_left(self):
        # Blocks that steps may still open.
        last = (self._checkpoint or 1) + self._blocks.count - 1
        return last - self._reserve - self._generation

    def needs_checkpoint(self, steps=None, transitions=0):
        # `steps` and `transitions` since the newest checkpoint; the journal counts steps itself.
        if steps is None:
            steps = self._steps
        if steps >= CHECKPOINT_STEPS or transitions >= CHECKPOINT_TRANSITIONS:
            return True
        return self.room < self._blocks.room // 4

    def checkpoint(self, body):
        return self.commit(CHECKPOINT, body)

    def commit(self, kind, body):
        # Gives the record's number. After LimitError nothing has changed; after any other
        # error only recover() knows whether the record was committed.
        if not self._live:
            raise fault("TSME-J010")
        b = self._blocks
        n = len(body)
        off = self._off
        end = off + HEAD + n
        lead = off & (b.unit - 1)
        if (
            end > b.size
            or lead + HEAD + n > len(self._buf)
            or (kind == CHECKPOINT and self._blocks_left() <= 0)
        ):
            return self._commit_long(kind, body)
        buf = self._buf
        struct.pack_into("<I", self._head, 0, n | kind << 24)
        crc = crc32(body, crc32(self._head4, self._chain))
        struct.pack_into("<I", self._head, 4, crc)
        tail = lead + HEAD + n
        if lead:
            buf[:lead] = b.ff[:lead]
        buf[lead : lead + HEAD] = self._head
        buf[lead + HEAD : tail] = body
        view = b.padded(tail)
        self._live = False
        b.program(b.of(self._generation), off - lead, view)
        self._committed(kind, crc, self._generation, self._generation, end)
        return self._number - 1

    def _committed(self, kind, crc, begin, generation, end):
        b = self._blocks
        b.sync()
        self._chain = crc
        self._number += 1
        self._generation = generation
        self._off = (end + b.slot - 1) & -b.slot
        if kind == CHECKPOINT:
            self._checkpoint = begin
            self._steps = 0
        else:
            self._steps += 1
        self._live = True

    def _commit_long(self, kind, body):
        # The record takes a new block, or more than the buffer holds.
        b = self._blocks
        n = HEAD + len(body)
        rest = b.size - self._off
        if rest < n and kind == CHECKPOINT or self._blocks_left() <= 0 and kind == CHECKPOINT:
            rest = 0  # from a block's beginning it keeps the fewest blocks from being erased
        opens = max(0, -(-(n - rest) // b.room))
        self._limits(kind, len(body), opens)
        struct.pack_into("<I", self._head, 0, len(body) | kind << 24)
        crc = crc32(body, crc32(self._head4, self._chain))
        struct.pack_into("<I", self._head, 4, crc)
        self._live = False
        if opens and not self._claimed:
            b.claim()
            self._claimed = True
        if opens:
            self._drop()
        generation = self._generation
        begin = generation if rest else generation + 1
        off = self._off
        done = 0
        if rest:
            done = min(n, rest)
            b.write(b.of(generation), off, 0, self._head, body, 0, done)
            off += done
        while done < n:
            generation += 1
            done, off = self._open(generation, crc, body, done)
        self._committed(kind, crc, begin, generation, off)
        return self._number - 1

    def _limits(self, kind, n, opens):
        if n > self.most:
            raise over("TSME-J007", n, self.most)
        if kind == STEP and opens > max(0, self._blocks_left()):
            raise over("TSME-J008", n, self.room)

    def _drop(self):
        # Blocks behind the last record that were never committed to: from the last down, so
        # that no block is ever newer than one without a committed record that is kept.
        b = self._blocks
        while self._newest > self._generation + 1:
            b.make_ready(self._newest)
            self._newest -= 1

    def _open(self, generation, crc, body, done):
        # Writes a block's head and what fits of the record; gives (bytes done, end offset).
        b = self._blocks
        n = HEAD + len(body)
        piece = min(n - done, b.room)
        first = b.data
        number = self._number
        chain = self._chain
        if done:
            first = (b.data + piece + b.slot - 1) & -b.slot
            if done + piece < n or first >= b.size:
                first = 0
            else:
                number += 1
                chain = crc
        block = b.of(generation)
        ready = self._ready
        self._ready = False
        if not ready:
            b.make_ready(generation)
        buf = self._buf
        at = 2 * b.slot
        buf[:at] = b.double
        part = mark(b.slot, b.count, b.size, generation)
        if not ready:
            buf[:PART] = part
        part = place(part, first, number, chain, self._checkpoint)
        buf[b.slot : b.slot + PART] = part
        off = 0
        if ready and b.unit <= b.slot:
            # The first slot is programmed already.
            off = b.slot
            at = b.slot
            buf[:at] = buf[at : 2 * at]
        b.write(block, off, at, self._head, body, done, done + piece)
        return done + piece, b.data + piece

    def idle(self):
        # Erases the next block, so that no commit has to. True if there was something to do.
        if not self._live or self._ready:
            return False
        b = self._blocks
        self._live = False
        if not self._claimed:
            b.claim()
            self._claimed = True
        self._drop()
        generation = self._generation + 1
        b.make_ready(generation)
        b.program(b.of(generation), 0, b.lay_mark(generation))
        b.sync()
        self._ready = True
        self._live = True
        return True
