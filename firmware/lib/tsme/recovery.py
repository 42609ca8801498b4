# What a journal does at power-up, and reading all of it; forgotten afterwards.  Works on the
# fields of a Journal `j` and its Blocks `b`.
from .blocks import MARKED, USED
from .errors import TsmeError, fault
from .records import CHECKPOINT, MAGIC, PART, VERSION, mark
from .walk import Walk


def scan(b):
    # (generation of the newest block, whether the region is claimed); 0 if it holds nothing.
    newest = -1
    claimed = False
    b.base = b.count - 1
    for block in range(b.count):
        found = b.look(block)
        if found:
            claimed = True
        if found == USED and b.generation > newest:
            newest = b.generation
            at = block
    if newest > 0:
        b.base = (at - newest) % b.count
        return newest, True
    if not claimed:
        _must_be_fresh(b)
    return 0, claimed


def _must_be_fresh(b):
    # All blank, or with nothing but claims (see claim) that a power cut tore.
    whole = memoryview(mark(b.slot, b.count, b.size, 0))
    for block in range(b.count):
        if b.blank(block):
            continue
        b.read(block, 0, b.mark)
        for i in range(PART):
            if whole[i] & ~b.mark[i]:
                _refuse(b, block)
        if not b.blank(block, PART):
            _refuse(b, block)


def _refuse(b, block):
    if b.mark[:4] == MAGIC and b.mark[4] != VERSION:
        raise fault("TSME-J003", b.mark[4], VERSION)
    raise fault("TSME-J002", block)


def format(j):
    b = j._blocks
    j._live = False
    try:
        newest = scan(b)[0]
    except TsmeError:
        newest = 0
    for i in range(b.count):
        b.erase(b.of(newest + 1 + i))
    j._reset()
    scan(b)
    b.claim()
    j._claimed = True
    j._live = True


def recover(j, on_checkpoint, on_step):
    b = j._blocks
    j._live = False
    j._reset()
    newest, j._claimed = scan(b)
    search = _Search(b)
    walk = search.walk = Walk(b, newest, search.damaged)
    start = search.find(newest) if newest else None
    if start:
        _settle(j, search, newest, start)
        if on_step:
            walk.begin(*start)
            while walk.number < j._number and walk.step(True):
                if walk.kind == CHECKPOINT:
                    on_checkpoint(walk.body())
                else:
                    on_step(walk.body())
    following = b.of(j._generation + 1)
    if b.look(following) == MARKED and b.generation == j._generation + 1:
        j._ready = not b.once and b.blank(following, b.slot)
    j._live = True
    used = j._generation - (j._checkpoint or 1) + 1
    return j._number, j._steps, walk.torn, used, j._generation


def _settle(j, search, newest, start):
    if search.hurt:
        raise fault("TSME-J005", *search.hurt)
    walk = search.walk
    j._number = walk.number
    j._chain = walk.chain
    j._generation = walk.last
    j._newest = newest
    j._steps = search.steps
    if not walk.torn:
        j._off = walk.off
    if search.found:
        j._checkpoint = start[0]


class _Search:
    # For the newest checkpoint.
    def __init__(self, blocks):
        self.blocks = blocks
        self.found = False
        self.hurt = None  # the first damage behind it
        self.steps = 0  # since then

    def find(self, newest):
        # Where to begin: the newest checkpoint.  The newest block names one; if its block is
        # gone, a newer one was committed since, and begins in one of the last blocks.
        b = self.blocks
        walk = self.walk
        b.used(newest)
        generation = b.checkpoint or 1
        if not walk.start(generation):
            generation = newest
        while generation > 0 and generation > newest - b.count:
            if walk.start(generation):
                start = self._pass()
                if start:
                    return start
            generation -= 1
        raise fault("TSME-J006")

    def _pass(self):
        walk = self.walk
        self.found = False
        self.hurt = None
        self.steps = 0
        start = None
        if walk.number == 0:
            start = (walk.generation, walk.off, 0, 0)
        while walk.step():
            if walk.kind == CHECKPOINT:
                start = walk.at
                self.found = True
                self.hurt = None
                self.steps = 0
            else:
                self.steps += 1
        return start

    def damaged(self, number, until, block, off):
        if not self.hurt:
            self.hurt = (number, block, off)


def records(j, on_damage=None):
    b = j._blocks
    newest = scan(b)[0]
    if not newest:
        return
    walk = Walk(b, newest, on_damage)
    for generation in range(max(1, newest + 1 - b.count), newest + 1):
        if walk.start(generation):
            # The oldest block may be half erased, also for blocks that were dropped again.
            if generation <= newest + j._reserve + 1 - b.count:
                walk.doomed = generation
            break
    else:
        return
    while walk.step(True):
        generation, off, number, _ = walk.at
        yield number, walk.kind, bytes(walk.body()), b.of(generation), off
