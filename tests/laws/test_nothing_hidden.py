"""Law 2: a step depends on nothing but the state and the input."""

from __future__ import annotations

import ast
import builtins
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note

from tests.interpreters import LIB
from tests.laws.drive import Drive, start_event
from tests.laws.support import actions_bytes, drive, kernel_of, many, show, start_of
from tests.laws.workflows import Case, cases
from tsme.kernel import Kernel
from tsme.program import Program
from tsme.program.functions.table import functions
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

# What may tell a step more than it was given.
FORBIDDEN = {
    "time",
    "random",
    "os",
    "sys.stdin",
    "io",
    "socket",
    "uos",
    "utime",
    "urandom",
    "machine",
}
# Reads `sys.implementation` to know what a dict is, which tells no secrets.
PURE = {"binascii", "struct", "sys", "collections", "gc", "hashlib", "micropython"}
PURE |= {"tsme_core", "tsme_native", "tsme_machines"}  # optional, in C: parts of tsme


def source(name: str) -> Path:
    path = LIB / "tsme" / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(name: str) -> Iterator[str]:
    """Modules that a module of tsme imports, also inside functions and by once()."""
    path = source(name)
    room = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    tree = ast.parse(path.read_text())
    if name == "program.functions.table":
        yield from {".program.functions." + row[2] for row in functions()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "once":
            names = node.args[0]
            if isinstance(names, ast.Name):
                assigned = (n for n in ast.walk(tree) if isinstance(n, ast.Assign))
                names = next(n.value for n in assigned if ast.unparse(n.targets[0]) == names.id)
            yield from ("." + part for part in ast.literal_eval(names).split())
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                within = room[: len(room) - node.level + 1] + (node.module or "").split(".")
                base = ".".join(part for part in within if part)
                yield "." + base
                yield from (f".{base}.{alias.name}".replace("..", ".") for alias in node.names)
            else:
                assert node.module
                yield node.module


def test_nothing_that_a_step_imports_can_see_the_outside() -> None:
    todo, outside = ["kernel", "program.interpreter"], set()
    seen = set(todo)
    while todo:
        for name in imports(todo.pop()):
            if not name.startswith("."):
                outside.add(name)
            elif name[1:] not in seen and source(name[1:]).is_file():
                seen.add(name[1:])
                todo.append(name[1:])
    program = {"frames", "compare", "functions.table", "functions.encode", "instructions"}
    assert {f"program.{name}" for name in program} | {"values.numbers"} <= seen
    assert not seen & {"journal", "journal.flash", "kernel.replay"}
    assert not any(name.startswith("engine") for name in seen)
    assert not outside & FORBIDDEN
    assert outside <= PURE


@many(100)
@given(cases())
def test_the_same_again_is_the_same(case: Case) -> None:
    note(show(case))
    first, second = drive(case), drive(case)
    for event, a, b in zip(first.events, first.steps, second.steps, strict=True):
        assert (a is None) == (b is None), event
        if a:
            assert a.record == b.record, event
            assert actions_bytes(a) == actions_bytes(b), event
    state = first.kernel.checkpoint(first.state)
    assert state == second.kernel.checkpoint(second.state)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world in which looking outside fails, for the package tsme; pytest's threads go on."""

    def hide(holder: Any, name: str) -> None:
        seen = getattr(holder, name)

        def peep(*args: Any, **kwargs: Any) -> Any:
            assert "/tsme/" not in sys._getframe(1).f_code.co_filename, f"a step called {name}"
            return seen(*args, **kwargs)

        monkeypatch.setattr(holder, name, peep)

    for name in ("time", "time_ns", "monotonic", "gmtime", "localtime", "perf_counter"):
        hide(time, name)
    hide(os, "urandom")
    hide(builtins, "open")
    hide(builtins, "print")
    hide(random, "random")
    hide(random, "getrandbits")


RANDOM = """{"StartAt": "A", "States": {
 "A": {"Type": "Pass",
       "Parameters": {"id.$": "States.UUID()", "n.$": "States.MathRandom(0, 1000000)",
       "t.$": "$$.State.EnteredTime", "s.$": "$$.Execution.StartTime"}, "Next": "B"},
 "B": {"Type": "Task", "Resource": "t", "Retry": [{"ErrorEquals": ["States.ALL"],
       "JitterStrategy": "FULL", "IntervalSeconds": 1000}], "ResultPath": null, "End": true}}}"""


def outcome(seed: int, now: int = 1700000000000) -> tuple[Any, int]:
    kernel = Kernel(Interpreter(Program(compile_text(RANDOM).program)))
    start = start_event(kernel.client.program, {}, seed, now=now)
    dues: list[int] = []
    Drive(kernel, start, [["fail", ["E", ""], 0]], look=lambda e, s: dues.append(first(s))).run()
    d = Drive(kernel, start, [["fail", ["E", ""], 0]]).run()
    return d.state.result, dues[1] - now


def first(step: Any) -> int:
    return next((a.due or 0 for a in step.state.pending.values()), 0)


def test_a_step_works_in_the_dark(blind: None) -> None:
    kernel = Kernel(Interpreter(Program(compile_text(RANDOM).program)))
    d = Drive(kernel, start_event(kernel.client.program, {})).run()
    assert d.state.status == 1


def test_random_numbers_come_from_the_seed_alone() -> None:
    results = {}
    delays = set()
    for seed in range(20):
        result, delay = outcome(seed)
        assert outcome(seed) == (result, delay)
        assert 0 <= delay <= 1000000
        assert outcome(seed, 1800000000000)[0]["id"] == result["id"], "the time plays no part"
        results[result["id"], result["n"]] = seed
        delays.add(delay)
    assert len(results) == 20
    assert len(delays) > 15, "jitter is spread"


@many(40)
@given(cases())
def test_the_state_is_never_changed_in_place(case: Case) -> None:
    """Every old state stays what it was, also what shares values with newer ones."""
    note(show(case))
    kernel = kernel_of(case)
    seen: list[tuple[Any, bytes]] = []
    d = Drive(kernel, start_of(kernel, case), case.moves, case.results)
    d.look = lambda event, step: seen.append((d.state, kernel.checkpoint(d.state)))
    d.run()
    for state, data in seen:
        assert kernel.checkpoint(state) == data
