# Sensors and chips on I2C: "i2c:scan", "i2c:read", "i2c:write", "i2c:send" (docs/TASKS.md).
import struct

from . import add

_buses = {}


def register(tasks, buses):
    # buses: a machine.I2C, or several by name, {"sensors": I2C(0), "display": I2C(1)}
    _buses.clear()
    _buses.update(buses if isinstance(buses, dict) else {"": buses})
    add(tasks, "i2c:scan", "pure", scan, "bus")
    add(tasks, "i2c:read", "idempotent", read, "bus address register register_bits count format")
    add(tasks, "i2c:write", "idempotent", write, "bus address register register_bits data")
    add(tasks, "i2c:send", "once", send, "bus address data")


def _bus(f):
    if "bus" not in f.payload and len(_buses) == 1:
        return list(_buses.values())[0]
    return _buses[f.choice("bus", sorted(_buses))]


def _address(f):
    value = f.get("address")
    if isinstance(value, str):
        try:
            value = int(value, 0)
        except ValueError:
            pass
    if isinstance(value, bool) or not isinstance(value, int) or not 8 <= value < 120:
        raise f.bad("address", 'a number from 8 to 119, or as "0x76"')
    return value


def _done(f, address, function, *args, **named):
    try:
        return function(*args, **named)  # calls: machine
    except OSError as e:
        raise f.io(e, "address 0x%02x" % address)


def scan(f):
    return list(_bus(f).scan())


def read(f):
    bus = _bus(f)
    address = _address(f)
    form = f.text("format", None)
    size = 0
    if form:
        try:
            size = struct.calcsize(form)
        except ValueError:
            size = 0
        except Exception:  # CPython's struct.error
            size = 0
        if not 0 < size <= 256:
            raise f.bad("format", 'as Python\'s struct has it, such as "<hH"')
    count = f.whole("count", 1, 256, size or 1)
    if size and count != size:
        raise f.wrong('"format" takes %d bytes, "count" is %d' % (size, count))
    bits = f.choice("register_bits", (8, 16), 8)
    register = f.whole("register", 0, (1 << bits) - 1, None)
    if register is None:
        data = _done(f, address, bus.readfrom, address, count)
    else:
        data = _done(f, address, bus.readfrom_mem, address, register, count, addrsize=bits)
    return list(struct.unpack(form, data) if form else data)


def write(f):
    bus = _bus(f)
    address = _address(f)
    bits = f.choice("register_bits", (8, 16), 8)
    register = f.whole("register", 0, (1 << bits) - 1)
    data = f.octets("data", 256)
    _done(f, address, bus.writeto_mem, address, register, data, addrsize=bits)
    return len(data)


def send(f):
    bus = _bus(f)
    address = _address(f)
    data = f.octets("data", 256)
    _done(f, address, bus.writeto, address, data)
    return len(data)
