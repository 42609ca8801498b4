"""Relational schemas from files: what `tsme check`, `compile`, `graph` and `gen` are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..compiler.frontend.placed import Text
from ..compiler.frontend.report import ProblemJson, render_text, to_json
from ..compiler.frontend.source import BOM, Node, parse
from ..relational.compile import Compiled, SchemaError, compile_schema
from ..relational.compiled import load
from ..relational.model import File, Finding, Source
from ..relational.python_source import read_class
from . import console
from .errors import HostError, did_you_mean
from .inputs import read_bytes, read_schema, text_of
from .outputs import SCHEMA_START, file_name

_MEMBER = re.compile(rb"""(?:^|[\s{,"'])(?:states|inherit)["']?\s*:""")
_ENDINGS = (".json", ".yaml", ".yml", ".tsr", ".schema", ".states")


def is_schema(given: str) -> bool:
    """Does that name a relational schema: a .tsr, FILE.py:CLASS, or JSON or YAML with states?"""
    if given == "-" or not given:
        return False
    if given.endswith(".tsr"):
        return True
    if ".py:" in given and not Path(given).exists():
        return True
    path = Path(given)
    try:
        data = path.read_bytes() if path.is_file() else b""
    except OSError:
        return False
    if data.startswith(SCHEMA_START):
        return True
    if b"\0" in data or b"StartAt" in data or not _MEMBER.search(data):
        return False
    root = _tree(data.decode("utf-8", "replace"), given)[0]
    members = root.value if root is not None and isinstance(root.value, dict) else {}
    workflow = {"states", "startat"} & {n.lower() for n in members if not n.islower()}
    return not workflow and ("states" in members or "inherit" in members)


def _tree(text: str, path: str) -> tuple[Node | None, list[Any]]:
    source = Text.of(text.removeprefix(BOM))
    start = source.text.lstrip()[:1]
    if start in ("{", "[") and not path.endswith((".yaml", ".yml")):
        return parse(source)
    from ..compiler.frontend.yaml_source import parse_yaml  # noqa: PLC0415

    return parse_yaml(source)


# --- reading ------------------------------------------------------------------------------------


def compiled(given: str) -> Compiled:
    """The schema that a file has, checked and compiled; a .tsr as it is.

    Raises SchemaError with the problems of a definition.
    """
    if given.endswith(".tsr") or (".py:" not in given and _starts(given)):
        data = read_bytes(given)
        try:
            return Compiled(data, load(data))
        except ValueError as error:
            raise HostError("TSME-H014", f'"{given}" is no compiled schema: {error}') from None
    return compile_schema(read(given), open_)


def _starts(given: str) -> bool:
    return read_bytes(given).startswith(SCHEMA_START)


def read(given: str) -> Source:
    """One definition, with nothing inherited yet."""
    if ".py:" in given:
        return _of_class(given)
    data = read_bytes(given)
    if data.startswith(SCHEMA_START):
        hint = "inherit the definition that it was compiled from"
        raise HostError("TSME-H014", f'"{given}" is compiled', hint)
    text = text_of(data, given).removeprefix(BOM)
    root, problems = _tree(text, given)
    sound = root is not None and all(problem.code != "TSME-C009" for problem in problems)
    return Source(File(given, text), stem(given), root if sound else None, tuple(problems))


def stem(given: str) -> str:
    """The name of a file without its endings."""
    name = Path(given).name
    while name.endswith(_ENDINGS) and Path(name).stem:
        name = Path(name).stem
    return name


def open_(name: str, file: File) -> Source:
    """What `inherit` names in a file."""
    path = Path(file.name).parent / name
    try:
        return read(str(path) if not Path(name).is_absolute() else _shown(name))
    except HostError as error:
        raise LookupError(error.message) from None


def _shown(path: str) -> str:
    """A path as people would give it."""
    file, colon, name = path.rpartition(":")
    file = file if colon else path
    try:
        near = str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        near = file
    return f"{near}:{name}" if colon else near


def _of_class(given: str) -> Source:
    from .handlers import load_file  # noqa: PLC0415

    path, _, wanted = given.rpartition(".py:")
    path += ".py"
    data = read_bytes(path)
    names = load_file(path, Path(path).stem)
    found = names.get(wanted)
    if not isinstance(found, type):
        mine = [name for name, value in names.items() if _has_schema(value)]
        hint = did_you_mean(wanted, mine) or f"it has {', '.join(mine) or 'no class with states'}"
        raise HostError("TSME-H023", f'there is no class "{wanted}" in {path}', hint)
    if not _has_schema(found):
        hint = "a relational machine has states, schema or inherit; docs/RELATIONAL.md"
        raise HostError("TSME-H023", f'"{wanted}" of {path} has no states', hint)
    source = read_class(File(path, text_of(data, path)), found, str(Path(path).resolve()))
    if hasattr(found, "states") or not hasattr(found, "schema"):
        return source
    data = _named(getattr(found, "schema", None), path, wanted)
    return replace(source, root=None, problems=(), compiled=data)


def _has_schema(value: Any) -> bool:
    kinds = ("states", "schema", "inherit")
    return isinstance(value, type) and any(hasattr(value, name) for name in kinds)


def _named(schema: Any, path: str, wanted: str) -> bytes:
    """The bytes of a compiled schema that a class has, or names."""
    if isinstance(schema, str):
        file = str(Path(path).parent / schema)
        data = read_schema(file)
    else:
        file, data = f"{path}:{wanted}", bytes(schema)
    try:
        load(data)
    except ValueError as error:
        raise HostError("TSME-H014", f'"{file}" is no compiled schema: {error}') from None
    return data


def known(names: Sequence[str], name: str, option: str) -> str:
    """A name that an option gives, if it is that of a state."""
    if name not in names:
        hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
        raise HostError("TSME-H002", f'{option}: there is no state "{name}"', hint)
    return name


def target_of(given: str, made: Compiled) -> str:
    """Where a compiled schema goes if nothing else is said: next to what it is made of."""
    if ".py:" in given:
        path = Path(given.rpartition(":")[0])
        return str(path.with_name(f"{file_name(made.schema.name)}.tsr"))
    return str(Path(given).with_name(f"{stem(given)}.tsr"))


# --- what is wrong ------------------------------------------------------------------------------


def show(findings: list[Finding] | tuple[Finding, ...], to_stderr: bool = False) -> None:
    """Findings with their source lines, and how many problems each file has."""
    for file in dict.fromkeys(found.file for found in findings):
        problems = [found.problem for found in findings if found.file is file]
        text = render_text(problems, file.text, file.name, console.width(to_stderr))
        click.echo(console.report(text), err=to_stderr)
        click.echo(err=to_stderr)
        if wrong := sum(not problem.warning for problem in problems):
            said = f"{file.name}: {console.count(wrong, 'problem')}"
            click.echo(console.bad(said), err=to_stderr)


def as_json(findings: list[Finding] | tuple[Finding, ...]) -> list[ProblemJson]:
    """Findings as `tsme check --json` prints them."""
    return [row for found in findings for row in to_json([found.problem], found.file.name)]


def check(given: str) -> tuple[Compiled | None, list[Finding]]:
    """A schema if there is no problem, and all that is to be said of it."""
    try:
        found = compiled(given)
    except SchemaError as error:
        return None, error.findings
    return found, list(found.warnings)
