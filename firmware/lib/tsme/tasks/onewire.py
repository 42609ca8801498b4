# Thermometers on a 1-Wire bus: "onewire:scan", "onewire:temperatures" (docs/TASKS.md).
import asyncio
from binascii import hexlify, unhexlify

from . import add, made, need

_MEASURES = 0.76  # s, with 12 bits


def register(tasks):
    need("onewire", "OneWire", "onewire")
    need("ds18x20", "DS18X20", "onewire")
    add(tasks, "onewire:scan", "pure", scan, "pin")
    add(tasks, "onewire:temperatures", "pure", temperatures, "pin roms")


def _bus(f):
    from machine import Pin
    from onewire import OneWire

    pin = f.pin()
    return OneWire(pin if hasattr(pin, "value") else made(f, "pin", Pin, pin))


def _text(rom):
    return hexlify(bytes(rom)).decode()


def scan(f):
    return sorted([_text(rom) for rom in _bus(f).scan()])


async def temperatures(f):
    from ds18x20 import DS18X20

    chips = DS18X20(_bus(f))
    found = sorted([_text(rom) for rom in chips.scan()])
    wanted = f.items("roms", 1, 64, found)
    for rom in wanted:
        if rom not in found:
            raise f.failed("NotFound", "there is no thermometer %r; there are: %s" % (rom, found))
    if not found:
        raise f.failed("NotFound", "no thermometer answers on the bus")
    out = []
    try:
        chips.convert_temp()
        await asyncio.sleep(_MEASURES)
        for rom in wanted:
            degrees = chips.read_temp(bytearray(unhexlify(rom)))
            if degrees is None:
                raise f.failed("Service", "the thermometer %s does not measure" % rom)
            out.append({"celsius": degrees, "rom": rom})
    except (OSError, AssertionError) as e:
        raise f.failed("Service", "the bus is disturbed: %s" % (e,))
    except Exception as e:  # OneWireError, which is of the port's module
        if type(e).__name__ != "OneWireError":
            raise
        raise f.failed("NotFound", "no thermometer answers on the bus")
    return out
