# What a journal does at power-up, and reading all of it; forgotten afterwards.  Works on the
# fields of a Journal `j` and its Blocks `b`.
from .. import once
from ..errors import TsmeError, fault
from .blocks import FF
from .heads import MARKED, USED, Heads, read_mark
from .info import Info
from .records import CHECKPOINT, MAGIC, PART, VERSION, mark
from .walk import Walk


def scan(h):
    # (generation of the newest block, whether the region is ours for good); 0 if it holds nothing.
    # Blocks that a head says have failed are in `worn`.
    b = h.blocks
    newest = at = 0
    claimed = owned = False
    worn = set()
    b.base = b.count - 1
    b.claimed = None
    h.other = []  # blocks of which nothing is said here
    for block in range(b.count):
        found = h.look(block)
        if found:
            claimed = True
            if h.generation:
                owned = True
            else:
                b.claimed = block
            for i in range(32):
                if h.retired >> i & 1:
                    worn.add((block - 1 - i) % b.count)
        elif h.part != b.ff[:PART]:
            h.other.append(block)
        if found == USED and h.generation > newest:
            newest = h.generation
            at = block
    if not claimed:
        _must_be_fresh(b)
    b.worn = tuple(sorted(worn))
    if newest:
        b.base = (at - newest) % b.count
    return newest, owned


def _must_be_fresh(b):
    # All blank, or with nothing but claims (see claim) that a power cut tore.
    whole = mark(b.slot, b.count, b.size, 0, 0, 0, b.once) + b"\xff" * (32 - PART)
    there = bytearray(32)
    torn = b.once  # each block so far holds a torn claim; then the last may be half erased
    ff = FF * 4  # there may be many blocks, and nothing else is here yet
    wide = memoryview(bytearray(len(ff)))
    for block in range(b.count):
        if b.blank(block, 0, 0, wide, ff):
            torn = False
            continue
        if torn and block == b.count - 1:
            return
        b.read(block, 0, there)
        for i in range(32):
            if whole[i] & ~there[i]:
                _refuse(there, block)
        if not b.blank(block, 32):
            _refuse(there, block)


def _refuse(buf, block):
    if buf[:4] == MAGIC and buf[4] != VERSION:
        raise fault("TSME-J003", buf[4], VERSION)
    raise fault("TSME-J002", block)


def format(j):
    b = j._blocks
    once("journal.shared", "shared", b)
    j._reset()
    try:
        newest = scan(Heads(b))[0]
    except TsmeError:
        newest = 0
    b.worn = ()
    for i in range(b.count):
        if not b.make_ready(newest + 1 + i, -1):
            # That it has failed is found out again when its turn comes; but its head may not stay.
            block = b.of(newest + 1 + i)
            b.read(block, 0, b.view[:PART])
            if read_mark(b.view):
                raise fault("TSME-J009", block, "erased", "its head stays")
    b.base = b.count - 1
    b.claimed = once("journal.provision journal.heads", "claim", b)
    j._live = True


def recover(j):
    # -> an Info; where its records begin, and their way, for reread.reread()
    b = j._blocks
    j._reset()
    if hasattr(b.device, "device"):
        once("journal.shared", "shared", b)
    h = Heads(b)
    newest, j._owned = scan(h)
    j._measure()
    foreign = once("journal.foreign", "foreign", h, newest, j._reserve) if h.other else ()
    torn = False
    start = route = None
    if newest:
        search = _Search(h, newest)
        start = search.find(newest)
        if not start or search.hurt:
            if foreign:
                raise fault("TSME-J002", foreign[0])
            raise fault(*("TSME-J005",) + search.hurt if start else ("TSME-J006",))
        torn = search.walk.torn
        route = search.route
        _settle(j, search, newest, start)
    elif j._owned if b.claimed is None else h.sealed(b.claimed):
        # A block has held a record, or was opened after the claim that is gone.
        raise fault("TSME-J002", foreign[0] if foreign else 0)
    j._live = _unsealed(j, h) or True
    if len(b.worn) < b.count:
        following = b.after(j._generation)
        if h.look(b.of(following)) == MARKED and h.generation == following:
            if h.before == j._generation and not b.once and b.blank(b.of(following), b.slot):
                j._ready = following
    used = j._generation - j._since + 1 if j._since else 0
    return Info(j._number, j._steps, torn, used, j._generation, b.worn), start, route


