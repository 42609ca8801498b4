"""A program of one state that shows what its data flow makes: for `tsme test-state`.

It is the state's own code with a STORE after each stage, into variables named after the stages
(`#afterInputPath` ...), which whoever watches the interpreter sees being assigned.  Before it, a
state of its own sets the variables and the context object; behind it, for each state it may go
to, stands one that ends.  What the branches of a Parallel or the items of a Map do is a mock's
to say: their state has one task instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from ..frontend.model import (
    AslState,
    ChoiceState,
    Jsonata,
    Key,
    MapState,
    ParallelState,
    PassState,
    Path,
    Ref,
    StateMachine,
    SucceedState,
    TaskState,
    Where,
)
from . import branches, conditions, expressions, jsonata
from .emit import Compiled, emit
from .expressions import FUNCTIONS, Dollar
from .ir import Label, Pooled, Site
from .lower import Lowering
from .optimise import optimise
from .windows import Window, reads_input

MOCKED = "tsme:mocked"  # the resource of the task that stands for branches and items
CONTEXT = "#context"
ITEMS = "#items"  # what ItemReader has read
_PLACE = Where("", 1, 1)
_START, _STATE = "\0start", "\0state"  # no workflow has names with these characters
_TOLERATED = ("toleratedFailureCount", "toleratedFailurePercentage")


def compile_state(
    state: AslState, variables: Iterable[str], filename: str = "", *, within_map: bool = False
) -> Compiled:
    """A program whose input is `{input, context, items, variables: {...}}`.

    State 1 is the state; the states from 2 on are those it may go to.  `within_map`: the context
    has the item of a Map around the state.  Raises CompileError.
    """
    after = dict.fromkeys(targets(state))
    root = Path("$", (), "$", _PLACE)
    machine = StateMachine(
        _START,
        {
            _START: _prelude([CONTEXT, ITEMS, *variables]),
            _STATE: _with_context(state, within_map),
            **{
                name: SucceedState(name=name, where=_PLACE, input_path=root, output_path=root)
                for name in after
            },
        },
        _PLACE,
    )
    work = Inspecting(machine)
    work.machine_(machine)
    lowered = work.lowered()
    lowered.code = optimise(lowered.code)
    return emit(lowered, filename)


def targets(state: AslState) -> list[str]:
    """The states that a state may go to."""
    found = [] if state.next is None else [state.next]
    if isinstance(state, ChoiceState):
        found += [rule.next for rule in state.rules]
        found += [] if state.default is None else [state.default]
    elif isinstance(state, (TaskState, ParallelState, MapState)):
        found += [c.next for c in state.catch]
    return found


def _prelude(variables: list[str]) -> PassState:
    """Sets the variables from the program's input and hands `input` on."""

    def part(*names: str) -> Path:
        return Path("$", tuple(Key(name) for name in names), "$", _PLACE)

    assign: list[tuple[str, Any]] = []
    for name in variables:
        inside = () if name.startswith("#") else ("variables",)
        assign.append((name, Ref(part(*inside, name.lstrip("#")), _PLACE)))
    return PassState(
        name=_START,
        where=_PLACE,
        input_path=part(),
        output_path=part("input"),
        result_path=part(),
        next=_STATE,
        assign=tuple(assign),
    )


def _with_context(node: Any, items: bool) -> Any:
    """The same part of the model with `$$` read from a variable; the item of a Map only if
    `items`, since the Maps of a state really select theirs."""
    if isinstance(node, Path):
        head = node.segments[0] if node.segments else None
        if node.root != "$$" or head == Key("Map") and not items:
            return node
        return dataclasses.replace(node, root=CONTEXT)
    if isinstance(node, (StateMachine, Where)):
        return node
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        parts = {f.name: getattr(node, f.name) for f in dataclasses.fields(node)}
        return dataclasses.replace(node, **{k: _with_context(v, items) for k, v in parts.items()})
    if isinstance(node, tuple):
        return tuple(_with_context(item, items) for item in node)
    return node


