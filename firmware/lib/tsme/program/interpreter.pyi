"""The interpreter of compiled programs, a client of the kernel (docs/SPEC.md, 2)."""

from collections.abc import Callable, Sequence
from typing import Any

from ..kernel import Action, State, StepBuilder
from . import Program

class Interpreter:
    """Runs every frame until it waits or ends (kernel.Client); its part is a list of frames."""

    program: Program
    signals: bool
    trace: Callable[..., object] | None  # program/trace.py
    def __init__(self, program: Program) -> None: ...
    def start(self, d: StepBuilder, value: Any) -> Any: ...
    def step(
        self,
        d: StepBuilder,
        frames: Sequence[Any],
        kind: int,
        action: Action | None,
        a: Any,
        b: Any,
    ) -> Any: ...
    def runnable(self, frames: Sequence[Any]) -> bool: ...
    def restore(self, state: State) -> list[Action]: ...
    def migrate(self, d: StepBuilder, old: Any, plan: Any) -> Any: ...
    def attempt(self, frames: Sequence[Any], action: Action) -> int: ...
    def delta(self, buf: bytearray, d: StepBuilder) -> None: ...
    def codec(self) -> Any: ...
