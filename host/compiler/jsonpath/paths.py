"""Paths: the JSONPath dialect of the States Language (sections "Paths", "Reference Paths").

A path starts at `$` (the input), `$$` (the context object) or `$name` (a variable), and goes on
in dot or bracket notation.  AWS evaluates paths with the Jayway library, so that is the dialect:
wildcards, slices, unions, filters `[?(...)]`, scripts `[(...)]`, `..`, trailing functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..frontend.model import (
    Descend,
    Filter,
    Function,
    Index,
    Key,
    Path,
    Segment,
    Several,
    Slice,
    Where,
    Wildcard,
)

FUNCTIONS = ("avg", "first", "keys", "last", "length", "max", "min", "stddev", "sum")

_INT = re.compile(r"-?[0-9]+")
_SLICE = re.compile(r"\s*(-?[0-9]+)?\s*:\s*(-?[0-9]+)?\s*(?::\s*(-?[0-9]+)?\s*)?\]")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_ENDS_NAME = frozenset(" \t\r\n.[](),'\"")
_BLANKS = "".join(map(chr, range(0x21)))  # Jayway trims a path as Java's String.trim does
_LIMIT = 2**31


class PathError(Exception):
    """A mistake in a path; `index` counts characters from the start of the scanned text."""

    def __init__(self, message: str, index: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.index = index
        self.hint = hint


def is_path(text: object) -> bool:
    """Does a value of the source begin as a path does?"""
    return isinstance(text, str) and text.lstrip(_BLANKS).startswith("$")


def parse_path(text: str, where: Where) -> Path:
    """Parses a whole string as a path; blanks around it do not count.  Raises `PathError`."""
    start = len(text) - len(text.lstrip(_BLANKS))
    text = text.rstrip(_BLANKS)
    path, end = scan_path(text, start, where)
    if end < len(text):
        if text[end].isspace():
            hint = "write names with blanks in brackets: $['my name']"
            raise PathError("a blank cannot stand in a path", end, hint)
        raise PathError(f"`{text[end]}` cannot stand here in a path", end)
    return path


def scan_path(text: str, start: int, where: Where) -> tuple[Path, int]:
    """Parses the path that begins at `text[start]`; returns it and the index after it.

    Raises `PathError`.
    """
    scanner = _Scanner(text, start)
    root = scanner.root()
    segments = tuple(scanner.segments())
    return Path(root, segments, text[start : scanner.at], where), scanner.at


class _Scanner:
    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.at = start

    def peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def blanks(self) -> None:
        while self.peek() and self.peek() in " \t\r\n":
            self.at += 1

    def root(self) -> str:
        if self.peek() != "$":
            raise PathError("a path starts with `$`", self.at, "write $.name")
        self.at += 1
        if self.peek() == "$":
            self.at += 1
            if self.peek() and self.peek() not in ".[,) \t\r\n":
                raise PathError("`.` or `[` follows `$$`", self.at, "write $$.Execution.Id")
            return "$$"
        if match := _IDENTIFIER.match(self.text, self.at):
            self.at = match.end()
            return match.group()
        return "$"

    def segments(self) -> list[Segment]:
        found: list[Segment] = []
        while True:
            if found and isinstance(found[-1], Function) and self.peek() and self.peek() in ".[":
                raise PathError("nothing can follow a function in a path", self.at)
            if self.text.startswith("..", self.at):
                found.append(Descend())
                self.at += 2
                found.append(self.bracket() if self.peek() == "[" else self.dot_name())
                if isinstance(found[-1], Function):
                    raise PathError("a function cannot follow `..`", self.at)
            elif self.peek() == ".":
                self.at += 1  # Jayway accepts `$.['a']` as well as `$['a']`
                found.append(self.bracket() if self.peek() == "[" else self.dot_name())
            elif self.peek() == "[":
                found.append(self.bracket())
            elif self.name_without_dot():
                found.append(self.dot_name())
            else:
                return found

    def name_without_dot(self) -> bool:
        """Jayway needs no dot before a name behind `]` or a star: $.list[0]name."""
        behind = self.text[self.at - 1]
        return behind in "]*" and bool(self.peek()) and self.peek() not in _ENDS_NAME

    # --- dot notation -----------------------------------------------------------------------

    def dot_name(self) -> Segment:
        start = self.at
        if self.peek() == "*":
            self.at += 1
            return Wildcard()
        name = self.escaped_name()
        if self.text.startswith("()", self.at):
            if name not in FUNCTIONS:
                known = ", ".join(FUNCTIONS)
                raise PathError(f"there is no path function {name}()", start, f"known: {known}")
            self.at += 2
            return Function(name)
        if self.peek() == "(":
            raise PathError("path functions take no arguments here", self.at)
        if not name:
            char = self.peek()
            if char == ".":
                raise PathError("three dots in a row", self.at, "write $.a or $..a")
            if char in ("'", '"'):
                raise PathError("quotes need brackets", self.at, "write $['name']")
            raise PathError("a name is missing after `.`", start)
        return Key(name)

    def escaped_name(self) -> str:
        """A name up to the next delimiter; `\\x` stands for x, `\\uXXXX` for that character."""
        parts: list[str] = []
        while (char := self.peek()) and char not in _ENDS_NAME:
            if char != "\\":
                if char in "?@" and not parts:
                    hint = f"write $['{char}...'] if it is part of a name"
                    raise PathError(f"a name cannot start with `{char}`", self.at, hint)
                parts.append(char)
                self.at += 1
                continue
            following = self.peek(1)
            if not following:
                raise PathError("the path ends in a backslash", self.at)
            if following == "u" and _is_hex4(self.text, self.at + 2):
                parts.append(chr(int(self.text[self.at + 2 : self.at + 6], 16)))
                self.at += 6
            else:
                parts.append(following)
                self.at += 2
        return _join_surrogates("".join(parts))

    # --- bracket notation -------------------------------------------------------------------

    def bracket(self) -> Segment:
        opening = self.at
        self.at += 1
        self.blanks()
        char = self.peek()
        segment: Segment
        if char == "*":
            self.at += 1
            segment = Wildcard()
        elif char in ("'", '"'):
            segment = self.names()
        elif char == "?" or char == "(":
            return self.filter(opening)
        elif match := _SLICE.match(self.text, self.at):
            return self.slice(match)
        elif _INT.match(self.text, self.at):
            segment = self.numbers()
        elif not char:
            raise PathError("`[` is not closed", opening, "add `]`")
        elif char == "]":
            raise PathError("nothing between `[` and `]`", opening, "write [*] for all elements")
        else:
            hint = "put names in quotes: ['name']"
            raise PathError(f"`{char}` cannot stand after `[`", self.at, hint)
        self.blanks()
        if self.peek() != "]":
            if not self.peek():
                raise PathError("`[` is not closed", opening, "add `]`")
            raise PathError(f"expected `]`, found `{self.peek()}`", self.at)
        self.at += 1
        return segment

    def slice(self, match: re.Match[str]) -> Slice:
        start, stop, step = (_bounded(part, self.at) for part in match.groups())
        if step == 0:
            raise PathError("the step of a slice cannot be 0", self.at)
        self.at = match.end()
        return Slice(start, stop, step)

    def numbers(self) -> Index | Several:
        parts: list[Index] = []
        while True:
            match = _INT.match(self.text, self.at)
            if match is None:
                raise PathError("a number is missing after `,`", self.at)
            number = _bounded(match.group(), self.at)
            assert number is not None
            parts.append(Index(number))
            self.at = match.end()
            if not self.comma():
                return parts[0] if len(parts) == 1 else Several(tuple(parts))

    def names(self) -> Key | Several:
        parts: list[Key] = []
        while True:
            if self.peek() not in ("'", '"'):
                raise PathError("a name in quotes is missing after `,`", self.at)
            parts.append(Key(self.quoted()))
            if not self.comma():
                return parts[0] if len(parts) == 1 else Several(tuple(parts))

    def comma(self) -> bool:
        self.blanks()
        if self.peek() != ",":
            return False
        self.at += 1
        self.blanks()
        return True

    def quoted(self) -> str:
        """A name in quotes.  Only the quote and the backslash are escaped; AWS leaves every
        other backslash as it is."""
        start, quote = self.at, self.peek()
        self.at += 1
        parts: list[str] = []
        while (char := self.peek()) != quote:
            if not char:
                raise PathError("the name has no closing quote", start, f"add {quote}")
            if char == "\\" and self.peek(1) in (quote, "\\") and self.peek(1):
                char = self.peek(1)
                self.at += 1
            parts.append(char)
            self.at += 1
        self.at += 1
        return "".join(parts)

    def filter(self, opening: int) -> Filter:
        """`[?(...)]` or `[(...)]`; brackets and quotes inside must balance."""
        start = self.at
        stack: list[str] = []
        pairs = {"(": ")", "[": "]", "{": "}"}
        while char := self.peek():
            if char in "'\"":
                self.quoted()
                continue
            if self.text.startswith("=~", self.at):
                self.at += 2
                self.blanks()
                pattern = regex_at(self.text, self.at)
                self.at = self.at if pattern is None else pattern[0]
                continue
            if char in pairs:
                stack.append(pairs[char])
            elif not stack and char == "]":
                text = self.text[start : self.at].strip()
                if text in ("?", "?()", "()"):
                    raise PathError("the filter is empty", start, "write [?(@.name == 1)]")
                if not text.startswith(("?(", "(", "?@")):
                    raise PathError("a filter stands in `?( )`", start, "write [?(@.name == 1)]")
                self.at += 1
                return Filter(text)
            elif char in ")]}":
                if not stack or stack.pop() != char:
                    raise PathError(f"`{char}` closes nothing", self.at)
            self.at += 1
        raise PathError("`[` is not closed", opening, "add `]`")


_REGEX = re.compile(
    r"/((?:[^\\/\[]|\\.|\[\^?\]?(?:[^\\\]]|\\.)*\]|/(?![a-zA-Z]*\s*(?:\)|&&|\|\||\Z)))*)"
    r"/([a-zA-Z]*)",
    re.S,
)


def regex_at(text: str, at: int) -> tuple[int, str, str] | None:
    """A pattern in slashes that begins at `text[at]`: the index behind it, the pattern, its
    flags.  A slash that nothing of a filter follows belongs to the pattern."""
    match = _REGEX.match(text, at)
    return (match.end(), match[1], match[2]) if match else None


def _bounded(text: str | None, index: int) -> int | None:
    if text is None:
        return None
    if len(text) > 12 or not -_LIMIT <= int(text) < _LIMIT:
        raise PathError("the index does not fit into 32 bits", index)
    return int(text)


def _is_hex4(text: str, at: int) -> bool:
    return re.compile("[0-9a-fA-F]{4}").match(text, at) is not None


def _join_surrogates(name: str) -> str:
    """Two `\\u` escapes may be the halves of one character; a single half stays an error."""
    if any("\ud800" <= c <= "\udfff" for c in name):
        try:
            return name.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            return "\ufffd"
    return name


def format_path(root: str, segments: Sequence[Segment]) -> str:
    """The canonical text of a path: bracket notation throughout.  Parses back to the same."""
    head = root if root in ("$", "$$") else f"${root}"
    return head + "".join(_format_segment(s) for s in segments)


def _format_segment(segment: Segment) -> str:
    match segment:
        case Key(name):
            return f"[{_quote(name)}]"
        case Index(n):
            return f"[{n}]"
        case Wildcard():
            return "[*]"
        case Slice(start, stop, step):
            parts = [start, stop] if step is None else [start, stop, step]
            return "[" + ":".join("" if part is None else str(part) for part in parts) + "]"
        case Several(parts=members):
            texts = (_quote(m.name) if isinstance(m, Key) else str(m.n) for m in members)
            return "[" + ",".join(texts) + "]"
        case Filter(text):
            return f"[{text}]"
        case Descend():
            return ".."
        case Function(name):
            return f".{name}()"


def _quote(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def why_not_reference(path: Path) -> str:
    """Why a path is not a reference path (it must name exactly one place); "" if it is one."""
    for segment in path.segments:
        match segment:
            case Wildcard():
                return "a wildcard"
            case Slice():
                return "a slice"
            case Several():
                return "a list of names or indexes"
            case Filter():
                return "a filter"
            case Descend():
                return "`..`"
            case Function(name):
                return f"the function {name}()"
            case _:
                pass
    return ""
