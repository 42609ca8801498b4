# Twins of buses.  What answers on one is of the world: registers by their numbers, a text that
# comes in, or an object with methods of its own, world.attach("spi:0", device).
from .world import current

_NOBODY = 19  # ENODEV, as boards say it


def _id(pin):
    return getattr(pin, "id", pin)


class Registers:
    # A device on I2C as most are: the first byte that is written is the number of a register.
    # `held` is {number or "0x10": value or [values]}, which may change with time.
    def __init__(self, name):
        self.name = name
        self.at = 0
        self.own = {}  # what was written

    def read(self, count):
        given = current().get(self.name, {})
        held = {}
        for key in given:
            value = given[key]
            first = int(key, 0) if isinstance(key, str) else key
            for n, byte in enumerate(value if isinstance(value, (list, tuple)) else (value,)):
                held[first + n] = byte
        held.update(self.own)
        out = bytes([held.get(self.at + n & 255, 0) & 255 for n in range(count)])
        self.at = self.at + count & 255
        return out

    def write(self, data):
        if data:
            self.at = data[0]
            for byte in data[1:]:
                self.own[self.at] = byte
                self.at = self.at + 1 & 255


class I2C:
    def __init__(self, id=-1, *, scl=None, sda=None, freq=400000, timeout=50000):
        self.id = id

    def init(self, **named):
        pass

    def deinit(self):
        pass

    def _device(self, address):
        world = current()
        name = "i2c:0x%02x" % address
        if name not in world.devices:
            if world.get(name) is None:
                raise OSError(_NOBODY)
            world.devices[name] = Registers(name)
        return world.devices[name]

    def scan(self):
        found = []
        for address in range(8, 0x78):
            try:
                self._device(address)
                found.append(address)
            except OSError:
                pass
        return found

    def readfrom(self, address, count, stop=True):
        return self._device(address).read(count)

    def readfrom_into(self, address, buffer, stop=True):
        buffer[:] = self._device(address).read(len(buffer))

    def writeto(self, address, data, stop=True):
        device = self._device(address)
        data = bytes(data)
        device.write(data)
        current().put("i2c:0x%02x" % address, list(data), True)
        return len(data)

    def writevto(self, address, vector, stop=True):
        return self.writeto(address, b"".join([bytes(part) for part in vector]))

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        device = self._device(address)
        device.write(register.to_bytes(addrsize // 8, "big"))
        return device.read(count)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        buffer[:] = self.readfrom_mem(address, register, len(buffer), addrsize=addrsize)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self.writeto(address, register.to_bytes(addrsize // 8, "big") + bytes(data))


SoftI2C = I2C


class SPI:
    MSB, LSB, CONTROLLER = 0, 1, 0

    def __init__(self, id=-1, baudrate=1000000, *args, **named):
        self.id = id

    def init(self, *args, **named):
        pass

    def deinit(self):
        pass

    def _exchange(self, data):
        # A device is at "spi:0", or at "spi:0:5" while pin 5 selects it.
        world = current()
        name = "spi:%s" % self.id
        device = world.devices.get(name)
        for other in world.devices:
            if other.startswith(name + ":") and not world.value("pin:" + other.split(":")[2], 1):
                device = world.devices[other]
        if device:
            return device.exchange(data)
        world.put(name, list(data), True)
        return bytes([0xFF]) * len(data)

    def write(self, data):
        self._exchange(bytes(data))

    def read(self, count, write=0):
        return self._exchange(bytes([write]) * count)

    def readinto(self, buffer, write=0):
        buffer[:] = self._exchange(bytes([write]) * len(buffer))

    def write_readinto(self, data, buffer):
        buffer[:] = self._exchange(bytes(data))


SoftSPI = SPI


class UART:
    INV_TX, INV_RX = 1, 2

    def __init__(self, id, baudrate=9600, *args, **named):
        self.name = "uart:%s" % id
        self._taken = 0  # of the texts that came
        self._came = bytearray()

    def init(self, *args, **named):
        pass

    def deinit(self):
        pass

    def _receive(self):
        world = current()
        for at, text in world.inputs.get(self.name, ())[self._taken :]:
            if at > world.time():
                break
            self._taken += 1
            self._came += text.encode() if isinstance(text, str) else bytes(text)

    def any(self):
        self._receive()
        return len(self._came)

    def read(self, count=None):
        self._receive()
        count = len(self._came) if count is None else count
        data = bytes(self._came[:count])
        self._came = self._came[count:]
        return data or None

    def readline(self):
        self._receive()
        at = self._came.find(b"\n")
        return self.read(at + 1 if at >= 0 else None)

    def readinto(self, buffer, count=None):
        data = self.read(len(buffer) if count is None else count)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        data = data.encode() if isinstance(data, str) else bytes(data)
        current().put(self.name, list(data), True)
        return len(data)

    def flush(self):
        pass

    def txdone(self):
        return True
