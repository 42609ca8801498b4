"""QUERY in the C core selects what the Python engine does, in the same records."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.test_filters import asked
from tests.firmware.test_query import DATA, KNOWN, LOOPS, NOT_SOUND, batch, deep, nested, query
from tsme.errors import TsmeError
from tsme.program import Program
from tsme.program.query_check import sound
from tsme.values import cbor

from . import functions, kernel, machine, model, tsm

TIMES = (machine.START, machine.BETWEEN)
MEMORY = 0x80000
LARGEST = 262144


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()
    machine.make()


def asking(constants: list[Any], largest: int, budget: int = 1) -> bytes:
    """A program that asks the n-th item of its input the n-th query, by default a step for each.

    What is selected goes to slot 1, or the cause of an error.
    """
    lines = []
    for n, constant in enumerate(constants):
        text = json.dumps(constant).replace("#", "\\u0023")
        lines.append(
            f"ENTER {n}\nCATCH H{n}\nLOAD 0\nINDEX {2 * n}\nQUERY {text}\nJUMP N{n}\n"
            f"H{n}: ERROR\nN{n}: STORE 1"
        )
    lines.append(f"ENTER {len(constants)}\nEND")
    return tsm.assemble("\n".join(lines), slots=2, budget=budget, largest=largest)


def same(
    questions: list[tuple[Any, Any]],
    folder: Path,
    largest: int = LARGEST,
    memory: int = MEMORY,
    target: str = "host",
) -> list[str]:
    """Asserts that both engines answer alike; gives what the core asked its caller."""
    program = asking([constant for _, constant in questions], largest)
    fields = model.start_fields(program, [value for value, _ in questions])
    expected, _ = kernel.records(program, fields, *TIMES)
    caller = functions.Caller()
    ran = machine.run(target, program, fields, folder, memory, calls=caller)
    assert ran.error == "", ran
    if ran.records != expected and len(questions) > 1:
        for question in questions:
            same([question], folder, largest, memory, target)
    assert ran.records == expected, questions
    return [str(number) for number in caller.asked]


def chunks(items: list[Any], size: int = 100) -> list[list[Any]]:
    """The items, some at a time."""
    return [items[i : i + size] for i in range(0, len(items), size)]


@pytest.mark.parametrize("memory", [150_000, MEMORY])
def test_paths_and_filters_select_the_same(memory: int, tmp_path: Path) -> None:
    seen = set()
    for part in chunks([(value, constant) for value, constant, _ in batch() + asked()]):
        seen |= set(same(part, tmp_path, memory=memory))
    assert seen == {"12", "13"}  # StringToJson and JsonToString, for decimals


def test_a_collection_at_any_place_changes_nothing(tmp_path: Path) -> None:
    questions = [(value, constant) for value, constant, _ in asked()[::5]]
    questions += [(DATA, query(path)) for path, _ in KNOWN]
    for part in chunks(questions):
        same(part, tmp_path, target="host-stress")


def test_a_query_whose_result_does_not_fit_is_made_again(tmp_path: Path) -> None:
    """And with the least memory everything else of it lies where it lay."""
    value = {"l": [{"n": n, "t": "x" * n, "d": n + 0.5} for n in range(40)], "p": "9.75"}
    constants = [
        ["l", None, "t"],
        ["l", [3, [10, ["t"], ["x", 0]]], "n"],
        ["l", [3, [1, ["d"], [None, "p"]]], [2, "t", "d"]],
        ["l", [3, [10, ["d"], ["09", [4, ""], 0, ".", "5"]]]],
    ]
    program = asking(constants, LARGEST, 256)
    fields = model.start_fields(program, [value] * len(constants))
    expected, _ = kernel.records(program, fields, *TIMES)
    ran_on = 0
    for memory in range(6000, 8000, 50):
        ran = machine.run("host", program, fields, tmp_path, memory, calls=functions.Caller())
        if ran.error == "":
            assert ran.records == expected, memory
            ran_on += ran.numbers["collections"] > 0
        else:
            assert ran.error == "memory", memory
    assert ran_on > 3, ran
    assert ran.error == ""


def test_hostile_paths_do_bounded_work(tmp_path: Path) -> None:
    line = {"a": deep(29, 1)}
    explosive = [True, None] * 15  # every value, through every value around it
    texts = {"t": "x" * 99, "l": [{}] * 20}
    for value, constant, largest in [
        (line, explosive, 4096),
        (deep(3, 10), [True, None], 1220),
        (list(range(100)), [[1, *([0] * 50)], None], 49),
        (list(range(100)), [[0, 0, None]], 99),
        ([{}] * 100, [[3, nested(8)]], 100),
        ([{}] * 100, [[3, nested(8)]], 101),
        (deep(2, 20), [None, None], 300),
        (deep(2, 20), [None, None], 500),
        (["x" * 200] * 3, [None, None, None], 100),
        (["x" * 200] * 3, [None], 100),
        (deep(30, 1), [None], LARGEST),
        ({"a": deep(29, 1), "b": deep(29, 1)}, [None], LARGEST),
        (texts, ["l", [3, [10, [None, "t"], ["x"]]]], 2000),
        (texts, ["l", [3, [10, [None, "t"], ["x"]]]], 2001),
        (texts, ["l", [3, [2, [None, "t"], [None, "t"]]]], 3979),
        (texts, ["l", [3, [2, [None, "t"], [None, "t"]]]], 3981),
        ([{"a": "a" * 1000}], [[3, [10, ["a"], LOOPS]]], LARGEST),
        ([{"a": "a"}], [[3, [10, ["a"], [-1]]]], LARGEST),
        (list(range(300)), [[1, *range(299, 0, -1)]], LARGEST),
        (list(range(300)), [[1, *range(-300, 300, 2)]], LARGEST),
    ]:
        same([(value, constant)], tmp_path, largest)


def test_a_list_of_names_alone_gives_the_object_or_error_1(tmp_path: Path) -> None:
    names = [f"n{n}" for n in range(30)]
    values: list[Any] = [{"b": 1, "n3": 2}, {}, {name: [1] for name in names}, [], None]
    for value in values:
        same([(value, [[2, "b", *names]])], tmp_path)


def test_many_places_in_the_whole_document_are_remembered(tmp_path: Path) -> None:
    """As long as there is memory for them, in any order."""
    value = {"l": [{"v": n % 7} for n in range(60)], **{f"p{n}": n for n in range(30)}}
    terms: list[Any] = [[5, ["v"], [None, f"p{n}"]] for n in (*range(7, 30), 3, 3, 8, 20, 5)]
    constants = [["l", [3, [8, *terms]], "v"], ["l", [3, [9, *terms[::-1]]], None]]
    constants.append(["l", [3, [8, [9, *terms], [9, *terms[::2]], [2, ["v"], [None, "p1"]]]]])
    same([(value, constant) for constant in constants], tmp_path)
    same([(value, constant) for constant in constants], tmp_path, memory=12_000)


def decimals() -> list[str]:
    """Texts that are decimals, or nearly."""
    draw = random.Random(7)
    texts = "0 -0 +0 00 007 -007 +-1 +-0 +-01 +- --1 -+1 5. .5 . e 1e 1e5 1E-5 1e+400 -1e400 1.e3"
    found = [*texts.split(), "", "1 ", "9223372036854775807", "9223372036854775808", "x"]
    found += ["-9223372036854775808", "-9223372036854775809", "1" * 40, "1." + "3" * 900]
    for _ in range(150):
        found.append("".join(draw.choice("+-.0123456789eE5") for _ in range(draw.randrange(1, 7))))
    return found


def test_texts_compare_with_numbers_as_decimals(tmp_path: Path) -> None:
    values = [0, 5, -1, 1, 9223372036854775807, -9223372036854775808, 0.5, 9.223372036854775807e18]
    data = [{"v": v} for v in values]
    literals = [(data, [[3, [op, ["v"], text]]]) for text in decimals() for op in (1, 2, 5)]
    places = [
        ({"l": data, "r": text}, ["l", [3, [op, ["v"], [None, "r"]]]])
        for text in decimals()
        for op in (4, 2, 5)
    ]
    for part in chunks(literals + places, 60):
        same(part, tmp_path)


@pytest.mark.parametrize("constant", [*NOT_SOUND, [[3, nested(9)]]])
def test_a_constant_that_is_not_sound_is_refused(constant: Any, tmp_path: Path) -> None:
    program = asking([constant], LARGEST)
    fields = model.start_fields(program, [])
    ran = machine.run("host", program, fields, tmp_path, calls=functions.Caller())
    assert ran.error == "code"


def test_mutated_constants_are_refused_or_answered_alike(tmp_path: Path) -> None:
    draw = random.Random(1)
    pool = [query(path) for path, _ in KNOWN]
    good: list[tuple[Any, Any]] = []
    bad: list[Any] = []
    while len(good) < 300 or len(bad) < 60:
        data = bytearray(cbor.encode(draw.choice(pool)))
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        try:
            constant = cbor.decode(bytes(data))[0]
        except TsmeError:
            continue
        if not sound(constant):
            bad.append(constant)
        elif not isinstance(constant[0], list) or constant[0][0] != 2:  # error 1 would end all
            good.append((DATA, constant))
    for part in chunks(good[:300], 150):
        same(part, tmp_path, 4096)
    for constant in bad[:60]:
        program = asking([constant], LARGEST)
        fields = model.start_fields(program, [])
        ran = machine.run("host", program, fields, tmp_path, calls=functions.Caller())
        assert ran.error == "code", constant
        with pytest.raises(TsmeError):
            Program(program)


def test_without_a_caller_decimals_are_refused_and_all_else_runs(tmp_path: Path) -> None:
    for constant, refused in (
        ([None, "a"], ""),
        ([[3, [2, ["a"], "x"]]], ""),
        ([[3, [2, ["a"], 5]]], ""),
        ([[3, [2, ["a"], 0.5]]], "a QUERY of numbers and text"),
        ([[3, [2, ["a"], "5"]]], "a QUERY of numbers and text"),
        ([[3, [8, [2, ["a"], ["b"]], [7, ["a"]]]]], "a QUERY of numbers and text"),
        ([[3, [10, ["a"], ["x"]]]], "a QUERY of numbers and text"),
    ):
        program = asking([constant], LARGEST)
        ran = machine.run("host", program, model.start_fields(program, [[]]), tmp_path)
        assert ran.refused == refused, constant
        assert ran.error == ("unsupported" if refused else "")
