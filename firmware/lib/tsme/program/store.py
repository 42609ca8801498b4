# Stores of programs, by digest: those that executions began with, until none needs them any more.
#
# Both kinds have put(data) -> digest, get(digest) -> (data, crc) or None, drop(digest), digests().
# A program is verified when it is put; afterwards its CRC says that it is what was verified.  The
# power may go at any time: a program is there, as a whole, or it is not.
import os

from .. import once
from ..journal.records import crc32
from . import Program


class ProgramFiles:
    # A file for each, DIGEST-CRC.tsm, in a folder that is made.
    def __init__(self, folder):
        self.folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            os.listdir(folder)  # it is there, or cannot be made

    def _named(self, digest):
        # the files of a program; there may be two, of which one is not needed any more
        start = _hex(digest) + "-"
        return [name for name in os.listdir(self.folder) if name.startswith(start)]

    def put(self, data):
        name = "%s-%08x.tsm" % (_hex(data[3:11]), crc32(data) & 0xFFFFFFFF)
        there = self._named(data[3:11])
        if name in there and self._read(name):
            return bytes(data[3:11])
        digest = Program(data).digest
        path = self.folder + "/" + name
        with open(path + "~", "wb") as f:
            f.write(data)
            f.flush()
            if hasattr(os, "fsync"):
                os.fsync(f.fileno())
        if name in there:
            os.remove(path)  # some file systems replace nothing
        os.rename(path + "~", path)
        for other in os.listdir(self.folder):
            if other != name and (other in there or other.endswith("~")):
                os.remove(self.folder + "/" + other)
        if hasattr(os, "fsync"):
            once("journal.file_lock", "settle", self.folder)
        return digest

    def _read(self, name):
        # (data, crc), or None of a file that is not what it was
        with open(self.folder + "/" + name, "rb") as f:
            data = f.read()
        try:
            crc = int(name[17:25], 16)
        except ValueError:
            return None
        return (data, crc) if crc32(data) & 0xFFFFFFFF == crc else None

    def get(self, digest):
        for name in self._named(digest):
            found = self._read(name)
            if found:
                return found
        return None

    def drop(self, digest):
        for name in self._named(digest):
            os.remove(self.folder + "/" + name)

    def digests(self):
        found = []
        for name in os.listdir(self.folder):
            if len(name) == 29 and name.endswith(".tsm"):
                digest = bytes([int(name[i : i + 2], 16) for i in range(0, 16, 2)])
                if digest not in found:
                    found.append(digest)
        return found


def _hex(digest):
    return "".join(["%02x" % byte for byte in digest])


class ProgramRegion:
    # Erase blocks of a device or of a Region, which hold nothing else (docs/SPEC.md, 7).
    def __init__(self, device):
        from ..journal.blocks import Blocks

        self.blocks = Blocks(device, 32, 256)

    def put(self, data):
        return once("program.store_flash", "put", self.blocks, data)

    def get(self, digest):
        return once("program.store_flash", "get", self.blocks, digest)

    def drop(self, digest):
        once("program.store_flash", "drop", self.blocks, digest)

    def digests(self):
        return once("program.store_flash", "digests", self.blocks)
