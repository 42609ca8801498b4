"""Expressions for the core, and what Python makes of them: its records are the core's too.

The expressions are those of tests/jsonata/generator.py. What the core leaves to its caller is
asked of the module of CPython first, and noted, so that builds that have nobody to ask get it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests import interpreters
from tests.jsonata import expressions, generator
from tsme import core
from tsme.core.client import Client
from tsme.kernel import BEHAVIOUR, Kernel, State
from tsme.kernel.protocol import CONTINUE, RUNNING, START
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.jsonata.tree import JsonataError

from . import generated
from .batch import Case

EVALUATE = 511  # the number of a whole evaluation
Heard = tuple[int, bytes, int, bytes]


class Listening(Client):
    """Notes what the core asks for, and what it is told."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.heard: list[Heard] = []

    def call(self, number: int, args: bytes) -> Any:
        told = super().call(number, args)
        failed = isinstance(told, int)
        self.heard.append((number, bytes(args), told if failed else 0, b"" if failed else told))
        return told


def asked(program: bytes, events: Iterable[list[Any]]) -> list[Heard]:
    """What the core asks for on the way through these inputs."""
    interpreters.find("core")
    client = Listening(Program(program))
    engine: Any = core.kernel(client)  # type: ignore[arg-type]
    state = State()
    for event in events:
        state = engine.step(state, event).state
    return client.heard


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
