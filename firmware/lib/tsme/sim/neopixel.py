# The twin of `neopixel`: "neopixel:PIN" shows the colours that were written, each as it was given.
from .world import current


class NeoPixel:
    ORDER = (1, 0, 2, 3)

    def __init__(self, pin, n, bpp=3, timing=1):
        self.pin, self.n, self.bpp = pin, n, bpp
        self.name = "neopixel:%s" % getattr(pin, "id", pin)
        self.pixels = [(0,) * bpp] * n

    def __len__(self):
        return self.n

    def __setitem__(self, i, color):
        if len(color) != self.bpp:
            raise ValueError("a colour has %d parts" % self.bpp)
        self.pixels[i] = tuple([part & 255 for part in color])

    def __getitem__(self, i):
        return self.pixels[i]

    def fill(self, color):
        for i in range(self.n):
            self[i] = color

    def write(self):
        current().put(self.name, [list(color) for color in self.pixels])
