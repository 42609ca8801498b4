"""Intrinsic functions in the C core: those of its own, and those that its caller has for it.

The records are those of the Python kernel, so results, errors and what they count are the same.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import functions, kernel, machine, model, tsm

TIMES = (machine.START, machine.BETWEEN)
MEMORY = 65536
ARITIES = functions.arities()


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()
    machine.make()


def each(number: int) -> bytes:
    """A program that calls a function with the arguments in each item of its input."""
    load = "\n".join(f"LOAD 0\nINDEX {2 * i}" for i in range(ARITIES[number]))
    return tsm.assemble(
        f"""ENTER 0
        LOAD 0
        MAP 0
        FRAME 1
        JUMP Body
        STORE 0
        END
        Body: ENTER 1
        CATCH Caught
        {load}
        CALL {number}
        STORE 0
        END
        Caught: ERROR
        STORE 0
        END"""
    )


def same(
    number: int, arguments: list[Any], folder: Path, memory: int = MEMORY, target: str = "host"
) -> set[int]:
    """Asserts that both engines make the same of these lists of arguments.

    Gives the functions that the core asked its caller for.
    """
    program = each(number)
    fields = model.start_fields(program, arguments)
    expected, _ = kernel.records(program, fields, *TIMES)
    caller = functions.Caller()
    ran = machine.run(target, program, fields, folder, memory, calls=caller)
    assert ran.error == "", ran
    if ran.records != expected and len(arguments) > 1:
        for one in arguments:
            same(number, [one], folder, memory, target)
    assert ran.records == expected, (number, arguments)
    return set(caller.asked)


NUMBERS: list[Any] = [
    0,
    -0.0,
    1,
    -1,
    2.5,
    -2.5,
    0.5,
    1e300,
    -1e300,
    5e-324,
    2**53 + 1,
    float(2**53),
    2**63 - 1,
]
NUMBERS += [-(2**63), 2.0**63, 1.5e-8, 4096.5, 1.1, 100]
LEAVES: list[Any] = [*NUMBERS, "", "a", "é😀", "null", None, True, False, [], {}]
SHARED: list[Any] = [None, {}]
PAYLOADS: list[Any] = [[], "x", {}, {"Headers": None, "QueryParameters": {"a": ["b"]}}]
PLAIN: dict[int, list[Any]] = {
    0: [
        ["{}|{}", [1, 2.5]],
        ["a{}b{}", [1, "x"]],
        ["{}", [{"k": [1, None, True]}]],
        ["{}", []],
        [1, []],
        ["\\{}", []],
    ],
    1: [[2**31 - 1, 2**31 - 1], [-(2**31), -(2**31)], [2**31 - 0.6, 0], [-(2**31) - 0.5, 1]],
    3: [[list(range(n)), m] for n in (0, 1, 5, 30, 300) for m in (1, 2, 4.5, 30, 2**62, 0, -1)],
    5: [[a, b, c] for a in (0, -5, 2.5) for b in (0, 10, -70) for c in (1, -1, 3, 7.5)],
    6: [[[1, [2], {"a": 3}], n] for n in (0, 1, 2, 3, -1, 1.5, "0", None, 2**40)],
    7: [[[1] * n] for n in (0, 1, 23, 24, 300)] + [[{}], ["x"]],
    8: [["aé"], [""], ["x" * 10001], [None]],
    9: [["YcOp"], ["Y"], ["//8="], ["x" * 10001], [3]],
    10: [["a", "MD5"], [{"k": 1}, "SHA-512"], [None, "MD5"], ["a", "md5"]],
    11: [[{"a": 1, "b": [2]}, {"b": 3, "c": {}}, deep] for deep in (False, True, None, 0)],
    12: [["[1, {}]"], [" "], ["{"], ["[" * 33 + "]" * 33], [9223372036854775807], ["1"]],
    13: [
        [{"a": [1, None, "\n"]}],
        ["x"],
        [-1],
        [[0.5]],
        [LEAVES],
        [[[], {}, [[]], {"": {"": []}}]],
    ],
    14: [[1, 6, None]] * 5 + [[-3, 2**31, None], [0, 2**32, 1], [0, 2**32 + 1, 1], [5, 5, 1]],
    15: [["a,b;;c", ",;"], ["", ""], ["abc", ""], ["ééaébé", "é"], ["xéyüz😀w", "éü😀,"], [1, ""]],
    17: [["a,b\n1,2", ["CSV", None, ",", []], 0], [[1, 2, 3], ["JSON", None, ",", []], 2]],
    18: [[[1, "a", [2], None, {}], n, 0, shared] for n in (0, 1, 2, "3", 9) for shared in SHARED],
    19: [["a:stateMachine:b:stateMachine:c", "l", "t"], [":stateMachine:stateMachine:", "", "é"]],
    20: [[[1, [2, [3]], [], "a", {"b": [4]}]], [[]], [{}], [None]],
    21: [[[1, [2], 3], n] for n in (0, 2, 3, -1, -3, -4, 2**40, -(2**40), 1.0, "0", None)],
    22: [[v] for v in PAYLOADS],
}
PLAIN[5] += [[0, 999, 1], [0, 1000, 1], [0, -999, -1], [0, -1000, -1], [1, 2, 0], [0, 1, ""]]
PLAIN[5] += [[2**63 - 3, 2**63 - 1, 1], [-(2**63) + 2, -(2**63), -1], [-(2**63), 2**63 - 1, 2**62]]
PLAIN[0] += [
    [text, [1, None]] for text in ("{}{}", "{}\\{}{}", "\\", "{{}}{}", "a\\b{}{}\\", "{\\}{}{}")
]
PLAIN[0] += [
    ["\\\\{}\\'", [{"a": [1, {"b": "x y"}, [], {}, None, True], "c": False}]],
    ["{}{", [-(2**63)]],
]
PLAIN[0] += [["{}", [2.5, 1]], [None, []], ["", {}], ["é{}😀", ["ü"]], ["{", []], ["}{}", [0.1]]]
PLAIN[13] += [["".join(map(chr, range(130)))], [{'\x00"': "\\\x7f"}], [10**k for k in range(19)]]
PLAIN[13] += [[[-(10**k) for k in range(19)]], [[True, False]], [[2**63 - 1, -(2**63), 9, 10, 99]]]
PLAIN[18] = [[[1, "a", [2], {}], n, 0, it] for n in (0, 1, 2, "3", 9) for it in (*SHARED, "")]
PLAIN[18] += [
    [[1, "aé", [2], None, {}], n, size, 0] for n in (0, 2) for size in (1, 25, 40, "60", 200)
]
PLAIN[18] += [[{"k": 1, "\n": {"m": []}}, 0, 50, "x"], [[], 1, 9, None], [[0.5, 1], 0, 30, None]]
PLAIN[18] += [[[1], 0, 30, 0.25], [[0.5], 0, 0, 0.25], [[1, 2], 0, 2**62, [3]]]
TEXTS = """[] {} [[]] {"a":{}} [1,2,-3,0,-0,23,24,-24,-25,256,65536] "x" true false null 007 -
"\\ud83d\\ude00\\u00e9\\u20ac\\/\\b\\f\\n\\r\\t\\"" "\\ud83d" "\\ude00" "\\ud83d\\u0041"
"\\u12" "\\x" [1,] [,1] {"a"} {"a":} {"a":1,} {a:1} [1 1 tru nul [true,false,null]
{"a":[{"b":[]},{}],"c":"d"} 999999999999999999 "é😀" 1.5 1e2 -999999999999999999
9223372036854775807 -9223372036854775808 9223372036854775808 12e 1- [1}] {"a":1] "a"b
{"a":1,"a":2} {"a":{"x":1},"b":2,"a":3} [01] [-1] [--1] ]""".split()
PLAIN[12] += [[text] for text in TEXTS] + [[" " + text + "\n\t\r "] for text in TEXTS[:12]]
PLAIN[12] += [['"a\nb"'], ["[1\x0b]"], ["[" * 32 + "]" * 32]] + [
    ['"' + "y" * n + '"'] for n in (23, 24, 300)
]
PLAIN[2] = [[]] * 5
PLAIN[14] += [[0, 100, n] for n in (0, 7, -1, 2.5, 2**62, 1e300, "x")] + [
    [0, 9, None],
    ["", 1, None],
]
PLAIN[11] += [[[], {}, False], [{}, None, False]]
PLAIN[18] += [[{"k": 1, "l": {"m": []}}, 1, 0, 5], [[1, 22, 333], 0, 25, None], [[1], 2, "9", {}]]
PLAIN[19] += [["a", "b", 1], [None, "b", "c"]]
PLAIN[4] = [[LEAVES, v] for v in LEAVES] + [[{}, 1], [[1, 2], 3.5]]
PLAIN[16] = [
    [LEAVES + LEAVES[::-1]],
    [[1, 1.0, True, "1", [1], [1.0], {"a": 1}, {"a": 1.0}]],
    [{}],
]
CASES = {number: PLAIN[number] for number in sorted(PLAIN)}


FOREIGN = {8, 9, 10, 17}  # what the core leaves to its caller
FLOATS = {0, 12, 13, 18}  # .. for a float, or for a text that is no JSON


@pytest.mark.parametrize("memory", [25000, MEMORY])
@pytest.mark.parametrize("number", CASES)
def test_functions_give_what_they_give_in_python(number: int, memory: int, tmp_path: Path) -> None:
    asked = same(number, CASES[number], tmp_path, memory)
    assert asked == ({number} if number in FOREIGN | FLOATS else set())


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (17, [["a,a\n1,2", ["CSV", None, ",", []], 0]]),  # an error with a name of its own
        (17, [["x", ["JSON", None, ",", []], 0]]),
        (17, [[1, None, "x"]]),  # fatal
        (18, [["x", 0, 0, None]]),
        (18, [[["x"], -1, 0, None]]),
        (21, [["x", 0]]),
        (22, [[{"Headers": {"a": 1}}]]),
    ],
)
def test_errors_with_other_numbers_and_names(number: int, arguments: Any, tmp_path: Path) -> None:
    same(number, arguments, tmp_path)


VALUES = st.recursive(
    st.sampled_from(LEAVES) | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("abcdefgh"), inner, max_size=4)
    ),
    max_leaves=12,
)


def shuffled(draw: random.Random, value: Any) -> Any:
    """An equal value: members in another order, integers as floats."""
    if isinstance(value, list):
        return [shuffled(draw, v) for v in value]
    if isinstance(value, dict):
        items = list(value.items())
        draw.shuffle(items)
        return {k: shuffled(draw, v) for k, v in items}
    if type(value) is int and abs(value) < 2**53 and draw.random() < 0.5:
        return float(value)
    return value


def test_equal_values_are_found_whatever_they_are(tmp_path: Path) -> None:
    contains: list[Any] = []
    unique: list[Any] = []

    @settings(max_examples=120, database=None, derandomize=True)
    @given(st.lists(VALUES, min_size=1, max_size=6), st.integers(0, 99))
    def gather(values: list[Any], seed: int) -> None:
        draw = random.Random(seed)
        again = [shuffled(draw, v) for v in values]
        contains.append([values, draw.choice(again)])
        contains.append([values[1:], again[0]])
        unique.append([values + again])

    gather()
    same(4, contains, tmp_path, 0x60000)
    same(16, unique, tmp_path, 0x60000)


def test_json_texts_are_read_as_in_python(tmp_path: Path) -> None:
    """Those that are ordinary in C; the rest by the caller."""
    texts: list[Any] = []

    @settings(max_examples=150, database=None, derandomize=True)
    @given(VALUES, st.booleans(), st.sampled_from([None, 1]), st.integers(0, 999))
    def gather(value: Any, plain: bool, indent: int | None, seed: int) -> None:
        text = json.dumps(value, ensure_ascii=plain, indent=indent)
        at = random.Random(seed).randrange(len(text))
        texts.extend([[text], [text[:at] + text[at + 1 :]]])

    gather()
    for at in range(0, len(texts), 50):
        same(12, texts[at : at + 50], tmp_path, 0x60000)
    lengths = [list(range(n)) for n in (23, 24, 255, 256, 700)]
    large = [
        [json.dumps(v)] for v in (*lengths, wide(24), wide(300), ["z" * 300] * 20, "z" * 3000)
    ]
    for one in large:
        assert same(12, [one], tmp_path, 0x60000) == set()


def wide(count: int, turn: int = 0) -> dict[str, Any]:
    """An object of many members, which begin with another one."""
    names = [f"n{n}" for n in range(count)]
    return {name: [name] for name in names[turn:] + names[:turn]}


@pytest.mark.parametrize("memory", [40_000, 0x60000])
def test_large_objects_and_arrays_give_the_same(memory: int, tmp_path: Path) -> None:
    """With room for tables of names, and without."""
    same(11, [[wide(300), wide(600, 200), False]], tmp_path, memory)
    same(4, [[[1, wide(300)], wide(300, 100)]], tmp_path, memory)
    same(16, [[[wide(200, n) for n in range(3)] + [wide(201)]]], tmp_path, memory)
    same(16, [[[n % 700 for n in range(1400)]]], tmp_path, memory)
    same(
        15,
        [["é,".join(map(str, range(1000))), ",ü" + "".join(map(chr, range(200, 400)))]],
        tmp_path,
    )
    same(18, [[list(range(400)), 3, 0, {"shared": "x" * 20}]], tmp_path, 0x60000)
    same(18, [[list(range(4000)), 1, 0, "x" * 200]], tmp_path, 0x70000)  # too large


def test_a_collection_within_a_function_changes_nothing(tmp_path: Path) -> None:
    for number in sorted(set(CASES) - FOREIGN):
        same(number, CASES[number], tmp_path, target="host-stress")


def nested(depth: int) -> Any:
    """Arrays in arrays."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_results_that_are_too_deep_or_too_long_are_error_7(tmp_path: Path) -> None:
    same(12, [["[" * 32 + "]" * 32], ['"' + "x" * 200 + '"']], tmp_path)
    same(18, [[[nested(28)], 0, 0, None]], tmp_path)
    program = tsm.assemble(
        "ENTER 0\nCATCH H\nLOAD 0\nCALL 12\nSTORE 0\nEND\nH: ERROR\nSTORE 0\nEND", largest=300
    )
    for size in (290, 300, 310, 5000):
        fields = model.start_fields(program, '"' + "x" * size + '"')
        expected, _ = kernel.records(program, fields, *TIMES)
        ran = machine.run("host", program, fields, tmp_path, 16384, calls=functions.Caller())
        assert ran.records == expected, size
        assert ran.error == ""


