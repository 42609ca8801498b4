"""The words of a JSONata expression, one at a time (docs.jsonata.org, version 2.0.6).

Whether a `/` divides or begins a regular expression, the parser alone knows: it asks for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .tree import JsonataError, Scalar

# The reference implementation's texts, which AWS shows to its users.
_MESSAGES = {
    "S0101": "String literal must be terminated by a matching quote",
    "S0102": "Number out of range: {token}",
    "S0103": "Unsupported escape sequence: \\{token}",
    "S0104": "The escape sequence \\u must be followed by 4 hex digits",
    "S0105": "Quoted property name must be terminated with a backquote (`)",
    "S0106": "Comment has no closing tag",
    "S0201": "Syntax error: {token}",
    "S0202": "Expected {value}, got {token}",
    "S0203": "Expected {value} before end of expression",
    "S0204": "Unknown operator: {token}",
    "S0207": "Unexpected end of expression",
    "S0208": "Parameter {value} of function definition must be a variable name (start with $)",
    "S0209": "A predicate cannot follow a grouping expression in a step",
    "S0210": "Each step can only have one grouping expression",
    "S0211": "The symbol {token} cannot be used as a unary operator",
    "S0212": "The left side of := must be a variable name (start with $)",
    "S0213": "The literal value {value} cannot be used as a step within a path expression",
    "S0214": "The right side of {token} must be a variable name (start with $)",
    "S0215": "A context variable binding must precede any predicates on a step",
    "S0216": "A context variable binding must precede the 'order-by' clause on a step",
    "S0217": "The object representing the 'parent' cannot be derived from this expression",
    "S0301": "Empty regular expressions are not allowed",
    "S0302": "No terminating / in regular expression",
    "S0401": "Type parameters can only be applied to functions and arrays",
    "S0402": "Choice groups containing parameterized types are not supported",
}

_OPERATORS = (".. := != >= <= ** ~>").split() + list(".[]{}(),@#;:?+-*/%|=<>^&!~")
_BLANKS = " \t\n\r\v"
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NAME = re.compile("[^" + re.escape(_BLANKS + ".[]{}(),@#;:?+-*/%|=<>^&!~") + "]*")
_PLAIN = re.compile(r"""[^\\"']+""")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_VALUES: Mapping[str, Scalar] = {"true": True, "false": False, "null": None}
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")


@dataclass(frozen=True)
class Pattern:
    """A regular expression as it was written."""

    pattern: str
    flags: str


@dataclass(frozen=True)
class Token:
    """`kind`: operator, name, variable, string, number, value, regex, or end.

    It stands from `at` to before `end`.
    """

    kind: str
    value: Scalar | Pattern
    at: int
    end: int


def shown(value: object) -> str:
    """A value as the reference implementation writes it into its messages: as JSON."""
    if isinstance(value, Pattern):
        return "{}"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        if 1e-6 <= abs(value) < 1e-4:
            return _small(value)
        return re.sub(r"e([-+])0*", r"e\1", repr(value))
    return json.dumps(value, ensure_ascii=False)


def _small(value: float) -> str:
    """A number whose digits begin at the fifth or sixth place, without an exponent."""
    digits, exponent = repr(value).split("e")
    sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
    return sign + "0." + "0" * (-int(exponent) - 1) + digits.replace(".", "")


def mistake(code: str, at: int, *, token: object = "", value: object = "") -> JsonataError:
    """An error with its text."""
    text = _MESSAGES[code].format(token=shown(token), value=shown(value))
    return JsonataError(code, text, at, token if isinstance(token, str) else shown(token))


