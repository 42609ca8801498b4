"""JSON text with positions: the first pass of the compiler.

`json` of the standard library forgets where a value stood and keeps only the last of two equal
keys.  This parser accepts exactly the JSON of RFC 8259, remembers the place of every value and
key, and goes on after a mistake so that one run shows all of them.

A placeholder `${name}` outside of strings has not been given its value, which is a problem.

Narrower than RFC 8259 where a program could not hold the value: integers outside
-2^63..2^63-1, numbers beyond binary64, lone surrogates, and nesting beyond `MAX_NESTING`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from .model import CompileError, Json, Problem, Where
from .placed import Text

MAX_NESTING = 64
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
BOM = "\ufeff"

_SPACE = " \t\n\r"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(
    r"\$(?:[^\s,{}\[\]\"]|\[[^\s\[\]]*\])*|[A-Za-z_][A-Za-z0-9_$]*|[-+.0-9][-+.0-9A-Za-z]*"
)
_PLAIN = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]+')
_SINGLE = re.compile(r"'([^'\"\\\x00-\x1f\ud800-\udfff]*)'")
_HEX4 = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TEMPLATED = re.compile(r"[-+.0-9A-Za-z_]*(?:\$\{(?:[^{}\n]|\{[^{}\n]*\})*\}[-+.0-9A-Za-z_]*)+")
_MEANT = {"True": "true", "False": "false", "None": "null", "undefined": "null"}

Value: TypeAlias = bool | int | float | str | list["Node"] | dict[str, "Node"] | None


@dataclass(frozen=True)
class Node:
    """A JSON value and its place.

    `value` holds further nodes in lists and dicts (members in source order).  `start` is the
    offset of the value's first character, `key_start` that of its member name (or None).
    """

    value: Value
    pointer: str
    start: int
    source: Text = field(repr=False, compare=False)
    key_start: int | None = None

    @property
    def where(self) -> Where:
        return self.source.where(self.pointer, self.start)

    @property
    def key_where(self) -> Where:
        """The place of the member name; of the value itself where there is none."""
        start = self.start if self.key_start is None else self.key_start
        return self.source.where(self.pointer, start)

    def inside(self, index: int) -> Where:
        """The place of character `index` of a string's value, escapes accounted for."""
        places = self.offsets()
        return self.source.where(self.pointer, places[min(index, len(places) - 1)])

    def offsets(self) -> list[int]:
        """The offsets of a string's characters, and of its closing quote."""
        offset = self.start + 1
        text = self.source.text
        found = [offset]
        while len(found) <= len(str(self.value)) and offset < len(text):
            if text[offset] != "\\":
                width = 1
            elif text[offset + 1] != "u":
                width = 2
            else:
                unit = int(text[offset + 2 : offset + 6], 16)
                width = 12 if 0xD800 <= unit < 0xDC00 else 6
            offset += width
            found.append(offset)
        return found

    def plain(self) -> Json:
        """The value without places, as `json.loads` would give it."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {name: item.plain() for name, item in self.value.items()}
        return self.value


@dataclass(frozen=True)
class Parsed:
    """A workflow that was not read from JSON of its own: from YAML, a template, or with values in
    its placeholders.  `text` is what its places count in, that of the file `name`."""

    text: str
    node: Node | None
    problems: tuple[Problem, ...]
    name: str = ""


Flow: TypeAlias = str | Parsed


def placeholder(text: str, where: Where) -> Problem:
    """The problem of a placeholder in a place that no text can take."""
    name = text[text.index("${") + 2 :].partition("}")[0].strip()
    message = f"the placeholder ${{{name}}} has no value"
    simple = re.fullmatch(r"[\w.:-]+", name)
    give = f"give it one: --substitute {name}=VALUE, or write it there"
    give = give if simple else "put a value in its place"
    return Problem("TSME-C008", message, where, give)


def escape_pointer(name: str) -> str:
    """One step of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def duplicate(name: str, node: Node, first: Node) -> Problem:
    """The problem of a member whose name another one has."""
    place = first.key_where
    first_place = f"the first time at {place.line}:{place.column}"
    message = f'the name "{name}" appears twice in one object; {first_place}'
    return Problem("TSME-C004", message, node.key_where, "remove or rename one of them")


