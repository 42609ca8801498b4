"""Writing code: instructions one after the other, with the stack's depth, frames and slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..frontend.model import AslState, CompileError, Problem, StateMachine, Where
from .instructions import ALL
from .ir import Body, Code, Ins, Label, Lowered, Operand, Pooled, Site, StateInfo
from .needs import needed
from .windows import Window, assigned

if TYPE_CHECKING:
    from .bodies import Bodies


class Builder:
    """The code of a machine as it grows."""

    def __init__(self, machine: StateMachine, largest: int) -> None:
        self.largest = largest
        self.state: AslState = next(iter(machine.states.values()))  # whose code comes next
        self.code: Code = []
        self.problems: list[Problem] = []
        self.states: list[StateInfo] = []
        self.frame = Window(None, assigned(machine))  # of the frames that run the code
        self.scope = self.frame  # whose states' fields the code is of
        self.windows: list[Window] = []  # of the machines, in the order of their states
        self.entries: list[tuple[Ins, Window]] = []  # each FRAME, and what it is for
        self.kept: list[str] = []  # what the state keeps in slots of the frame
        self.item: int | None = None  # level of the frames that are the items of a Map around
        self.depth = 0
        self.deepest = 1
        self.counters = 0
        self.needs = 0
        self.resources: list[str] = []
        self._bodies: Bodies | None = None
        self.context: str | None = None  # the variable that has the context object, if one does

    @property
    def bodies(self) -> Bodies:
        """Of expressions.  What they are made with is loaded with the first."""
        if self._bodies is None:
            from .bodies import Bodies  # noqa: PLC0415

            self._bodies = Bodies()
        return self._bodies

    def ins(self, op: str, arg: Operand = 0, site: Site | None = None) -> None:
        row = ALL[op]
        self.code.append(Ins(op, arg, site if row.errors else None, frame=self.frame))
        value: object = arg.value if isinstance(arg, Pooled) else arg
        if isinstance(arg, Body):
            value = arg.given
        self.depth = row.depth(self.depth, value if isinstance(value, (int, list)) else 0)
        self.deepest = max(self.deepest, self.depth)

    def label(self, label: Label) -> None:
        self.code.append(label)

    def refuse(self, what: str, where: Where, hint: str = "") -> None:
        text = f"{what} is not supported by this version"
        self.problems.append(Problem("TSME-C090", text, where, hint, refusal=True))

    def entry(self, label: Label, window: Window) -> None:
        """Where a child of a FORK or MAP begins, and the slots that its frame has."""
        frame = Ins("FRAME", 0, child=True, frame=self.frame)
        self.entries.append((frame, window))
        self.code += [frame, Ins("JUMP", label, child=True, frame=window)]

    @contextmanager
    def inside(self, frame: Window, scope: Window) -> Iterator[None]:
        """Code that frames of another kind run; `scope`: for fields of states of which machine."""
        outer = self.frame, self.scope, self.item, self.depth
        self.frame, self.scope, self.depth = frame, scope, 0
        yield
        self.frame, self.scope, self.item, self.depth = outer

    def store(self, name: str) -> None:
        """Pop into a variable, which is always one of the frame itself."""
        self.ins("STORE", self.frame.slot(name))

    def load(self, window: Window, slot: int, site: Site | None = None) -> None:
        """Push a slot of the frame, or of one around it."""
        self.ins("LOAD", self.frame.level - window.level << 8 | slot, site)

    def variable(self, name: str, site: Site | None = None) -> None:
        """Push a variable."""
        window = self.scope.holder(name)
        self.load(window, window.slot(name), site)

    def clear(self) -> None:
        if self.depth:
            self.ins("DROP", self.depth)

    def integer(self, n: int) -> None:
        if 0 <= n < 65536:
            self.ins("INT", n)
        else:
            self.ins("CONST", Pooled(n))

    def lowered(self, timeout: int = 0) -> Lowered:
        """All of it.  Raises CompileError, each problem a refusal by name."""
        if self.problems:
            raise CompileError(self.problems)
        for frame, window in self.entries:
            frame.arg = window.size
        bodies = self._bodies.code() if self._bodies else []
        return Lowered(
            code=self.code,
            bodies=bodies,
            states=self.states,
            windows=self.windows,
            counters=self.counters,
            stack=max(self.deepest, self._bodies.stack if self._bodies else 0),
            timeout=timeout,
            needs=self.needs | needed([*self.code, *bodies]),
            resources=self.resources,
        )
