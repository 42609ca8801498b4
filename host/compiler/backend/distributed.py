"""Lowering of what distributed Maps have: tolerated failures, reader, batcher, writer.

A reader and a writer are tasks.  Whatever one of them fails with becomes States.ItemReaderFailed
or States.ResultWriterFailed, by a handler of its own.
"""

from __future__ import annotations

import re
from typing import Any

from tsme.program.wait import ppm

from ..frontend.model import (
    Const,
    Expr,
    ItemBatcher,
    ItemReader,
    Json,
    Jsonata,
    MapState,
    Obj,
    Path,
    ResultWriter,
)
from . import expressions, jsonata
from .data_flow import DataFlow
from .expressions import FUNCTIONS, Dollar, InSlot
from .ir import Label, Pooled, Site

LABEL_MAX = 40
LIMIT_MAX = 99_999_999  # of an option; nothing has so many items
_SEPARATORS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def label(state: MapState) -> str:
    """What stands in the ARN of a Map Run: the Label, or what the name gives."""
    made = re.sub(r"[^A-Za-z0-9_.-]+", "-", state.name)[:LABEL_MAX]
    return state.label or made or "map"


def concurrency(lo: DataFlow, state: MapState, dollar: Dollar) -> int:
    """Push MaxConcurrency, which MAP takes below its items; what MAP's operand says of it."""
    most = state.max_concurrency or None
    return lo.option(2, min(most, LIMIT_MAX) if isinstance(most, int) else most, dollar)


def tolerance(lo: DataFlow, state: MapState, dollar: Dollar) -> int:
    """As `concurrency`, above the items: how many of them may fail.  None of a distributed Map,
    unless it says otherwise."""
    count, percentage = state.tolerated
    if state.distributed and count is None and percentage is None:
        count = 0
    if isinstance(count, int):
        count = min(count, LIMIT_MAX)
    part = ppm(percentage) if isinstance(percentage, (int, float)) else percentage
    return lo.option(3, count, dollar) << 1 | lo.option(4, part, dollar) << 2


def check(lo: DataFlow, state: MapState, dollar: Dollar) -> None:
    """What AWS looks at before a reader reads: options that paths give."""
    for k, limit in enumerate((state.max_concurrency, *state.tolerated)):
        if isinstance(limit, (Path, Jsonata)):
            lo.option(2 + k, limit, dollar)
            lo.ins("DROP", 1)


def remember(lo: DataFlow, state: MapState) -> None:
    """The ARN of the Map Run, if its writer will need it."""
    if state.writer is None or state.writer.resource is None:
        return
    lo.ins("CONTEXT", 8)
    lo.ins("CONST", Pooled(label(state)))
    lo.ins("CONTEXT", 7)
    _call(lo, "MapRun")
    keep(lo, "#run")


def keep(lo: DataFlow, name: str) -> InSlot:
    """Pop what a state needs behind a TASK or in its items: into a slot that the states of the
    machine share, each while it lasts."""
    lo.store(name)
    lo.kept.append(name)
    return InSlot(lo.frame, lo.frame.slot(name))


def release(lo: DataFlow) -> None:
    """The state is over, and nothing of what it kept is wanted any more."""
    for name in lo.kept:
        lo.ins("CONST", Pooled(None))
        lo.store(name)
    lo.kept = []


def _run(lo: DataFlow) -> None:
    lo.load(lo.frame, lo.frame.slot("#run"))


def read(lo: DataFlow, state: MapState, reader: ItemReader, dollar: Dollar, failed: Label) -> None:
    """Push the items; what goes wrong goes on at `failed`."""
    check(lo, state, dollar)
    if isinstance(reader.max_items, (Path, Jsonata)):  # AWS looks at it before it reads
        lo.ins("INT", 0)
        lo.ins("CONST", Pooled(None))
        _items(lo, reader, dollar)
        lo.ins("DROP", 1)
    config = reader.config
    kind = how_read(reader)[0]
    for name in ("ManifestType", "Transformation"):
        if config.get(name, "NONE") != "NONE":
            lo.refuse(f"the {name} of an ItemReader", reader.where)
    if kind in ("MANIFEST", "PARQUET"):
        lo.refuse(f"the InputType {kind} of an ItemReader", reader.where, "CSV, JSON, JSONL are")
    whole = _whole(lo, reader.parameters, dollar)
    names = _members(lo, reader.parameters, dollar, "ReaderConfig")
    shown = {k: v for k, v in config.items() if k not in ("MaxItems", "MaxItemsPath")}
    for value in shown.values():
        lo.ins("CONST", Pooled(value))
    if reader.max_items:
        shown["MaxItems"] = 0
        _number(lo, reader.max_items, dollar)
    _object(lo, list(shown))
    _object(lo, [*names, "ReaderConfig"], whole)
    lo.ins("CATCH", failed)
    _task(lo, reader.resource, Site("reader", label(state), reader.where))
    lo.ins("CONST", Pooled(how_read(reader)))
    _items(lo, reader, dollar)


