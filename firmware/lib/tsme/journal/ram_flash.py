# A device for a journal that lasts as long as the power does: for trials and tests.


class RamFlash:
    def __init__(self, block=4096, count=16):
        self.block = block
        self.count = count
        self.data = memoryview(bytearray(block * count))
        for n in range(count):
            self.ioctl(6, n)

    def readblocks(self, n, buf, off=0):
        at = n * self.block + off
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, n, buf, off=0):
        at = n * self.block + off
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return self.count
        if op == 5:
            return self.block
        if op == 6:
            self.data[arg * self.block : (arg + 1) * self.block] = b"\xff" * self.block
        return 0
