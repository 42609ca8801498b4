"""What a definition inherits: standard schemas, and those of other files and classes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from tsme.relational.standard import STANDARD, flatten

from .model import Findings, Name, Open, Source, near
from .reading import Declared, read

_DEEP = 16  # definitions that inherit from one another
Flat = tuple[dict[str, dict[str, Any]], list[str], dict[str, list[str]]]
Base = tuple[str, Sequence[tuple[str, Mapping[str, Any]]], Mapping[str, Sequence[str]]]


def flat(source: Source, open_: Open, findings: Findings) -> tuple[Declared, Flat]:
    """A definition with all that it inherits, as the device's `flatten` has it."""
    return _flat(source, open_, findings, ())


def _flat(
    source: Source, open_: Open, findings: Findings, under_way: tuple[str, ...]
) -> tuple[Declared, Flat]:
    declared = read(source, findings)
    bases: list[Base] = []
    for name in declared.inherit:
        base = _base(name, source, open_, findings, under_way)
        if base is not None:
            bases.append(base)
    _same_twice(bases, declared, findings)
    groups_known(declared, bases, findings)
    order = declared.order or None
    groups = OrderedDict(declared.groups)
    return declared, flatten(list(declared.states.items()), order, groups, bases)


def _base(
    name: Name, source: Source, open_: Open, findings: Findings, under_way: tuple[str, ...]
) -> Base | None:
    standard = dict(STANDARD)
    if name in standard:
        return str(name), standard[name], {}
    if "." not in name and "/" not in name:
        hint = near(name, standard, f"there are {', '.join(standard)}, and files")
        findings.add("TSME-C107", f'there is no schema "{name}" to inherit', name.place, hint)
        return None
    try:
        other = open_(name, source.file)
    except LookupError as error:
        findings.add("TSME-C107", f'"{name}" cannot be inherited: {error.args[0]}', name.place)
        return None
    here = f"{other.file.name}:{other.name}"
    if here in under_way or len(under_way) >= _DEEP:
        text = f'"{name}" inherits what is being read'
        hint = "put what both need into a third schema"
        findings.add("TSME-C107", text, name.place, hint)
        return None
    declared, (states, order, groups) = _flat(other, open_, findings, (*under_way, here))
    rows = [(state, states[state]) for state in order if state in states]
    return declared.name, rows, {n: g for n, g in groups.items() if n != "self"}


def _same_twice(bases: list[Base], declared: Declared, findings: Findings) -> None:
    """A state that two bases define otherwise, and the schema does not say which it is."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for title, states, _ in bases:
        for name, definition in states:
            first, earlier = found.setdefault(name, (title, definition))
            if name in declared.states or not _differ(earlier, definition):
                continue
            place = next((n.place for n in declared.inherit if n.endswith(title)), declared.place)
            text = f'"{first}" and "{title}" define the state "{name}" differently'
            hint = f'define "{name}" in the schema itself'
            findings.add("TSME-C108", text, place, hint)


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    keys = one.keys() | other.keys()
    return any(_plain(one.get(key)) != _plain(other.get(key)) for key in keys)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value or None


def groups_known(declared: Declared, bases: list[Base], findings: Findings) -> None:
    """Each `_Group` in a list is a group."""
    known = [*declared.groups, *(title for title, _, _ in bases)]
    known += [name for _, _, more in bases for name in more] + (["self"] if bases else [])
    lists = [items for state in declared.states.values() for items in state.values()]
    for items in [*lists, *declared.groups.values()]:
        for name in items if isinstance(items, list) else ():
            if name.startswith("_") and name[1:] not in known:
                hint = near(name[1:], known, f"there are {', '.join(known) or 'none'}")
                text = f'there is no group "{name[1:]}"'
                findings.add("TSME-C106", text, name.place, hint.replace('mean "', 'mean "_'))
