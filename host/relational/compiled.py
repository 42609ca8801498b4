"""Compiled schemas (.tsr) read back, and as text (docs/SPEC.md has the bytes)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tsme.errors import TsmeError
from tsme.values import cbor

from .model import RELATIONS, Schema, State

_FIELDS = 14
NO_STATE = "?"  # what a state requires that is none: it can never be active


def load(data: bytes) -> Schema:
    """The schema that some bytes are.  Raises ValueError if they are none."""
    try:
        items, end = cbor.decode(data, 0, True)
    except TsmeError as error:
        raise ValueError(f"{error.message} ({error.code})") from None
    if end != len(data) or not isinstance(items, list) or len(items) != _FIELDS or items[0] != 1:
        raise ValueError("it is no schema of this version")
    try:
        return _schema(items[1:])
    except (TypeError, ValueError, IndexError, AttributeError):
        raise ValueError("its fields are not those of a schema") from None


def _schema(items: list[Any]) -> Schema:
    name, version, names, auto, multi, require, add, remove, after, _, tags, groups, error = items
    if not isinstance(name, str) or not isinstance(version, int) or not _texts(names):
        raise ValueError
    flags = {"auto": set(_named(auto, names)), "multi": set(_named(multi, names))}
    states = [
        State(
            one,
            one in flags["auto"],
            one in flags["multi"],
            _named(require[n], [*names, NO_STATE]),
            tuple(names[index] for index in add[n]),
            _named(remove[n], names),
            _named(after[n], names),
            tuple(tags.get(one, ())),
        )
        for n, one in enumerate(names)
    ]
    members = {title: _named(mask, names) for title, mask in groups.items()}
    return Schema(name, version, tuple(states), members, error)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _named(mask: Any, names: list[str]) -> tuple[str, ...]:
    """The names whose bits a mask has."""
    bits = int.from_bytes(bytes(mask), "little")
    if bits >> len(names):
        raise ValueError
    return tuple(name for n, name in enumerate(names) if bits >> n & 1)


# --- as text ------------------------------------------------------------------------------------


def to_text(schema: Schema, data: bytes) -> str:
    """A listing: a line for each state, and below it what it says of others."""
    head = f"; schema {schema.name}, version {schema.version}: {len(schema.states)} states, "
    lines = [f"{head}{len(data)} bytes"]
    if schema.error:
        lines.append(f"; begins with an Exception: {schema.error}")
    width = len(str(len(schema.states) - 1))
    for number, state in enumerate(schema.states):
        flags = [flag for flag in ("auto", "multi") if getattr(state, flag)]
        lines.append(" ".join([f"{number:{width}} {state.name}", *flags]))
        lines += _relations(state, " " * (width + 3))
    for title, names in schema.groups.items():
        lines.append(f"group {title}: {', '.join(names)}")
    return "\n".join(lines)


def _relations(state: State, indent: str) -> Iterator[str]:
    for relation in (*RELATIONS, "tags"):
        if names := getattr(state, relation):
            yield f"{indent}{relation} {', '.join(names)}"


def to_json(schema: Schema, data: bytes) -> dict[str, Any]:
    """The same as data; what is not so is left out."""
    states = {}
    for state in schema.states:
        flags = {flag: True for flag in ("auto", "multi") if getattr(state, flag)}
        lists = {key: list(getattr(state, key)) for key in (*RELATIONS, "tags")}
        states[state.name] = flags | {key: names for key, names in lists.items() if names}
    found: dict[str, Any] = {
        "name": schema.name,
        "version": schema.version,
        "bytes": len(data),
        "states": states,
        "order": [state.name for state in schema.states],
        "groups": {title: list(names) for title, names in schema.groups.items()},
    }
    return found | ({"error": schema.error} if schema.error else {})
