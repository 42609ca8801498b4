"""Intrinsic functions: what AWS was seen to do, what its documentation says, and the rest."""

import base64
import hashlib
import json
import random
import re
import sys
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compiler import corpus
from tests.firmware import leaves, reference
from tests.firmware.leaves import Question, on_every_interpreter
from tests.firmware.test_values import same
from tsme.errors import IntrinsicError, StatesError
from tsme.kernel.rng import Rng
from tsme.program.functions.table import find, functions
from tsme.values import binary64

FUNCTIONS = functions()
NUMBER = {name: f for f, (name, *_) in enumerate(FUNCTIONS)}
SPEC = "Format MathAdd UUID ArrayPartition ArrayContains ArrayRange ArrayGetItem ArrayLength"
SPEC += (
    " Base64Encode Base64Decode Hash JsonMerge StringToJson JsonToString MathRandom StringSplit"
)
SPEC += " ArrayUnique Items Batch MapRun Flatten Item Lists"


class NoDraws:
    """A generator that must not be asked."""


def call(name: str, *args: Any, rng: Any = None) -> Any:
    ((arity, function, _),) = find([NUMBER[name]]).values()
    assert len(args) == arity
    return function(rng or NoDraws(), *args)


def refused(name: str, *args: Any) -> bool:
    with pytest.raises(IntrinsicError) as error:
        call(name, *args)
    return bool(str(error.value))


def test_the_table_is_that_of_the_specification():
    assert [name for name, *_ in FUNCTIONS] == SPEC.split()


# --- recorded on AWS ---


def recorded() -> list[Any]:
    """Pass states with one call whose arguments are plain paths or literals."""
    found = []
    for case in corpus.cases("aws"):
        definition = case.get("definition")
        if not isinstance(definition, dict) or case["kind"] != "execution":
            continue
        text = json.dumps(definition)
        output = (case["expected"].get("output") or {}) if "expected" in case else {}
        match = re.search(r'"FunctionResult\.\$": "States\.(\w+)\(([^()]*)\)"', text)
        if match is None or match[1] not in NUMBER or "FunctionResult" not in output:
            continue
        args = _arguments(match[2], case)
        expected = output["FunctionResult"]
        if args is not None and not (isinstance(expected, str) and expected.startswith("<*")):
            found.append(pytest.param(match[1], args, expected, id=case["id"]))
    return found


def _arguments(text: str, case: Any) -> list[Any] | None:
    args: list[Any] = []
    for part in re.findall(r"'[^']*'|[^, ]+", text):
        if part.startswith("'"):
            args.append(part[1:-1])
            continue
        v: Any = case["input"]
        if part.startswith("$$"):
            execution = case["context"]["Execution"] | {"Input": case["input"]}
            v = case["context"] | {"Execution": execution}
        for step in part.lstrip("$").lstrip(".").split("."):
            if not isinstance(v, dict) or step not in v:
                return None
            v = v[step]
        args.append(v)
    return args


def arranged(name: str, args: list[Any]) -> list[Any]:
    """Arguments as the compiler arranges them."""
    return [args[0], args[1:]] if name == "Format" else args


RECORDED = recorded()


@pytest.mark.skipif(not RECORDED, reason="the conformance data set is not here")
@pytest.mark.parametrize(("name", "args", "expected"), RECORDED)
def test_recorded_on_aws(name, args, expected):
    v = call(name, *arranged(name, args))
    assert binary64.equal(v, expected)
    assert type(v) is type(expected)


# --- documented or chosen ---


