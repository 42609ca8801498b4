# Twins of SD cards: one in a slot of its own, and one on SPI, which speaks the protocol.
from .world import current

SIZE = 512
_BLOCKS = 2048  # of a card, unless the world says another number
_EMPTY = bytes(SIZE)


def _crc7(data):
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            high = crc >> 6 ^ byte >> bit & 1
            crc = crc << 1 & 0x7F
            if high:
                crc ^= 9
    return crc << 1 | 1


class SDCard:
    # "sd" of the world says how many blocks the card has; 0: none is in the slot.
    def __init__(self, slot=1, *args, **named):
        self.name = "sd:%d" % slot

    def _held(self):
        # {number: bytes} of the blocks that were written
        if not current().get("sd", _BLOCKS):
            raise OSError(19)
        return current().devices.setdefault(self.name, {})

    def info(self):
        return current().get("sd", _BLOCKS) * SIZE, SIZE

    def readblocks(self, n, buf):
        held = self._held()
        for at in range(0, len(buf), SIZE):
            buf[at : at + SIZE] = held.get(n + at // SIZE, _EMPTY)

    def writeblocks(self, n, buf):
        held = self._held()
        for at in range(0, len(buf), SIZE):
            held[n + at // SIZE] = bytes(buf[at : at + SIZE])

    def ioctl(self, op, arg):
        if op == 4:
            self._held()
            return current().get("sd", _BLOCKS)
        return SIZE if op == 5 else 0

    def deinit(self):
        pass


class SpiCard:
    # world.attach("spi:0:17", SpiCard(2048)): a card that pin 17 selects.  high: it counts blocks,
    # as cards of more than 2 GB; older ones count bytes.
    def __init__(self, blocks=2048, high=True):
        self.count = blocks
        self.held = {}  # the blocks that were written, by number
        self.high = high
        self.idle = True
        self.asked = 0  # times that it was asked whether it has begun
        self.application = False
        self.coming = bytearray()  # of a command
        self.out = b""
        self.target = None  # the block that is to be written to
        self.there = True  # it is in its holder

    def exchange(self, data):
        back = bytearray()
        for byte in data:
            told = self.there and self.out
            back.append(self.out[0] if told else 0xFF)
            if told:
                self.out = self.out[1:]
            if self.there:
                self._take(byte)
        return bytes(back)

    def _take(self, byte):
        if self.target is not None:
            self._store(byte)
        elif self.coming or byte & 0xC0 == 0x40:
            self.coming.append(byte)
            if len(self.coming) == 6:
                command, self.coming = bytes(self.coming), bytearray()
                answer = self._answer(command)
                self.out = b"\xff" + answer

    def _store(self, byte):
        if not self.coming and byte != 0xFE:
            return
        self.coming.append(byte)
        if len(self.coming) == 1 + SIZE + 2:
            self.held[self.target] = bytes(self.coming[1 : 1 + SIZE])
            self.target, self.coming = None, bytearray()
            self.out = b"\x05\x00\x00\x00"  # taken, then busy

    def _answer(self, command):
        number = command[0] & 0x3F
        argument = int.from_bytes(command[1:5], "big")
        application, self.application = self.application, False
        if number in (0, 8) and command[5] != _crc7(command[:5]):
            return b"\x09"
        if number == 0:
            self.idle, self.asked = True, 0
            return b"\x01"
        if number == 8:
            return b"\x01\x00\x00" + command[3:5]
        if number == 55:
            self.application = True
            return b"\x01" if self.idle else b"\x00"
        if number == 41 and application:
            self.asked += 1
            self.idle = self.asked < 3
            return b"\x01" if self.idle else b"\x00"
        if self.idle:
            return b"\x05"
        if number == 58:
            return b"\x00" + (b"\xc0" if self.high else b"\x80") + b"\xff\x80\x00"
        if number == 16:
            return b"\x00"
        if number == 9:
            return b"\x00\xff\xfe" + self._csd() + b"\x00\x00"
        n = argument if self.high else argument // SIZE
        if number in (17, 24) and (n >= self.count or not self.high and argument % SIZE):
            return b"\x40"
        if number == 17:
            return b"\x00\xff\xff\xfe" + self.held.get(n, _EMPTY) + b"\x00\x00"
        if number == 24:
            self.target = n
            return b"\x00"
        return b"\x04"

    def _csd(self):
        csd = bytearray(16)
        blocks = self.count
        if self.high:
            csd[0] = 0x40
            size = blocks // 1024 - 1
            csd[7:10] = size.to_bytes(3, "big")
        else:  # blocks of 2 ** 9, in groups of 2 ** 2
            size = blocks // 4 - 1
            csd[5] = 9
            csd[6], csd[7], csd[8] = size >> 10 & 3, size >> 2 & 0xFF, (size & 3) << 6
        return csd
