"""Values keep what they are between JSON, CBOR and MessagePack, on every interpreter."""

import json
import math
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import interpreters
from tsme.errors import TsmeError
from tsme.values import cbor
from tsme.values import json as jsontext
from tsme.values import msgpack as device
from tsme_host.tools import forms

DEVICE = Path(__file__).parent / "forms_device.py"
EDGES: list[Any] = [
    0, 23, 24, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1,
    -1, -24, -25, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**63),
    0.0, -0.0, 1.0, 1.5, 0.1, 1e300, 5e-324, -2.5e-8, 65504.0, 2.0**-24, 3.4028234663852886e38,
    2.2250738585072014e-308, 1.7976931348623157e308, 16777217.0,
    None, True, False, "", "a" * 31, "a" * 32, "a" * 255, "a" * 256, "a" * 65536,
    "é\U0001f600\0\x1f\"\\",
    [], {}, list(range(15)), list(range(16)), [0] * 300, {"b": 1, "a": 2, "": {}},
    {str(n): n for n in range(15)}, {str(n): n for n in range(16)},
]  # fmt: skip


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"k": value}
    return value


NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=20), st.dictionaries(TEXTS, inner, max_size=20)
    ),
    max_leaves=30,
)


def same(one: Any, other: Any) -> bool:
    """Equal in kind, in the order of members and in each bit of a number."""
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack(">d", one) == struct.pack(">d", other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_a_value_goes_round_through_all_three(value: Any):
    as_cbor = forms.write(value, "cbor")
    as_msgpack = forms.write(forms.read(as_cbor, "cbor"), "msgpack")
    text = jsontext.dumps(forms.read(as_msgpack, "msgpack"))
    assert same(json.loads(text), value)
    assert as_cbor == cbor.encode(jsontext.loads(text))
    assert as_msgpack == msgpack.packb(value) == device.dumps(value)
    assert same(device.loads(as_msgpack), value)
    assert same(forms.read(cbor2.dumps(value), "cbor"), value)  # no matter how floats are written


@pytest.mark.parametrize("value", [[0] * 65536, {str(n): n for n in range(65536)}])
def test_what_has_more_than_16_bits_of_items_goes_round(value: Any):
    packed = device.dumps(value)
    assert packed == msgpack.packb(value)
    assert same(device.loads(packed), value)


def mutated(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(out) + 1)
        match dice.randrange(3):
            case 0:
                out[at:at] = bytes([dice.randrange(256)])
            case 1:
                del out[at : at + 1]
            case _:
                out[at : at + 1] = bytes(
                    [dice.choice([dice.randrange(256), 0xC0 + dice.randrange(32)])]
                )
    return bytes(out)


def hostile() -> Iterator[bytes]:
    dice = random.Random(8)
    small = [value for value in EDGES if len(cbor.encode(value)) < 300]
    for _ in range(1500):
        yield mutated(msgpack.packb(dice.choice(small)), dice)
    for _ in range(1500):
        yield dice.randbytes(dice.randint(0, 12))
    for head in range(256):
        yield bytes([head]) + dice.randbytes(dice.randint(0, 9))
        yield bytes([head])
    yield b"\x91" * 32 + b"\xc0"
    yield b"\x91" * 33 + b"\xc0"
    yield b"\x91" * 5000
    yield b"\x81\xa1a" * 33 + b"\xc0"
    yield b"\xdd\xff\xff\xff\xff\xc0"
    yield b"\xdf\xff\xff\xff\xff\xa1a\xc0"
    yield b"\x82\xa1a\x01\xa1a\x02"
    yield b"\xca\x3f\xc0\x00\x00"
    yield b"\xd3" + b"\xff" * 8
    yield b"\xd9\x01a"
    yield b"\xdd\x00\x00\x00\x01\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x01a\xc0"
    yield b"\xca\x7f\xc0\x00\x00"
    yield b"\xcb\xff\xf0" + bytes(6)


def said(data: bytes) -> str:
    """What the host's library and its checks make of MessagePack."""
    try:
        return cbor.encode(forms.read(data, "msgpack")).hex()
    except forms.Unfit as error:
        return error.code


@pytest.mark.parametrize("name", interpreters.INTERPRETERS)
def test_the_codec_of_the_device_says_what_the_library_says(name: str, tmp_path: Path):
    interpreters.require(name)
    values = [*EDGES, nested(32)]
    bad = list(dict.fromkeys(hostile()))
    path = tmp_path / "vectors"
    rows = [f"value {cbor.encode(value).hex()}" for value in values]
    path.write_text("\n".join([*rows, *(f"read {data.hex()}" for data in bad)]), encoding="ascii")
    done = interpreters.run(name, DEVICE, [path], timeout=300, heap="16m")
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(values) + len(bad)
    for value, line in zip(values, lines, strict=False):
        packed, text, goes_round = line.split()
        assert packed == msgpack.packb(value).hex()
        assert same(json.loads(bytes.fromhex(text)), value)
        assert goes_round == "True"
    found = list(zip(map(said, bad), lines[len(values) :], bad, strict=True))
    # Where more than one thing is wrong, which is said first is a library's own.
    odd = [(host, ours, data.hex()) for host, ours, data in found
           if host != ours and (host[:4] != "TSME" or ours[:4] != "TSME")]  # fmt: skip
    assert not odd
    assert sum(host[:4] != "TSME" for host, *_ in found) > 300
    assert {ours for _, ours, _ in found if ours[:4] == "TSME"} == {
        f"TSME-V0{n}" for n in ("02", "03", "05", "06", "10", "12", "13", "14", "15", "16")
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**63, "TSME-V002"),
        (-(2**63) - 1, "TSME-V002"),
        (math.nan, "TSME-V003"),
        (-math.inf, "TSME-V003"),
        ("\ud800", "TSME-V004"),
        ({1: 2}, "TSME-V005"),
        (nested(33), "TSME-V006"),
        (b"x", "TSME-V001"),
        ({"k": (1, {2})}, "TSME-V001"),
        (cbor.MISSING, "TSME-V001"),
    ],
)
def test_what_is_no_value_is_not_written(value: Any, code: str):
    with pytest.raises(TsmeError) as caught:
        device.dumps(value)
    assert caught.value.code == code