@pytest.mark.parametrize(
    ("template", "args", "expected"),
    [
        ("", [], ""),
        ("a {} b {}", [1, 1.5], "a 1 b 1.5"),
        ("{}{}", [None, True], "nulltrue"),
        ("{}", [{"a": {"b": [1, "x", None]}, "c": {}}], "{a={b=[1, x, null]}, c={}}"),
        ("{}", [1e10], "1.0E10"),
        ("{}", ["{}"], "{}"),
        ("{} {a}", ["x"], "x {a}"),
        (r"\{\} {} \\ \x \'", ["é"], r"{} é \ \x '"),
        ("{", [], "{"),
        ("\\", [], "\\"),
    ],
)
def test_format(template, args, expected):
    assert call("Format", template, args) == expected


def test_format_wants_one_argument_for_each_place():
    for template, args in (("{}", []), ("", [1]), ("{}{}", [1]), ("{}", [1, 2]), (1, [])):
        assert refused("Format", template, args)
    assert refused("Format", r"\{}", [1])


@given(st.integers(-(2**31), 2**31 - 1), st.floats(-(2.0**31), 2.0**31 - 1))
def test_math_add_rounds_its_operands(a, b):
    assert call("MathAdd", a, b) == a + binary64.round_half_up(b)
    assert call("MathAdd", b, a) == a + binary64.round_half_up(b)


@pytest.mark.parametrize("v", [2**31, -(2**31) - 1, 1e300, "1", None, True, [1]])
def test_math_add_refuses(v):
    assert refused("MathAdd", v, 0)
    assert refused("MathAdd", 0, v)


@given(st.integers(0, 2**64 - 1))
def test_uuids_are_of_version_4(seed):
    rng = Rng(seed)
    text = call("UUID", rng=rng)
    u = uuid.UUID(text)
    assert (str(u), u.version, u.variant) == (text, 4, uuid.RFC_4122)
    again = Rng(seed)
    bits = 0
    for _ in range(4):
        bits = bits << 32 | again.draw()
    assert u == uuid.UUID(int=bits, version=4)
    assert rng.state == again.state


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 25))
def test_array_partition(array, size):
    parts = call("ArrayPartition", array, size)
    assert [v for part in parts for v in part] == array
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts)


def test_array_partition_rounds_and_refuses():
    assert call("ArrayPartition", [1, 2, 3], 1.5) == [[1, 2], [3]]
    for size in (0, 0.4, -1, "1", None):
        assert refused("ArrayPartition", [1], size)
    assert refused("ArrayPartition", {}, 1)


def test_array_contains():
    assert call("ArrayContains", [1, [2, {"a": None}]], [2.0, {"a": None}])
    assert not call("ArrayContains", [1, "1", None], True)
    assert refused("ArrayContains", "abc", "a")


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(-50, 50).filter(bool))
def test_array_range(first, last, step):
    expected = list(range(first, last + (1 if step > 0 else -1), step))
    if len(expected) > 1000:
        assert refused("ArrayRange", first, last, step)
    else:
        assert call("ArrayRange", first, last, step) == expected


def test_array_range_has_a_limit():
    assert len(call("ArrayRange", 1, 1000, 1)) == 1000
    assert call("ArrayRange", 0.5, 2.5, 1) == [1, 2, 3]
    assert refused("ArrayRange", 1, 1001, 1)
    assert refused("ArrayRange", -(2**63), 2**63 - 1, 1)
    assert refused("ArrayRange", 1, 2, 0)


def test_array_get_item_and_length():
    assert call("ArrayGetItem", [1, 2, 3], 2) == 3
    assert call("ArrayLength", [[], None]) == 2
    for index in (3, -1, "0", None):
        assert refused("ArrayGetItem", [1, 2, 3], index)
    assert refused("ArrayGetItem", {"0": 1}, 0)
    assert refused("ArrayLength", "abc")


@given(st.lists(reference.values | st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, [1], [1.0]])))
def test_array_unique_keeps_the_first_of_equal_items(array: list[Any]) -> None:
    expected: list[Any] = []
    for v in array:
        if not any(binary64.equal(v, other) for other in expected):
            expected.append(v)
    assert same(call("ArrayUnique", array), expected)


