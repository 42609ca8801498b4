"""A definition as it stands in a file: its members, each of the right type and with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..compiler.frontend.source import Node
from .model import MOST_NAME, RELATIONS, Findings, Name, Place, Source, near

MEMBERS = ("name", "version", "states", "order", "groups", "inherit")
OF_STATE = ("auto", "multi", *RELATIONS, "tags")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_AFFIXES = ("Enter", "Exit", "State", "End", "Any")
_VERSIONS = 2**31


@dataclass
class Declared:
    """The members of a definition, with nothing inherited yet."""

    name: str = ""
    version: int = 1
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    inherit: list[Name] = field(default_factory=list)
    place: Place | None = None


def read(source: Source, findings: Findings) -> Declared:
    """The members of a definition; what is wrong with one is a finding, and it is left out."""
    findings.take(source.file, source.problems)
    declared = Declared(source.name)
    if source.root is not None:
        _Reader(source, findings, declared).definition(source.root)
    return declared


class _Reader:
    def __init__(self, source: Source, findings: Findings, declared: Declared) -> None:
        self.file = source.file
        self.findings = findings
        self.declared = declared

    def wrong(self, code: str, message: str, node: Node, hint: str = "") -> None:
        self.findings.add(code, message, Place(self.file, node.where), hint)

    def key(self, node: Node, name: str) -> Name:
        return Name(name, Place(self.file, node.key_where))

    def definition(self, root: Node) -> None:
        self.declared.place = Place(self.file, root.where)
        if not isinstance(root.value, dict):
            self.wrong("TSME-C101", f"a schema is an object, not {_kind(root)}", root)
            return
        for name, node in root.value.items():
            if name not in MEMBERS:
                hint = near(name, MEMBERS, "it has " + ", ".join(MEMBERS))
                place = Place(self.file, node.key_where)
                self.findings.add("TSME-C100", f'a schema has no member "{name}"', place, hint)
                continue
            getattr(self, "_" + name)(node)
        if "states" not in root.value and "inherit" not in root.value:
            self.wrong("TSME-C100", "a schema needs states", root, 'add "states": {"Start": {}}')

    def _name(self, node: Node) -> None:
        value = node.value
        if isinstance(value, str) and 0 < len(value) <= MOST_NAME and value.isprintable():
            self.declared.name = value
        else:
            text = f"name is a text of 1 to {MOST_NAME} characters that can be printed"
            self.wrong("TSME-C102", text, node)

    def _version(self, node: Node) -> None:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _VERSIONS:
            self.declared.version = value
        else:
            self.wrong("TSME-C101", "version is an integer, such as 1", node)

    def _states(self, node: Node) -> None:
        for name, inner in self.members(node, "states", pairs=True):
            place = self.key(inner, name)
            if not self.good_name(place, "state"):
                continue
            if name in self.declared.states:
                self.findings.add("TSME-C103", f'"{name}" is defined twice', place.place)
                continue
            self.declared.states[place] = self.state(name, inner)

    def _order(self, node: Node) -> None:
        self.declared.order = list(self.names(node, "order"))

    def _groups(self, node: Node) -> None:
        for name, inner in self.members(node, "groups"):
            place = self.key(inner, name)
            if self.good_name(place, "group"):
                self.declared.groups[place] = list(self.names(inner, f'the group "{name}"'))

    def _inherit(self, node: Node) -> None:
        self.declared.inherit = self.names(node, "inherit")

    def members(self, node: Node, what: str, pairs: bool = False) -> list[tuple[str, Node]]:
        """Names and values of an object, or of pairs in an array."""
        value = node.value
        if isinstance(value, dict):
            return list(value.items())
        if pairs and isinstance(value, list):
            found = []
            for item in value:
                pair = item.value if isinstance(item.value, list) else []
                if len(pair) != 2 or not isinstance(pair[0].value, str):
                    name = item.value if isinstance(item.value, str) else "Start"
                    hint = f'each is its name and a dict, in Python ("{name}", {{}})'
                    self.wrong("TSME-C101", "a state is a pair of name and definition", item, hint)
                    continue
                inner = Node(
                    pair[1].value, pair[1].pointer, pair[1].start, pair[1].source, pair[0].start
                )
                found.append((pair[0].value, inner))
            return found
        self.wrong("TSME-C101", f"{what} must be an object, not {_kind(node)}", node)
        return []

    def good_name(self, name: Name, what: str) -> bool:
        """Is this a name that a state or group may have?"""
        if not _NAME.fullmatch(name) or len(name) > MOST_NAME:
            text = f'"{name}" is no name for a {what}: a letter, then letters, digits and _'
            hint = f"at most {MOST_NAME} of them" if len(name) > MOST_NAME else ""
            self.findings.add("TSME-C102", text, name.place, hint)
            return False
        affix = next((affix for affix in _AFFIXES if name.endswith(affix)), "")
        if what == "state" and (affix or name.startswith("Any")):
            part = f'ends with "{affix}"' if affix else 'begins with "Any"'
            text = f'the state "{name}" {part}, as handlers do: names with two meanings'
            self.findings.add("TSME-C104", text, name.place, _renamed(name, affix))
        return True

    def state(self, name: str, node: Node) -> dict[str, Any]:
        """A definition as the device takes it, names with their places."""
        found: dict[str, Any] = {}
        if node.value is None and node.source.text[node.start : node.start + 4] != "null":
            return found  # YAML: `Start:` and nothing behind it
        for key, inner in self.members(node, f'the state "{name}"'):
            if key not in OF_STATE:
                hint = near(key, OF_STATE, "it has " + ", ".join(OF_STATE))
                place = Place(self.file, inner.key_where)
                self.findings.add("TSME-C100", f'a state has no member "{key}"', place, hint)
            elif key in ("auto", "multi"):
                if isinstance(inner.value, bool):
                    found[key] = inner.value
                else:
                    self.wrong("TSME-C101", f"{key} is true or false, not {_kind(inner)}", inner)
            else:
                found[key] = self.names(inner, f'"{key}" of "{name}"')
        return found

    def names(self, node: Node, what: str) -> list[Name]:
        """An array of names; a text alone is one of them."""
        items = [node] if isinstance(node.value, str) else node.value
        found: list[Name] = []
        if not isinstance(items, list):
            self.wrong("TSME-C101", f"{what} must be an array of names, not {_kind(node)}", node)
            return found
        for item in items:
            if not isinstance(item.value, str):
                self.wrong("TSME-C101", f"{what} holds {_kind(item)}, not a name", item)
            elif item.value in found:
                self.wrong("TSME-C103", f'{what} has "{item.value}" twice', item, "once will do")
            else:
                found.append(Name(item.value, Place(self.file, item.where)))
        return found


def _kind(node: Node) -> str:
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names: Mapping[type, str] = {
        str: "a text", int: "a number", float: "a number", list: "an array", dict: "an object"
    }  # fmt: skip
    return names[type(value)]


def _renamed(name: str, affix: str) -> str:
    bare = name.removesuffix(affix) if affix else name.removeprefix("Any")
    return f'rename it, perhaps to "{bare}Done"' if bare else "rename it"
