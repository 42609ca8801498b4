"""Workflows, programs and values from files.  What is wrong with one is a HostError naming it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..compiler.compile import compile_text
from ..compiler.frontend.model import CompileError, Json
from ..compiler.frontend.source import Flow, Parsed, parse
from .definitions import as_flow, split_name, values
from .errors import HostError
from .inputs import input_error, is_journal, read_bytes, read_text, similar, text_of
from .outputs import PROGRAM_START, SCHEMA_START


@dataclass(frozen=True)
class Loaded:
    """A program, compiled just now or read from a file; `data` may end with a debug part.  Or a
    machine, FILE.py:CLASS, without data: then `machine` is what runs it."""

    name: str
    data: bytes
    source: Flow | None  # the workflow, if it was compiled
    machine: Any = None


def is_schema(given: str) -> bool:
    """Does that name the schema of a relational machine?  What only these need is read if so."""
    if ".py:" not in given and not given.endswith(".tsr"):
        path = Path(given)
        try:
            data = path.read_bytes() if given != "-" and path.is_file() else b""
        except (OSError, ValueError):
            return False
        if b"StartAt" in data or not (b"states" in data or b"inherit" in data):
            return data.startswith(SCHEMA_START)
    from .schemas import is_schema as found  # noqa: PLC0415

    return found(given)


def read_flow(given: str, own: Mapping[str, str] | None = None) -> Flow:
    """A workflow: a file, `template.yaml:Name`, or the standard input (`-`).

    `own`: values for its placeholders, besides those of the command's options.
    """
    path, name = split_name(given)
    return _flow(read_bytes(path), path, name, own or {})


def _flow(data: bytes, path: str, name: str, own: Mapping[str, str]) -> Flow:
    _not_python(path, name, data)
    _no_journal(data, path)
    if is_schema(path):
        hint = "a relational machine is named with its class: FILE.py:CLASS"
        raise HostError("TSME-H014", f'"{path}" is a relational schema, not a workflow', hint)
    if data.startswith(PROGRAM_START):
        hint = "give the .asl.json it was compiled from"
        raise HostError("TSME-H014", f'"{path}" is a compiled program, not a workflow', hint)
    return as_flow(text_of(data, path), path, name, {**own, **values()}, read_text)


def read_program(given: str, own: Mapping[str, str] | None = None) -> Loaded:
    """A compiled program; a workflow is compiled on the way.  Raises CompileError too."""
    path, name = split_name(given)
    data = read_bytes(path)
    _no_journal(data, path)
    if data.startswith(b"\x87") or path.endswith(".tsm"):
        if not data:
            raise HostError("TSME-H014", f'"{path}" is empty, not a program')
        return Loaded(path, data, None)
    flow = _flow(data, path, name, own or {})
    try:
        name = Path(shown_name(flow, path)).name if path != "-" else path
        return Loaded(given, compile_text(flow, name).data, flow)
    except CompileError as error:
        raise CompileError(error.problems, shown_name(flow, given)) from None


def shown_name(flow: Flow, given: str) -> str:
    """The file in which the problems of a workflow are."""
    if isinstance(flow, Parsed) and flow.name:
        return flow.name
    return "<stdin>" if given == "-" else split_name(given)[0]


def _not_python(path: str, name: str, data: bytes) -> None:
    if not path.endswith(".py"):
        return
    if name:
        start = b"^class " + re.escape(name.encode())
        plain = re.search(start + rb"\b[^\n]*\n(?:[ \t][^\n]*\n|\n)*? +def stf\b", data, re.M)
        page = "MACHINES" if plain else "RELATIONAL"
        hint = f"tsme run {path}:{name} runs it, and tsme sim tries it: docs/{page}.md"
        raise HostError("TSME-H014", f'"{path}:{name}" is a machine, not a workflow', hint)
    found = re.search(rb"^class (\w+).*?^    (?:states|schema)\b", data, re.M | re.S)
    hint = f"name the class of the relational machine: {path}:{found[1].decode()}" if found else ""
    raise HostError("TSME-H014", f'"{path}" is Python, not a workflow', hint)


def _no_journal(data: bytes, path: str) -> None:
    if is_journal(data):
        raise HostError("TSME-H014", f'"{path}" is a journal, not a workflow')


def read_value(given: str, option: str = "--input", form: str | None = None) -> Json:
    """A value from a file, from the standard input (`-`), or JSON from the argument itself.

    `option`: whose argument it is, for errors.  `form`: of the standard input, and of a file whose
    ending does not say it (.json, .cbor, .msgpack); JSON if it is None.
    """
    if given == "-":
        return _value(read_bytes("-"), "the standard input", form)
    if not given:
        raise HostError("TSME-H002", f"{option} is empty", f"write JSON, such as {option} '{{}}'")
    if not _is_file(given):
        node, problems = parse(given)
        if given.lstrip()[:1] in ("{", "[", '"'):
            return parse_value(given, option)
        if node is not None and not problems:
            return node.plain()
        if "." not in given and "/" not in given:
            text = json.dumps(given, ensure_ascii=False)
            hint = similar(Path(given)) or f"for a text, write {option} '{text}'"
            raise HostError("TSME-H010", f'there is no file "{given}"', hint)
    return _value(read_bytes(given), given, form)


def _value(data: bytes, name: str, form: str | None) -> Json:
    """The value that a file holds, in the form of its ending, else in `form`."""
    from . import forms  # noqa: PLC0415

    form = forms.ending(name) or form or "json"
    if form == "json":
        return parse_value(text_of(data, name, "a value, write --format cbor or msgpack"), name)
    try:
        return forms.read(data, form)
    except forms.Unfit as error:
        raise HostError(error.code, f"{name}: {error.message}") from None


def _is_file(given: str) -> bool:
    try:
        return Path(given).exists()
    except (OSError, ValueError):  # too long for a name
        return False


def parse_value(text: str, name: str) -> Json:
    """A JSON text as a value; numbers keep their kind."""
    node, problems = parse(text)
    if node is None or problems:
        raise input_error(problems, name)
    return node.plain()
