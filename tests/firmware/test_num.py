"""The number law: exact on every interpreter, against CPython's floats and fractions."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware import leaves, reference
from tests.firmware.leaves import Question, on_every_interpreter
from tests.firmware.reference import bits_of, float_of
from tsme.errors import TsmeError
from tsme.program import wait
from tsme.values import binary64, decimal, numbers
from tsme.values.numbers import F64

# Every number as itself and as boards with narrow floats hold it.
any_number = reference.numbers | reference.floats.map(lambda f: F64(bits_of(f)))


def fraction(v):
    return Fraction(float_of(v.bits) if isinstance(v, F64) else v)


def sign(x):
    return (x > 0) - (x < 0)


@given(any_number, any_number)
@example(2**53 + 1, 2.0**53)
@example(2**63 - 1, 2.0**63)
@example(0, -0.0)
def test_numbers_compare_exactly(a, b):
    assert numbers.compare(a, b) == sign(fraction(a) - fraction(b))
    assert binary64.equal(a, b) == (fraction(a) == fraction(b))


@given(any_number)
def test_rounding_is_exact(v):
    exact = fraction(v)
    assert binary64.floor(v) == exact.numerator // exact.denominator
    doubled = 2 * exact + 1
    assert binary64.round_half_up(v) == doubled.numerator // (2 * doubled.denominator)
    assert binary64.integral(v) == (exact.numerator if exact.denominator == 1 else None)


@given(st.integers(-(2**70), 2**70))
def test_integers_round_to_the_nearest_float(v):
    assert numbers.bits(binary64.from_int(v)) == bits_of(float(v))


def digits_of_java(f: float) -> str:
    """The digits of a double as Java's documentation of Double.toString() says them.

    Of the decimals that round to it those with the fewest digits, but two where one would do;
    of these the nearest, and of two that are as near the one whose last digit is even.
    """
    v = abs(Fraction(f))
    for n in range(2, 18):
        k = (
            math.floor(math.log10(f)) + 1
            if f >= 1e-300
            else math.floor(math.log10(f * 1e200)) - 199
        )
        found = []
        for point in (k - 1, k, k + 1):  # the logarithm may be off by one
            unit = Fraction(10) ** (point - n)
            for d in (v // unit, v // unit + 1):
                if 10 ** (n - 1) <= d <= 10**n and float(d * unit) == f:
                    found.append((abs(d * unit - v), d % 2, str(d).rstrip("0")))
        if found:
            return min(found)[2]
    raise AssertionError(f)


def test_two_digits_are_the_nearest_where_one_would_do():
    for n in [*range(1, 1100), 2024, 4047, 2**52 - 1]:
        text = decimal.to_text(numbers.from_bits(n)).split("E")[0].replace(".", "").rstrip("0")
        assert text == digits_of_java(float_of(n)), n


@given(reference.floats)
@example(5e-324)
@example(1e23)
@example(9007199254740993.0)
def test_the_text_of_a_float_is_the_shortest_and_gives_it_back(f):
    text = decimal.to_text(f)
    assert bits_of(float(text)) == bits_of(f)
    assert numbers.bits(decimal.parse(text)) == bits_of(f)
    digits = text.lstrip("-").split("E")[0].replace(".", "").strip("0")
    shortest = repr(f).lstrip("-").split("e")[0].replace(".", "").strip("0")
    assert digits == (digits_of_java(abs(f)) if 0 < abs(f) < 1e-300 else shortest)
    assert decimal.to_text(F64(bits_of(f))) == text


decimals = st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?\Z")
# halfway between two floats, and a little off it
halves = st.builds(
    lambda n, zeros, tail: f"{2**53 + 1 + 2 * n}.{'0' * zeros}{tail}",
    st.integers(0, 2**52 - 2),
    st.sampled_from([0, 1, 20, 900]),
    st.sampled_from(["0", "1"]),
)


@given(decimals | halves)
@example("1e-400")
@example("0.0000001e-320")
@example("-0.0")
@example("2.4703282292062327e-324")
@example("2.4703282292062328e-324")
@example("1e0000000000000000308")
@example("0e999999999")
def test_decimal_text_is_read_as_python_reads_it(text):
    if not any(c in text for c in ".eE"):
        whole = int(text)
        if -(2**63) <= whole < 2**63:
            assert decimal.parse(text) == whole
            return
        expected = "TSME-V002"
    elif abs(float(text)) == float("inf"):
        expected = "TSME-V022"
    else:
        assert numbers.bits(decimal.parse(text)) == bits_of(float(text))
        return
    with pytest.raises(TsmeError) as error:
        decimal.parse(text)
    assert error.value.code == expected


BAD = [
    "",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "1.e5",
    " 1",
    "1 ",
    "0x1",
    "1_0",
    "nan",
]
BAD += ["Infinity", "١", "1e5.0", "--1", "1e٣"]  # digits of other scripts are none


@pytest.mark.parametrize("text", BAD)
def test_text_that_is_no_number_is_refused(text):
    with pytest.raises(TsmeError) as error:
        decimal.parse(text)
    assert error.value.code == "TSME-V020"


@pytest.mark.parametrize(
    ("v", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (7, "7"),
        (1.5, "1.5"),
        (100.0, "100.0"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (-1e-10, "-1.0E-10"),
        (5e-324, "4.9E-324"),
        (-1e-323, "-9.9E-324"),
        (1.5e-323, "1.5E-323"),
        (2e-323, "2.0E-323"),
        (5e-323, "4.9E-323"),
        (1e-320, "1.0E-320"),
        (reference.FLOAT_MAX, "1.7976931348623157E308"),
    ],
)
def test_numbers_are_printed_as_java_prints_them(v, text):
    assert decimal.to_text(v) == text


def test_json_equality():
    assert binary64.equal({"a": [1, 2.0], "b": None}, {"b": None, "a": [1.0, 2]})
    assert not binary64.equal(True, 1)
    assert not binary64.equal([], {})
    assert not binary64.equal({"a": None}, {"b": None})
    assert not binary64.equal([1], [1, 1])
    assert not binary64.equal("1", 1)
    assert not binary64.equal(None, False)


def test_an_f64_behaves_as_a_number():
    v = F64(bits_of(1.1))
    assert repr(v) == "1.1"
    assert v == F64(bits_of(1.1))
    assert v != F64(bits_of(1.2))
    assert v != "1.1"
    assert {v: 1}[F64(bits_of(1.1))] == 1
    assert hash(F64(bits_of(3.0))) == hash(3)
    assert (v > 1, v < 2, v >= F64(v.bits), v <= 1) == (True, True, True, False)
    assert (int(v), int(F64(bits_of(-2.75))), v.narrow()) == (1, -2, 1.1)


@pytest.mark.parametrize("f", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused(f):
    for convert in (numbers.bits, lambda f: numbers.from_bits(bits_of(f))):
        with pytest.raises(TsmeError) as error:
            convert(f)
        assert error.value.code == "TSME-V003"


@pytest.mark.parametrize(
    ("interval", "rate", "n", "longest", "expected"),
    [
        (1, (2, 0), 0, 10**6, 1000),
        (1, (2, 0), 3, 10**6, 8000),
        (1, (1, 500000000), 3, 10**6, 3375),
        (1, (1, 100000000), 2, 10**6, 1210),
        (1, (2, 420000000), 3, 10**6, 14172),
        (1, (2, 0), 5, 10, 10000),
        (1, (1, 0), 99999999, 10**6, 1000),
        (1, (2, 0), 99999999, 10**6, 10**9),
        (1, (1, 100), 99999999, 10**6, 22018067),
        (99999999, (2147483647, 999999999), 2, 2147483647, 2147483647000),
        (0, (2147483647, 999999999), 99999999, 2147483647, 0),
    ],
)
def test_backoff(interval, rate, n, longest, expected):
    assert wait.backoff(interval, rate, n, longest) == expected


@given(
    st.integers(1, 10**8),
    st.integers(1, 10),
    st.integers(0, 10**9 - 1),
    st.integers(0, 40),
    st.integers(1, 2147483647),
)
def test_backoff_is_close_to_the_exact_delay(interval, whole, part, n, longest):
    exact = 1000 * min(interval * (whole + Fraction(part, 10**9)) ** n, longest)
    assert 0 <= exact - wait.backoff(interval, (whole, part), n, longest) <= 1 + n * exact / 10**9


@given(st.lists(st.tuples(st.integers(1, 2147483647), st.integers(0, 10**9 - 1)), min_size=2))
def test_no_product_of_a_backoff_needs_more_than_63_bits(factors):
    """Nor does the sum of what is multiplied apart."""
    (a, b), (c, d) = factors[:2]
    for n in (a * d + b * c + b * d // 10**9, a * c + (a * d + b * c + b * d // 10**9) // 10**9):
        assert n < 2**63
    whole, part = wait.product(a, b, c, d)
    exact = (a + Fraction(b, 10**9)) * (c + Fraction(d, 10**9))
    if exact < 2147483647:
        assert 0 <= exact - whole - Fraction(part, 10**9) < Fraction(1, 10**9)
    else:
        assert (whole, part) == (2147483647, 0)


def ppm(v):
    return math.floor(10000 * Fraction(math.floor(Fraction(v) * 2**40), 2**40) + Fraction(1, 2))


@given(st.floats(0, 100))
@example(33.3)
@example(1 / 32)
@example(100.0)
@example(-0.0)
@example(5e-324)
def test_a_percentage_becomes_the_nearest_millionth(v):
    """But for what is within 2^-40 of a half."""
    exact = 10000 * Fraction(v)
    assert abs(wait.ppm(v) - exact) <= Fraction(1, 2) + Fraction(10000, 2**40)
    assert wait.ppm(F64(bits_of(v))) == wait.ppm(v)
    assert [wait.ppm(x) for x in (33.3, 1 / 32, 66.67, 50, 0.00006)] == [
        333000,
        313,
        666700,
        500000,
        1,
    ]


@on_every_interpreter
def test_every_interpreter_calculates_the_same(name: str) -> None:
    rng = random.Random(2)
    questions: list[Question] = []

    def put(operation, expected, *args):
        questions.append((operation, [reference.encode(a) for a in args], expected))

    for _ in range(700):
        a, b = reference.random_number(rng), reference.random_number(rng)
        x, y = Fraction(a), Fraction(b)
        put("compare", str(sign(x - y)), a, b)
        put("equal", str(x == y), a, b)
        put("equal", "True", [a, {"a": b}], [a, {"a": b}])
        put("floor", str(x.numerator // x.denominator), a)
        put("half", str((2 * x + 1).numerator // (2 * (2 * x + 1).denominator)), a)
        put("integral", None, a)
        f = reference.random_float(rng)
        put("text", decimal.to_text(f), f)
        questions.append(("parse", [repr(f)], reference.encode(f).hex()))
        n = rng.getrandbits(rng.randrange(1, 64))
        put("float", reference.encode(float(n)).hex(), n)
        text = f"{rng.getrandbits(70)}.{rng.getrandbits(70)}e{rng.randrange(-340, 280)}"
        questions.append(("parse", [text], reference.encode(float(text)).hex()))
        rate = [rng.randrange(1, 1 << rng.randrange(1, 32)), rng.randrange(10**9)]
        put("backoff", None, [rng.randrange(10**8), rate, rng.randrange(40), 2147483647])
        share = rng.random() * 100
        put("ppm", str(ppm(share)), share)
    questions += [("parse", [text], None) for text in BAD]
    leaves.check(name, questions)
