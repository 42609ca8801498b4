"""Native functions of numbers give what jsonata 2.0.6 does and AWS measured, to the last bit."""

from __future__ import annotations

from tests.expressions.calling import NOTHING, Error, check

E = Error


def test_texts_of_numbers_have_fifteen_digits_and_integers_all() -> None:
    check([
        ("string", [0.1 + 0.2], "0.3"),
        ("string", [1 / 3], "0.333333333333333"),
        ("string", [2 / 3], "0.666666666666667"),
        ("string", [0.1 + 0.7], "0.8"),
        ("string", [[0.1 + 0.7]], "[0.8]"),
        ("string", [1e20], "100000000000000000000"),
        ("string", [1e21], "1e+21"),
        ("string", [-1.5e21], "-1.5e+21"),
        ("string", [1e-6], "0.000001"),
        ("string", [1e-7], "1e-7"),
        ("string", [1.25e-9], "1.25e-9"),
        ("string", [5e-324], "5e-324"),
        ("string", [1.7976931348623157e308], "1.7976931348623157e+308"),
        ("string", [1234567890123456], "1234567890123456"),
        ("string", [1234567890123456789], "1234567890123456789"),
        ("string", [2**63 - 1], "9223372036854775807"),
        ("string", [2.0**63], "9223372036854776000"),
        ("string", [-(2**63)], "-9223372036854775808"),
        ("string", [123456789.123456789], "123456789.123457"),
        ("string", [0.1234567890123456], "0.123456789012346"),
        ("string", [999999999999999.9], "1000000000000000"),
        ("string", [-0.0], "0"),
        ("string", [2.0], "2"),
    ])  # fmt: skip


def test_rounding_is_half_to_even_in_decimal_text() -> None:
    check([
        ("round", [2.675, 2], 2.68),
        ("round", [1.005, 2], 1),
        ("round", [2.5], 2),
        ("round", [-2.5], -2),
        ("round", [3.5], 4),
        ("round", [125, -1], 120),
        ("round", [135, -1], 140),
        ("round", [-0.4], 0),
        ("round", [1e300, 2], 1e300),
        ("round", [11.5, 0], 12),
        ("round", [1.26, 1], 1.3),
        ("round", [2**53 + 1], 2.0**53),
        ("round", [1.5, 400], "NaN"),
        ("round", [NOTHING, 1], NOTHING),
        ("floor", [-1.5], -2),
        ("ceil", [-1.5], -1),
        ("ceil", [-0.5], 0),
        ("floor", [1e300], 1e300),
        ("abs", [-3.25], 3.25),
        ("abs", [-(2**63)], 2.0**63),
    ])  # fmt: skip


def test_roots_and_powers_are_rounded_exactly() -> None:
    check([
        ("sqrt", [4], 2),
        ("sqrt", [2], 1.4142135623730951),
        ("sqrt", [1e300], 1e150),
        ("sqrt", [5e-324], 2.2227587494850775e-162),
        ("sqrt", [0.1], 0.31622776601683794),
        ("sqrt", [-1], E("D3060", 1)),
        ("power", [0, 0], 1),
        ("power", [2, 10], 1024),
        ("power", [2, -1], 0.5),
        ("power", [10, -3], 0.001),
        ("power", [2, 0.5], 1.4142135623730951),
        ("power", [8, 1 / 3], 2),
        ("power", [1.0000001, 10**9], 2.6881038582144647e43),
        ("power", [-8, 3], -512),
        ("power", [3, 33], 5559060566555523),
        ("power", [3, 34], 1.6677181699666568e16),
        ("power", [10, 22], 1e22),
        ("power", [10, 400], E("D3061", 1)),
        ("power", [-8, 1 / 3], E("D3061", 1)),
        ("power", [0, -1], E("D3061", 1)),
        ("power", [0.5, 2000], 0),
        ("power", [7, NOTHING], E("D3061", 1)),
    ])  # fmt: skip


def test_numbers_are_read_as_javascript_reads_them() -> None:
    check([
        ("number", ["0x1F"], 31),
        ("number", ["0b11"], 3),
        ("number", ["0o17"], 15),
        ("number", ["00012"], 12),
        ("number", ["-1.5e3"], -1500),
        ("number", ["1.10"], 1.1),
        ("number", ["123456789012345678"], 123456789012345680.0),
        ("number", ["1e999"], E("D3030", 1)),
        ("number", [" 12 "], E("D3030", 1)),
        ("number", ["+5"], E("D3030", 1)),
        ("number", [".5"], E("D3030", 1)),
        ("number", ["1."], E("D3030", 1)),
        ("number", [""], E("D3030", 1)),
        ("number", ["0x"], E("D3030", 1)),
        ("number", ["0x1G"], "NaN"),
        ("number", [True], 1),
        ("number", [False], 0),
        ("number", [None], E("T0410", 1)),
        ("number", [[1]], E("T0410", 1)),
        ("number", [2**63 - 1], 2**63 - 1),
    ])  # fmt: skip


def test_integers_are_written_in_other_bases() -> None:
    check([
        ("formatBase", [-255, 16], "-ff"),
        ("formatBase", [100], "100"),
        ("formatBase", [2.5, 2], "10"),
        ("formatBase", [99, 35.6], "2r"),
        ("formatBase", [1e21], "1e+21"),
        ("formatBase", [2**53, 2], "1" + "0" * 53),
        ("formatBase", [10, 1], E("D3100")),
        ("formatBase", [10, 37], E("D3100")),
    ])  # fmt: skip


def test_sums_are_those_of_binary64_from_left_to_right() -> None:
    check([
        ("sum", [[1, 2, 3]], 6),
        ("sum", [[0.1, 0.2, 0.3]], 0.6000000000000001),
        ("sum", [[1e16, 1, 1]], 1e16),
        ("sum", [[1, 1, 1e16]], 10000000000000002.0),
        ("sum", [[2**53 - 1, 1]], 2.0**53),
        ("sum", [[2**63 - 1, -1]], 2.0**63),
        ("sum", [[1e308, 1e308]], "Infinity"),
        ("sum", [[]], 0),
        ("sum", [5], 5),
        ("sum", [NOTHING], NOTHING),
        ("sum", [["a"]], E("T0412", 1)),
        ("sum", [[1, "a"]], E("T0412", 1)),
        ("sum", ["a"], E("T0412", 1)),
        ("average", [[1, 2]], 1.5),
        ("average", [[1, 1, 2]], 1.3333333333333333),
        ("average", [[]], NOTHING),
        ("max", [[1, 2.5, -3]], 2.5),
        ("max", [[2**63 - 1, 2**63 - 2]], 2**63 - 1),
        ("min", [[1, 2.5, -3]], -3),
        ("min", [[]], NOTHING),
        ("count", [None], 1),
        ("count", [NOTHING], 0),
        ("count", [[]], 0),
        ("count", [[1, None]], 2),
    ])  # fmt: skip
