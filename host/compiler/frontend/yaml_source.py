"""YAML text with positions: what `source` is for JSON.

PyYAML reads the text to events; what plain words mean is decided here, by the core schema of YAML
1.2 (https://yaml.org/spec/1.2.2/, section 10.3), for it is JSON's: `on` and `no` are texts, and so
are timestamps.  Numbers that YAML 1.1 reads as something else (012, 1_000) are refused.

Aliases become copies, of which there may be `MOST_NODES` in all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from .model import Problem, Where
from .placed import Text, align
from .source import INT_MAX, INT_MIN, MAX_NESTING, Node, Value, duplicate, escape_pointer

MOST_NODES = 100_000
_CORE = "tag:yaml.org,2002:"
_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
}
_CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
_CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_TWO_MEANINGS = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9]*(_[0-9]*)+|0b[01_]+)")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

Tagged = Callable[[str, Node], "Value | None"]


class _Stop(Exception):
    """Nothing sensible can be said about the rest of the text."""


@dataclass(frozen=True)
class YamlNode(Node):
    """`end`: the offset behind a scalar; `style`: `'`, `"`, `|`, `>`, or "" if it is plain."""

    end: int = 0
    style: str = ""

    def inside(self, index: int) -> Where:
        if not isinstance(self.value, str):
            return self.where
        offsets = self.offsets()
        return self.source.where(self.pointer, offsets[min(index, len(offsets) - 1)])

    def offsets(self) -> list[int]:
        """Where each character of a text stands, and its end."""
        return align(str(self.value), self.source.text, self.start, self.end, self.style)


@dataclass
class _Open:
    """A collection that is being read."""

    pointer: str
    start: int
    tag: str | None
    anchor: str | None
    key_start: int | None
    members: dict[str, Node] | None = None  # of a mapping
    items: list[Node] = field(default_factory=list)  # of a sequence
    key: tuple[str, int] | None = None  # read, and its value not yet
    merged: dict[str, Node] = field(default_factory=dict)


def parse_yaml(text: Text, tagged: Tagged | None = None) -> tuple[Node | None, list[Problem]]:
    """Parses YAML text; as `source.parse`, but there is a tree unless the text is no YAML at all.
    A template may have oddities outside of its state machines.

    `tagged` makes the value of what has a tag of its own (`!Ref x`): it is given the tag's name
    and the node, and returns None for a tag that it does not know.
    """
    reader = _Reader(text, tagged)
    try:
        return reader.document(), reader.problems
    except _Stop:
        return None, reader.problems


class _Reader:
    def __init__(self, source: Text, tagged: Tagged | None) -> None:
        self.source = source
        self.tagged = tagged
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node] = {}
        self.open: list[_Open] = []
        self.nodes = 0
        self.root: Node | None = None

    def wrong(self, message: str, offset: int, hint: str = "", code: str = "TSME-C009") -> None:
        pointer = self.place()[0] if self.open else ""
        self.problems.append(Problem(code, message, self.source.where(pointer, offset), hint))

    def stop(self, message: str, offset: int, hint: str = "", code: str = "TSME-C009") -> _Stop:
        self.wrong(message, offset, hint, code)
        return _Stop()

    def document(self) -> Node | None:
        loader: Any = yaml.SafeLoader
        try:
            for event in yaml.parse(self.source.text, loader):
                self.event(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            context = f" {error.context}" if error.context else ""
            message = f"this is no YAML: {error.problem or 'it cannot be read'}{context}"
            hint = "indent with blanks" if "\\t" in message else ""
            raise self.stop(message, mark.index if mark else 0, hint) from None
        except yaml.reader.ReaderError as error:
            message = f"the character U+{int(error.character):04X} cannot stand in YAML"
            raise self.stop(message, int(error.position)) from None
        if self.root is None:
            raise self.stop("the text is empty", 0, "write StartAt: ...")
        return self.root

    # --- events -----------------------------------------------------------------------------

    def event(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                if self.root is not None:
                    raise self.stop("a second document begins", event.start_mark.index)
            case yaml.AliasEvent():
                self.alias(event)
            case yaml.ScalarEvent():
                self.scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.enter(event, isinstance(event, yaml.MappingStartEvent))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.leave()

    def place(self) -> tuple[str, int | None]:
        """The pointer and the key's offset of the value that comes next."""
        if not self.open:
            return "", None
        around = self.open[-1]
        if around.members is None:
            return f"{around.pointer}/{len(around.items)}", None
        if around.key is None:
            return around.pointer, None
        name, start = around.key
        return f"{around.pointer}/{escape_pointer(name)}", start

    def enter(self, event: Any, mapping: bool) -> None:
        start = event.start_mark.index
        self.needs_value(start)
        if len(self.open) >= MAX_NESTING:
            hint = "flatten the structure"
            what = f"nested deeper than {MAX_NESTING} levels"
            raise self.stop(what, start, hint, "TSME-C006")
        pointer, key_start = self.place()
        inside: dict[str, Node] | None = {} if mapping else None
        self.open.append(_Open(pointer, start, event.tag, event.anchor, key_start, inside))

    def leave(self) -> None:
        done = self.open.pop()
        value: Value = done.items
        if done.members is not None:
            value = done.merged | done.members if done.merged else done.members
        node: Node = YamlNode(value, done.pointer, done.start, self.source, done.key_start)
        self.add(self.kept(done.anchor, self.retagged(done.tag, node, ("map", "seq"))))

    def scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        around = self.open[-1] if self.open else None
        if around is not None and around.members is not None and around.key is None:
            around.key = (event.value, start)
            return
        pointer, key_start = self.place()
        style = event.style or ""
        plain = event.implicit[0] and not style
        made: Value = self.plain(event.value, start) if plain else event.value
        node: Node = YamlNode(made, pointer, start, self.source, key_start, end, style)
        tags = ("str", "int", "float", "bool", "null")
        if not event.implicit[0] and event.tag and event.tag.startswith(_CORE):
            if event.tag[len(_CORE) :] in tags[1:]:
                node = replace(node, value=self.plain(event.value, start))
        self.add(self.kept(event.anchor, self.retagged(event.tag, node, tags)))

    def alias(self, event: Any) -> None:
        start = event.start_mark.index
        self.needs_value(start)
        node = self.anchors.get(event.anchor)
        if node is None:
            message = f"the alias *{event.anchor} has no anchor before it"
            raise self.stop(
                message, start, f"write &{event.anchor} before the value it stands for"
            )
        pointer, key_start = self.place()
        self.add(self.copied(node, pointer, key_start, len(self.open)))

    def copied(self, node: Node, pointer: str, key_start: int | None, depth: int) -> Node:
        """A copy of what an alias stands for, at its own place in the tree."""
        self.count(node.start)
        if depth > MAX_NESTING:
            raise self.stop(
                f"nested deeper than {MAX_NESTING} levels", node.start, "", "TSME-C006"
            )
        value = node.value
        if isinstance(value, list):
            value = [
                self.copied(item, f"{pointer}/{n}", None, depth + 1)
                for n, item in enumerate(value)
            ]
        elif isinstance(value, dict):
            value = {
                name: self.copied(
                    item, f"{pointer}/{escape_pointer(name)}", item.key_start, depth + 1
                )
                for name, item in value.items()
            }
        return replace(node, value=value, pointer=pointer, key_start=key_start)

    # --- what there is then -----------------------------------------------------------------

    def needs_value(self, start: int) -> None:
        """A collection or an alias may not be the name of a member."""
        around = self.open[-1] if self.open else None
        if around is not None and around.members is not None and around.key is None:
            raise self.stop("the name of a member must be a text", start)

    def count(self, offset: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            message = f"the text has more than {MOST_NODES} values, aliases written out"
            raise self.stop(message, offset, "write fewer aliases", "TSME-C006")

    def kept(self, anchor: str | None, node: Node) -> Node:
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def add(self, node: Node) -> None:
        self.count(node.start)
        if not self.open:
            self.root = node
            return
        around = self.open[-1]
        if around.members is None:
            around.items.append(node)
            return
        assert around.key is not None
        name, start = around.key
        around.key = None
        if name == "<<" and self.source.text.startswith("<<", start):
            self.merge(around, node, start)
        elif name in around.members:
            self.problems.append(duplicate(name, node, around.members[name]))
        else:
            around.members[name] = node

    def merge(self, around: _Open, node: Node, start: int) -> None:
        """`<<: *base`: the members of another mapping, where there are none of that name."""
        for part in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(part.value, dict):
                self.wrong("`<<` merges mappings", start, "write <<: *anchor")
                return
            for name, item in part.value.items():
                pointer = f"{around.pointer}/{escape_pointer(name)}"
                if name not in around.merged:
                    copy = self.copied(item, pointer, item.key_start, len(self.open))
                    around.merged[name] = copy

    def retagged(self, tag: str | None, node: Node, known: tuple[str, ...]) -> Node:
        if tag is None or tag == "!" or tag.startswith(_CORE) and tag[len(_CORE) :] in known:
            return node
        shown = f"!!{tag[len(_CORE) :]}" if tag.startswith(_CORE) else tag
        value = self.tagged(tag[1:], node) if self.tagged and tag.startswith("!") else None
        if value is None:
            hint = "JSON has no such value" if tag.startswith(_CORE) else "leave it out"
            self.wrong(f"the tag {shown} has no meaning here", node.start, hint)
            return node
        return replace(node, value=value)

    def plain(self, word: str, start: int) -> Value:
        """What a word without quotes is."""
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        if _TWO_MEANINGS.fullmatch(word):
            message = f"{word} is read in two ways, by YAML 1.1 and 1.2"
            hint = f'write "{word}" if it is text, else a number without leading zeros and `_`'
            self.wrong(message, start, hint)
            return None
        if _NO_NUMBER.fullmatch(word):
            self.wrong(f"{word} is no number of JSON", start, f'write "{word}" if it is text')
            return None
        if _INT.fullmatch(word) or _OTHER_BASE.fullmatch(word):
            return self.whole(word, start)
        if _FLOAT.fullmatch(word):
            number = float(word)
            if abs(number) == float("inf"):
                return self.out_of_range(word, "beyond the range of binary64", start)
            return number
        return word

    def whole(self, word: str, start: int) -> Value:
        number = int(word, 0) if len(word) <= 40 else INT_MAX + 1
        if not INT_MIN <= number <= INT_MAX:
            return self.out_of_range(word, "outside -2^63..2^63-1", start)
        return number

    def out_of_range(self, word: str, why: str, start: int) -> Value:
        shown = word if len(word) <= 40 else word[:37] + "..."
        hint = "write it in quotes if it is an identifier"
        self.wrong(f"the number {shown} is {why}", start, hint, "TSME-C005")
        return 0
