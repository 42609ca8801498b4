"""What only Map has: its body, reader, batcher, writer, label (section "Map State")."""

from __future__ import annotations

import re
from typing import Any, TypedDict

from .context import CheckContext, kind_of
from .fields import (
    DISTRIBUTED_ONLY,
    ITEM_BATCHER,
    ITEM_READER,
    LABEL_MAX,
    PROCESSOR_CONFIG,
    READER_CONFIG,
    RESULT_WRITER,
    WRITER_CONFIG,
    Field,
)
from .model import ItemBatcher, ItemReader, Json, Jsonata, Path, ResultWriter, StateMachine
from .reader import Members
from .source import Node

# AWS: what a Label must not hold.
_BAD_IN_LABEL = re.compile(r'[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f]')


def parse_body(ctx: CheckContext, members: Members) -> tuple[StateMachine | None, bool]:
    """ItemProcessor or Iterator: the inner machine, and whether the Map is distributed."""
    body: StateMachine | None = None
    distributed = False
    for name in ("ItemProcessor", "Iterator"):
        node = members.get(name)
        if node is None:
            continue
        if not isinstance(node.value, dict):
            ctx.wrong_type(node, name, "an object with StartAt and States")
            continue
        is_distributed = _processor_config(ctx, node.value.get("ProcessorConfig"))
        machine = ctx.parse_machine(ctx, node, is_distributed, True)
        if body is None:
            body, distributed = machine, is_distributed
    return body, distributed


def _processor_config(ctx: CheckContext, node: Node | None) -> bool:
    if node is None:
        return False
    if not isinstance(node.value, dict):
        ctx.wrong_type(node, "ProcessorConfig", "an object")
        return False
    config = Members(ctx, node)
    config.only(PROCESSOR_CONFIG, "ProcessorConfig")
    mode = config.choice("Mode", PROCESSOR_CONFIG["Mode"])
    config.choice("ExecutionType", PROCESSOR_CONFIG["ExecutionType"])
    if mode == "DISTRIBUTED":
        config.require(("ExecutionType",), "a distributed Map")
    elif "ExecutionType" in config:
        message = "ExecutionType is for a distributed Map"
        hint = 'add "Mode": "DISTRIBUTED", or remove it'
        ctx.error("TSME-C017", config.nodes["ExecutionType"].key_where, message, hint)
    return mode == "DISTRIBUTED"


class Options(TypedDict):
    """Fields of `model.Map` that few Maps have."""

    label: str | None
    tolerated: tuple[int | Path | Jsonata | None, float | Path | Jsonata | None]
    reader: ItemReader | None
    batcher: ItemBatcher | None
    writer: ResultWriter | None


def parse_options(ctx: CheckContext, members: Members, distributed: bool) -> Options:
    """Reads what a Map may have that is mostly for distributed ones."""
    for name in DISTRIBUTED_ONLY:
        node = members.get(name)
        if node is not None and not distributed:
            hint = 'set "Mode": "DISTRIBUTED" in the ProcessorConfig of its ItemProcessor'
            ctx.error("TSME-C017", node.key_where, f'"{name}" is for a distributed Map', hint)
    label = _label(ctx, members)
    count = members.either("ToleratedFailureCount", members.integer)
    count_path = None if ctx.jsonata else members.reference("ToleratedFailureCountPath")
    part = members.either("ToleratedFailurePercentage", members.number)
    part_path = None if ctx.jsonata else members.reference("ToleratedFailurePercentagePath")
    return {
        "label": label,
        "tolerated": (
            count_path if count is None else count,
            part_path if part is None else part,
        ),
        "reader": _reader(ctx, members),
        "batcher": _batcher(ctx, members),
        "writer": _writer(ctx, members),
    }


def _reader(ctx: CheckContext, members: Members) -> ItemReader | None:
    found = _object(ctx, members, "ItemReader", ITEM_READER)
    if found is None:
        return None
    reader, fields = found
    reader.require(("Resource",), "ItemReader")
    given: dict[str, Any] = {}
    config = _object(ctx, reader, "ReaderConfig", READER_CONFIG)
    if config is not None:
        _reader_config(ctx, config[0])
        given = config[1]
    most = given.get("MaxItemsPath") or given.get("MaxItems") or 0
    plain = _plain(reader, "ReaderConfig")
    where = reader.node.where
    given_to = fields.get("Arguments" if ctx.jsonata else "Parameters")
    return ItemReader(fields.get("Resource") or "", given_to, plain, most, where)