class Lexer:
    """Gives a Token at a time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next(self, infix: bool) -> Token:
        """The next token; `infix`: an operator is due, so that `/` begins no pattern."""
        self._skip()
        text, start = self.text, self.at
        if start >= len(text):
            return Token("end", "(end)", len(text), len(text))
        char = text[start]
        if char == "/" and not infix:
            return self._regex(start)
        for symbol in _OPERATORS:
            if text.startswith(symbol, start):
                return self._token("operator", symbol, start, start + len(symbol))
        if char in "\"'":
            return self._string(start, char)
        if match := _NUMBER.match(text, start):
            return self._token("number", _number(match, start), start, match.end())
        if char == "`":
            end = text.find("`", start + 1)
            if end < 0:
                raise mistake("S0105", start)
            return self._token("name", text[start + 1 : end], start, end + 1)
        return self._word(start)

    def _token(self, kind: str, value: Scalar | Pattern, start: int, end: int) -> Token:
        self.at = end
        return Token(kind, value, start, end)

    def _skip(self) -> None:
        text = self.text
        while self.at < len(text):
            if text[self.at] in _BLANKS:
                self.at += 1
            elif text.startswith("/*", self.at):
                end = text.find("*/", self.at + 2)
                if end < 0:
                    raise mistake("S0106", self.at)
                self.at = end + 2
            else:
                return

    def _word(self, start: int) -> Token:
        match = _NAME.match(self.text, start)
        assert match is not None
        word = match.group()
        if word.startswith("$"):
            return self._token("variable", word[1:], start, match.end())
        if word in ("and", "or", "in"):
            return self._token("operator", word, start, match.end())
        if word in _VALUES:
            return self._token("value", _VALUES[word], start, match.end())
        return self._token("name", word, start, match.end())

    def _string(self, start: int, quote: str) -> Token:
        text, at = self.text, start + 1
        parts: list[str] = []
        while at < len(text):
            if match := _PLAIN.match(text, at):
                parts.append(match.group())
                at = match.end()
            elif text[at] == quote:
                # Halves of a character that were written one by one become one again.
                whole = _PAIR.sub(_joined, "".join(parts))
                return self._token("string", whole, start, at + 1)
            elif text[at] != "\\":
                parts.append(text[at])
                at += 1
            else:
                char, at = self._escape(at)
                parts.append(char)
        raise mistake("S0101", start)

    def _escape(self, at: int) -> tuple[str, int]:
        """What the backslash at `at` stands for, and where it goes on."""
        char = self.text[at + 1 : at + 2]
        if char in _ESCAPES:
            return _ESCAPES[char], at + 2
        if char != "u":
            raise mistake("S0103", at, token=char)
        digits = self.text[at + 2 : at + 6]
        if not re.fullmatch("[0-9a-fA-F]{4}", digits):
            raise mistake("S0104", at)
        return chr(int(digits, 16)), at + 6

    def _regex(self, start: int) -> Token:
        text, at, depth = self.text, start + 1, 0
        while at < len(text):
            char = text[at]
            if char == "/" and depth == 0 and not _escaped(text, at):
                if at == start + 1:
                    raise mistake("S0301", start)
                end = at + 1
                while text[end : end + 1] in ("i", "m"):
                    end += 1
                pattern = Pattern(text[start + 1 : at], text[at + 1 : end])
                return self._token("regex", pattern, start, end)
            if text[at - 1] != "\\":
                depth += (char in "([{") - (char in ")]}")
            at += 1
        raise mistake("S0302", start)


def _escaped(text: str, at: int) -> bool:
    count = 0
    while at > count and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _joined(match: re.Match[str]) -> str:
    return chr(0x10000 + ((ord(match[1]) - 0xD800) << 10) + ord(match[2]) - 0xDC00)


def _number(match: re.Match[str], at: int) -> int | float:
    """An integer that is written as one stays exact, whatever its size."""
    if match[1] is None and match[2] is None:
        if len(match[0]) > 309:
            raise mistake("S0102", at, token=match[0])
        value = int(match[0])
        if value < 1 << 63 or value.bit_length() <= 1024 and float(value) < float("inf"):
            return value
        raise mistake("S0102", at, token=match[0])
    number = float(match[0])
    if number == float("inf"):
        raise mistake("S0102", at, token=match[0])
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number
