# How a region becomes a journal's: it is marked, and the device is tried (trial.py) before
# anything is trusted to it; and what is done before a block is opened after a cut.  Loaded for
# that, then forgotten.  Works on the Blocks `b`.
from .. import once
from ..errors import fault
from .heads import Heads


def claim(b):
    # Marks an empty region as ours, before the first erase, which may be cut as well.  -> block
    block = b.count - 1
    while block >= 0:
        if b.blank(block) and b.program(block, 0, b.lay_mark(0, 0)):
            break
        block -= 1
    if block > 0:
        return block
    # The others hold torn claims by now. Block 0 is the first that is erased: the claim may not
    # stay there.
    if b.once or not block:  # then block 0 is claimed, and the erase may be cut
        b.erase(b.count - 1)
    block = b.count - 1
    if not b.program(block, 0, b.lay_mark(0, 0)):
        raise fault("TSME-J009", block, "programmed", "it reads otherwise")
    return block


def own(b):
    # Claims the region unless that is done, and tries the device: not at the claim, and not at
    # one place alone, for a block may just be worn out.
    once("journal.shared", "shared", b)
    h = Heads(b)
    claimed = b.count - 1
    while claimed and not h.look(claimed):
        claimed -= 1
    if not claimed:
        if h.look(0) or b.once and not b.blank(0):
            b.erase(b.count - 1)  # the last that was tried: all others hold torn claims
        claimed = claim(b)
    b.claimed = claimed
    # Torn claims may have moved the claim down to block 1: then on from the end.
    first = None
    for i in (1, 3, 5):
        block = (claimed - i) % b.count
        if block != claimed:
            lie = once("journal.trial", "lie", b, block, claimed, h)
            if lie is None:
                return
            first = first or lie
    raise fault("TSME-J012", first)


def wake(j):
    # Of a Journal, at its first commit: seals that a cut came before.
    left = j._live
    if not left:
        raise fault("TSME-J010")
    j._live = False
    for block in left:
        j._seal(block)
    j._live = True


def drop(j):
    # Of a Journal: erases blocks behind the last record that were never committed to: from the
    # last down, so that no block is ever newer than one without a committed record that is kept.
    b = j._blocks
    h = Heads(b)
    while j._newest > j._generation:
        newest = j._newest
        j._newest = newest - 1
        if h.used(newest):
            if h.before <= j._generation:
                return  # this one is erased when it is opened again
            if not b.make_ready(newest, j._generation):
                j._retire(b.of(newest))
                if h.used(newest):
                    j._newest = newest  # it cannot be got rid of: what comes next is newer
                    return
