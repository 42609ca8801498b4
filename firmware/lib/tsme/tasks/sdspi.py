# An SD card on SPI, as a block device, for boards without a slot of their own (Pico).
#
#     card = sdspi.Card(SPI(0, 400000, sck=Pin(18), mosi=Pin(19), miso=Pin(16)), Pin(17))
#     sd.register(tasks, card)
import time

_BUSY = 20000  # looks at a byte; a card may take half a second to write
_READY = 1000  # times that a card is asked whether it has begun


class Card:
    def __init__(self, spi, select, baudrate=1320000):
        self.spi = spi
        self.select = select
        self.baudrate = baudrate
        self.blocks = 0  # not yet begun
        self.shift = 0

    # --- the protocol (SD Physical Layer, chapter 7) ---

    def _byte(self):
        return self.spi.read(1, 0xFF)[0]

    def _command(self, number, argument=0, more=0, hold=False):
        # -> the first byte of the answer, and `more` bytes behind it.  hold: data follow.
        self.select.value(0)
        head = bytes([0x40 | number]) + argument.to_bytes(4, "big")
        crc = 0
        for byte in head:
            crc ^= byte
            for _ in range(8):
                crc = (crc << 1 ^ (0x12 if crc & 0x80 else 0)) & 0xFF
        self.spi.write(b"\xff" + head + bytes([crc | 1]))
        answer = 0xFF
        for _ in range(16):
            answer = self._byte()
            if not answer & 0x80:
                break
        rest = self.spi.read(more, 0xFF) if more else b""
        if not hold or answer & 0xFE:
            self._release()
        return answer, rest

    def _release(self):
        self.select.value(1)
        self.spi.write(b"\xff")

    def _token(self):
        for _ in range(_BUSY):
            token = self._byte()
            if token != 0xFF:
                return token
        return 0xFF

    def _begin(self):
        # As a card that has just got current; it is found again when another was put in.
        self.select.init(self.select.OUT, value=1)
        self.spi.init(baudrate=100000, phase=0, polarity=0)
        self.spi.write(b"\xff" * 16)
        for _ in range(5):
            if self._command(0)[0] == 1:
                break
        else:
            raise OSError(19)  # no card
        answer, rest = self._command(8, 0x1AA, 4)
        large = answer == 1 and rest[3] == 0xAA
        for _ in range(_READY):
            self._command(55)
            if self._command(41, 0x40000000 if large else 0)[0] == 0:
                break
            time.sleep(0.001)
        else:
            raise OSError(110)
        high = large and self._command(58, 0, 4)[1][0] & 0x40
        self.shift = 0 if high else 9  # older cards count bytes
        if not high:
            self._command(16, 512)
        self.blocks = self._count()
        self.spi.init(baudrate=self.baudrate, phase=0, polarity=0)

    def _count(self):
        csd = bytearray(16)
        self._data(9, 0, csd)
        if csd[0] >> 6 == 1:
            return ((csd[7] & 0x3F) << 16 | csd[8] << 8 | csd[9]) + 1 << 10
        size = (csd[6] & 3) << 10 | csd[7] << 2 | csd[8] >> 6
        power = ((csd[9] & 3) << 1 | csd[10] >> 7) + 2 + (csd[5] & 15)
        return size + 1 << power >> 9

    def _data(self, number, argument, buf):
        if self._command(number, argument, 0, True)[0]:
            raise OSError(5)
        try:
            if self._token() != 0xFE:
                raise OSError(5)
            self.spi.readinto(buf, 0xFF)
            self.spi.read(2, 0xFF)  # its checksum
        finally:
            self._release()

    def _put(self, n, data):
        if self._command(24, n << self.shift, 0, True)[0]:
            raise OSError(5)
        try:
            self.spi.write(b"\xff\xfe")
            self.spi.write(data)
            self.spi.write(b"\xff\xff")
            if self._byte() & 0x1F != 5:
                raise OSError(5)
            for _ in range(_BUSY):
                if self._byte() == 0xFF:
                    return
            raise OSError(110)
        finally:
            self._release()

    # --- a block device ---

    def _sure(self):
        if not self.blocks:
            self._begin()

    def readblocks(self, n, buf):
        self._sure()
        view = memoryview(buf)
        try:
            for at in range(0, len(buf), 512):
                self._data(17, n << self.shift, view[at : at + 512])
                n += 1
        except OSError:
            self.blocks = 0
            raise

    def writeblocks(self, n, buf):
        self._sure()
        view = memoryview(buf)
        try:
            for at in range(0, len(buf), 512):
                self._put(n, view[at : at + 512])
                n += 1
        except OSError:
            self.blocks = 0
            raise

    def ioctl(self, op, arg):
        if op == 4:
            self._sure()
            return self.blocks
        if op == 5:
            return 512
        return 0
