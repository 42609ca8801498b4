"""Regular expressions of JSONata become patterns of the device (docs/SPEC.md, 2.16).

The syntax is JavaScript's without the flag u, since the reference implementation is written in it.
`regex_code.py` makes the code; here the text is read.  Characters are code points: what JavaScript
does with the halves of one does not count.  What is no regular language is refused by name.

Source: ECMA-262, 22.2 and B.1.2.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..jsonpath.charsets import CLASSES, Ranges, chars, complement, union
from .regex_code import All, Any, Assert, Group, Part, Repeat, Set, TooLarge, encode
from .tree import JsonataError

REFUSED = "TSME-C085"
_NESTED = 30  # groups in one another
_GROUPS = 9  # that keep what they match
_LINE_ENDS = chars("\n\r\u2028\u2029")
_BLANK = union(
    *chars("\t\n\x0b\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"), (0x2000, 0x200A)
)
_CLASSES = {"d": CLASSES["d"], "w": CLASSES["w"], "s": _BLANK}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_LOOKS = {
    "?=": "looks ahead",
    "?!": "looks ahead",
    "?<=": "looks behind",
    "?<!": "looks behind",
}
_BRACES = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_NAMED = re.compile(r"\(\?<([^=!>][^>]*)>")


def compile_regex(pattern: str, flags: str, at: int = 0) -> bytes:
    """The pattern of `/pattern/flags`, which stands at `at` in its expression.

    Raises JsonataError: with no code if JavaScript has no such regular expression, with the code
    TSME-C085 if the device has none.
    """
    return encode(_read(pattern, flags, at), lambda error: _too_large(error, at))


def _read(pattern: str, flags: str, at: int) -> Part:
    if len(set(flags)) < len(flags):
        message = f"Invalid flags supplied to RegExp constructor '{flags}g'"
        raise JsonataError("", message, at, flags)
    reader = _Reader(pattern, frozenset(flags), at)
    part = reader.either(0)
    if reader.at < len(pattern):
        raise reader.wrong("Unmatched ')'")
    return part


def _too_large(error: TooLarge, at: int) -> JsonataError:
    return JsonataError(REFUSED, f"the regular expression {error}", at, hint=error.hint)


class _Reader:
    def __init__(self, text: str, flags: frozenset[str], place: int) -> None:
        self.text = text
        self.flags = flags
        self.place = place
        self.at = 0
        self.groups = 0
        self.all_groups = _count_groups(text)
        self.names: set[str] = set()
        self.named = _NAMED.search(text) is not None

    def wrong(self, what: str) -> JsonataError:
        message = f"Invalid regular expression: /{self.text}/: {what}"
        return JsonataError("", message, self.place, self.text)

    def refused(self, what: str, hint: str) -> JsonataError:
        return JsonataError(REFUSED, f"a regular expression that {what}", self.place, hint=hint)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def takes(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def either(self, depth: int) -> Part:
        if depth > _NESTED:
            raise self.refused(f"has groups more than {_NESTED} deep", "make it flatter")
        parts = [self.sequence(depth)]
        while self.takes("|"):
            parts.append(self.sequence(depth))
        if len(parts) == 1:
            return parts[0]
        sets = [part.ranges for part in parts if isinstance(part, Set)]
        if len(sets) == len(parts):
            return Set(union(*(each for ranges in sets for each in ranges)))
        return Any(tuple(parts))

    def sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while (char := self.peek()) and char not in "|)":
            part = self.atom(char, depth)
            # A place is repeated only in brackets; what follows it then finds nothing to repeat.
            place = char != "(" and isinstance(part, Assert)
            parts.append(part if place else self.repeated(part))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def atom(self, char: str, depth: int) -> Part:
        if char in "*+?" or char == "{" and _BRACES.match(self.text, self.at):
            raise self.wrong("Nothing to repeat")
        self.at += 1
        if char == "(":
            return self.group(depth)
        if char == "[":
            return Set(self.members())
        if char == ".":
            return Set(complement(_LINE_ENDS))
        if char == "^":
            return Assert(2 if "m" in self.flags else 0)
        if char == "$":
            return Assert(3 if "m" in self.flags else 1)
        if char == "\\":
            if self.peek() and self.peek() in "bB":
                self.at += 1
                return Assert(4 if self.text[self.at - 1] == "b" else 5)
            return Set(self.cased(self.escape(False)))
        return Set(self.cased(((ord(char), ord(char)),)))

    def group(self, depth: int) -> Part:
        number = 0
        for start, what in _LOOKS.items():
            if self.takes(start):
                hint = "match more and take apart what was matched, or use two expressions"
                raise self.refused(f"{what}, `({start}`, is no regular language", hint)
        if not self.takes("?:"):
            self.groups += 1
            number = self.groups
            if number > _GROUPS:
                hint = "write (?:..) for groups whose texts you do not need"
                raise self.refused(f"has more than {_GROUPS} groups that keep their texts", hint)
            if self.takes("?"):
                self.name()
        part = self.either(depth + 1)
        if not self.takes(")"):
            raise self.wrong("Unterminated group")
        return Group(number, part) if number else part

    def name(self) -> None:
        match = _NAMED.match(self.text, self.at - 2)
        if match is None:
            raise self.wrong("Invalid group")
        if not match[1].replace("$", "_").isidentifier():
            raise self.wrong("Invalid capture group name")
        if match[1] in self.names:
            raise self.wrong("Duplicate capture group name")
        self.names.add(match[1])
        self.at = match.end()

    def repeated(self, part: Part) -> Part:
        least: int
        most: int | None
        if match := _BRACES.match(self.text, self.at):
            self.at = match.end()
            least = int(match[1][:10])
            last = match[3] if match[2] else match[1]
            most = int(last[:10]) if last else None
        elif (char := self.peek()) and char in "*+?":
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        else:
            return part
        if most is not None and most < least:
            raise self.wrong("numbers out of order in {} quantifier")
        greedy = not self.takes("?")
        if isinstance(part, Assert):
            # Once is as good as often, and none at all as good as once that may be left out.
            return part if least else All(())
        return Repeat(part, least, most, greedy)

    # --- characters ---------------------------------------------------------------------------

    def cased(self, ranges: Ranges) -> Ranges:
        return both_cases(ranges) if "i" in self.flags else ranges

    def escape(self, within: bool) -> Ranges:
        """What stands behind a backslash, for one character; `within` a class."""
        char = self.peek()
        if not char:
            raise self.wrong("\\ at end of pattern")
        self.at += 1
        if char.lower() in _CLASSES and char.isascii():
            ranges = _CLASSES[char.lower()]
            return ranges if char.islower() else complement(ranges)
        code = self.code(char, within)
        return ((code, code),)

    def code(self, char: str, within: bool) -> int:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "b" and within:
            return 8
        if char in "123456789" and not within:
            self.refer_back(char)
        if char in "01234567":
            match = re.compile("[0-3]?[0-7]?[0-7]").match(self.text, self.at - 1)
            assert match is not None
            self.at = match.end()
            return int(match[0], 8)
        if char == "c":
            letter = re.compile("[A-Za-z0-9_]" if within else "[A-Za-z]").match(self.text, self.at)
            if letter is None:
                self.at -= 1  # the backslash means itself
                return ord("\\")
            self.at += 1
            return ord(letter[0]) % 32
        if char == "k" and self.named:
            raise self.backwards("\\k")
        for sign, digits in (("x", 2), ("u", 4)):
            hexadecimal = re.compile(f"[0-9a-fA-F]{{{digits}}}").match(self.text, self.at)
            if char == sign and hexadecimal:
                self.at += digits
                return self.whole(int(hexadecimal[0], 16))
        return ord(char)

    def whole(self, code: int) -> int:
        """Two halves that are written one by one are one character."""
        low = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match(self.text, self.at)
        if 0xD800 <= code < 0xDC00 and low is not None:
            self.at = low.end()
            return 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
        return code

    def refer_back(self, char: str) -> None:
        digits = re.compile("[1-9][0-9]*").match(self.text, self.at - 1)
        assert digits is not None
        if int(digits[0][:5]) <= self.all_groups:
            raise self.backwards(f"\\{char}")

    def backwards(self, what: str) -> JsonataError:
        return self.refused(
            f"refers back to a group, `{what}`, is no regular language",
            "write out what the group may hold, or compare the texts of groups afterwards",
        )

    def members(self) -> Ranges:
        """A class behind its `[`."""
        negated = self.takes("^")
        found: list[tuple[int, int]] = []
        while (char := self.peek()) != "]":
            if not char:
                raise self.wrong("Unterminated character class")
            low = self.member()
            found += low
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                found += high
                if not _single(low) or not _single(high):
                    found.append((0x2D, 0x2D))
                elif high[0][0] < low[0][0]:
                    raise self.wrong("Range out of order in character class")
                else:
                    found.append((low[0][0], high[0][0]))
        self.at += 1
        ranges = self.cased(union(*found))
        return complement(ranges) if negated else ranges

    def member(self) -> Ranges:
        char = self.peek()
        self.at += 1
        return self.escape(True) if char == "\\" else ((ord(char), ord(char)),)


def _single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _count_groups(text: str) -> int:
    """How many groups there are that can be referred to."""
    count, at, within = 0, 0, False
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "[":
            within = True
        elif char == "]":
            within = False
        elif char == "(" and not within:
            count += text[at + 1 : at + 2] != "?" or _NAMED.match(text, at) is not None
        at += 1
    return count


def both_cases(ranges: Ranges) -> Ranges:
    """With all characters that JavaScript takes for the same, case aside."""
    found = list(ranges)
    for low, high in ranges:
        for first, last, other in ((0x41, 0x5A, 32), (0x61, 0x7A, -32)):
            if max(low, first) <= min(high, last):
                found.append((max(low, first) + other, min(high, last) + other))
    if any(high >= 0x80 for _low, high in ranges):
        for same in _families():
            if any(low <= code <= high for code in same for low, high in ranges):
                found += [(code, code) for code in same]
    return union(*found)


@lru_cache
def _families() -> list[list[int]]:
    """Characters beyond ASCII that have one upper case: JavaScript's Canonicalize."""
    found: dict[int, list[int]] = {}
    for code in range(0x80, 0x10000):
        upper = chr(code).upper()
        fold = ord(upper) if len(upper) == 1 and 0x80 <= ord(upper) < 0x10000 else code
        found.setdefault(fold, []).append(code)
    return [same for same in found.values() if len(same) > 1]
