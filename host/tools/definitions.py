"""Workflows as people keep them: JSON, YAML, or in a template, with placeholders.

`template.yaml:Name` names one of several state machines.  Values for placeholders come from the
options `--substitute` and `--substitutions`, which `takes_values` gives to a command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ..compiler.frontend.model import Json, Problem
from ..compiler.frontend.placed import PLACEHOLDER, Text, substitute
from ..compiler.frontend.source import BOM, Flow, Node, Parsed, parse
from .errors import HostError, did_you_mean
from .inputs import input_error, read_text

_YAML = re.compile(
    r"(?:[ \t]*(?:#.*)?\r?\n)*(?:---|%YAML|[A-Za-z_][\w:. -]*:(?:[ \t\r\n]|\Z)|[ \t]*#)"
)
_META = "tsme.values"
_Command = TypeVar("_Command", bound=Callable[..., Any])
_inherited: dict[str, str] = {}
ReadText = Callable[[str], str]  # of the text of a file


# --- values for placeholders ------------------------------------------------------------------


def takes_values(command: _Command) -> _Command:
    """Gives a command the options with values for placeholders; `values` has them then."""
    given = click.option(
        "--substitute",
        metavar="NAME=VALUE",
        multiple=True,
        expose_value=False,
        callback=_given,
        help="Put a value into the placeholders ${NAME} of a workflow. May be repeated.",
    )
    file = click.option(
        "--substitutions",
        metavar="FILE",
        expose_value=False,
        callback=_of_file,
        help="The same from a JSON or YAML file: names and their values.",
    )
    return given(file(command))


def values() -> dict[str, str]:
    """The values given to the command that runs."""
    context = click.get_current_context(silent=True)
    if context is None:
        return dict(_inherited)
    found = context.find_root().meta
    return {**found.get(f"{_META}.file", {}), **found.get(f"{_META}.given", {})}


def give(inherited: Mapping[str, str]) -> None:
    """In a process that works for a command: the values that this one was given."""
    _inherited.update(inherited)


def _given(context: click.Context, _: click.Parameter, given: tuple[str, ...]) -> None:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            hint = "write --substitute NAME=VALUE"
            raise HostError("TSME-H002", f'--substitute "{text}" gives no value', hint)
        found[name.strip()] = value
    context.find_root().meta[f"{_META}.given"] = found


def _of_file(context: click.Context, _: click.Parameter, path: str | None) -> None:
    if path is None:
        return
    text = read_text(path)
    node, problems = _nodes(Text.of(text.removeprefix(BOM)), path)
    if node is None or problems:
        raise input_error(problems, path)
    plain = node.plain()
    if not isinstance(plain, dict):
        hint = 'write {"NAME": VALUE}'
        raise HostError("TSME-H002", f"{path} is no object of names and values", hint)
    context.find_root().meta[f"{_META}.file"] = {name: as_text(v) for name, v in plain.items()}


def as_text(value: Json) -> str:
    """A value as it goes into a placeholder: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- reading ------------------------------------------------------------------------------------


def split_name(given: str) -> tuple[str, str]:
    """`template.yaml:Name` as its two parts; a file of that very name goes first."""
    path, colon, name = given.rpartition(":")
    if colon and path and name and not Path(given).exists() and Path(path).is_file():
        return path, name
    return given, ""


def as_flow(text: str, path: str, name: str, own: Mapping[str, str], read: ReadText) -> Flow:
    """The workflow in the text of a file: the text itself if it is JSON and nothing else.

    `name`: of a state machine in a template.  `own`: values for placeholders.  `read` gives the
    text of another file, which the template may name.
    """
    bare = text.removeprefix(BOM)
    source = substitute(Text.of(bare), own.get)
    yaml = _is_yaml(source.text, path)
    if not yaml and source.text == bare and '"Resources"' not in bare and not name:
        _all_used(own, bare, path)
        return bare
    node, problems = _nodes(source, path)
    found = _machine(node, path, name) if node else None
    if node is None or found is None:
        _all_used(own, bare, path)
        return _parsed(bare, node, problems)
    problems = [p for p in problems if p.where.pointer.startswith(f"{found.pointer}/")]
    return _of_template(node, found, bare, problems, path, own, read)


def _parsed(text: str, node: Node | None, problems: list[Problem], name: str = "") -> Parsed:
    """Without a tree if YAML says what JSON cannot, so that nothing follows from that."""
    sound = all(problem.code != "TSME-C009" for problem in problems)
    return Parsed(text, node if sound else None, tuple(problems), name)


def _is_yaml(text: str, path: str) -> bool:
    if text.lstrip()[:1] in ("{", "["):
        return False
    return path.endswith((".yaml", ".yml")) or bool(_YAML.match(text))


def _nodes(source: Text, path: str) -> tuple[Node | None, list[Problem]]:
    if not _is_yaml(source.text, path):
        return parse(source)
    from ..compiler.frontend.aws_templates import tagged  # noqa: PLC0415
    from ..compiler.frontend.yaml_source import parse_yaml  # noqa: PLC0415

    return parse_yaml(source, tagged)


def _machine(root: Node, path: str, name: str) -> Node | None:
    """The state machine that is meant; None if this is no template."""
    from ..compiler.frontend.aws_templates import machines  # noqa: PLC0415

    found = machines(root)
    if found is None:
        if name:
            raise HostError("TSME-H015", f'"{path}" is no template, so it has no "{name}"')
        return None
    names = ", ".join(found)
    if name and name not in found:
        hint = did_you_mean(name, found) or (f"it has {names}" if found else "")
        raise HostError("TSME-H015", f'"{path}" has no state machine "{name}"', hint)
    if not found:
        raise HostError("TSME-H015", f'"{path}" is a template without a state machine')
    if not name and len(found) > 1:
        first = next(iter(found))
        text = f'"{path}" has {len(found)} state machines: {names}'
        raise HostError("TSME-H015", text, f"name one: {path}:{first}")
    return found[name] if name else next(iter(found.values()))


def _of_template(
    root: Node,
    machine: Node,
    text: str,
    problems: list[Problem],
    path: str,
    own: Mapping[str, str],
    read: ReadText,
) -> Flow:
    from ..compiler.frontend.aws_templates import TemplateError, definition  # noqa: PLC0415

    try:
        found = definition(root, machine, own)
    except TemplateError as error:
        place = error.node.where
        at = f"{path}:{place.line}:{place.column}"
        raise HostError("TSME-H015", f"{at}: {error.message}", error.hint) from None
    if isinstance(found, Parsed):
        return _parsed(text, found.node, [*problems, *found.problems])
    file = str(Path(path).parent / found.path) if path != "-" else found.path
    inner = read(file).removeprefix(BOM)
    node, more = _nodes(substitute(Text.of(inner), found.values.get), file)
    return _parsed(inner, node, more, file)


def _all_used(own: Mapping[str, str], text: str, path: str) -> None:
    """A value that was given by name has a placeholder."""
    context = click.get_current_context(silent=True)
    given = context.find_root().meta.get(f"{_META}.given", {}) if context else {}
    there = [match[1].strip() for match in PLACEHOLDER.finditer(text)]
    for name in given:
        if name in own and name not in there:
            hint = did_you_mean(name, there) or (f"it has {', '.join(there[:9])}" if there else "")
            raise HostError("TSME-H002", f'"{path}" has no placeholder ${{{name}}}', hint)
