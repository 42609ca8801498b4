# Is a region within a file system that begins before it on the same device, and that will write to
# it one day?  Asked at each power-up and before a claim, then forgotten.
import struct

from ..errors import fault


def _held(b):
    # Bytes of the file system whose first 64 bytes these are: littlefs 2, littlefs 1, FAT; or 0
    if b[8:16] == b"littlefs":
        size, count = struct.unpack_from("<II", b, 24)
    elif b[40:48] == b"littlefs":
        size, count = struct.unpack_from("<II", b, 28)
    elif b[0] in (0xE9, 0xEB) and (b[54:57] == b"FAT" or b[21] >= 0xF0 and 0 < b[16] < 3):
        size, count = struct.unpack_from("<H", b, 11)[0], struct.unpack_from("<H", b, 19)[0]
        count = count or struct.unpack_from("<I", b, 32)[0]
    else:
        return 0, 0
    number = struct.unpack_from("<I", b, 0)[0] if b[0] not in (0xE9, 0xEB) else 0
    return number, size * count


def shared(b):
    part = bytearray(64)
    device = b.device
    while hasattr(device, "device"):  # a region: what is it a part of?
        start = device.start
        device = device.device
        size = device.ioctl(5, 0)
        newest = held = 0
        for n in range(min(2, start)):
            if device.readblocks(n, part, 0):
                break
            number, found = _held(part)
            if found and (not held or number > newest):
                newest = number
                held = found
        if held > start * size:
            raise fault("TSME-J017", start, held // size)
