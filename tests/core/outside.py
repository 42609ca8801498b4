"""What the core leaves to its caller of a program with expressions: evaluations in Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests import interpreters
from tsme import core
from tsme.core.client import Client
from tsme.errors import TsmeError
from tsme.kernel import State
from tsme.program import Program

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


class Caller:
    """Answers the core of a computer."""

    def __init__(self, program: bytes) -> None:
        self.client = Client(Program(program))

    def __call__(self, number: int, data: bytes) -> tuple[int, bytes]:
        told = self.client.call(number, data)
        return (told, b"") if isinstance(told, int) else (0, told)


def asked(program: bytes, events: Iterable[Any]) -> list[Heard]:
    """What the core asks for on the way through these inputs."""
    interpreters.find("core")
    client = Listening(Program(program))
    engine: Any = core.kernel(client)  # type: ignore[arg-type]
    state = State()
    for event in events:
        try:
            step = engine.step(state, event)
        except TsmeError:  # a step that cannot be made leaves the state as it was
            continue
        state = step.state if step else state
    return client.heard
