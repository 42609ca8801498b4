"""Names that a schema and its class use: each is that of a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .inheriting import Flat
from .model import RELATIONS, Findings, Name, Place, Source, listed, near
from .reading import Declared

_NEGOTIATION = ("Enter", "Exit")
_FINAL = ("State", "End")


def check_names(declared: Declared, flat: Flat, findings: Findings) -> None:
    """Unknown names in relations, in the order and in groups."""
    states, _, groups = flat
    known = [*states, *(() if "Exception" in states else ("Exception",))]
    for name, definition in states.items():
        for relation in RELATIONS:
            for other in definition.get(relation, ()):
                if other not in known:
                    _unknown(name, relation, other, known, declared, groups, findings)
                elif other == name:
                    place = _place(other, declared)
                    text = f'"{name}" has itself in "{relation}", which does nothing'
                    findings.add("TSME-C118", text, place, "leave it out", warning=True)
    for other in declared.order:
        if other not in known:
            text = f'the order has "{other}", which is no state'
            findings.add("TSME-C109", text, _place(other, declared), near(other, known))
    missing = [name for name in declared.states if name not in declared.order]
    if declared.order and missing:
        place = _place(declared.order[-1], declared)
        text = f"the order leaves out {listed(missing)}"
        findings.add("TSME-C109", text, place, "name every state of the schema, or leave it away")
    for title, names in groups.items():
        for other in names:
            if other not in known and not other.startswith("_"):
                text = f'the group "{title}" has "{other}", which is no state'
                findings.add("TSME-C105", text, _place(other, declared), near(other, known))
        if title in known and isinstance(title, Name):
            text = f'"{title}" is a state and a group'
            findings.add("TSME-C103", text, title.place, "give the group another name")


def _unknown(
    name: str,
    relation: str,
    other: str,
    known: list[str],
    declared: Declared,
    groups: Mapping[str, list[str]],
    findings: Findings,
) -> None:
    if other.startswith("_"):
        return  # an unknown group has been said
    inherited = not isinstance(other, Name)
    if inherited and relation != "require":
        return  # Disposing removes Start, where there is one
    text = f'"{name}" {_VERB[relation]} "{other}", which is no state'
    hint, place = near(other, known), _place(other, declared)
    if inherited:
        base = next((one for one in declared.inherit if name in groups.get(one, ())), Name(name))
        text = f'"{base}" has a state that requires "{other}", which is no state'
        hint, place = f'inherit "basic" as well, or define "{other}"', base.place
    findings.add("TSME-C105", text, place or declared.place, hint)


_VERB = {"require": "requires", "add": "adds", "remove": "removes", "after": "comes after"}


def _place(name: str, declared: Declared) -> Place | None:
    return name.place if isinstance(name, Name) else declared.place


# --- handlers -----------------------------------------------------------------------------------


def check_handlers(source: Source, names: Iterable[str], findings: Findings) -> None:
    """The functions of a class that look like handlers are handlers of its states."""
    states = [*names]
    for name, (where, arguments) in source.functions.items():
        place = Place(source.file, where)
        meanings = handler_of(name, states)
        if not meanings:
            _no_handler(name, states, place, findings)
            continue
        if arguments != 1:
            text = f'the handler "{name}" takes {arguments} arguments'
            findings.add("TSME-C121", text, place, "it takes one, m; state belongs into m.data")
        if len(meanings) > 1:
            text = f'the handler "{name}" has two meanings: {", ".join(meanings)}'
            findings.add("TSME-C122", text, place, "rename one of the states")


def handler_of(name: str, states: list[str]) -> list[str]:
    """What a handler of this name is called for; nothing if it is none."""
    if name in ("AnyEnter", "AnyState"):
        return [name]
    found = []
    for affix in (*_NEGOTIATION, *_FINAL):
        if name.endswith(affix) and name.removesuffix(affix) in states:
            found.append(f"{name.removesuffix(affix)} {affix}")
    known = set(states)
    for cut in range(1, len(name)):
        if name[:cut] in known and name[cut:] in known:
            found.append(f"{name[:cut]} to {name[cut:]}")
    return found


def _no_handler(name: str, states: list[str], place: Place, findings: Findings) -> None:
    for affix in (*_NEGOTIATION, *_FINAL):
        if name.endswith(affix) and name != affix:
            stem = name.removesuffix(affix)
            hint = near(stem, [*states, "Any"], "a helper has a name in lower case")
            hint = hint.replace('"?', f'{affix}"?')
            text = f'the handler "{name}" names no state: there is no "{stem}"'
            findings.add("TSME-C120", text, place, hint)
            return
    if name[:1].isupper():
        text = f'the handler "{name}" names no state, nor two of them'
        every = [state + affix for state in states for affix in (*_NEGOTIATION, *_FINAL)]
        findings.add("TSME-C120", text, place, near(name, every, "a helper begins in lower case"))
