# A partition cut into named regions, by a table in its first blocks (SPEC 4.7).
#
# The table is a journal of four blocks, and each of its records is the whole table: a change of it
# is one commit.  What makes changes is recut.py, loaded for that and then forgotten.
from .. import once
from ..errors import fault
from .region import Region


class Regions:
    # A Region of before a change is not to be used after it: the blocks may be somebody else's.
    def __init__(self, device):
        self.device = device
        self.buffer = 1024  # of journals: bytes, or a Journal whose buffers they share
        # mark: blocks from it on have never been anybody's.  number: the greatest execution of the
        # regions that are gone.  entries: [name, start, count, kind] by start; no name: it has
        # failed
        self.entries = None

    def load(self):
        self.mark, self.number, self.entries = once("journal.recut", "read", self)[1]

    def part(self, start, count):
        d = self.device
        if isinstance(d, Region):  # one alone, which knows what is before it
            return Region(d.device, d.start + start, count, d.program_size, d.program_once)
        return Region(d, start, count)

    def list(self):
        # -> [(name, first block, blocks, kind), ..]
        if self.entries is None:
            self.load()
        return [tuple(e) for e in self.entries if e[0]]

    def open(self, name):
        # -> its Region
        there = self.list()
        for found, start, count, _ in there:
            if found == name:
                return self.part(start, count)
        raise fault("TSME-J014", name, ", ".join([e[0] for e in there]) or "none")

    def create(self, name, count, kind=0):
        # -> a new Region of so many blocks, all of them blank.  kind: 0 for a journal
        once("journal.recut", "create", self, name, count, kind)
        return self.open(name)

    def resize(self, name, count, copy=None):
        # Elsewhere: copy(old, new) writes what is to be kept into the new Region; left out, of a
        # journal that is its newest checkpoint and the steps behind it.  -> the new one
        once("journal.recut", "resize", self, name, count, copy)
        return self.open(name)

    def retire(self, name, number=0):
        # Its blocks are free from now on.  number: its last execution
        once("journal.recut", "retire", self, name, number)

    def format(self):
        # No region is left, and what else the device held may be erased.
        once("journal.recut", "format", self)
