"""JSON values that are hard on an encoder, and schedules, made with a generator of numbers.

Hypothesis draws the seed alone: with it drawing every choice, most of its workflows were copies of
each other and took fifty times as long.  `smallest.py` makes up for the shrinking.
"""

from __future__ import annotations

import random
import struct
from typing import Any

from tests.laws.drive import SAMPLE

Json = Any

KEYS = ["a", "b", "n", "s", "list", "naïve", "雪 ☃", "it's", "0", "x.y", "back\\slash", ""]
INTS = [0, 1, -1, 23, 24, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**53 + 1, 2**63 - 1]
INTS += [-(2**63), 10**18, -24, -25, 2**32, -(2**32) - 1]
FLOATS = [0.0, -0.0, 0.5, 1.0, 1.5, -2.5, 0.1, 1e16, 1e-7, 65504.0, 5e-324, 1.7976931348623157e308]
FLOATS += [2.0**-24, 2.0**24 + 1, 3.4028234663852886e38, 1e22, 123456.789, 2.0**63, 1e-5]
GOOD_TIMES = ["2023-11-14T22:13:20Z", "2024-02-29T00:00:00.5+02:00", "2023-11-14T22:14:00Z"]
GOOD_TIMES += ["2023-11-14T22:13:21.000001Z", "2019-01-01T00:00:00Z"]
TIMES = [*GOOD_TIMES, "2023-02-29T00:00:00Z", "2023-11-14 22:13:20Z"]
TEXTS = ["", "x", "héllo", "日本語", "😀", "a*b", "10", "\x00", "a" * 24, "ü" * 130, *TIMES]
ERRORS = ["E1", "E2", "Custom.Error", "States.Permissions", "Fehler-ü", "States.Timeout"]
_LETTERS = "ab \"\\/{}'*\n\x7fé߿ࠀ\uffff\U00010000\U0010ffff"


class Source(random.Random):
    """Random choices of a generated workflow."""

    def of(self, options: list[Any]) -> Any:
        return options[int(self.random() * len(options))]

    def maybe(self, percent: int) -> bool:
        return self.random() * 100 < percent

    def text(self) -> str:
        if self.maybe(60):
            return str(self.of(TEXTS))
        return "".join(self.of(list(_LETTERS)) for _ in range(self.randrange(7)))

    def number(self) -> int | float:
        kind = self.randrange(5)
        if kind == 0:
            return self.randrange(-20, 300)
        if kind == 1:
            return int(self.of(INTS))
        if kind == 2:
            return float(self.of(FLOATS))
        if kind == 3:
            return self.getrandbits(self.randrange(1, 64)) * self.of([1, -1])
        while True:
            v = struct.unpack("<d", self.getrandbits(64).to_bytes(8, "little"))[0]
            if v - v == 0:
                return float(v)

    def leaf(self) -> Json:
        kind = self.randrange(8)
        if kind < 2:
            return [None, True, False][self.randrange(3)]
        return self.text() if kind < 5 else self.number()

    def key(self) -> str:
        return str(self.of(KEYS)) if self.maybe(85) else self.text()

    def value(self, deep: int = 3) -> Json:
        if deep and self.maybe(45):
            if self.maybe(50):
                return [self.value(deep - 1) for _ in range(self.randrange(4))]
            return {self.key(): self.value(deep - 1) for _ in range(self.randrange(4))}
        return self.leaf()

    def document(self) -> Json:
        """An object in which a workflow finds something of each kind."""
        out = {
            "n": self.randrange(6),
            "s": self.text(),
            "list": [self.leaf() for _ in range(self.randrange(5))],
            "obj": {self.key(): self.value(2) for _ in range(self.randrange(4))},
            "t": self.of(TIMES),
            "f": self.of(FLOATS),
            "yes": self.maybe(50),
            "雪 ☃": self.value(),
            "big": self.of(INTS),
        }
        names = list(out)
        self.shuffle(names)
        return {name: out[name] for name in names if name in ("n", "s", "list") or self.maybe(80)}

    def result(self) -> Json:
        return self.document() if self.maybe(50) else self.value()

    # --- what happens to a workflow; see drive.py ---

    def plain_move(self) -> list[Any]:
        if self.maybe(45):
            return ["ok", SAMPLE, 0]
        if self.maybe(30):
            return ["ok", self.value(), self.of([0, 1, 5000])]
        return ["fail", [self.of(ERRORS), self.text()], self.of([0, 0, 400])]

    def move(self) -> list[Any]:
        if self.maybe(60):
            return self.plain_move()
        name = self.of(["due", "due", "beat", "begun", "early", "late"])
        return [name, self.randrange(-4, 3), self.of([0, 0, 1, 400, 5000])]

    def moves(self, plain: bool) -> list[list[Any]]:
        count = self.of([0, 2, 5, 10])
        if plain:
            return [self.plain_move() for _ in range(count)]
        out = [self.move() for _ in range(count)]
        return [*out, ["stop", None, 0]] if self.maybe(10) else out
