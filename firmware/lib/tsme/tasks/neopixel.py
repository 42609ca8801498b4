# Addressable LEDs: "neopixel:write", "neopixel:fill" (docs/TASKS.md).
from . import add, made, need

_strips = {}  # by pin


def register(tasks):
    need("neopixel", "NeoPixel", "neopixel")
    add(tasks, "neopixel:write", "idempotent", write, "pin colors")
    add(tasks, "neopixel:fill", "idempotent", fill, "pin count color")


def _color(f, key, color):
    if isinstance(color, (list, tuple)) and len(color) in (3, 4):
        for part in color:
            if isinstance(part, bool) or not isinstance(part, int) or not 0 <= part <= 255:
                break
        else:
            return tuple(color)
    raise f.bad(key, "colours: [red, green, blue], each 0 to 255, white as a fourth part")


def _show(f, colors):
    from machine import Pin
    from neopixel import NeoPixel

    pin = f.pin()
    parts = len(colors[0])
    strip = _strips.get(pin)
    if strip is None or len(strip) < len(colors) or strip.bpp != parts:
        own = pin if hasattr(pin, "value") else made(f, "pin", Pin, pin)
        strip = _strips[pin] = made(f, "pin", NeoPixel, own, len(colors), parts)
    for i in range(len(strip)):  # one that was longer: the rest of it is dark
        strip[i] = colors[i] if i < len(colors) else (0,) * parts
    strip.write()
    return len(colors)


def write(f):
    colors = [_color(f, "colors", color) for color in f.items("colors", 1, 1024)]
    for color in colors:
        if len(color) != len(colors[0]):
            raise f.bad("colors", "colours of as many parts, all of them")
    return _show(f, colors)


def fill(f):
    count = f.whole("count", 1, 1024)
    return _show(f, [_color(f, "color", f.items("color", 3, 4))] * count)
