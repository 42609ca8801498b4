"""One number for one thing: the tables of SPEC, of the host, and of the device say the same."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.core import tsm
from tests.interpreters import LIB, ROOT
from tsme.errors.causes import ERRORS
from tsme.kernel import protocol
from tsme.program import opcodes
from tsme.program.expressions import common as expressions_common
from tsme.program.expressions.finding import find as find_expressions
from tsme.program.functions import table
from tsme.program.instructions import OPERATIONS, rare
from tsme.program.rare import find as find_rare
from tsme_host.compiler.backend import expressions
from tsme_host.compiler.backend.instructions import INSTRUCTIONS

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
    out = {}
    for node in parsed(module).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, call = node.targets[0], node.value
            if isinstance(target, ast.Name) and ast.unparse(call.func) == "const":
                out[target.id] = ast.literal_eval(call.args[0])
    return out


def parsed(module: str) -> ast.Module:
    path = LIB / "tsme" / module.replace(".", "/")
    return ast.parse(
        (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    )


@cache
def functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in parsed(module).body if isinstance(node, ast.FunctionDef)}


def imported(module: str, within: ast.AST) -> dict[str, tuple[str, str]]:
    """Names that come from other modules of the package: module and name there."""
    out: dict[str, tuple[str, str]] = {}
    room = module.split(".")
    if not (LIB / "tsme" / module.replace(".", "/")).is_dir():
        del room[-1]
    for node in ast.iter_child_nodes(within):
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            place = ".".join([*room[: len(room) + 1 - node.level], node.module])
            out |= {name.asname or name.name: (place, name.name) for name in node.names}
    return out


def raised(module: str, function: str, seen: frozenset[str] = frozenset()) -> set[int]:
    """Numbers n of `error(n, ..)` in a function and in the functions of tsme that it calls."""
    if f"{module}.{function}" in seen or function not in functions(module):
        return set()
    seen |= {f"{module}.{function}"}
    places = imported(module, parsed(module))
    for part in ast.walk(functions(module)[function]):
        places |= imported(module, part)
    out: set[int] = set()
    for node in ast.walk(functions(module)[function]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "error":
                out.add(ast.literal_eval(node.args[0]))
            else:
                out |= raised(*places.get(node.func.id, (module, node.func.id)), seen)
    return out


def test_what_is_written_from_the_table_is_up_to_date() -> None:
    """SPEC's table and the header of the C engine and of CPython's loop."""
    script = ROOT / "setup" / "instructions.py"
    subprocess.run([sys.executable, script, "--check"], check=True)


def test_a_change_of_the_table_is_followed_by_the_specification(tmp_path: Path) -> None:
    """Each cell of each row counts: no change of one leaves everything up to date."""
    script = (ROOT / "setup" / "instructions.py").read_text()
    table = (LIB / "tsme" / "program" / "opcodes.py").read_text()
    natives = "firmware/lib/tsme/program/expressions/functions/natives.py"
    for folder in ("setup", "docs", "native_modules", Path(natives).parent):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / natives).write_text((ROOT / natives).read_text())
    (tmp_path / "setup" / "instructions.py").write_text(script)
    (tmp_path / "docs" / "SPEC.md").write_text(SPEC)
    for header in ("native_modules/opcodes.h", "native_modules/natives.h"):
        (tmp_path / header).write_text((ROOT / header).read_text())

    def up_to_date(text: str) -> bool:
        (tmp_path / "firmware/lib/tsme/program/opcodes.py").write_text(text)
        words = [sys.executable, str(tmp_path / "setup" / "instructions.py"), "--check"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    assert up_to_date(table)
    changes = {
        "KEY:cT:1>1::1": ["KEX:cT:1>1::1", "KEY:cP:1>1::1", "KEY:cT:2>1::1", "KEY:cT:1>1:e:1"],
        "KEYQ:cT:?>?::": ["KEYQ:cT:1>?::", "KEYQ:cT:?>1::", "KEYQ:cT:?>?::1"],
        "CONTEXT:p3fff:": ["CONTEXT:p1fff:", "CONTEXT:k3fff:"],
        "FAIL:kf:b>:": ["FAIL:kf:n>:", "FAIL:kf:1>:"],
        "LOAD:l:": ["LOAD:e:"],
    }
    for old, ways in changes.items():
        for new in ways:
            assert table.count(f"{old}") == 1
            assert not up_to_date(table.replace(old, new)), new


def does(number: int) -> Any:
    """The function of an operation; None if the loop itself does it."""
    try:
        return OPERATIONS[number] or rare(number)
    except IndexError:
        return None


def test_each_instruction_is_of_the_loop_or_has_a_function_of_its_name() -> None:
    loop = {name.removeprefix("_") for name in constants("program.interpreter")} | {"EXT"}
    for name, row in INSTRUCTIONS.items():
        function = does(row.number)
        assert function or name in loop
        if function:  # in FRAME's place, which never comes, the loop has a LOAD from outside
            known = "load" if name == "FRAME" else name.lower()
            assert function.__name__.startswith(known), name


def test_each_instruction_of_expressions_is_of_a_loop_or_has_a_function_of_its_name() -> None:
    names = {row.split(b":")[0].decode(): n for n, row in enumerate(opcodes.RESERVED, 64)}
    outer = "CONST INT LOAD CONTEXT PICK DROP JUMP IF UNLESS".split()
    known = names | {name: opcodes.NUMBER[name] for name in outer}
    told = constants("program.expressions.evaluation")
    loop = {name.removeprefix("_") for name in told} & set(known)
    assert {name: told[f"_{name}"] for name in loop} == {name: known[name] for name in loop}
    assert len(loop) > 10
    for name, number in known.items():
        if name in loop or name == "BODY":
            continue
        if name in ("EVAL", "EXPECT"):
            function = find_rare(number)
        else:
            function = expressions_common.OPERATIONS[number] or find_expressions(number)
        assert function.__name__ == f"{name.lower()}_"


def test_what_the_interpreter_raises_is_in_the_table() -> None:
    """Errors by number, in the functions of an operation and in what these call by name."""
    for name, row in INSTRUCTIONS.items():
        function = does(row.number)
        found = {"FIELD": {1}, "KEY": {1}}.get(name, set())
        if name == "OBJECT":
            found = raised("program.instructions", "sized")
        elif function and name != "FRAME":
            found = raised(function.__module__.removeprefix("tsme."), function.__name__)
        told = {int(c, 16) for c in row.errors if c != "*"}
        assert (told <= found) if "*" in row.errors else (told == found), name


def test_the_interpreter_has_the_numbers_of_the_instructions() -> None:
    others = {f"_{name.upper()}" for name in protocol.INPUTS}
    mine = {
        name: n
        for name, n in constants("program.interpreter").items()
        if name not in others and not name.startswith("_T_")  # kinds of trace events
    }
    assert len(mine) > 8
    assert mine == {name: opcodes.NUMBER[name.removeprefix("_")] for name in mine}


@pytest.mark.parametrize("module", ["program.interpreter", "kernel", "engine.engine"])
def test_modules_have_the_numbers_of_inputs_and_actions(module: str) -> None:
    """MicroPython folds a constant only within its module, so they are written down again."""
    words = {name: n for name, n in vars(protocol).items() if isinstance(n, int)}
    known = {"_" + name: n for name, n in words.items() if name not in opcodes.NUMBER}
    shared = {name: n for name, n in constants(module).items() if name in known}
    assert len(shared) > 2
    assert shared == {name: known[name] for name in shared}


def test_the_assembler_of_the_c_engine_s_tests_has_the_same_numbers() -> None:
    assert {name: row.number for name, row in INSTRUCTIONS.items()} == tsm.OPS
    assert {name for name, row in INSTRUCTIONS.items() if row.jumps} == tsm.JUMPS
    constants = {name for name, row in INSTRUCTIONS.items() if row.kind == "c"}
    assert constants == tsm.CONSTANTS


def test_the_inputs_are_those_of_the_specification() -> None:
    table = list(rows("kind", "name", "fields"))
    assert [row[1] for row in table] == list(protocol.INPUTS)
    assert [int(row[0]) for row in table] == list(range(len(table)))


def test_the_functions_are_those_of_the_specification() -> None:
    known = {}
    for row in rows("f", "name", "takes", "f", "name", "takes"):
        for number, name, takes in (row[:3], row[3:]):
            if number:
                words = takes.split(",") if takes else []
                known[int(number)] = name, len(words)
    assert known == {n: function[:2] for n, function in enumerate(table.functions())}
    assert [name for name, *_ in table.functions()] == list(expressions.FUNCTIONS)


def test_the_errors_are_those_of_the_specification() -> None:
    table = list(rows("no", "name", "fatal", "cause"))
    assert [(name, cause) for _, name, _, cause in table] == list(ERRORS)
    for number, (no, name, fatal, _) in enumerate(table, 1):
        assert int(no) == number
        assert fatal == ("yes" if name == "States.Runtime" else "no")


def test_the_capabilities_are_those_of_the_specification() -> None:
    section = SPEC[SPEC.index("### 2.4") : SPEC.index("### 2.5")]
    bits = {int(n) for n in re.findall(r"[Bb]it (\d+)", section)}
    assert bits == set(range(len(opcodes.NEEDS)))
    assert [getattr(opcodes, f"NEEDS_{need}") for need in opcodes.NEEDS] == [
        1 << n for n in sorted(bits)
    ]
    assert constants("program.load")["_NEEDS"] == sum(1 << bit for bit in bits)
    assert constants("program.load")["_CALL"] == opcodes.NUMBER["CALL"]


def test_the_choices_of_an_operand_have_as_many_words_as_numbers() -> None:
    context = SPEC[SPEC.index("### 2.7") : SPEC.index("A text of 0, 1, 4")]
    numbers = [int(n) for n in re.findall(r"\b(\d+)\s(?:[A-Z]\w+\.\w+|the index|Map)", context)]
    assert sum(1 << n for n in numbers) == INSTRUCTIONS["CONTEXT"].choices