class _Stop(Exception):
    """A mistake after which nothing sensible can be said about the rest of the text."""


class _Parser:
    def __init__(self, source: Text) -> None:
        self.text = source.text
        self.source = source
        self.at = 0
        self.problems: list[Problem] = []
        self.broken = False  # the text is not JSON (as against: JSON with bad content)

    # --- reporting --------------------------------------------------------------------------

    def note(self, code: str, message: str, pointer: str, offset: int, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.source.where(pointer, offset), hint))

    def templated(self, pointer: str) -> bool:
        """Steps over a placeholder that stands outside of strings; a problem by itself."""
        match = _TEMPLATED.match(self.text, self.at)
        if match is None:
            return False
        self.broken = True
        start = self.text.index("${", self.at)
        self.problems.append(placeholder(match.group(), self.source.where(pointer, start)))
        self.at = match.end()
        return True

    def syntax(self, message: str, pointer: str, offset: int, hint: str = "") -> None:
        self.broken = True
        self.note("TSME-C003", message, pointer, offset, hint)

    def stop(self, message: str, pointer: str, hint: str = "") -> _Stop:
        self.syntax(message, pointer, self.at, hint)
        return _Stop()

    # --- scanning ---------------------------------------------------------------------------

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def found(self) -> str:
        """What stands at the current place, for a message."""
        char = self.peek()
        if not char:
            return "the end of the text"
        if match := _WORD.match(self.text, self.at):
            return f"`{match.group()[:30]}`"
        return f"`{char}`" if char.isprintable() else f"the character U+{ord(char):04X}"

    def skip(self, pointer: str) -> None:
        """Skips white space; reports comments, which JSON does not have, and skips them too."""
        text = self.text
        while True:
            while self.at < len(text) and text[self.at] in _SPACE:
                self.at += 1
            if text.startswith(("//", "#"), self.at):
                end = text.find("\n", self.at)
            elif text.startswith("/*", self.at):
                end = text.find("*/", self.at)
                end = end + 2 if end >= 0 else -1
            else:
                return
            self.syntax("JSON has no comments", pointer, self.at, 'put it into a "Comment" field')
            self.at = end if end >= 0 else len(text)

    # --- values -----------------------------------------------------------------------------

    def document(self) -> Node:
        self.skip("")
        if not self.peek():
            raise self.stop("the text is empty", "", "write JSON, such as { ... }")
        node = self.value("", 0, None)
        self.skip("")
        if self.peek() and not self.templated(""):
            raise self.stop(f"{self.found()} follows the end of the JSON value", "")
        return node

    def value(self, pointer: str, depth: int, key_start: int | None) -> Node:
        start = self.at
        char = self.peek()
        value: Value
        if char == '"':
            value = self.string(pointer)
        elif char == "{":
            value = self.object(pointer, depth + 1)
        elif char == "[":
            value = self.array(pointer, depth + 1)
        elif self.templated(pointer):
            value = None
        elif char and (match := _WORD.match(self.text, self.at)):
            value = self.word(match.group(), pointer)
        elif char == "'":
            raise self.stop(
                "strings stand in double quotes", pointer, "write \"text\", not 'text'"
            )
        else:
            raise self.stop(f"expected a value, found {self.found()}", pointer)
        return Node(value, pointer, start, self.source, key_start)

    def enter(self, pointer: str, depth: int) -> None:
        if depth > MAX_NESTING:
            self.broken = True
            self.note(
                "TSME-C006",
                f"nested deeper than {MAX_NESTING} levels",
                pointer,
                self.at,
                "flatten the structure",
            )
            raise _Stop
        self.at += 1
        self.skip(pointer)

    def another(self, closing: str, pointer: str) -> bool:
        """After an element: True if one more follows, False if the container was closed."""
        self.skip(pointer)
        char = self.peek()
        if char == closing:
            self.at += 1
            return False
        if char == ",":
            comma = self.at
            self.at += 1
            self.skip(pointer)
            if self.peek() == closing:
                what = "object" if closing == "}" else "array"
                self.syntax(f"a comma before the end of the {what}", pointer, comma, "remove it")
                self.at += 1
                return False
            return True
        if self.templated(pointer):
            raise _Stop
        if char and char in '"{[' or _WORD.match(self.text, self.at):
            self.syntax(f"a comma is missing before {self.found()}", pointer, self.at)
            return True
        raise self.stop(f"expected `,` or `{closing}`, found {self.found()}", pointer)

    def array(self, pointer: str, depth: int) -> list[Node]:
        self.enter(pointer, depth)
        items: list[Node] = []
        if self.peek() == "]":
            self.at += 1
            return items
        while True:
            items.append(self.value(f"{pointer}/{len(items)}", depth, None))
            if not self.another("]", pointer):
                return items

    def object(self, pointer: str, depth: int) -> dict[str, Node]:
        self.enter(pointer, depth)
        members: dict[str, Node] = {}
        if self.peek() == "}":
            self.at += 1
            return members
        while True:
            start = self.at
            name = self.name(pointer)
            self.skip(pointer)
            if self.peek() != ":":
                raise self.stop(
                    f'expected `:` after the name "{name}", found {self.found()}', pointer
                )
            self.at += 1
            self.skip(pointer)
            node = self.value(f"{pointer}/{escape_pointer(name)}", depth, start)
            if name in members:
                self.problems.append(duplicate(name, node, members[name]))
            else:
                members[name] = node
            if not self.another("}", pointer):
                return members

    def name(self, pointer: str) -> str:
        if self.peek() == '"':
            return self.string(pointer)
        if self.templated(pointer):
            raise _Stop
        match = _WORD.match(self.text, self.at)
        if quoted := _SINGLE.match(self.text, self.at):
            hint = f'write "{quoted[1]}"'
            self.syntax("names stand in double quotes", pointer, self.at, hint)
            self.at = quoted.end()
            return quoted[1]
        if match is None:
            raise self.stop(f"expected a name in double quotes, found {self.found()}", pointer)
        word = match.group()
        self.syntax(f"the name {word} is not in quotes", pointer, self.at, f'write "{word}"')
        self.at = match.end()
        return word

    def word(self, word: str, pointer: str) -> bool | int | float | None:
        start = self.at
        self.at += len(word)
        if word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        match = _NUMBER.fullmatch(word)
        if match is None:
            meant = _MEANT.get(word)
            if word[0] in "+-.0123456789" or word in ("NaN", "Infinity"):
                self.syntax(f"`{word[:40]}` is not a JSON number", pointer, start)
            else:
                hint = f"write {meant}" if meant else f'write "{word[:40]}" if it is text'
                self.syntax(f"`{word[:40]}` is not a JSON value", pointer, start, hint)
            return None
        if match.group(1) or match.group(2):
            number = float(word)
            if number in (float("inf"), float("-inf")):
                self.out_of_range(word, "beyond the range of binary64", pointer, start)
                return 0.0
            return number
        if len(word) > 20 or not INT_MIN <= int(word) <= INT_MAX:
            self.out_of_range(word, "outside -2^63..2^63-1", pointer, start)
            return 0
        return int(word)

    def out_of_range(self, word: str, why: str, pointer: str, start: int) -> None:
        shown = word if len(word) <= 40 else word[:37] + "..."
        hint = "write it as a string if it is an identifier"
        self.note("TSME-C005", f"the number {shown} is {why}", pointer, start, hint)

    # --- strings ----------------------------------------------------------------------------

    def string(self, pointer: str) -> str:
        start = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            if match := _PLAIN.match(self.text, self.at):
                parts.append(match.group())
                self.at = match.end()
            char = self.peek()
            if char == '"':
                self.at += 1
                return "".join(parts)
            if char == "\\":
                parts.append(self.escape(pointer))
            elif not char or char == "\n":
                self.syntax("the string has no closing quote", pointer, start)
                raise _Stop
            elif char < " ":
                self.syntax(
                    f"the control character U+{ord(char):04X} stands bare in a string",
                    pointer,
                    self.at,
                    f"write \\u{ord(char):04x}",
                )
                self.at += 1
            else:
                self.surrogate(ord(char), pointer, self.at)
                parts.append("\ufffd")
                self.at += 1

    def escape(self, pointer: str) -> str:
        start = self.at
        char = self.text[start + 1 : start + 2]
        if char in _ESCAPES:
            self.at += 2
            return _ESCAPES[char]
        if char != "u":
            self.syntax(
                f"`\\{char}` is not an escape of JSON",
                pointer,
                start,
                "write \\\\ for a backslash",
            )
            self.at += 2 if char and char >= " " else 1
            return char
        unit = self.unit(start, pointer)
        if unit is None:
            return ""
        if not 0xD800 <= unit < 0xE000:
            return chr(unit)
        if unit < 0xDC00 and self.text.startswith("\\u", self.at):
            low = _HEX4.match(self.text, self.at + 2)
            if low and 0xDC00 <= int(low.group(), 16) < 0xE000:
                self.at += 6
                return chr(0x10000 + ((unit - 0xD800) << 10) + int(low.group(), 16) - 0xDC00)
        self.surrogate(unit, pointer, start)
        return "\ufffd"

    def unit(self, start: int, pointer: str) -> int | None:
        match = _HEX4.match(self.text, start + 2)
        if match is None:
            self.syntax("`\\u` needs four hexadecimal digits", pointer, start)
            self.at += 2
            return None
        self.at = match.end()
        return int(match.group(), 16)

    def surrogate(self, unit: int, pointer: str, offset: int) -> None:
        self.note(
            "TSME-C007",
            f"half a surrogate pair (U+{unit:04X}) is not a character",
            pointer,
            offset,
            "write both halves, or the character itself",
        )