def test_a_call_is_repeated_when_its_result_does_not_fit(tmp_path: Path) -> None:
    """And the arguments are there again, after a collection."""
    program = tsm.assemble(
        """ENTER 0
        FIELD "t"
        CALL 12
        STORE 0
        FIELD "t"
        CALL 12
        STORE 0
        LOAD 0
        CALL 13
        STORE 0
        END"""
    )
    inner = '{"t": "' + "[" + "1.5," * 500 + "1]" + '"}'
    fields = model.start_fields(program, {"t": inner})
    expected, _ = kernel.records(program, fields, *TIMES)
    asked = set()
    for memory in range(4000, 12000, 500):
        caller = functions.Caller()
        ran = machine.run("host", program, fields, tmp_path, memory, calls=caller)
        if ran.error == "":
            assert ran.records == expected, memory
            asked.add(len(caller.asked))
        else:
            assert ran.error == "memory"
    assert min(asked) == 4  # two calls, for each of the two runs
    assert max(asked) > 4


@pytest.mark.parametrize(
    "answer",
    [
        (4, b""),
        (11, b""),
        (98, b""),
        (0, b""),
        (0, b"\x01\x02"),
        (0, b"\x18\x01"),
        (0, b"\xf7"),
        (-10, b""),
        (99, b"\x60\x60"),
        (0, b"\x01\x60"),
        (0, b"\x60\x60\x60"),
    ],
)
def test_an_answer_that_is_no_value_makes_no_step(
    answer: tuple[int, bytes], tmp_path: Path
) -> None:
    program = tsm.assemble("ENTER 0\nLOAD 0\nCALL 8\nSTORE 0\nEND")
    fields = model.start_fields(program, "1")
    ran = machine.run("host", program, fields, tmp_path, calls=lambda *_: answer)
    assert (ran.error, ran.records) == ("call", b"")


def test_without_a_caller_a_function_that_it_has_to_have_is_refused(tmp_path: Path) -> None:
    for number, name in enumerate(functions.names()):
        program = each(number)
        ran = machine.run("host", program, model.start_fields(program, []), tmp_path)
        needs = number in FOREIGN | FLOATS
        assert ran.refused == (name if needs else "")
        assert ran.error == ("unsupported" if needs else "")
    program = tsm.assemble("ENTER 0\nCALL 23\nSTORE 0\nEND")
    fields = model.start_fields(program, [])
    ran = machine.run("host", program, fields, tmp_path, calls=functions.Caller())
    assert (ran.error, ran.refused) == ("unsupported", "an unknown function")
