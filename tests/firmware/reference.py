"""A second, simple encoder of values, and strategies that make values and numbers."""

import random
import struct
from typing import Any

import cbor2
from hypothesis import strategies as st

FLOAT_MAX = 1.7976931348623157e308

# Numbers near the borders of integers, of the three float formats, and of shortest forms.
INTEGERS = [0, 1, 10, 23, 24, 100, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53, 2**53 + 1]
INTEGERS += [2**62, 2**63 - 1024, 2**63 - 1]
INTEGERS += [-1 - n for n in INTEGERS]
FLOATS = [0.0, 0.5, 1.0, 1.5, 2.5, 1.1, 1 / 3, 1e7, 9999999.5, 1e-3, 0.00099, 65504.0, 65505.0]
FLOATS += [2.0**-14, 2.0**-15, 2.0**-24, 1.5 * 2.0**-24, 2.0**-25, 3.4028234663852886e38]
FLOATS += [2.0**-126, 2.0**-127, 2.0**-149, 2.0**-150, 1.5 * 2.0**-149, 2.2250738585072014e-308]
FLOATS += [
    5e-324,
    2.225073858507201e-308,
    FLOAT_MAX,
    2.0**53,
    2.0**63,
    2.0**64,
    1e22,
    1e23,
    16777217.0,
]
FLOATS += [-f for f in FLOATS]


def encode(v: Any) -> bytes:
    if isinstance(v, dict):
        return _head(5, len(v)) + b"".join(encode(k) + encode(x) for k, x in v.items())
    if isinstance(v, list):
        return _head(4, len(v)) + b"".join(map(encode, v))
    return cbor2.dumps(v, canonical=True)


def _head(major: int, n: int) -> bytes:
    head = bytearray(cbor2.dumps(n))
    head[0] |= major << 5
    return bytes(head)


def bits_of(f: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", f))[0])


def float_of(bits: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


integers = st.sampled_from(INTEGERS) | st.integers(-(2**63), 2**63 - 1)
floats = (
    st.sampled_from(FLOATS)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
)
numbers = integers | floats
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(texts, inner, max_size=8),
    max_leaves=30,
)


def random_float(rng: random.Random) -> float:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(FLOATS)
    if kind == 1:
        return round(rng.uniform(-1e4, 1e4), rng.randrange(6))
    if kind == 2:
        return float(struct.unpack("<f", struct.pack("<f", rng.uniform(-1e4, 1e4)))[0])
    bits = rng.randrange(2) << 63 | rng.randrange(0x7FF) << 52 | rng.getrandbits(52)
    return float_of(bits)


def random_number(rng: random.Random) -> int | float:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(INTEGERS)
    if kind == 1:
        return rng.getrandbits(rng.randrange(1, 64)) * rng.choice((1, -1))
    return random_float(rng)


def random_value(rng: random.Random, depth: int = 4) -> Any:
    kind = rng.randrange(9)
    if depth and kind < 2:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(6))]
    if depth and kind < 4:
        names = [random_text(rng) for _ in range(rng.randrange(6))]
        return {name: random_value(rng, depth - 1) for name in names}
    if kind < 6:
        return random_text(rng)
    return random_number(rng) if kind < 8 else rng.choice((None, True, False))


def random_text(rng: random.Random) -> str:
    alphabet = rng.choice(("abc", 'a"\\\n\x01/', "aé€𝄞\u07ff\u0800\uffff\U0010ffff"))
    return "".join(rng.choice(alphabet) for _ in range(rng.choice((0, 1, 3, 8, 23, 24, 90))))
