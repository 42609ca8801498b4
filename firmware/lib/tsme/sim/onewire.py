# The twin of `onewire`: "onewire:PIN" of the world is {rom as hex: degrees}, of DS18B20s.
from .world import current


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM, MATCH_ROM, SKIP_ROM = 0xF0, 0x55, 0xCC

    def __init__(self, pin):
        self.pin = pin
        self.name = "onewire:%s" % getattr(pin, "id", pin)

    def found(self):
        # {rom: degrees}
        held = current().get(self.name, {})
        return {
            bytes([int(rom[n : n + 2], 16) for n in range(0, 16, 2)]): held[rom] for rom in held
        }

    def scan(self):
        return [bytearray(rom) for rom in sorted(self.found())]

    def reset(self, required=False):
        if required and not self.found():
            raise OneWireError()
        return bool(self.found())

    def crc8(self, data):
        crc = 0
        for byte in data:
            for _ in range(8):
                mixed = (crc ^ byte) & 1
                crc >>= 1
                if mixed:
                    crc ^= 0x8C
                byte >>= 1
        return crc