def _batcher(ctx: CheckContext, members: Members) -> ItemBatcher | None:
    found = _object(ctx, members, "ItemBatcher", ITEM_BATCHER)
    if found is None:
        return None
    batcher, fields = found
    limits: list[int | Path | Jsonata] = []
    for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch"):
        batcher.exclusive((name, name + "Path"))
        limits.append(fields.get(name + "Path") or fields.get(name) or 0)
    batcher.one_of(tuple(name for name in ITEM_BATCHER if name.startswith("Max")), "ItemBatcher")
    return ItemBatcher(fields.get("BatchInput"), *limits)


def _writer(ctx: CheckContext, members: Members) -> ResultWriter | None:
    found = _object(ctx, members, "ResultWriter", RESULT_WRITER)
    if found is None:
        return None
    writer, fields = found
    writer.one_of(("Resource", "WriterConfig"), "ResultWriter")
    _object(ctx, writer, "WriterConfig", WRITER_CONFIG)
    plain = _plain(writer, "WriterConfig")
    given_to = fields.get("Arguments" if ctx.jsonata else "Parameters")
    return ResultWriter(fields.get("Resource"), given_to, plain, writer.node.where)


def _plain(members: Members, name: str) -> dict[str, Json]:
    node = members.get(name)
    value = None if node is None else node.plain()
    return value if isinstance(value, dict) else {}


def _object(
    ctx: CheckContext, members: Members, name: str, table: dict[str, Field]
) -> tuple[Members, dict[str, Any]] | None:
    """Reads an object whose fields stand in `table`; each is read by its kind."""
    node = members.get(name)
    if node is None:
        return None
    if not isinstance(node.value, dict):
        ctx.wrong_type(node, name, "an object")
        return None
    inner = Members(ctx, node, f"{members.place}{name}/")
    inner.only(table, name)
    fields: dict[str, Any] = {}
    for field_name, field in table.items():
        other = {"Arguments": not ctx.jsonata, "Parameters": ctx.jsonata}.get(field_name, False)
        if field_name in inner and (other or ctx.jsonata and field_name.endswith("Path")):
            mode = "JSONata" if ctx.jsonata else "JSONPath"
            message = f'"{field_name}" does not belong to {mode}, the query language of this state'
            instead = {"Arguments": "Parameters", "Parameters": "Arguments"}.get(field_name)
            hint = f"write {instead or field_name.removesuffix('Path')}"
            ctx.error("TSME-C081", inner.nodes[field_name].key_where, message, hint)
        else:
            fields[field_name] = inner.read(field_name, field)
    return inner, fields


def _reader_config(ctx: CheckContext, config: Members) -> None:
    config.exclusive(("MaxItems", "MaxItemsPath"))
    headers = config.get("CSVHeaders")
    if headers is not None:
        if not isinstance(headers.value, list):
            ctx.wrong_type(headers, "CSVHeaders", "an array of strings")
        else:
            for item in headers.value:
                if not isinstance(item.value, str):
                    message = f"a CSV header must be a string, not {kind_of(item)}"
                    ctx.error("TSME-C013", item.where, message)
    location = config.get("CSVHeaderLocation")
    if location is not None and location.value == "GIVEN":
        config.require(("CSVHeaders",), 'a ReaderConfig with "CSVHeaderLocation": "GIVEN"')
    kind = config.get("InputType")
    if kind is not None and kind.value == "CSV":
        config.require(("CSVHeaderLocation",), 'a ReaderConfig with "InputType": "CSV"')


def _label(ctx: CheckContext, members: Members) -> str | None:
    label = members.text("Label")
    if label is None:
        return None
    node = members.nodes["Label"]
    if len(label) > LABEL_MAX or not label:
        message = f"a Label has 1 to {LABEL_MAX} characters, not {len(label)}"
        ctx.error("TSME-C044", node.where, message)
    elif bad := _BAD_IN_LABEL.search(label):
        shown = f"`{bad.group()}`" if bad.group().isprintable() else f"U+{ord(bad.group()):04X}"
        ctx.error("TSME-C044", node.inside(bad.start()), f"a Label cannot hold {shown}")
    elif label in ctx.labels:
        place = ctx.labels[label]
        message = f'the Label "{label}" is taken at {place.line}:{place.column}'
        ctx.error("TSME-C045", node.where, message, "labels are unique in the whole workflow")
    else:
        ctx.labels[label] = node.where
    return label