def how_read(reader: ItemReader) -> list[Json]:
    """-> [InputType, header names or null, separator, names of the way to the array], as
    tsme.program.functions.item_reader takes them"""
    config = reader.config
    kind = config.get("InputType", "JSON")
    if reader.resource.split(":")[-1] == "listObjectsV2":
        kind = "LIST"
    headers = config.get("CSVHeaders") if config.get("CSVHeaderLocation") == "GIVEN" else None
    separator = _SEPARATORS[str(config.get("CSVDelimiter", "COMMA"))]
    way = str(config.get("ItemsPointer") or "").split("/")[1:]
    steps: list[Json] = [step.replace("~1", "/").replace("~0", "~") for step in way]
    return [kind, headers, separator, steps]


def _items(lo: DataFlow, reader: ItemReader, dollar: Dollar) -> None:
    _number(lo, reader.max_items, dollar)
    _call(lo, "Items", reader.max_items)


def batch(lo: DataFlow, batcher: ItemBatcher, dollar: Dollar) -> None:
    """Batches for the items on the stack."""
    _number(lo, batcher.items, dollar)
    _number(lo, batcher.size, dollar)
    if batcher.shared is None:
        lo.ins("CONST", Pooled(None))
    else:
        lo.expr(batcher.shared, dollar)
    bound = batcher.items if isinstance(batcher.items, Path) else batcher.size
    _call(lo, "Batch", bound)


def write(
    lo: DataFlow, state: MapState, writer: ResultWriter, dollar: Dollar, failed: Label
) -> int:
    """What becomes of the results, which are the only thing on the stack; where the output is."""
    how = writer.config.get("Transformation")
    if how == "FLATTEN":
        _call(lo, "Flatten")
    if writer.resource is None:
        if how == "NONE":
            what = "the Transformation NONE of a ResultWriter without Resource"
            lo.refuse(what, writer.where, "COMPACT and FLATTEN are")
        return 0
    whole = _whole(lo, writer.parameters, dollar)
    names = _members(lo, writer.parameters, dollar, "MapRunArn", "Results", "WriterConfig")
    _run(lo)
    lo.ins("PICK", 0)
    names += ["MapRunArn", "Results"]
    if writer.config:
        lo.ins("CONST", Pooled(writer.config))
        names.append("WriterConfig")
    _object(lo, names, whole)
    lo.ins("CATCH", failed)
    _task(lo, writer.resource, Site("writer", label(state), writer.where))
    _run(lo)
    lo.ins("PICK", 0)
    _object(lo, ["MapRunArn", "ResultWriterDetails"])
    return lo.depth - 1


def failure(lo: DataFlow, entry: Label, name: str, handler: Label) -> None:
    """What follows when a reader or a writer fails: the state fails with the error `name`."""
    lo.depth = 0
    lo.label(entry)
    lo.ins("CATCH", handler)
    lo.ins("CONST", Pooled(name))
    lo.ins("ERROR")
    lo.ins("KEY", Pooled("Cause"))
    lo.ins("FAIL", 3)


def _task(lo: DataFlow, resource: str, site: Site) -> None:
    if resource not in lo.resources:
        lo.resources.append(resource)
    lo.start(resource, site=site)


def _whole(lo: DataFlow, parameters: Expr | None, dollar: Dollar) -> bool:
    """Push what a single expression gives as Arguments, if that is how they are given."""
    if isinstance(parameters, Jsonata):
        jsonata.expect(lo, parameters, jsonata.OBJECT, dollar)
    return isinstance(parameters, Jsonata)


def _members(lo: DataFlow, parameters: Expr | None, dollar: Dollar, *taken: str) -> list[str]:
    """Push the members of Parameters but the names `taken`, each on its own; their names."""
    found: dict[str, Any] = {}
    if isinstance(parameters, Obj):
        found = dict(parameters.items)
    elif isinstance(parameters, Const) and isinstance(parameters.value, dict):
        found = {name: Const(v, parameters.where) for name, v in parameters.value.items()}
    names = [name for name in found if name not in taken]
    for name in names:
        lo.expr(found[name], dollar)
    return names


def _number(lo: DataFlow, value: int | Path | Jsonata, dollar: Dollar) -> None:
    if isinstance(value, Jsonata):
        jsonata.expect(lo, value, jsonata.INTEGER, dollar)
    elif isinstance(value, Path):
        expressions.path(lo, value, dollar, "path")
    else:
        lo.integer(value)


def _object(lo: DataFlow, names: list[str], whole: bool = False) -> None:
    """An object of what is on the stack; if `whole`, with the members of the one below it."""
    members: list[Json] = [*names]
    lo.ins("OBJECT", Pooled(members))
    if whole:
        lo.ins("CONST", Pooled(False))
        _call(lo, "JsonMerge")


def _call(lo: DataFlow, name: str, limit: int | Path | Jsonata = 0) -> None:
    site = Site("limit", limit.text, limit.where) if isinstance(limit, Path) else None
    lo.ins("CALL", FUNCTIONS.index(name), site)
