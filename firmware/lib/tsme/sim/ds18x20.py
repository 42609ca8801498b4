# The twin of `ds18x20`: thermometers, which take 750 ms to measure.
from .onewire import OneWire, OneWireError
from .world import current


class DS18X20:
    def __init__(self, onewire):
        self.ow = onewire if isinstance(onewire, OneWire) else OneWire(onewire)
        self.measured = {}

    def scan(self):
        return [rom for rom in self.ow.scan() if rom[0] in (0x10, 0x22, 0x28)]

    def convert_temp(self):
        self.ow.reset(True)
        at = current().time() + 750
        self.measured = {rom: [at, degrees] for rom, degrees in self.ow.found().items()}

    def read_temp(self, rom):
        # before it is measured the chip has 85 degrees, and a broken line no checksum
        at, degrees = self.measured.get(bytes(rom), (0, None))
        if degrees is None or bytes(rom) not in self.ow.found():
            raise AssertionError("CRC error") if degrees is None else OneWireError()
        return 85.0 if current().time() < at else int(degrees * 16) / 16
