"""Relational machines: many states active at once, relations between them, a clock for each.

docs/RELATIONAL.md says how one is written, docs/SPEC.md, 9, what its bytes are.
"""

from collections.abc import Callable
from typing import Any

from ..kernel import Action, State, StepBuilder

class Node:
    """Some states that are active, by index, in their order."""

    active: tuple[int, ...]
    mask: int

class Part:
    """What a machine is between steps; never changed.

    `result`: executed, canceled or queued, or what an evaluated function gave: of what came with
    the step that made it.  `queue`: (kind, states, args, flags, queue tick) of what waits.
    `error`: [name, cause] of the newest.  `subs`: subscriptions.  `acts`: by the id of a task or
    timer what comes of it.
    """

    ticks: list[int]
    node: Node
    data: dict[str, Any]
    queue: list[tuple[int, Any, Any, int, int]]
    queue_tick: int
    machine_tick: int
    error: list[str] | None
    subs: list[list[Any]]
    acts: dict[int, Any]
    result: Any

class Schema:
    """A compiled schema; masks are integers.

    `require`, `add`, `remove`, `after`: by state, of those alone that have such a relation.
    """

    name: str
    version: Any
    count: int
    @property
    def names(self) -> list[str]: ...
    auto: int
    multi: int
    require: dict[int, int]
    add: dict[int, tuple[int, ...]]
    remove: dict[int, int]
    after: dict[int, int]
    tags: dict[str, list[str]]
    groups: dict[str, int]
    error: str | None
    def __init__(self, data: bytes) -> None: ...
    def number(self, name: str) -> int | None: ...
    def indexes(self, states: str | list[str]) -> tuple[int, ...]: ...
    def named(self, indexes: Any) -> list[str]: ...

class Relational:
    """The client of the kernel that a class with `states` or `schema` makes (kernel.Client).

    For the kernel it is its own program: whose journal it is, what it needs, what a step may take.
    `watch`: told of each transition as it ends: m, kind (0 add, 1 remove, 2 set), states, flags
    (1 automatic, 2 a check), whether it was accepted.  TSME-M016 to TSME-M023 say what is wrong.
    """

    machine: Any
    data: bytes
    schema: Schema
    program: Relational
    name: str
    version: Any
    digest: bytes
    needs: int
    budget: int
    tasks: list[str]
    signals: bool
    initial: dict[str, Any]
    watch: Callable[[Any, int, tuple[int, ...], int, bool], object] | None
    def __init__(self, machine: Any) -> None: ...
    def resources(self) -> list[str]: ...
    def start(self, d: StepBuilder, value: Any) -> Part: ...
    def step(
        self, d: StepBuilder, part: Part, kind: int, action: Action | None, a: Any, b: Any
    ) -> Part: ...
    def restore(self, state: State) -> list[Action]: ...
    def migrate(self, d: StepBuilder, old: Any, plan: Any) -> Part: ...
    def runnable(self, part: Part) -> bool: ...
    def attempt(self, part: Part, action: Action) -> int: ...
    def delta(self, buf: bytearray, d: StepBuilder) -> None: ...
    def codec(self) -> Relational: ...
    def encode(self, part: Part, now: int) -> Any: ...
    def size(self, part: Part, now: int) -> int: ...
    def decode(self, item: Any, now: int) -> Part: ...
