# Part of a device as a journal's own, and ESP32's partitions.
from ..errors import TsmeError


class Region:
    # `count` blocks of another device, from block `start` on.
    def __init__(self, device, start, count, program_size=None, program_once=None):
        whole = device.ioctl(4, 0)
        if start < 0 or count < 1 or start + count > whole:
            raise TsmeError(
                "TSME-J001", "blocks %d to %d of %d" % (start, start + count - 1, whole)
            )
        self.device = device
        self.start = start
        self.count = count
        # rp2.Flash takes whole pages, and does not say so.
        size = 256 if type(device).__name__ == "Flash" else 32
        self.program_size = program_size or getattr(device, "program_size", size)
        self.program_once = (
            getattr(device, "program_once", False) if program_once is None else program_once
        )

    def readblocks(self, n, buf, off=0):
        # recursion: at most 4, a region of a region
        return self.device.readblocks(self.start + n, buf, off)

    def writeblocks(self, n, buf, off=0):
        # recursion: at most 4, a region of a region
        return self.device.writeblocks(self.start + n, buf, off)

    def ioctl(self, op, arg):
        if op == 4:
            return self.count
        if op == 6:
            arg += self.start
        return self.device.ioctl(op, arg)  # calls: FileFlash RamFlash SpiFlash


def partition(label="tsme"):
    # An ESP32's partition for the journal, by its label in the partition table.
    from esp32 import Partition

    found = Partition.find(Partition.TYPE_DATA, label=label)
    if not found:
        raise TsmeError("TSME-J001", "there is no data partition labelled %s" % label)
    return found[0]