TAGGED = [(cbor2.CBORTag(number, 1), number) for number in (*range(300), 1004, 43000, 55799)]
REFUSED = [
    ("cbor", "1bffffffffffffffff", "TSME-V002", "the integer 18446744073709551615 has"),
    ("cbor", "3bffffffffffffffff", "TSME-V002", "the integer -18446744073709551616 has"),
    ("cbor", "f97e00", "TSME-V003", "NaN"),
    ("cbor", "4101", "TSME-V015", "a byte string is no JSON value"),
    ("cbor", "f7", "TSME-V015", "undefined is no JSON value"),
    ("cbor", "e0", "TSME-V015", "a simple value"),
    ("cbor", "a2616101616102", "TSME-V013", "an object has a name twice: 'a'"),
    ("cbor", "a10102", "TSME-V005", "no text but int"),
    ("cbor", "a1410101", "TSME-V005", "no text but a byte string"),
    ("cbor", "81" * 33 + "01", "TSME-V006", "33 asked, the limit is 32"),
    ("cbor", "81" * 900 + "01", "TSME-V006", "the limit is 32"),
    ("cbor", "0102", "TSME-V016", "something follows"),
    ("cbor", "8201", "TSME-V010", "ends at 2"),
    ("cbor", "61ff", "TSME-V014", "UTF-8"),
    ("cbor", "1c", "TSME-V012", "no CBOR"),
    ("msgpack", "cfffffffffffffffff", "TSME-V002", "the integer 18446744073709551615 has"),
    ("msgpack", "ca7f800000", "TSME-V003", "infinities"),
    ("msgpack", "c40101", "TSME-V015", "a byte string is no JSON value"),
    ("msgpack", "d6ff00000000", "TSME-V015", "a timestamp is no JSON value"),
    ("msgpack", "d40500", "TSME-V015", "the extension type 5 is no JSON value"),
    ("msgpack", "82a16101a16102", "TSME-V013", "an object has a name twice: 'a'"),
    ("msgpack", "810102", "TSME-V005", "no text but int"),
    ("msgpack", "91" * 33 + "01", "TSME-V006", "33 asked, the limit is 32"),
    ("msgpack", "91" * 3000 + "01", "TSME-V006", "the limit is 32"),
    ("msgpack", "0102", "TSME-V016", "at 1"),
    ("msgpack", "9201", "TSME-V010", "ends at 2"),
    ("msgpack", "a1ff", "TSME-V014", "UTF-8"),
    ("msgpack", "c1", "TSME-V012", "c1"),
]


@pytest.mark.parametrize(("form", "data", "code", "words"), REFUSED)
def test_what_json_does_not_have_is_refused_by_its_name(
    form: str, data: str, code: str, words: str
):
    with pytest.raises(forms.Unfit) as caught:
        forms.read(bytes.fromhex(data), form)
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.parametrize("content", [1, "a", [1], b"\x01", {}])
def test_no_tag_of_cbor_is_taken_apart_in_silence(content: Any):
    for tag, number in TAGGED:
        with pytest.raises(forms.Unfit, match=f"the tag {number} is no JSON value"):
            forms.read(cbor2.dumps(cbor2.CBORTag(tag.tag, content)), "cbor")
