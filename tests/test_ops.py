"""One number for one thing: the tables of SPEC, of the host, and of the device say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.interpreters import LIB, ROOT
from tsme import events, ops
from tsme.causes import ERRORS
from tsme.intrinsics import FUNCTIONS
from tsme_host.compiler import expressions

SPEC = (ROOT / "docs" / "SPEC.md").read_text()


def rows(*head: str) -> Iterator[list[str]]:
    """Cells of the table in SPEC that has these headings."""
    start = SPEC.index("| " + " | ".join(head) + " |")
    for line in SPEC[start:].splitlines()[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def constants(module: str) -> dict[str, int]:
    """The numbers that a module of the device gives names to, `_NAME = const(n)`."""
    tree = ast.parse((LIB / "tsme" / f"{module}.py").read_text())
    out = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, call = node.targets[0], node.value
            if isinstance(target, ast.Name) and ast.unparse(call.func) == "const":
                out[target.id] = ast.literal_eval(call.args[0])
    return out


def test_the_instructions_are_those_of_the_specification() -> None:
    # What SPEC calls an operand, and what the verifier takes it for.
    letters = {"h": "h", "c": "c", "n": "n", "s": "se", "z": "z", "f": "f", "k": "k", "t": "t"}
    letters |= {"0": "-"}
    table = list(rows("no", "name", "operand", "stack", "what"))
    assert [row[1] for row in table] == list(ops.NAMES)
    for number, (no, name, operand, _, _) in enumerate(table):
        kind = ops.KINDS[number]
        assert int(no) == number == ops.NUMBER[name]
        assert kind in letters[operand] or (operand, kind) == ("n", "i"), name


def test_the_interpreter_has_the_numbers_of_the_instructions() -> None:
    inputs = {f"_{name.upper()}" for name in events.INPUTS}
    mine = {name: n for name, n in constants("asl").items() if name not in inputs}
    assert len(mine) > 8
    assert mine == {name: ops.NUMBER[name.removeprefix("_")] for name in mine}


@pytest.mark.parametrize("module", ["asl", "kernel", "runner"])
def test_modules_have_the_numbers_of_inputs_and_actions(module: str) -> None:
    """MicroPython folds a constant only within its module, so they are written down again."""
    known = {"_" + name: n for name, n in vars(events).items() if isinstance(n, int)}
    shared = {name: n for name, n in constants(module).items() if name in known}
    assert len(shared) > 2
    assert shared == {name: known[name] for name in shared}


def test_the_inputs_are_those_of_the_specification() -> None:
    table = list(rows("kind", "name", "fields"))
    assert [row[1] for row in table] == list(events.INPUTS)
    assert [int(row[0]) for row in table] == list(range(len(table)))


def test_the_functions_are_those_of_the_specification() -> None:
    known = {}
    for row in rows("f", "name", "takes", "f", "name", "takes"):
        for number, name, takes in (row[:3], row[3:]):
            if number:
                words = takes.split(",") if takes else []
                known[int(number)] = name, len(words)
    assert known == {n: function[:2] for n, function in enumerate(FUNCTIONS)}
    assert [name for name, *_ in FUNCTIONS] == list(expressions.FUNCTIONS)


def test_the_errors_are_those_of_the_specification() -> None:
    table = list(rows("no", "name", "fatal", "cause"))
    assert [(name, cause) for _, name, _, cause in table] == list(ERRORS)
    for number, (no, name, fatal, _) in enumerate(table, 1):
        assert int(no) == number
        assert fatal == ("yes" if name == "States.Runtime" else "no")


def test_the_capabilities_are_those_of_the_specification() -> None:
    section = SPEC[SPEC.index("### 2.4") : SPEC.index("### 2.5")]
    bits = {int(n) for n in re.findall(r"[Bb]it (\d+)", section)}
    values = {getattr(ops, f"NEEDS_{need}") for need in ops.NEEDS}
    assert {1 << bit for bit in bits} == values
    assert ops.KNOWN_NEEDS | sum(values) == sum(values)


def test_the_choices_of_an_operand_have_as_many_words_as_numbers() -> None:
    context = SPEC[SPEC.index("### 2.7") : SPEC.index("A text of 0, 1, 4")]
    numbers = [int(n) for n in re.findall(r"\b(\d+)\s(?:[A-Z]\w+\.\w+|the frame|Map)", context)]
    assert numbers == list(range(ops.CHOICES["CONTEXT"]))
    assert set(ops.CHOICES) == {n for n in ops.NAMES if ops.KINDS[ops.NUMBER[n]] == "k"}
