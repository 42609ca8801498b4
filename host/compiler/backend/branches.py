"""Lowering of Parallel and Map: FORK and MAP, and the code that a branch or an item runs."""

from __future__ import annotations

from tsme.program import opcodes

from ..frontend.model import Index, Key, MapState, ParallelState
from . import distributed, expressions, jsonata
from .data_flow import DataFlow
from .expressions import Again, Dollar, InSlot
from .ir import Label, Site
from .windows import Window, assigned, reads_input


def parallel(lo: DataFlow, state: ParallelState) -> None:
    """The payload, FORK with an entry for each branch, the result; then the branches."""
    lo.needs |= opcodes.NEEDS_PARALLEL
    handler = catch(lo, state)
    dollar = None if state.jsonata else lo.effective(state)
    if state.parameters is not None:
        lo.expr(state.parameters, dollar)
    elif dollar is None:
        lo.ins("LOAD", 0)
    branches = [
        (branch, Label(f"{state.name}.{n}"), Window(lo.frame, assigned(branch)))
        for n, branch in enumerate(state.branches)
    ]
    lo.ins("FORK", len(branches))
    for _, entry, window in branches:
        lo.entry(entry, window)
    put_result(lo, state)
    handle(lo, state, handler)
    for branch, entry, window in branches:
        with lo.inside(window, window):
            lo.machine_(branch, entry)


def map_(lo: DataFlow, state: MapState) -> None:
    """The items, MAP with the entry of an item, the result; then what an item runs."""
    lo.needs |= opcodes.NEEDS_MAP
    handler = catch(lo, state)
    dollar = None if state.jsonata else lo.effective(state)
    writer = state.writer if state.writer is not None and state.writer.resource else None
    steps = state.reader is not None or state.batcher is not None or writer is not None
    around = input_(lo, state, dollar, steps or reads_input(state.item_selector))
    if steps and dollar is not None:  # a task takes the stack
        lo.clear()
        dollar = around
    if handler is None and (state.reader is not None or writer is not None):
        handler = Label(state.name + ".handler")  # which has nobody to try
    distributed.remember(lo, state)
    no_items, no_results = Label(state.name + ".no items"), Label(state.name + ".no results")
    if state.reader is not None and handler is not None:
        distributed.read(lo, state, state.reader, dollar, no_items)
        lo.ins("CATCH", handler)
    item = Window(lo.frame, assigned(state.body), apart=state.distributed)
    selected = Label(state.name + ".selected")
    options = _items(lo, state, dollar, selected)
    entry = Label(state.name + ".item")
    kind = "items" if not state.distributed else _kind(state)
    _map(lo, state, kind, entry, item, options)
    result = 0
    if state.writer is not None:
        result = distributed.write(lo, state, state.writer, dollar, no_results)
    if writer is not None and handler is not None:
        lo.ins("CATCH", handler)
    put_result(lo, state, result)
    if state.reader is not None and handler is not None:
        distributed.failure(lo, no_items, "States.ItemReaderFailed", handler)
    if writer is not None and handler is not None:
        distributed.failure(lo, no_results, "States.ResultWriterFailed", handler)
    handle(lo, state, handler)
    _body(lo, state, entry, selected, item, around)


def input_(lo: DataFlow, state: MapState, dollar: Dollar, wanted: bool) -> Dollar:
    """Where `$` of the state is behind a TASK, and in the frames of items."""
    if dollar is None:
        return InSlot(lo.frame, 0)
    path = state.input_path
    plain = path is None or all(isinstance(step, (Key, Index)) for step in path.segments)
    if plain and (path is None or path.root != "$$"):
        return Again(path, lo.frame)
    if not wanted:
        return dollar
    expressions.data(lo, dollar)  # it may have gone through much, or be of this frame alone
    return distributed.keep(lo, "#input")


def _items(lo: DataFlow, state: MapState, dollar: Dollar, selected: Label) -> int:
    """Push the items, batched if they are to be, and MAP's options; which of these there are."""
    given = 0
    if state.reader is None:
        given = distributed.concurrency(lo, state, dollar)
        if state.items_path is not None:
            expressions.path(lo, state.items_path, dollar, "path")
        elif state.jsonata:
            jsonata.items(lo, state)
        else:
            lo.top(dollar)
    else:
        given = _below(lo, state, dollar)
    if state.batcher is not None:
        if state.item_selector is not None:
            _map(lo, state, "select", selected, Window(lo.frame), given)
        distributed.batch(lo, state.batcher, dollar)
        if state.item_selector is not None:
            given = _below(lo, state, dollar)
    return given | distributed.tolerance(lo, state, dollar)


def _below(lo: DataFlow, state: MapState, dollar: Dollar) -> int:
    """MaxConcurrency where the items are on the stack already: these once more, above it."""
    items = lo.depth - 1
    given = distributed.concurrency(lo, state, dollar)
    if given:
        lo.ins("PICK", items)
    return given


def _kind(state: MapState) -> str:
    return "mapRun" if state.batcher is None else "batches"


def _map(
    lo: DataFlow, state: MapState, kind: str, entry: Label, window: Window, options: int
) -> None:
    items = state.items_path.text if state.items_path is not None else "$"
    call = distributed.label(state) if state.distributed else ""
    lo.ins("MAP", options, Site(kind, items, state.where, call))
    lo.entry(entry, window)


def _body(
    lo: DataFlow, state: MapState, entry: Label, selected: Label, item: Window, around: Dollar
) -> None:
    """The code of an item.  Items that are batched are selected before, by a MAP of their own."""
    selects = state.item_selector
    if state.batcher is not None and selects is not None:
        with lo.inside(Window(lo.frame), lo.scope):
            select(lo, state, selected, around)
            lo.ins("END")
        selects = None
    with lo.inside(item, lo.scope):
        if selects is None:
            lo.label(entry)
            lo.item = item.level
        else:
            select(lo, state, entry, around)
        # Falls through to the machine's first state, which comes first.
        lo.scope = item
        lo.machine_(state.body, Label(state.name + ".body"))


def select(lo: DataFlow, state: MapState, entry: Label, around: Dollar) -> None:
    """ItemSelector, in the frame of an item."""
    lo.label(entry)
    lo.item = lo.frame.level
    if state.item_selector is not None:
        lo.expr(state.item_selector, around)
        lo.ins("STORE", 0)


def catch(lo: DataFlow, state: ParallelState | MapState) -> Label | None:
    handler = Label(state.name + ".handler") if state.retry or state.catch else None
    if handler:
        lo.ins("CATCH", handler)
    return handler


def put_result(lo: DataFlow, state: ParallelState | MapState, result: int = 0) -> None:
    """What follows when all children have ended: the state's result is on top of the stack."""
    lo.depth = result + 1
    if state.result_selector is not None:
        lo.expr(state.result_selector, result)
        result = lo.depth - 1
    lo.finish(result, state.result_path, state.assign)
    distributed.release(lo)
    lo.go(state.next)


def handle(lo: DataFlow, state: ParallelState | MapState, handler: Label | None) -> None:
    if handler:
        lo.depth = 0
        lo.label(handler)
        lo.handler(state.retry, state.catch)
