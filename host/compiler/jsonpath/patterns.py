"""Patterns of filters, `=~ /…/`: regular expressions of Java become programs (docs/SPEC.md, 2.12).

Jayway asks whether the whole text matches (Matcher.matches): groups and greediness do not count.
What is no regular language, and what differs between versions of Java, is refused by name.

Source: java.util.regex.Pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from ..frontend.model import Json
from .charsets import (
    CLASSES,
    LAST,
    POSIX,
    Ranges,
    all_cases,
    as_text,
    both,
    chars,
    complement,
    union,
)
from .filter_errors import FilterError, Unsupported

MOST = 500  # instructions; the device checks it
_NESTED = 30  # groups and classes in one another
_FLAGS = "idmsux"
_TERMINATORS = "\n\r\u0085\u2028\u2029"

Code: TypeAlias = "list[str | int | list[Json] | tuple[str, int]]"  # tuples: relative targets


_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_ANCHORS = {"A": 0, "z": 1, "Z": 2, "b": 5, "B": 6}
_NOT_HERE = {
    "G": "where the last match ended; it is the beginning: leave it out",
    "R": "write (?:\\r\\n|\\n|\\r)",
    "X": "write the characters",
    "N": "write the character itself",
    "k": "",
}


# --- syntax trees -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Set:
    ranges: Ranges


@dataclass(frozen=True)
class _All:
    parts: tuple[_Node, ...]


@dataclass(frozen=True)
class _Any:
    parts: tuple[_Node, ...]


@dataclass(frozen=True)
class _Repeat:
    part: _Node
    least: int
    most: int | None


@dataclass(frozen=True)
class _Assert:
    kind: int
    ends: str = ""


_Node: TypeAlias = "_Set | _All | _Any | _Repeat | _Assert"


def compile_regex(pattern: str, flags: str = "") -> list[Json]:
    """The program of a pattern that stands between slashes.  Raises FilterError or Unsupported."""
    if "U" in flags:
        hint = "write the classes of characters out"
        raise Unsupported("the flag U of a pattern", hint)
    for flag in flags:
        if flag not in _FLAGS:
            raise FilterError(f"`{flag}` is no flag of a pattern; there are {', '.join(_FLAGS)}")
    reader = _Reader(_unquoted(pattern), frozenset(flags))
    node = reader.either(0)
    if reader.at < len(reader.text):
        raise FilterError(f"`)` closes nothing in the pattern /{pattern}/")
    if _size(node) > MOST:
        hint = "make the numbers in braces smaller"
        raise Unsupported(f"a pattern of more than {MOST} instructions", hint)
    return _absolute(_code(node))


# --- reading ------------------------------------------------------------------------------------


def _unquoted(text: str) -> str:
    r"""What stands between \Q and \E means itself."""

    def plain(match: re.Match[str]) -> str:
        return match[1] + re.sub(r"[^A-Za-z0-9]", lambda char: "\\" + char[0], match[2])

    return re.sub(r"(?<!\\)((?:\\\\)*)\\Q(.*?)(?:\\E|\Z)", plain, text, flags=re.S)


class _Reader:
    def __init__(self, text: str, flags: frozenset[str]) -> None:
        self.text = text
        self.flags = flags
        self.at = 0
        self.names: set[str] = set()

    def wrong(self, what: str) -> FilterError:
        return FilterError(f"{what} in the pattern /{self.text}/")

    def peek(self) -> str:
        """The next character that counts, or ""."""
        while "x" in self.flags and self.at < len(self.text):
            if self.text[self.at] in " \t\n\x0b\f\r":
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end + 1
            else:
                break
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        return char

    def takes(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    @property
    def ends(self) -> str:
        return "\n" if "d" in self.flags else _TERMINATORS

    def either(self, depth: int) -> _Node:
        if depth > _NESTED:
            raise Unsupported(f"a pattern with groups more than {_NESTED} deep", "make it flatter")
        before = self.flags
        parts = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            parts.append(self.sequence(depth))
        self.flags = before
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while (char := self.peek()) and char not in "|)":
            node = self.atom(char, depth)
            if node is not None:
                parts.append(self.repeated(node))
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def atom(self, char: str, depth: int) -> _Node | None:
        self.at += 1
        if char == "(":
            return self.group(depth)
        if char == "[":
            return _Set(self.members(depth))
        if char == ".":
            return _Set(complement(()) if "s" in self.flags else complement(chars(self.ends)))
        if char == "^":
            return _Assert(3, self.ends) if "m" in self.flags else _Assert(0)
        if char == "$":
            return _Assert(4 if "m" in self.flags else 2, self.ends)
        if char in "*+?{":
            raise self.wrong(f"`{char}` repeats nothing")
        if char == "\\":
            following = self.text[self.at : self.at + 1]
            if following in _ANCHORS and following:
                self.at += 1
                if self.text.startswith("{", self.at):
                    raise Unsupported(f"\\{following}{{ in a pattern", "write \\b")
                kind = _ANCHORS[following]
                return _Assert(kind, self.ends if kind == 2 else "")
            return _Set(self.escape())
        return _Set(self.cased(((ord(char), ord(char)),)))

    def group(self, depth: int) -> _Node | None:
        if self.takes("?"):
            for start, what in (("=", "looks ahead"), ("!", "looks ahead"), ("<=", "looks behind"),
                                ("<!", "looks behind"), (">", "keeps what it has")):  # fmt: skip
                if self.takes(start):
                    hint = "write the pattern without it; two filters can be joined with &&"
                    raise Unsupported(f"a pattern that {what}, (?{start}", hint)
            if match := re.compile(r"<[A-Za-z][A-Za-z0-9]*>").match(self.text, self.at):
                self.at = match.end()
                if match[0] in self.names:
                    raise self.wrong(f"there are two groups {match[0]}")
                self.names.add(match[0])
            elif not self.takes(":"):
                before = self.flags
                self.set_flags()
                if self.takes(")"):
                    return None  # they hold to the end of the group around
                if not self.takes(":"):
                    raise self.wrong("`(?` is followed by what is no group")
                return self.closed(depth, before)
        return self.closed(depth, self.flags)

    def closed(self, depth: int, flags: frozenset[str]) -> _Node:
        node = self.either(depth + 1)
        if not self.takes(")"):
            raise self.wrong("`(` is not closed")
        self.flags = flags
        return node

    def set_flags(self) -> None:
        match = re.compile(r"([a-zA-Z]*)(?:-([a-zA-Z]*))?").match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        on, off = match[1], match[2] or ""
        if "U" in on + off:
            raise Unsupported("the flag U of a pattern", "write the classes of characters out")
        if unknown := set(on + off) - set(_FLAGS):
            raise self.wrong(f"`{min(unknown)}` is no flag")
        self.flags = (self.flags | set(on)) - set(off)

    def repeated(self, node: _Node) -> _Node:
        char = self.peek()
        if not char or char not in "*+?{":
            return node
        self.at += 1
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char) or self.braces()
        if self.peek() == "+":
            what = f"`{char}+`, which keeps what it has,"
            raise Unsupported(f"{what} in a pattern", f"write `{char}`")
        if self.peek() == "?":
            self.at += 1  # as few as possible: the same texts match
        if (following := self.peek()) and following in "*+?{":
            raise self.wrong(f"`{following}` repeats nothing")
        return _Repeat(node, least, most)

    def braces(self) -> tuple[int, int | None]:
        match = re.compile(r"([0-9]{1,9})(,([0-9]{0,9}))?\}").match(self.text, self.at)
        if match is None:
            raise self.wrong("`{` is no repetition; write \\{")
        self.at = match.end()
        least = int(match[1])
        most = least if match[2] is None else int(match[3]) if match[3] else None
        if most is not None and most < least:
            raise self.wrong(f"{{{least},{most}}} is no repetition")
        return least, most

    # --- characters ---

    def cased(self, ranges: Ranges) -> Ranges:
        """With the flag i: the other cases besides."""
        if "i" not in self.flags:
            return ranges
        return all_cases(ranges, "u" in self.flags)

    def escape(self) -> Ranges:
        """What stands behind a backslash, for one character."""
        char = self.take()
        if not char:
            raise self.wrong("nothing follows the backslash")
        if char.lower() in CLASSES and char.isascii():
            ranges = CLASSES[char.lower()]
            return ranges if char.islower() else complement(ranges)
        if char in "pP":
            return self.property(char == "P")
        if char in _NOT_HERE or char in "123456789":
            what = "back to a group" if char in "k123456789" else f"\\{char}"
            hint = _NOT_HERE.get(char) or "write out what the group may hold"
            raise Unsupported(f"a pattern that refers {what}" if "back" in what
                              else f"{what} in a pattern", hint)  # fmt: skip
        code = self.code(char)
        return self.cased(((code, code),))

    def code(self, char: str) -> int:
        if char in _ESCAPES:
            return ord(_ESCAPES[char])
        forms = {"x": r"([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\}", "u": r"([0-9a-fA-F]{4})",
                 "0": r"([0-3][0-7]{0,2}|[0-7]{1,2})", "c": r"(.)"}  # fmt: skip
        if char in forms:
            match = re.compile(forms[char], re.S).match(self.text, self.at)
            if match is None:
                raise self.wrong(f"`\\{char}` is no character")
            self.at = match.end()
            digits = match[1] or match[match.lastindex or 1]
            if char == "c":
                return ord(digits) ^ 64
            return self.unit(int(digits, 8 if char == "0" else 16))
        if char.isascii() and char.isalpha():
            raise self.wrong(f"`\\{char}` means nothing")
        return ord(char)

    def unit(self, code: int) -> int:
        if code > LAST:
            raise self.wrong(f"U+{code:X} is no character")
        low = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match(self.text, self.at)
        if 0xD800 <= code < 0xDC00 and low is not None:
            self.at = low.end()
            return 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
        return code

    def property(self, negated: bool) -> Ranges:
        match = re.compile(r"\{(\w+)\}|(\w)").match(self.text, self.at)
        name = (match[1] or match[2]) if match else ""
        if match is None or name not in POSIX:
            hint = "write the characters as ranges, such as [a-zà-ÿ]"
            raise Unsupported(f"\\p{{{name}}} in a pattern", hint)
        if "i" in self.flags and name in ("Lower", "Upper"):
            raise Unsupported(f"\\p{{{name}}} with the flag i", "write \\p{Alpha}")
        self.at = match.end()
        return complement(POSIX[name]) if negated else POSIX[name]

    def members(self, depth: int) -> Ranges:
        """A class behind its `[`."""
        if depth > _NESTED:
            raise Unsupported(
                f"a pattern with classes more than {_NESTED} deep", "make it flatter"
            )
        negated = self.takes("^")
        found: Ranges = ()
        met: Ranges | None = None
        first = True
        while (char := self.peek()) != "]" or first:
            if not char:
                raise self.wrong("`[` is not closed")
            first = False
            if negated and (char == "[" or self.text.startswith("&&", self.at)):
                hint = "versions of Java differ: write the ranges out"
                raise Unsupported("a class within a negated class of a pattern", hint)
            if self.takes("&&"):
                met = found if met is None else both(met, found)
                found = ()
            elif self.takes("["):
                found = union(*found, *self.members(depth + 1))
            else:
                found = union(*found, *self.member())
        self.at += 1
        if met is not None:
            found = both(met, found)
        return complement(found) if negated else found

    def member(self) -> Ranges:
        """A character of a class, a range, or a predefined class."""
        low = self.one()
        if len(low) != 1 or low[0][0] != low[0][1]:
            return low
        rest = self.text[self.at : self.at + 2]
        if rest[:1] != "-" or rest[1:] in ("]", "[", ""):
            return self.cased(low)
        self.at += 1
        high = self.one()
        if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
            raise self.wrong("a range that goes from nowhere to nowhere")
        return self.cased(((low[0][0], high[0][0]),))

    def one(self) -> Ranges:
        self.peek()
        char = self.take()
        if char != "\\":
            return ((ord(char), ord(char)),)
        if self.text[self.at : self.at + 1] in ("b", "B", "A", "z", "Z"):
            raise self.wrong("a class holds characters alone")
        flags, self.flags = self.flags, self.flags - {"i"}
        ranges = self.escape()
        self.flags = flags
        return ranges


# --- code ---------------------------------------------------------------------------------------


def _size(node: _Node) -> int:
    """How many instructions a node takes; no number that is much too large is worked out."""
    match node:
        case _Set() | _Assert():
            return 1
        case _All(parts):
            return sum(map(_size, parts))
        case _Any(parts):
            return sum(map(_size, parts)) + 2 * (len(parts) - 1)
        case _Repeat(part, least, most):
            one = _size(part)
            if most is None:
                return one * max(1, least) + 2
            return one * least + (one + 1) * (most - least)


def _code(node: _Node) -> Code:
    match node:
        case _Set(ranges):
            text = as_text(ranges)
            return [text] if text else [("jump", 0)]  # it waits for ever
        case _Assert(kind, ends):
            return [[kind, ends]]
        case _All(parts):
            return [instruction for part in parts for instruction in _code(part)]
        case _Any(parts):
            code = _code(parts[-1])
            for part in reversed(parts[:-1]):
                way = _code(part)
                code = [("split", len(way) + 2), *way, ("jump", len(code) + 1), *code]
            return code
        case _Repeat(part, least, most):
            one = _code(part)
            if most is None and least:
                return one * least + [("split", -len(one))]
            if most is None:
                return [("split", len(one) + 2), *one, ("jump", -len(one) - 1)]
            code = []
            for _ in range(most - least):
                code = [("split", len(one) + len(code) + 1), *one, *code]
            return one * least + code


def _absolute(code: Code) -> list[Json]:
    found: list[Json] = []
    for at, instruction in enumerate(code):
        if isinstance(instruction, tuple):
            kind, target = instruction
            found.append(at + target if kind == "split" else -1 - (at + target))
        else:
            found.append(instruction)
    return found or [[1, ""]]
