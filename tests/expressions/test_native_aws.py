"""AWS's own functions give what was measured of it in August 2026."""

from __future__ import annotations

from tests.expressions.calling import NOTHING, Error, Items, ask, check

E = Error
INVALID = E("D3137: Invalid JSON")


def test_json_texts_are_parsed() -> None:
    check([
        ("parse", ['{"n":9223372036854775807}'], {"n": 2**63 - 1}),
        ("parse", ["9223372036854775808"], 2.0**63),
        ("parse", ["-9223372036854775808"], -(2**63)),
        ("parse", ["1.0"], 1),
        ("parse", ["1e2"], 100),
        ("parse", ["-0"], 0),
        ("parse", ["0.1"], 0.1),
        ("parse", [' {"b":1,"a":[true,null,"\\u00e9"]} '], {"b": 1, "a": [True, None, "\u00e9"]}),
        ("parse", [NOTHING], NOTHING),
        ("parse", [], NOTHING),
        ("parse", [None], E("T0410", 1)),
        ("parse", [""], INVALID),
        ("parse", ["  "], INVALID),
        ("parse", ["1 2"], INVALID),
        ("parse", ['{"a":1,"a":2}'], INVALID),
        ("parse", ["1e400"], INVALID),
        ("parse", ["01"], INVALID),
        ("parse", ["1", 2], E("T0410", 2)),
    ])  # fmt: skip


def test_integers_that_are_parsed_are_written_in_full() -> None:
    parsed = ask("cpython", [("parse", ["9223372036854775807"], None)])[0]
    check([
        ("string", [parsed], "9223372036854775807"),
        ("string", [2.0**63], "9223372036854776000"),
    ])  # fmt: skip


def test_arrays_are_parted() -> None:
    check([
        ("partition", [[1, 2, 3], 2], [[1, 2], [3]]),
        ("partition", [[1, 2, 3], 2.9], [[1, 2], [3]]),
        ("partition", [[0], 2], [[0]]),
        ("partition", [[1, 2]], [[1, 2]]),
        ("partition", [[], 2], NOTHING),
        ("partition", [[1], 0], NOTHING),
        ("partition", [[1], -0.5], NOTHING),
        ("partition", [[1], -1], E("D3137: Second argument must be zero or greater")),
        ("partition", [[1], 1e300], [[1]]),
        ("partition", [None, 1], E("T0412", 1)),
    ])  # fmt: skip


def test_ranges_end_where_they_are_hit() -> None:
    low, high = -(2**63), 2**63 - 1
    check([
        ("range", [0, 10, 3], Items([0, 3, 6, 9])),
        ("range", [1, 9, 2], Items([1, 3, 5, 7, 9])),
        ("range", [5, 1, -2], Items([5, 3, 1])),
        ("range", [-1.7, 1, 1], Items([-1, 0, 1])),
        ("range", [1, 1, 1], Items([1])),
        ("range", [1, 2], NOTHING),
        ("range", [1, 2, 0], NOTHING),
        ("range", [1, 2, 0.5], NOTHING),
        ("range", [1, 2, -1], NOTHING),
        ("range", [1], E("T0410", 2)),
        ("range", [low, high, high], Items([low, -1, high - 1])),
        ("range", [1, 10**9, 1], E("D2015")),
    ])  # fmt: skip


def test_texts_are_hashed() -> None:
    check([
        ("hash", ["hello", "MD5"], "5d41402abc4b2a76b9719d911017c592"),
        ("hash", ["h\u00e9", "SHA-1"], "96565112c667eb63e672b56c4401d0541eeada0e"),
        ("hash", ["", "SHA-256"],
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("hash", ["a", "sha-1"], E("D3137: Invalid hashing algorithm")),
        ("hash", ["a"], NOTHING),
        ("hash", [1, "MD5"], E("T0410", 1)),
        ("hash", ["a", 1], E("T0410", 2)),
    ])  # fmt: skip


def test_random_numbers_with_a_seed_are_javas() -> None:
    check([
        ("random", [42], 0.7275636800328681),
        ("random", [0], 0.730967787376657),
        ("random", [7], 0.7306990420600421),
        ("random", [0.9], 0.730967787376657),
        ("random", [1, 2], E("T0410", 2)),
    ])  # fmt: skip


def test_what_happens_to_be_comes_from_the_executions_generator() -> None:
    check([
        ("random", [], ask("cpython", [("random", [], None)])[0]),
        ("shuffle", [[1, 2, 3, 4]], ask("cpython", [("shuffle", [[1, 2, 3, 4]], None)])[0]),
        ("uuid", [], ask("cpython", [("uuid", [], None)])[0]),
        ("uuid", ["x"], E("T0410", 1)),
        ("shuffle", [[1]], [1]),
    ])  # fmt: skip
    number, text = ask("cpython", [("random", [], None), ("uuid", [], None)])
    assert 0 <= number < 1
    assert (len(text), text[14], text[19] in "89ab") == (36, "4", True)
