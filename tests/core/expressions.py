"""Expressions for the core, and what Python makes of them: its records are the core's too.

The expressions are those of tests/jsonata/generator.py. What the core leaves to its caller is
asked of the module of CPython first, and noted, so that builds that have nobody to ask get it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.jsonata import expressions, generator
from tsme.kernel import BEHAVIOUR, Kernel, State
from tsme.kernel.protocol import CONTINUE, RUNNING, START
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.jsonata.tree import JsonataError

from . import generated
from .batch import Case
from .outside import asked


def recorded(program: bytes, event: list[Any]) -> bytes:
    """The record that Python makes of an input."""
    return bytes(Kernel(Interpreter(Program(program))).step(State(), event).record)


def case(seed: int) -> Case | None:
    """The expression of a seed with its data; nothing: it is none."""
    made = generator.made(seed)
    return written(f"{seed}: {made.text}", made.text, made.data)


def written(name: str, text: str, data: Any) -> Case | None:
    """An expression with its data; nothing: it is none."""
    try:
        program = expressions.compile_expression(text, {}, True, 0).program
    except JsonataError:
        return None
    noted = generated.Noted(name, program)
    event: list[Any] = [START, expressions.NOW, 1, noted.recorder.program.digest]
    event += [expressions.SEED, data, None, BEHAVIOUR]
    events: list[list[Any]] = []
    state = State()
    while not events or state.status == RUNNING:
        events.append(event)
        state = noted.step(state, event).state
        event = [CONTINUE, expressions.NOW]
    noted.case.calls = asked(program, events)
    return noted.end()


def cases(seeds: Iterable[int]) -> Iterator[Case]:
    """All that are expressions."""
    return (made for seed in seeds if (made := case(seed)))
