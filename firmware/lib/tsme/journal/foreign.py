# What else is in a journal's region: a file system that takes it for its own, or what a cut left
# (SPEC 4.5).  Loaded at power-up if a block holds neither a head nor nothing, then forgotten.
from ..errors import fault
from .records import PART, mark


def _foreign(b, part):
    # Is this no head that a cut or rot could leave, and nothing of a trial? Bits that something
    # else has set tell; FF and 00 are what a bad page or half an erase reads.
    whole = mark(b.slot, b.count, b.size, 0, 0, 0, b.once)
    wrong = rotten = 0
    plain = tried = True
    for i in range(PART):
        byte = part[i]
        plain = plain and byte in (0, 255)
        tried = tried and byte & 0x5A == 0x5A
        if i < 8:  # the same in every head
            wrong |= whole[i] & ~byte
            differ = whole[i] ^ byte
            while differ:
                rotten += differ & 1
                differ >>= 1
    return wrong and rotten > 8 and not plain and not tried


def foreign(h, newest, reserve):
    # -> the blocks in h.other that hold something foreign. It may be there where an erase was cut,
    # and nowhere else: in the next blocks.
    b = h.blocks
    found = []
    for block in h.other:
        h.look(block)
        if block not in b.worn and _foreign(b, h.part):
            found.append(block)
    far = []
    if newest:
        there = range(1, reserve + 2 + len(b.worn))
        far = [n for n in found if (n - b.of(newest)) % b.count not in there]
    elif b.claimed is not None:
        near = (0, 1, (b.claimed - 1) % b.count, (b.claimed - 2) % b.count)
        far = [n for n in found if n not in near]
    if far and len(b.worn) < 32:
        raise fault("TSME-J002", far[0])
    return found