@given(st.lists(reference.values, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_array_unique_knows_equal_values_by_whatever_makes_them_equal(values, random):
    def other(v: Any) -> Any:  # as good as v: 1 for 1.0, members in another order
        if isinstance(v, dict):
            names = list(v)
            random.shuffle(names)
            return {k: other(v[k]) for k in names}
        if isinstance(v, list):
            return [other(x) for x in v]
        if type(v) is float and v.is_integer() and abs(v) < 2**63:
            return int(v)
        return float(v) if type(v) is int and int(float(v)) == v else v

    for v in values:
        assert binary64.equal(v, other(v))
    array = [f(v) for v in values for f in (lambda v: [v], lambda v: [other(v)], other)]
    expected: list[Any] = []
    for v in array:
        if not any(binary64.equal(v, one) for one in expected):
            expected.append(v)
    assert same(call("ArrayUnique", array), expected)


def test_array_unique_does_not_take_one_value_for_another():
    apart = ["", "n", "i1,", "[1,", [], {}, [[]], [[], []], [{}], {"a": []}, {"": "a"}, {"a": ""}]
    apart += [
        None,
        True,
        False,
        0,
        1,
        "1",
        ["1"],
        [1],
        [12],
        [1, 2],
        ["a", "b"],
        ["a,b"],
        ["s1:a"],
    ]
    apart += [{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"ab": 1}, [None], [True], [False], [0], 0.5]
    apart += [2**53 + 1, 2.0**53, 2**63 - 1, 2.0**63, 1e300, [1e300]]
    assert same(
        call("ArrayUnique", [*apart, *apart, 0.0, -0.0, [-0.0], {"b": 2.0, "a": 1}]), apart
    )


def lines(name: str, *args: Any) -> int:
    """How many lines of Python a call runs: its work, on every computer the same."""
    count = 0

    def look(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return look

    before = sys.gettrace()
    ((_, function, _),) = find([NUMBER[name]]).values()
    sys.settrace(look)
    try:
        function(NoDraws(), *args)
    finally:
        sys.settrace(before)
    return count


def objects(n: int) -> list[Any]:
    return [{"a": [i], "b": {"c": str(i)}} for i in range(n)]


LONG: dict[str, Any] = {
    "ArrayUnique": lambda n: [[[i] for i in range(n)]],
    "ArrayUnique of objects": lambda n: [objects(n)],
    "ArrayUnique of equal ones": lambda n: [[[1, i % 3] for i in range(n)]],
    "ArrayUnique of one large object": lambda n: [[{str(i): i for i in range(n)}] * 2],
    "ArrayContains": lambda n: [objects(n), {"a": [n], "b": 1}],
    "ArrayContains of one large object": lambda n: [
        [{str(i): i for i in range(n)}],
        {str(n - 1 - i): n - 1 - i for i in range(n)},
    ],
    "ArrayPartition": lambda n: [list(range(n)), 2],
    "JsonMerge": lambda n: [{str(i): i for i in range(n)}, {str(i): i for i in range(n)}, False],
    "JsonToString": lambda n: [objects(n)],
    "StringToJson": lambda n: [json.dumps(objects(n))],
    "Hash": lambda n: ["é" * n, "SHA-256"],
    "Base64Encode": lambda n: ["é" * n],
    "Base64Decode": lambda n: ["QUJD" * (n // 2)],
    "Format": lambda n: ["{} \\{" * n, list(range(n))],
    "StringSplit": lambda n: ["a,b" * n, "".join(map(chr, range(33, 33 + n)))],
    "Items": lambda n: ["a,b\n" + 'x,"a""b"""\n' * n, ["CSV", None, ",", []], 0],
    "Items of a long field": lambda n: ["a,b\n" + '"' + '""' * n + '"', ["CSV", None, ",", []], 0],
    "Batch": lambda n: [objects(n), 2, 300, {"b": objects(3)}],
    "Flatten": lambda n: [[[i, i] for i in range(n)]],
}


@pytest.mark.parametrize("what", LONG)
def test_the_work_of_a_function_grows_with_its_arguments_and_no_faster(what: str) -> None:
    name, _, _ = what.partition(" ")
    assert lines(name, *LONG[what](3900)) <= 12 * lines(name, *LONG[what](390))


def test_padding_a_table_is_bounded_and_only_what_is_wanted_is_made():
    text = ",".join(map(str, range(3000))) + "\n" + "a\n" * 3000
    config = ["CSV", None, ",", []]
    with pytest.raises(StatesError) as error:
        call("Items", text, config, 0)
    assert error.value.name == "States.DataLimitExceeded"
    rows = call("Items", text, config, 2)
    assert [len(row) for row in rows] == [3000, 3000]
    with pytest.raises(StatesError):
        call("Items", text + '"', config, 2)


@pytest.mark.parametrize("blank", ["", " ", "\t \r", "\r"])
def test_blank_lines_of_json_lines_are_passed_over(blank):
    assert call("Items", f"1\n{blank}\n2", ["JSONL", None, ",", []], 0) == [1, 2]


# Blank for Python, not for JSON, and not for MicroPython either.
@pytest.mark.parametrize("blank", ["\u00a0", "\u2028", "\u3000", "\x0b", "\x0c", "\x1c", "\x85"])
def test_lines_of_json_lines_that_are_blank_in_unicode_only_are_no_json(blank):
    with pytest.raises(StatesError) as error:
        call("Items", f"1\n{blank}\n2", ["JSONL", None, ",", []], 0)
    assert error.value.name == "States.ItemReaderFailed"


@given(reference.texts)
def test_base64(text):
    encoded = base64.b64encode(text.encode()).decode()
    assert call("Base64Encode", text) == encoded
    assert call("Base64Decode", encoded) == text
    assert call("Base64Decode", "\r\n".join(encoded) + "\n") == text
    assert call("Base64Decode", encoded.rstrip("=")) == text


def test_base64_refuses():
    for text in ("R", "/w==", "7aCA", "AAAAA"):  # cut off, no UTF-8, a surrogate
        assert refused("Base64Decode", text)
    for name in ("Base64Encode", "Base64Decode"):
        assert refused(name, "A" * 10001)
        assert refused(name, 1)
    assert len(call("Base64Encode", "é" * 10000)) == 26668


@given(reference.texts, st.sampled_from(["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"]))
def test_hash(text, algorithm):
    name = algorithm.replace("-", "").lower()
    expected = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
    assert call("Hash", text, algorithm) == expected


def test_hash_of_other_values_is_that_of_their_json():
    assert call("Hash", {"a": [1, 2.5]}, "SHA-1") == call("Hash", '{"a":[1,2.5]}', "SHA-1")
    assert refused("Hash", None, "MD5")
    assert refused("Hash", "x", "md5")
    assert refused("Hash", "x" * 10001, "MD5")


def test_json_merge_is_shallow_and_keeps_places():
    a, b = {"a": {"x": 1}, "b": 2}, {"c": 3, "a": {"y": 1}}
    merged = call("JsonMerge", a, b, False)
    assert list(merged.items()) == [("a", {"y": 1}), ("b", 2), ("c", 3)]
    assert a == {"a": {"x": 1}, "b": 2}
    assert refused("JsonMerge", a, b, True)
    assert refused("JsonMerge", a, [], False)
    assert refused("JsonMerge", None, b, False)


@given(reference.values)
def test_json_and_back(v):
    assert same(call("StringToJson", call("JsonToString", v)), v)


def test_string_to_json_of_blank_text_is_null():
    assert call("StringToJson", "") is None
    assert call("StringToJson", " \n") is None
    assert refused("StringToJson", "\u00a0")
    assert refused("StringToJson", "{")
    assert refused("StringToJson", 1)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**32), st.integers(0, 2**64 - 1))
def test_math_random_leaves_the_end_out(first, n, seed):
    v = call("MathRandom", first, first + n, None, rng=Rng(seed))
    assert first <= v < first + n
    assert call("MathRandom", first, first + 1, None, rng=Rng(seed)) == first


def test_math_random_with_a_seed_needs_nothing_else():
    assert [call("MathRandom", 0, 999, seed) for seed in (3, 4, -4)] == [202, 701, 761]
    assert len({call("MathRandom", 0, 10**6, seed) for seed in range(200)}) > 190
    for first, end in ((5, 5), (6, 5), (0, 2**32 + 1), ("0", 1), (0, None)):
        assert refused("MathRandom", first, end, 1)


def test_string_split():
    assert call("StringSplit", "This.is+a,test=string", ".+,=") == [
        "This",
        "is",
        "a",
        "test",
        "string",
    ]
    assert call("StringSplit", ",,", ",") == []
    assert call("StringSplit", "a,b", "") == ["a,b"]
    assert call("StringSplit", "", "") == []
    assert call("StringSplit", "xéyézx", "éx") == ["y", "z"]
    assert refused("StringSplit", "a", None)
    assert refused("StringSplit", ["a"], ",")


ARGUMENTS: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    1.5,
    2.5,
    -0.5,
    1e300,
    2**63 - 1,
    "",
    "a,b",
]
ARGUMENTS += ["{}", r"\{ {}", "MD5", "SHA-384", "eyJhIjoxfQ==", '{"a": [1.10, 2]}', "é\n", [], {}]
ARGUMENTS += [[1, 1.0, "1", [1], [1.0]], {"a": 1, "b": {"c": None}}, {"b": 0}, [0.1, 1e10]]


@on_every_interpreter
def test_every_interpreter_has_the_same_functions(name: str) -> None:
    rng = random.Random(5)
    questions: list[Question] = []

    def put(function: str, args: list[Any], expected: str | None = None) -> None:
        data = reference.encode(args)
        questions.append(("call", [str(NUMBER[function]), data], expected))

    state = Rng(99).state
    for case in RECORDED:
        function, args, expected = case.values
        put(function, arranged(function, args), f"{reference.encode(expected).hex()} {state}")
    for function, arity, *_ in FUNCTIONS:
        for _ in range(60 if arity else 1):
            put(function, [rng.choice(ARGUMENTS) for _ in range(arity)])
    # What CPython and MicroPython do not agree on: which characters are blank, and which texts
    # are digits.
    for blank in " \t\r\x0b\x0c\x1c\x1f\x85\u00a0\u2028\u3000":
        put("Items", [f"1\n{blank}\n2", ["JSONL", None, ",", []], 0])
        put("Items", [f"a,b\n{blank}\n{blank},1\n", ["CSV", None, ",", []], 0])
        put("StringToJson", [blank])
        put("StringToJson", [f"{blank}[1]"])
        put("StringSplit", [f"a{blank}b c", blank])
    for digits in ("1\u0663", "\u00b2", "1_0", " 1", "+1", "1"):
        put("Items", ["[1, 2, 3]", ["JSON", None, ",", []], digits])
        put("Batch", [[1, 2, 3], digits, digits, None])
    put("JsonToString", [[5e-324, 1e-323, 1.5e-323, 2e-323, 5e-323, 1e-320, -5e-324]])
    put(
        "ArrayUnique", [[*ARGUMENTS, *ARGUMENTS, *objects(3), *objects(3), "é", "é", ["é"], ["é"]]]
    )
    big = {str(i): i for i in range(40)}
    back = {str(i): float(i) for i in range(39, -1, -1)}
    put("ArrayUnique", [[big, back, [big], [back]]])
    put("ArrayContains", [[[1], big], back])
    put("Format", ["é{}\\{{}{\\}é\\", [1, "é"]])
    leaves.check(name, questions)