def parse(text: str | Text | Parsed) -> tuple[Node | None, list[Problem]]:
    """Parses JSON text; a byte order mark before it does not count.

    Returns the tree and the problems found.  The tree is None if the text is not JSON; with
    problems of content only (equal names, numbers out of range) it is there, so that later
    passes can add theirs.
    """
    if isinstance(text, Parsed):
        return text.node, list(text.problems)
    parser = _Parser(Text.of(text.removeprefix(BOM)) if isinstance(text, str) else text)
    try:
        node = parser.document()
    except _Stop:
        return None, parser.problems
    return None if parser.broken else node, parser.problems


def parse_text(text: str | Parsed, filename: str = "") -> Node:
    """Parses JSON text to a tree.

    Raises `CompileError` with every problem of the text; `filename` goes into the error.
    """
    node, problems = parse(text)
    if problems or node is None:
        raise CompileError(problems, filename)
    return node


def decode(data: bytes) -> str:
    """Bytes of a file to text.

    Raises `CompileError` (TSME-C001) if they are not UTF-8.
    """
    for mark, name in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if data.startswith(mark):
            raise _not_utf8(f"the file is {name}, not UTF-8", data, 0)
    if data[:4].count(0) >= 2:
        raise _not_utf8("the file looks like UTF-16 or UTF-32, not UTF-8", data, 0)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02X} is out of place"
        raise _not_utf8(message, data, error.start) from None


def _not_utf8(message: str, data: bytes, offset: int) -> CompileError:
    before = data[:offset]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    where = Where("", before.count(b"\n") + 1, column)
    return CompileError([Problem("TSME-C001", message, where, "save the file as UTF-8")])
