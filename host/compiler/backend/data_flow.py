"""What states have in common: input, result, the options of tasks, and handlers of errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction

from tsme.program import opcodes

from ..frontend.model import (
    AslState,
    Assign,
    Catcher,
    Expr,
    Json,
    Jsonata,
    Path,
    Retrier,
    StateMachine,
)
from . import expressions, jsonata
from .builder import Builder
from .emit import USUAL
from .expressions import Dollar, States
from .ir import Label, Pooled, Resource, Site


def is_root(path: Path | None) -> bool:
    """True for the path `$`."""
    return path is not None and path.root == "$" and not path.segments


class DataFlow(Builder, ABC):
    """The code between the fields of a state."""

    def __init__(self, machine: StateMachine, largest: int = USUAL.largest) -> None:
        super().__init__(machine, largest)
        self.labels: dict[str, Label] = {}

    @abstractmethod
    def machine_(self, machine: StateMachine, entry: Label | None = None) -> None:
        """The code of a machine; that of an inner one follows the state it belongs to."""

    def seen(self, what: str, dollar: Dollar) -> None:
        """For those who watch a state (inspecting.py): the value of a stage is at `dollar`."""

    def decided(self, what: str, number: int) -> None:
        """As `seen`: a retrier or catcher, by number, takes the error."""

    def expr(self, e: Expr, dollar: Dollar, field: bool = True) -> None:
        expressions.expr(self, e, dollar, field=field)

    def effective(self, state: AslState) -> Dollar:
        """Push the effective input if it is not slot 0; say where it is."""
        dollar: Dollar = None
        if not is_root(state.input_path):
            if state.input_path is None:
                self.ins("CONST", Pooled({}))
            else:
                expressions.path(self, state.input_path, None, "path")
            dollar = self.depth - 1
        self.seen("afterInputPath", dollar)
        return dollar

    def finish(self, dollar: Dollar, result_path: Path | None, assign: Assign) -> None:
        """Write the result at `dollar` and the variables; leave the stack empty.

        Everything is evaluated on the old variables, also OutputPath, before the first STORE.
        """
        if self.state.jsonata:
            self.leave(dollar, assign, self.state.output)
            return
        self.seen("afterResultSelector", dollar)
        for _, e in assign:
            self.expr(e, dollar, field=False)
        self.combine(dollar, result_path)
        self.seen("afterResultPath", None)
        self.output(self.state.output_path)
        for name, _ in reversed(assign):
            self.store(name)
        self.clear()

    def leave(self, result: Dollar, assign: Assign, output: Expr | None) -> None:
        """As `finish`, of a JSONata state.  `result`: where what it made is, if it is anything."""
        place = result if isinstance(result, int) else None
        given = States(result=place)
        for _, e in assign:
            self.expr(e, given)
        if output is not None:
            self.expr(output, given)
            self.ins("STORE", 0)
        elif place is not None:
            self.top(place)
            self.ins("STORE", 0)
        for name, _ in reversed(assign):
            self.store(name)
        self.clear()

    def combine(self, dollar: Dollar, path: Path | None) -> None:
        """ResultPath: put the result into slot 0."""
        if path is None or (dollar is None and is_root(path)):
            return
        if dollar is None:
            self.ins("LOAD", 0)
        elif dollar != self.depth - 1:
            assert isinstance(dollar, int)
            self.ins("PICK", dollar)
        if is_root(path):
            self.ins("STORE", 0)
        else:
            site = Site("result", path.text, path.where)
            self.ins("PUT", Pooled(expressions.reference(path)), site)

    def output(self, path: Path | None) -> None:
        if is_root(path):
            return
        if path is None:
            self.ins("CONST", Pooled({}))
        else:
            expressions.path(self, path, None, "path")
        self.ins("STORE", 0)

    def go(self, name: str | None) -> None:
        if name is None:
            self.ins("END")
        else:
            self.ins("JUMP", self.labels[name])

    def start(self, resource: str, options: int = 0, site: Site | None = None) -> None:
        """TASK with the payload on top of the stack; then its result is all there is."""
        self.ins("CONST", Resource(resource))
        self.ins("TASK", options, site)

    def option(self, k: int, value: int | Path | Jsonata | None, dollar: Dollar) -> bool:
        """Push an option of a TASK or MAP as LIMIT k makes it, if there is one."""
        if isinstance(value, Jsonata):
            jsonata.limit(self, k, value, dollar)
        elif isinstance(value, Path):
            expressions.path(self, value, dollar, "path")
            self.ins("LIMIT", k, Site("limit", value.text, value.where))
        elif value is not None:
            self.integer(value)
        return value is not None

    def top(self, dollar: Dollar) -> None:
        """Push the data, unless it is on top of the stack."""
        if dollar != self.depth - 1:
            expressions.data(self, dollar)

    def handler(self, retry: tuple[Retrier, ...], catch: tuple[Catcher, ...]) -> None:
        """What follows an error: retriers in order, then catchers, then out."""
        catchers = Label("catchers")
        for number, r in enumerate(retry):
            after = Label("not retried")
            self.ins("CAUGHT", Pooled([_WILD.get(e, e) for e in dict.fromkeys(r.errors)]))
            self.ins("UNLESS", after)
            self.decided("retryIndex", number)
            value = [number, r.interval_seconds, r.max_attempts, *_billionths(r.backoff_rate)]
            value += [r.max_delay_seconds or 0, int(r.full_jitter)]
            self.ins("RETRY", Pooled(value))
            self.needs |= opcodes.NEEDS_RANDOM if r.full_jitter else 0
            self.ins("JUMP", catchers)
            self.label(after)
        self.counters = max(self.counters, len(retry))
        self.label(catchers)
        for number, c in enumerate(catch):
            after = self.caught(c.errors)
            self.decided("catchIndex", number)
            self.ins("ERROR")
            self.fall_back(c)
            self.go(c.next)
            self.label(after)
        self.ins("RAISE")

    def fall_back(self, c: Catcher) -> None:
        """What a catcher makes of the error, which is all there is on the stack."""
        given = States(error=0) if self.state.jsonata else 0
        for _, e in c.assign:
            self.expr(e, given, field=False)
        if not self.state.jsonata:
            self.combine(0, c.result_path)
        else:
            if c.output is not None:
                self.expr(c.output, given)
            else:
                self.top(0)
            self.ins("STORE", 0)
        for name, _ in reversed(c.assign):
            self.store(name)
        self.clear()

    def caught(self, errors: tuple[str, ...]) -> Label:
        """Code that goes on if the frame's error is one of these, else at the label given."""
        after = Label("not caught")
        if "States.ALL" not in errors:
            self.ins("CAUGHT", Pooled(list(dict.fromkeys(errors))))
            self.ins("UNLESS", after)
        return after


def _billionths(rate: float) -> list[Json]:
    """BackoffRate as a whole number and billionths, the nearest there are."""
    most = 2147483647  # times any interval is more than the longest delay
    return list(divmod(round(Fraction(min(rate, most)) * 10**9), 10**9))


# What wildcards of Retry are to CAUGHT: they match no error after which it may not be done again.
_WILD: dict[str, str | int] = {"States.ALL": 0, "States.TaskFailed": 1}
