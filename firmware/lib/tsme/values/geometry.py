# Whether a block device can hold a journal, and how: asked when one is opened, then forgotten.
# Here, and not in journal, since the core keeps its journal without that room.
from ..errors import fault


def _power(n, first, last):
    return first <= n <= last and n & (n - 1) == 0


def fit(device, slot):
    # -> blocks, bytes of a block, of a program operation, whether nothing may be programmed twice,
    # bytes of a slot
    for name in ("readblocks", "writeblocks", "ioctl"):
        if not hasattr(device, name):
            raise fault("TSME-J012", "it has no %s() and so cannot erase one block alone" % name)
    count = size = 0
    if not device.ioctl(1, 1):  # 1: the extended interface will be used
        count = device.ioctl(4, 0)
        size = device.ioctl(5, 0)
    try:
        device.readblocks(0, bytearray(32), 0)
    except TypeError:
        count = 0
    except OSError:
        pass  # it is read again
    if not count or not size:
        raise fault(
            "TSME-J012", "it does not read or write a part of a block (extended interface)"
        )
    kind = type(device).__name__
    if kind == "Flash" and size == 512:
        # pyb.Flash over the processor's own flash; over SPI flash its blocks have 4096 bytes
        raise fault("TSME-J012", "pyb.Flash keeps a sector in RAM, and writes it back later")
    unit = getattr(device, "program_size", 256 if kind == "Flash" else 32)  # as flash.Region
    programmed_once = getattr(device, "program_once", False)
    if programmed_once:
        slot = max(slot, unit)
    good = _power(slot, 32, 256) and _power(unit, 1, 256) and size >= 8 * slot
    if not good or size % 256 or not 2 <= count < 65536:
        raise fault("TSME-J001", count, size, slot, unit)
    return count, size, unit, programmed_once, slot
