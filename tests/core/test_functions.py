"""Intrinsic functions in the C core: those of its own, and those that its caller has for it.

The records are those of the Python kernel, so results, errors and what they count are the same.
"""

from pathlib import Path
from typing import Any

import pytest

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


def same(number: int, arguments: list[Any], folder: Path, memory: int = MEMORY) -> machine.Ran:
    """Asserts that both engines make the same of these lists of arguments."""
    program = each(number)
    fields = model.start_fields(program, arguments)
    expected, _ = kernel.records(program, fields, *TIMES)
    ran = machine.run("host", program, fields, folder, memory, calls=functions.Caller())
    assert ran.error == "", ran
    if ran.records != expected and len(arguments) > 1:
        for one in arguments:
            same(number, [one], folder, memory)
    assert ran.records == expected, (number, arguments)
    return ran


CASES: dict[int, list[Any]] = {
    0: [["a{}b{}", [1, "x"]], ["{}", [{"k": [1, None, True]}]], ["{}", []], [1, []], ["\\{}", []]],
    1: [[1, 2], [2**31 - 1, 2**31 - 1], [-(2**31), -(2**31)], [2**31, 0], ["1", 2], [1, None]],
    8: [["aé"], [""], ["x" * 10001], [None]],
    9: [["YcOp"], ["Y"], ["//8="], ["x" * 10001], [3]],
    10: [["a", "MD5"], [{"k": 1}, "SHA-512"], [None, "MD5"], ["a", "md5"]],
    12: [["[1, {}]"], [" "], ["{"], ["[" * 33 + "]" * 33], [9223372036854775807], ["1"]],
    13: [[{"a": [1, None, "\n"]}], ["x"], [-1]],
    17: [["a,b\n1,2", ["CSV", None, ",", []], 0], [[1, 2, 3], ["JSON", None, ",", []], 2]],
}


@pytest.mark.parametrize("memory", [25000, MEMORY])
@pytest.mark.parametrize("number", CASES)
def test_functions_give_what_they_give_in_python(number: int, memory: int, tmp_path: Path) -> None:
    same(number, CASES[number], tmp_path, memory)


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
        (18, [[[[]], 0, 0, None]]),
    ],
)
def test_errors_with_other_numbers_and_names(number: int, arguments: Any, tmp_path: Path) -> None:
    same(number, arguments, tmp_path)


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
    inner = '{"t": "' + "[" + "1," * 700 + "1]" + '"}'
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
    assert min(asked) == 6  # three calls, for each of the two runs
    assert max(asked) > 6


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
    program = tsm.assemble("ENTER 0\nLOAD 0\nCALL 13\nSTORE 0\nEND")
    fields = model.start_fields(program, 1)
    ran = machine.run("host", program, fields, tmp_path, calls=lambda *_: answer)
    assert (ran.error, ran.records) == ("call", b"")


def test_without_a_caller_a_function_that_it_has_to_have_is_refused(tmp_path: Path) -> None:
    for number in CASES:
        if number == 1:
            continue
        program = each(number)
        ran = machine.run("host", program, model.start_fields(program, []), tmp_path)
        assert (ran.error, ran.refused) == ("unsupported", "an intrinsic function")
    for number in (2, 14):  # its state has the generator
        program = each(number)
        fields = model.start_fields(program, [])
        ran = machine.run("host", program, fields, tmp_path, calls=functions.Caller())
        assert (ran.error, ran.refused) == ("unsupported", "an intrinsic function")
    program = tsm.assemble("ENTER 0\nCALL 23\nSTORE 0\nEND")
    fields = model.start_fields(program, [])
    ran = machine.run("host", program, fields, tmp_path, calls=functions.Caller())
    assert (ran.error, ran.refused) == ("unsupported", "an unknown function")
