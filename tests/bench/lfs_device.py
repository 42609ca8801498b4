# The littlefs of `make bench` (journal.py) by MicroPython's own VfsLfs2, with nothing but its
# defaults and the board's program size; prints what the flash counted.
#
#     lfs_device.py PROGRAM_SIZE RECORDS RECYCLE
import sys

import vfs

from sim.nor import Nor


class Device:
    # What the VFS calls; it knows Nor's counters not at all.
    def __init__(self, nor):
        self.nor = nor

    def readblocks(self, n, buf, off=0):
        self.nor.readblocks(n, buf, off)

    def writeblocks(self, n, buf, off=0):
        self.nor.writeblocks(n, buf, off)

    def ioctl(self, op, arg):
        return self.nor.ioctl(op, arg)


def main(unit, records, recycle):
    nor = Nor(4096, 256, unit)
    device = Device(nor)
    vfs.VfsLfs2.mkfs(device, progsize=unit)

    def mount():
        # Without times of files, which the host's binding cannot write: a little less work.
        return vfs.VfsLfs2(device, progsize=unit, mtime=False)

    fs = mount()
    nor.reset_counts()
    file = None
    for n in range(records):
        if n % recycle == 0:
            if file:
                file.close()
                fs.remove("log")
                fs = mount()
            file = fs.open("log", "wb")
        file.write(b"\xa5" * 32)
        file.flush()
    print(nor.time_us, nor.programs, nor.bytes_programmed, nor.erases, max(nor.erases_of))
    print(nor.bytes_read)


main(*[int(word) for word in sys.argv[1:]])
