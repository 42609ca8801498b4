# A device for a journal: a file.
#
# Boards bring theirs: esp32.Partition as it is, a Region (region.py) of rp2.Flash(); spiflash.py
# is for a chip of its own.  docs/BOARDS.md says what will do and what will not.
import os

from .. import once
from .blocks import FF


def erase(f, size):
    # not at once: that may be more than the heap has left
    for _ in range(size // 256):
        f.write(FF)
    f.write(FF[: size % 256])


class FileFlash:
    # A file standing in for flash. A new one is made blank; `count` is then needed. Every commit
    # reaches the disk before it returns, unless durable=False.
    _open = {}  # by file: the last that was opened; one before it may not write any more

    def __init__(self, path, block=4096, count=None, durable=True):
        self.path = path
        self.block = block
        self.count = once("journal.file_image", "fit", path, block, count, durable, erase)
        self.durable = durable
        self.file = open(path, "r+b", 0)
        found = os.stat(path)
        self.key = (found[2], found[1]) if found[1] else path
        if hasattr(os, "fsync"):  # CPython
            from .file_lock import fit

            fit(path, self.file)
        FileFlash._open[self.key] = self

    def readblocks(self, n, buf, off=0):
        self.file.seek(n * self.block + off)
        if self.file.readinto(buf) != len(buf):
            return 5
        return 0

    def writeblocks(self, n, buf, off=0):
        self.mine()
        if not hasattr(os, "fsync"):  # then what another process has written shows
            old = bytearray(len(buf))
            self.readblocks(n, old, off)
            for i in range(len(old)):
                if old[i] & buf[i] != buf[i]:
                    once(
                        "journal.file_image", "fail", self.path, "something else has written to it"
                    )
        self.file.seek(n * self.block + off)
        self.file.write(buf)
        self._settle()

    def _settle(self):
        # littlefs writes the end of a file anew with each write, and keeps what was there until it
        # is flushed: twice as much room is enough, and not three times.
        if self.durable and not hasattr(os, "fsync"):
            self.file.flush()

    def mine(self):
        if FileFlash._open.get(self.key) is not self:
            once(
                "journal.file_image", "fail", self.path, "another FileFlash has been opened on it"
            )

    def ioctl(self, op, arg):
        if op == 3:
            if self.durable:
                self.file.flush()  # which is all on MicroPython
                if hasattr(os, "fsync"):
                    os.fsync(self.file.fileno())
        elif op == 4:
            return self.count
        elif op == 5:
            return self.block
        elif op == 6:
            self.mine()
            self.file.seek(arg * self.block)
            erase(self.file, self.block)
            self._settle()
        return 0

    def close(self):
        if FileFlash._open.get(self.key) is self:
            del FileFlash._open[self.key]
        self.file.close()
