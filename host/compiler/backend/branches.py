"""Lowering of Parallel and Map: FORK and MAP, and the code that a branch or an item runs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tsme.program import opcodes

from ..frontend.model import Choice, Key, Machine, Map, Parallel, Path, Task
from . import distributed, expressions
from .expressions import Dollar, Slot
from .ir import Ins, Label, Site

if TYPE_CHECKING:
    from .lower import Lowering


@dataclass(frozen=True)
class Item:
    """The slots that hold `$$.Map.Item.Index`, `$$.Map.Item.Value`, and all of `$$.Map.Item`; 0
    if nobody asks."""

    index: int
    value: int
    whole: int


def parallel(lo: Lowering, state: Parallel) -> None:
    """The payload, FORK with a JUMP for each branch, the result; then the branches."""
    lo.needs |= opcodes.NEEDS_PARALLEL
    handler = _catch(lo, state)
    dollar = lo.effective(state)
    if state.parameters is not None:
        lo.expr(state.parameters, dollar)
    elif dollar is None:
        lo.ins("LOAD", 0)
    entries = [Label(f"{state.name}.{n}") for n in range(len(state.branches))]
    lo.ins("FORK", len(entries))
    for entry in entries:
        lo.code.append(Ins("JUMP", entry, child=True))
    _result(lo, state)
    _handle(lo, state, handler)
    outer = lo.outside
    lo.outside |= _caught(state)
    for entry, branch in zip(entries, state.branches, strict=True):
        lo.depth = 0
        lo.machine_(branch, entry)
    lo.outside = outer


def map_(lo: Lowering, state: Map) -> None:
    """The items, MAP with a JUMP to what an item runs, the result; then that code."""
    lo.needs |= opcodes.NEEDS_MAP
    handler = _catch(lo, state)
    dollar = lo.effective(state)
    writer = state.writer if state.writer is not None and state.writer.resource else None
    steps = state.reader is not None or state.batcher is not None or writer is not None
    around: Dollar = dollar
    if state.item_selector is not None or steps and isinstance(dollar, int):
        # The selector runs in the item's frame, where slot 0 is the item; a task takes the stack.
        around = Slot(lo.slot("#input " + state.name))
        lo.ins("PICK", dollar) if isinstance(dollar, int) else lo.ins("LOAD", 0)
        lo.ins("STORE", around.number)
    if steps:
        lo.clear()
        dollar = around
    if handler is None and (state.reader is not None or writer is not None):
        handler = Label(state.name + ".handler")  # which has nobody to try
    distributed.remember(lo, state)
    no_items, no_results = Label(state.name + ".no items"), Label(state.name + ".no results")
    if state.reader is not None and handler is not None:
        distributed.read(lo, state, state.reader, dollar, no_items)
        lo.ins("CATCH", handler)
    selected = Label(state.name + ".selected")
    options = _items(lo, state, dollar, selected)
    entry = Label(state.name + ".item")
    _map(lo, state, "items" if not state.distributed else _kind(state), entry, options)
    result = 0
    if state.writer is not None:
        result = distributed.write(lo, state, state.writer, dollar, no_results)
    if writer is not None and handler is not None:
        lo.ins("CATCH", handler)
    _result(lo, state, result)
    if state.reader is not None and handler is not None:
        distributed.failure(lo, no_items, "States.ItemReaderFailed", handler)
    if writer is not None and handler is not None:
        distributed.failure(lo, no_results, "States.ResultWriterFailed", handler)
    _handle(lo, state, handler)
    _body(lo, state, entry, selected, around)


def _items(lo: Lowering, state: Map, dollar: Dollar, selected: Label) -> int:
    """Push the items, batched if they are to be, and MAP's options; which of these there are."""
    given = 0
    if state.reader is None:
        given = distributed.concurrency(lo, state, dollar)
        if state.items_path is not None:
            expressions.path(lo, state.items_path, dollar, "path")
        else:
            lo.top(dollar)
    else:
        given = _below(lo, state, dollar)
    if state.batcher is not None:
        if state.item_selector is not None:
            _map(lo, state, "select", selected, given)
        distributed.batch(lo, state.batcher, dollar)
        if state.item_selector is not None:
            given = _below(lo, state, dollar)
    return given | distributed.tolerance(lo, state, dollar)


