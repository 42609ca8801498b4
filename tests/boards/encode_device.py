# mypy: ignore-errors
# ruff: noqa: UP031
# main.py of a board whose firmware has firmware/native: its encoder and Python's give the same
# bytes, or the former gives None.  Says how many values each took.
import machine

from tsme.values import MISSING, Obj, cbor
from tsme.values.cbor import encoded

LONG = "0123456789" * 30
DEEP = [1]
for _ in range(20):
    DEEP = [DEEP]
SMALL = (0, 1, 23, 24, 255, 256, 65535, 65536, 2**30, 2**31, 2**32 - 1, 2**32, 2**47, 2**48 - 1)
BELOW = (-1, -24, -25, -256, -257, -65536, -65537, -(2**31), -(2**32) - 1, -(2**47))
OTHERS = [
    None,
    True,
    False,
    "",
    "a",
    "x" * 23,
    "x" * 24,
    LONG,
    [],
    (),
    [[]],
    [1, [2, (3, None)], "a"],
    list(range(300)),
    Obj(),
    Obj((("b", 1), ("a", [True]))),
    Obj((("k", Obj((("x" * 30, LONG),))),)),
]
COMMON = list(SMALL) + list(BELOW) + OTHERS
RARE = [
    2**48,
    2**63 - 1,
    -(2**63),
    1.5,
    0.1,
    -0.0,
    "h\u00e4",
    "\u20ac",
    Obj((("\u00e4", 1),)),
    DEEP,
]
WRONG = [2**64, Obj(((1, 2),)), object(), MISSING, b"bytes", {1, 2}]


def made(native, items, container):
    cbor.encoded = native
    buf = bytearray(b"before")
    try:
        cbor.encode_all(buf, items, container)
    except Exception as e:
        return type(e).__name__, str(e), bytes(buf)
    return bytes(buf)


def say(line):
    machine.UART(0, 115200).write(line + "\n")


counts = [0, 0]
for container in (False, True):
    for v in COMMON + RARE + WRONG:
        for items in ([v], (v, 7), [1, v], [[v]], [Obj((("m", v),))]):
            if made(encoded, items, container) != made(None, items, container):
                say("differs: %r %r" % (items, container))
            counts[encoded(items, container) is None] += 1
    for v in COMMON:
        if encoded([v], container) is None:
            say("not taken: %r" % (v,))
    for v in RARE:
        if encoded([v], container) is not None:
            say("taken: %r" % (v,))
if encoded([b"\1\2", 3], True) != b"\x42\1\2\3":
    say("byte strings differ")
say("same %d %d" % tuple(counts))
