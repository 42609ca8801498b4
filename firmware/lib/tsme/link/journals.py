# Group 65, journals: read while they are written, for what has been written stays as it is until
# its block is erased, and the chain of CRCs tells.
from ..errors import fault
from ..journal.blocks import Blocks
from ..journal.records import HEAD
from ..journal.recovery import oldest
from ..journal.walk import Walk
from .asked import given, need

_READER = "reader"
_SLOT = 32  # as the board has it


def region_of(link, name):
    board = link.board
    if not board:
        raise fault("TSME-N008")
    return board.regions.open(name)


def live(link, name):
    # The number of the next record, where somebody may write one; else None.
    slot = link.board.slots.get(name)
    return slot.journal.number if hasattr(slot, "journal") else None


def blocks_of(link, region):
    # Beside those of the journal that is written, whose buffers nothing outlives.
    buffer = link.board.regions.buffer
    return Blocks(region, _SLOT, getattr(buffer, "_blocks", buffer))


class Reader:
    # A place in a journal: record `number`, byte `skip`.
    def __init__(self, link, name, region, number):
        self.what = (name, region.start, region.count)
        self.blocks = b = blocks_of(link, region)
        self.size = 0  # of the record that is here, with its head; 0: none has been looked for
        self.skip = 0
        self.walk = walk = oldest(b)
        if not walk:
            return
        first = walk.number
        later = Walk(walk.heads, walk.newest, 0)
        # From the last block on whose first record is not too late.
        for generation in range(walk.newest, walk.generation, -1):
            if later.start(generation) and first <= later.number <= number:
                self.walk = later
                break
        while self.walk.number < number and self.more(None):
            if self.number >= number:
                return
            self.size = 0

    def more(self, last):
        # -> is there one more record?  last: the number that nobody has written yet, if known.
        walk = self.walk
        if self.size:
            return True
        if not walk or walk.number == last or not walk.step():
            return False
        self.at = walk.at
        self.number = walk.at[2]
        self.size = HEAD + walk.size
        self.skip = 0
        return True

    def gone(self):
        # Has the block been erased meanwhile?
        walk = self.walk
        return walk and not walk.heads.used(self.at[0] if self.size else walk.generation)

    def place(self):
        if self.size:
            return self.number, self.skip
        return (self.walk.number if self.walk else 0), 0

    def copy(self, view):
        # Bytes of the record that is here -> how many
        b = self.blocks
        generation, off = self.at[:2]
        left = self.skip
        while left >= b.end - off:
            left -= b.end - off
            generation = self.walk.after(generation)
            off = b.data
        off += left
        done = 0
        most = min(len(view), self.size - self.skip)
        while done < most:
            if off == b.end:
                generation = self.walk.after(generation)
                off = b.data
            n = min(most - done, b.end - off)
            b.read(b.of(generation), off, view[done : done + n])
            done += n
            off += n
        self.skip += done
        if self.skip == self.size:
            self.size = self.skip = 0
        return done


def reader_of(link, name, number, skip):
    region = region_of(link, name)
    r = link.kept.pop(_READER, None)
    last = live(link, name)
    what = (name, region.start, region.count)
    if not r or r.what != what or r.place() != (number, skip) or r.gone():
        r = Reader(link, name, region, number)
    elif not r.more(last) and last != r.place()[0]:
        r = Reader(link, name, region, number)  # it goes on in a block that was not there
    if r.more(last) and r.number == number:
        if skip >= r.size:
            raise fault("TSME-N003", "skip", "byte of it")
        r.skip = skip
    return r, last


class Records:
    # What is next of a reader, until an answer is full.
    def __init__(self, reader, last, after, kept):
        self.reader = reader
        self.last = last
        self.after = after
        self.kept = kept

    def fill(self, view):
        r = self.reader
        n = 0
        expected = self.after["next"]
        while n < len(view) and r.more(self.last) and r.number == expected:
            n += r.copy(view[n:])
            if r.size:
                break  # the rest is for the next answer
            expected += 1
        self.after["next"] = expected
        self.kept[_READER] = r
        return n


def records(link, line, body):
    name = need(body, "name", str)
    r, last = reader_of(link, name, need(body, "from", int), given(body, "skip", 0))
    number = r.place()[0]
    chain = r.at[3] if r.size else r.walk.chain if r.walk else 0
    after = {"next": number}
    return {"from": number, "chain": chain}, Records(r, last, after, link.kept), after


def journal(link, line, body):
    name = need(body, "name", str)
    region = region_of(link, name)
    b = blocks_of(link, region)
    walk = oldest(b)
    first = last = 0
    if walk:
        first = last = walk.number
    known = live(link, name)
    if known is not None:
        last = known
    elif walk:
        while walk.step():
            last = walk.number
    return {
        "first": first,
        "next": last,
        "blocks": b.count,
        "block": b.size,
        "slot": b.slot,
        "once": b.once,
        "retired": list(b.worn),
    }


class Raw:
    # Bytes of a device as they are.
    def __init__(self, device, off):
        self.device = device
        self.size = device.ioctl(5, 0)
        self.whole = device.ioctl(4, 0) * self.size
        self.off = off

    def fill(self, view):
        n = 0
        most = min(len(view), max(0, self.whole - self.off))
        while n < most:
            block, at = divmod(self.off + n, self.size)
            piece = min(most - n, self.size - at)
            self.device.readblocks(block, view[n : n + piece], at)
            n += piece
        return n


def blocks(link, line, body):
    off = need(body, "off", int)
    if not link.board:
        raise fault("TSME-N008")
    raw = Raw(region_of(link, body["name"]) if "name" in body else link.board.regions.device, off)
    return {"off": off, "len": raw.whole}, raw, {}


def checkpoint(link, line, body):
    if not link.board:
        raise fault("TSME-N008")
    slot = link.board.slot(need(body, "name", str))
    if not slot.state.execution:
        raise fault("TSME-K002")
    slot.journal.checkpoint(slot.kernel.checkpoint(slot.state))
    slot.transitions = 0
    return {}


_OWN = 65 << 9
HANDLERS = {
    _OWN | 24: journal,
    _OWN | 26: records,
    _OWN | 28: blocks,
    _OWN | 31: checkpoint,
}