def _below(lo: Lowering, state: Map, dollar: Dollar) -> int:
    """MaxConcurrency where the items are on the stack already: these once more, above it."""
    items = lo.depth - 1
    given = distributed.concurrency(lo, state, dollar)
    if given:
        lo.ins("PICK", items)
    return given


def _kind(state: Map) -> str:
    return "mapRun" if state.batcher is None else "batches"


def _map(lo: Lowering, state: Map, kind: str, entry: Label, options: int) -> None:
    items = state.items_path.text if state.items_path is not None else "$"
    call = distributed.label(state) if state.distributed else ""
    lo.ins("MAP", options, Site(kind, items, state.where, call))
    lo.code.append(Ins("JUMP", entry, child=True))


def _body(lo: Lowering, state: Map, entry: Label, selected: Label, around: Dollar) -> None:
    """The code of an item.  Items that are batched are selected before, by a MAP of their own."""
    outer, outside = lo.scope, lo.outside
    if state.batcher is not None and state.item_selector is not None:
        _item(lo, state, selected, around)
        lo.ins("END")
        lo.label(entry)
    else:
        _item(lo, state, entry, around)
    if state.distributed:  # it is an execution of its own: it sees no variables but its own
        lo.scope = f"{state.name}/"
    lo.outside |= _caught(state)
    lo.machine_(state.body, Label(state.name + ".body"))
    lo.scope, lo.outside = outer, outside
    lo.items.pop()


def _item(lo: Lowering, state: Map, entry: Label, around: Dollar) -> None:
    """What an item runs before its machine: it keeps itself if asked for, and selects."""
    lo.depth = 0
    lo.label(entry)
    asked = {*_asked(state.item_selector), *_asked(state.body)}
    slots = []
    for part, number in (("index", 11), ("value", 12), ("item", 13)):
        slots.append(0)
        if part.capitalize() in asked:
            slots[-1] = lo.slot(f"#{part} {state.name}")
            lo.ins("CONTEXT", number)
            lo.ins("STORE", slots[-1])
    lo.items.append(Item(*slots))
    if state.item_selector is not None:
        lo.expr(state.item_selector, around)
        lo.ins("STORE", 0)
    # Falls through to the machine's first state, which comes first.


def _asked(node: Any) -> set[str]:
    """Which parts of `$$.Map.Item` a subtree of the model names: Index, Value; Item for all of
    it, which only has a Key if it is of an object."""
    if isinstance(node, Path):
        names = [s.name if isinstance(s, Key) else "" for s in node.segments]
        if node.root != "$$" or names[:1] not in ([], ["Map"], [""]):
            return set()
        return {names[2] if names[2:3] in (["Index"], ["Value"]) else "Item"}
    if dataclasses.is_dataclass(node):
        node = [getattr(node, f.name) for f in dataclasses.fields(node)]
    elif isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        return set().union(*[_asked(part) for part in node])
    return set()


def assigned(machine: Machine) -> set[str]:
    """The variables that the states of a machine set themselves, without inner machines."""
    found: set[str] = set()
    for state in machine.states.values():
        found.update(name for name, _ in state.assign)
        if isinstance(state, Choice):
            found.update(name for rule in state.rules for name, _ in rule.assign)
        if isinstance(state, (Task, Parallel, Map)):
            found |= _caught(state)
    return found


def _caught(state: Task | Parallel | Map) -> set[str]:
    return {name for catcher in state.catch for name, _ in catcher.assign}


def _catch(lo: Lowering, state: Parallel | Map) -> Label | None:
    handler = Label(state.name + ".handler") if state.retry or state.catch else None
    if handler:
        lo.ins("CATCH", handler)
    return handler


def _result(lo: Lowering, state: Parallel | Map, result: int = 0) -> None:
    """What follows when all children have ended: the state's result is on top of the stack."""
    lo.depth = result + 1
    if state.result_selector is not None:
        lo.expr(state.result_selector, result)
        result = lo.depth - 1
    lo.finish(result, state.result_path, state.assign)
    lo.go(state.next)


def _handle(lo: Lowering, state: Parallel | Map, handler: Label | None) -> None:
    if handler:
        lo.depth = 0
        lo.label(handler)
        lo.handler(state.retry, state.catch)
