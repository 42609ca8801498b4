# The twin of an SD card in its slot: a block device in memory, "sd" of the world says how large.
from .world import current

SIZE = 512


class SDCard:
    def __init__(self, slot=1, *args, **named):
        self.name = "sd:%d" % slot

    def _held(self):
        # none is in the slot if the world says 0
        world = current()
        blocks = world.get("sd", 2048)
        if not blocks:
            raise OSError(19)
        if self.name not in world.devices:
            world.devices[self.name] = bytearray(blocks * SIZE)
        return world.devices[self.name]

    def info(self):
        return len(self._held()), SIZE

    def readblocks(self, n, buf, off=0):
        at = n * SIZE + off
        buf[:] = self._held()[at : at + len(buf)]

    def writeblocks(self, n, buf, off=0):
        at = n * SIZE + off
        self._held()[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self._held()) // SIZE
        if op == 5:
            return SIZE
        return 0

    def deinit(self):
        pass