class Inspecting(Lowering):
    """Lowers the one state and lets its stages be seen."""

    def __init__(self, machine: StateMachine) -> None:
        super().__init__(machine)
        self.context = CONTEXT
        self.tested = machine.states[_STATE]

    def seen(self, what: str, dollar: Dollar) -> None:
        if self.state is not self.tested:
            return
        expressions.data(self, dollar)
        if self.state.jsonata:
            what = what.replace("Parameters", "Arguments")
        self.store("#" + what)

    def decided(self, what: str, number: int) -> None:
        self.integer(number)
        self.store("#" + what)

    def parallel(self, state: ParallelState) -> None:
        handler = branches.catch(self, state)
        dollar = None if state.jsonata else self.effective(state)
        if state.parameters is not None:
            self.expr(state.parameters, dollar)
        elif dollar is None:
            self.ins("LOAD", 0)
        self.mocked(state, handler)

    def map_(self, state: MapState) -> None:
        """The items really go through a Map, of which each does nothing but select its input."""
        handler = branches.catch(self, state)
        dollar = None if state.jsonata else self.effective(state)
        around = branches.input_(self, state, dollar, reads_input(state.item_selector))
        if state.reader is not None:
            self.variable(ITEMS)
        elif state.items_path is not None:
            expressions.path(self, state.items_path, dollar, "path")
        elif state.jsonata:
            jsonata.items(self, state)
        elif dollar is None:
            self.ins("LOAD", 0)
        text = state.items_path.text if state.items_path is not None else "$"
        if not state.distributed and not state.jsonata:
            self.array(Site("items", text, state.where))
        self.limits(state, dollar)
        entry = Label(state.name + ".item")
        self.ins("MAP", 0, Site("items", text, state.where))
        item = Window(self.frame)
        self.entry(entry, item)
        self.depth = 1
        if state.item_selector is not None:
            self.seen("afterItemSelector", 0)
        self.mocked(state, handler)
        with self.inside(item, self.scope):
            branches.select(self, state, entry, around)
            self.ins("END")

    def array(self, site: Site) -> None:
        """TestState takes no object for the items of an inline Map (recorded in December 2025).

        An array is what has an item or is `[]`.
        """
        sound = Label("sound")
        at = self.depth - 1
        self.ins("PICK", at)
        self.ins("INDEXQ", 0)
        self.ins("TEST", conditions.TESTS["IsPresent"])
        self.ins("IF", sound)
        self.ins("PICK", at)
        self.ins("CALL", FUNCTIONS.index("JsonToString"))
        self.ins("CONST", Pooled("[]"))
        self.ins("COMPARE", 0)
        self.ins("IF", sound)
        self.ins("CONST", Pooled("States.Runtime"))
        self.ins("CONST", Pooled("the items of a Map are no array"))
        self.ins("FAIL", 3, site)
        self.label(sound)

    def limits(self, state: MapState, dollar: Dollar) -> None:
        """What bounds a Map, each into a variable of its own."""
        most = state.max_concurrency
        if isinstance(most, Jsonata):
            jsonata.expect(self, most, jsonata.INTEGER, None)
        elif isinstance(most, Path):
            expressions.path(self, most, dollar, "path")
        else:
            self.integer(most)
        self.store("#maxConcurrency")
        for name, limit in zip(_TOLERATED, state.tolerated, strict=True):
            if limit is None:
                continue
            if isinstance(limit, Jsonata):
                jsonata.expect(self, limit, jsonata.NUMBER, None)
            elif isinstance(limit, Path):
                expressions.path(self, limit, dollar, "path")
            else:
                expressions.constant(self, limit)
            self.store("#" + name)

    def mocked(self, state: ParallelState | MapState, handler: Label | None) -> None:
        """What the top of the stack goes to is a task; what it gives is the state's result."""
        self.start(MOCKED)
        branches.put_result(self, state)
        branches.handle(self, state, handler)