def _unsealed(j, h):
    # Blocks that should say that the next one holds a record, but a cut came before. One that is
    # not needed any more may be half erased, and is left alone: then a new block is opened.
    b = j._blocks
    left = ()
    generation = j._generation
    while generation and generation >= j._since and h.used(generation):
        generation = h.before
        block = b.of(generation) if generation else b.claimed
        if block is None or block in b.worn or generation and not h.used(generation):
            break
        if h.sealed(block):
            break
        if generation < j._since:
            j._off = b.end
        else:
            left += (block,)
    return left


def _settle(j, search, newest, start):
    walk = search.walk
    j._number = walk.number
    j._chain = walk.chain
    j._generation = walk.last
    j._newest = newest
    j._steps = search.steps
    if not walk.torn:
        j._off = walk.off
    if walk.number:
        j._since = start[0]


class _Search:
    # For the newest checkpoint.  The newest block names one; if its block is gone, a newer one was
    # committed since, and begins in one of the last blocks.
    def __init__(self, heads, newest):
        self.named = heads.checkpoint if heads.used(newest) else 0
        self.walk = Walk(heads, newest, self.named, self.damaged)
        self.hurt = None  # the first damage behind it
        self.steps = 0  # since then
        self.route = []  # of its records, as reread.reread() has it

    def find(self, newest):
        # Where to begin; None if no checkpoint is found, nor record 0.
        walk = self.walk
        generation = self.named
        if not walk.start(generation):
            generation = newest
        while generation > 0 and generation > newest - walk.blocks.count:
            if walk.start(generation):
                start = self._pass()
                if start:
                    return start
            generation -= 1
        return None

    def _pass(self):
        walk = self.walk
        self.hurt = None
        self.steps = 0
        start = None
        if walk.number == 0:
            start = (walk.generation, walk.off, 0, 0)
            self.route = [walk.generation, 0]
        while walk.step():
            if walk.kind == CHECKPOINT:
                start = walk.at
                self.route = [start[0], 0]
                self.hurt = None
                self.steps = 0
            else:
                self.steps += 1
            if start:
                self._follow(walk)
        return start

    def _follow(self, walk):
        # The way of a record, which may begin in a new block, and end in others.
        route = self.route
        generation = walk.at[0]
        if generation != route[-2]:
            route += [generation, 0]
        route[-1] = walk.number
        while generation != walk.last:
            generation = walk.after(generation)
            route += [generation, walk.number]

    def damaged(self, number, until, block, off):
        if not self.hurt:
            self.hurt = (number, block, off)


def oldest(b):
    # -> a Walk at the first record of what can be read, or None of an empty journal.
    h = Heads(b)
    newest = scan(h)[0]
    if not newest:
        return None
    walk = Walk(h, newest, 0)
    # What the next blocks held may be half erased, and those that a cut record had opened.
    walk.doomed = newest + max(1, b.count // 2 - 1) + len(b.worn) + 1 - b.count
    for generation in range(max(1, newest + 1 - b.count), newest + 1):
        if walk.start(generation):
            first = (generation, walk.off, walk.number, walk.chain)
            break
    else:
        return None
    while walk.generation <= walk.doomed and walk.step():
        if walk.gone:
            first = walk.at
            walk.gone = False
    walk.begin(*first)
    walk.doomed = 0
    return walk


def records(j, on_damage=None):
    b = j._blocks
    walk = oldest(b)
    if not walk:
        return
    walk.on_damage = on_damage
    while walk.step(True):
        generation, off, number, _ = walk.at
        yield number, walk.kind, bytes(walk.body()), b.of(generation), off
