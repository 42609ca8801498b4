"""Values and their CBOR: SPEC section 1, against cbor2 and on every interpreter."""

import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cbor_items import skip
from tests.firmware import leaves, reference
from tests.firmware.leaves import Question, on_every_interpreter
from tsme.errors import LimitError, TsmeError
from tsme.values import cbor
from tsme.values.numbers import F64

MISSING = cbor.MISSING


def code(error: pytest.ExceptionInfo[TsmeError]) -> str:
    return error.value.code


def same(a: Any, b: Any) -> bool:
    """Equal, in type and in the order of members too."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) and str(a) == str(b)  # str tells 0.0 from -0.0


@given(reference.values)
def test_a_value_survives_and_is_written_as_by_another_encoder(v):
    data = cbor.encode(v)
    assert data == reference.encode(v)
    back, end = cbor.decode(data)
    assert end == len(data)
    assert same(back, v)
    assert cbor.encoded_size(v) == len(data)
    assert skip(b"\x00" + data, 1) == len(data) + 1


@given(st.binary(max_size=40))
@example(bytes.fromhex("f97e00"))
@example(bytes.fromhex("fa7fc00000"))
@example(bytes.fromhex("a2616100616101"))
def test_whatever_can_be_decoded_is_the_one_encoding_of_its_value(data):
    for view in (data, memoryview(data), bytearray(data)):
        for container in (False, True):
            try:
                v, end = cbor.decode(view, 0, container)
            except TsmeError:
                continue
            assert cbor.encode(v, container) == data[:end]


@given(reference.values, st.integers(0, 2**32), st.integers(0, 255))
def test_a_damaged_value_is_refused_or_another_value(v, where, byte):
    data = bytearray(cbor.encode(v))
    data[where % len(data)] = byte
    try:
        other, end = cbor.decode(data)
    except TsmeError:
        return
    assert cbor.encode(other) == data[:end]


@given(reference.values)
def test_a_value_that_is_cut_off_is_refused(v):
    data = cbor.encode(v)
    for n in range(len(data)):
        with pytest.raises(TsmeError) as error:
            cbor.decode(data[:n])
        assert code(error) == "TSME-V010"


REFUSED = [
    ("", "V010"),
    ("18", "V010"),
    ("1b00000001000000", "V010"),
    ("6261", "V010"),
    ("82", "V010"),
    ("a16161", "V010"),
    ("f93c", "V010"),
    ("1817", "V011"),
    ("190017", "V011"),
    ("1900ff", "V011"),
    ("1a0000ffff", "V011"),
    ("1b00000000ffffffff", "V011"),
    ("7801", "V011"),
    ("9817", "V011"),
    ("b817", "V011"),
    ("fa3f800000", "V011"),
    ("fb3ff0000000000000", "V011"),
    ("fb3ff19999a0000000", "V011"),
    ("fa33800000", "V011"),
    ("1b8000000000000000", "V002"),
    ("3b8000000000000000", "V002"),
    ("f97c00", "V003"),
    ("f97e00", "V003"),
    ("faff800000", "V003"),
    ("fb7ff8000000000000", "V003"),
    ("5f", "V012"),
    ("9fff", "V012"),
    ("bfff", "V012"),
    ("7f6161ff", "V012"),
    ("1c", "V012"),
    ("c001", "V012"),
    ("4161", "V012"),
    ("f7", "V012"),
    ("f0", "V012"),
    ("f818", "V012"),
    ("fc", "V012"),
    ("ff", "V012"),
    ("a20102", "V005"),
    ("a1f600", "V005"),
    ("a2616101616102", "V013"),
    ("62c080", "V014"),
    ("61ff", "V014"),
    ("61c3", "V014"),
    ("63eda080", "V014"),
    ("63e08080", "V014"),
    ("64f0808080", "V014"),
    ("64f4908080", "V014"),
    ("64f8808080", "V014"),
    ("62c328", "V014"),
    ("6180", "V014"),
    ("81" * 33 + "00", "V006"),
    ("81" * 32 + "80", "V006"),
    ("a16161" * 33 + "00", "V006"),
]


@pytest.mark.parametrize(("data", "expected"), REFUSED)
def test_bytes_that_are_no_value_are_refused(data, expected):
    with pytest.raises(TsmeError) as error:
        cbor.decode(bytes.fromhex(data))
    assert code(error) == "TSME-" + expected


class Text(str):
    pass


def test_subclasses_and_tuples_count_as_what_they_are():
    v = {Text("a"): (1, Text("b")), "c": type("F", (float,), {})(1.5)}
    assert cbor.encode(v) == cbor.encode({"a": [1, "b"], "c": 1.5})


@pytest.mark.parametrize(
    ("v", "expected"),
    [
        ({1, 2}, "V001"),
        (b"", "V001"),
        (1j, "V001"),
        ([MISSING], "V001"),
        (2**63, "V002"),
        (-(2**63) - 1, "V002"),
        (float("nan"), "V003"),
        ([float("inf")], "V003"),
        ("\ud800", "V004"),
        ({"\udfff": 1}, "V004"),
        ({1: 2}, "V005"),
    ],
)
def test_what_is_no_value_is_refused_and_the_buffer_kept(v, expected):
    buf = bytearray(b"kept")
    with pytest.raises(TsmeError) as error:
        cbor.encode_into(buf, [1, {"a": v}] if v is not MISSING else v)
    assert code(error) == "TSME-" + expected
    assert buf == b"kept"


def test_nesting_has_a_limit_that_says_so() -> None:
    def nested(n: int) -> Any:
        v: Any = []
        for _ in range(n - 1):
            v = [v]
        return v

    assert cbor.decode(cbor.encode(nested(32)))[0] == nested(32)
    with pytest.raises(LimitError) as error:
        cbor.encode(nested(33))
    assert (error.value.code, error.value.limit, error.value.asked) == ("TSME-V006", 32, 33)
    assert "32" in str(error.value)


def test_a_container_holds_more_than_a_value():
    item = [b"\x01\x02", MISSING, 2**64 - 1, [1, "a"]]
    data = cbor.encode(item, True)
    assert data.hex() == "84420102f71bffffffffffffffff82016161"
    assert cbor.decode(data, 0, True) == (item, len(data))
    with pytest.raises(TsmeError):
        cbor.decode(data)
    assert cbor.encode(MISSING) == b"\xf7"


@given(reference.values, st.integers(0, 100))
def test_a_value_is_measured_as_far_as_it_may_be_long(v, most):
    assert (cbor.measure(v, most)[0] <= most) == (len(cbor.encode(v)) <= most)


def test_a_float_that_is_not_native_is_written_the_same():
    for f in reference.FLOATS:
        assert cbor.encode(F64(reference.bits_of(f))) == cbor.encode(f)


@on_every_interpreter
def test_every_interpreter_reads_and_writes_the_same_values(name: str) -> None:
    rng = random.Random(1)
    questions: list[Question] = []
    for v in [
        *reference.FLOATS,
        *reference.INTEGERS,
        *(reference.random_value(rng) for _ in range(700)),
    ]:
        data = reference.encode(v)
        n = len(data)
        questions.append(("decode", [data], f"{data.hex()} {n} {n} True False"))
        cut = bytearray(data)
        cut[rng.randrange(n)] ^= 1 << rng.randrange(8)
        questions.append(("decode", [bytes(cut)], None))
    for _ in range(700):
        questions.append(("decode", [rng.randbytes(rng.randrange(1, 12))], None))
        questions.append(("item", [rng.randbytes(rng.randrange(1, 12))], None))
    questions += [("decode", [bytes.fromhex(data)], None) for data, _ in REFUSED]
    for code in (0x41, 0xE9, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF):
        for place in range(3):
            args = [reference.encode(code), reference.encode(place)]
            questions.append(("character", args, None))
    nested = "81" * 32
    questions.append(("decode", [bytes.fromhex(nested + "00")], f"{nested}00 33 33 True False"))
    leaves.check(name, questions)
