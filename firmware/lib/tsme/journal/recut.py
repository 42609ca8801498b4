# How the table of regions is read and changed (SPEC 4.7).  Works on a Regions `r`.
#
# Blocks are erased before a record gives them to somebody, so that a cut leaves them nobody's.
# Before the first erase of what has never been anybody's a record says that it is ours; it must
# be blank until then.
from ..errors import TsmeError, fault
from ..values.cbor import decode, encode
from . import Journal
from .blocks import Blocks
from .records import STEP

TABLE = 4  # blocks of the table
KIND = "regions"  # what a record of it begins with
VERSION = 1
LONGEST = 32  # bytes of a name


def read(r):
    # -> the table's journal, [mark, number, entries]
    j = Journal(r.part(0, TABLE), 32, r.buffer)
    found = []

    def keep(body):
        found.append(bytes(body))

    j.recover(keep, keep)
    if not found:
        return j, [TABLE, 0, []]
    return j, parse(found[-1], r.device.ioctl(4, 0))


def parse(body, whole):
    # What a record says of a device of so many blocks.
    try:
        item = decode(body)[0]
    except TsmeError:
        item = 0
    if not isinstance(item, list) or len(item) < 4 or item[0] != KIND:
        raise fault("TSME-J016", "they hold another journal")
    if item[1] != VERSION:
        raise fault("TSME-J003", item[1], VERSION)
    _, _, mark, number = item[:4]
    end = TABLE
    for _, start, count, _ in item[4:]:
        if start < end or count < 1:
            raise fault("TSME-J016", "regions lie one over another")
        end = start + count
    if max(mark, end) > whole:
        raise fault("TSME-J016", "it is of a device of at least %d blocks" % max(mark, end))
    return [mark, number, item[4:]]


class Change:
    # From what is in flash; what is done here is known to `r` once it is committed.
    def __init__(self, r):
        self.r = r
        self.journal, (self.mark, self.number, self.entries) = read(r)
        self.whole = r.device.ioctl(4, 0)
        self.blocks = Blocks(r.part(0, self.whole), 32, self.journal._blocks)
        if not self.journal.number:
            self.blank(TABLE, self.whole)  # nobody's, or not ours

    def blank(self, start, end):
        for block in range(start, end):
            if not self.blocks.blank(block):
                raise fault("TSME-J002", block)

    def find(self, name):
        for i, e in enumerate(self.entries):
            if e[0] == name and name:
                return i
        return -1

    def commit(self):
        self.entries.sort(key=lambda e: e[1])
        body = encode([KIND, VERSION, self.mark, self.number] + self.entries)
        if len(body) > self.journal.most:
            raise fault("TSME-J015", "the table has room for %d bytes alone" % self.journal.most)
        self.journal.checkpoint(body)
        self.r.mark, self.r.number, self.r.entries = parse(body, self.whole)

    def row(self, count):
        # The first of so many free blocks in a row.
        longest = 0
        end = TABLE
        for _, start, n, _ in self.entries + [["", self.whole, 0, 0]]:
            if start - end >= count:
                return end
            longest = max(longest, start - end)
            end = start + n
        text = "it takes %d free blocks in a row, and the longest row has %d"
        raise fault("TSME-J015", text % (count, longest))

    def take(self, count):
        # -> the first of so many blocks, which are nobody's, all erased
        if type(count) is not int or count < 1:
            raise fault("TSME-J015", "%r is no number of blocks" % (count,))
        while True:
            start = self.row(count)
            end = start + count
            if end > self.mark:
                self.blank(max(start, self.mark), end)
                self.mark = end
                self.commit()
            for block in range(start, end):
                if not self.blocks.erase(block):
                    self.entries.append(["", block, 1, 0])
                    self.entries.sort(key=lambda e: e[1])
                    break
            else:
                return start


def create(r, name, count, kind):
    c = Change(r)
    if not isinstance(name, str) or not 0 < len(name.encode()) <= LONGEST:
        raise fault("TSME-J015", "a name has 1 to %d bytes, %r has not" % (LONGEST, name))
    if c.find(name) >= 0:
        raise fault("TSME-J015", 'there is a region "%s" already' % name)
    c.entries.append([name, c.take(count), count, kind])
    c.commit()


def resize(r, name, count, copy):
    r.open(name)
    c = Change(r)
    old = c.find(name)
    if c.entries[old][2] == count:
        return
    start = c.take(count)
    old = c.entries.pop(c.find(name))
    (copy or copied)(r.part(old[1], old[2]), r.part(start, count))
    c.entries.append([name, start, count, old[3]])
    c.commit()


def copied(old, new):
    # Of a journal what its recovery needs.
    journal = Journal(old)
    j = Journal(new, 32, journal)
    j.recover()
    journal.recover(j.checkpoint, lambda body: j.commit(STEP, body))


def retire(r, name, number):
    r.open(name)
    c = Change(r)
    c.entries.pop(c.find(name))
    c.number = max(c.number, number)
    c.commit()


def format(r):
    # Of a table it is one change; where there is none, and it is cut off, it has to be done again.
    try:
        j = read(r)[0]
    except TsmeError:
        j = Journal(r.part(0, TABLE), 32, r.buffer)
    if not j.number:
        j.format()
        j.recover()
    j.checkpoint(encode([KIND, VERSION, r.device.ioctl(4, 0), 0]))
    r.load()
