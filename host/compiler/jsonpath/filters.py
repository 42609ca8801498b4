"""Filters of paths: `[?(@.a == 'x' && !@.b)]` becomes terms (docs/SPEC.md, 2.12).

AWS evaluates paths with an early Jayway JsonPath.  Its filters compare a member of the item with
a literal, which may stand without quotes, with a second path, or with a pattern, and know no
words such as `in`.  What only a later Jayway has is refused by name: a workflow that needs it
would not run on AWS.
"""

from __future__ import annotations

import math
import re

from tsme.values.decimal import to_text

from ..frontend.model import Index, Json, Key, Segment, Where
from .filter_errors import FilterError, Unsupported
from .paths import PathError, parse_path, regex_at

_NESTED = 8  # terms in one another; the device checks it
# What each operator takes: 1 less, 2 equal, 4 greater.
OPERATORS = {"==": 2, "!=": 5, "<=": 3, ">=": 6, "<": 1, ">": 4}
NOT, HAS, AND, OR, MATCHES = 0, 7, 8, 9, 10  # other terms
_OTHERS = ("===", "!==", "<>", "=")
_WORD = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_HINT = "put the value into the data first, with Parameters and ResultPath"
_NOWHERE = Where("", 1, 1)


def compile_filter(text: str) -> Json:
    """The terms of a filter, given as it stands between the brackets.

    Raises FilterError or Unsupported.
    """
    if not text.startswith("?"):
        raise Unsupported(f"the script [{text}]", "of scripts only [(@.length-1)] is")
    inner = text[1:].strip()
    if not inner.startswith("("):
        raise Unsupported(f"a filter without parentheses, [{text}]", f"write [?({inner})]")
    reader = _Reader(inner)
    terms = reader.either(0)
    reader.blanks()
    if reader.at < len(inner):
        raise FilterError(f"`{inner[reader.at :]}` cannot stand here in a filter")
    return terms


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def blanks(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def takes(self, symbol: str) -> bool:
        self.blanks()
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += len(symbol)
        return True

    # --- terms, from the loosest ---

    def either(self, depth: int) -> Json:
        parts = [self.both(depth)]
        while self.takes("||"):
            parts.append(self.both(depth))
        return _joined(OR, parts)

    def both(self, depth: int) -> Json:
        parts = [self.term(depth)]
        while self.takes("&&"):
            parts.append(self.term(depth))
        return _joined(AND, parts)

    def term(self, depth: int) -> Json:
        if self.takes("("):
            if depth >= _NESTED // 2:  # each may hold an `or` of `and`
                raise Unsupported(f"a filter with parentheses more than {_NESTED // 2} deep")
            inner = self.either(depth + 1)
            if not self.takes(")"):
                raise FilterError("`)` is missing in the filter")
            return inner
        if self.takes("!"):
            self.blanks()
            if self.text.startswith("(", self.at):
                raise Unsupported("`!` before parentheses", "write it before a path: !@.a")
            path = self.path()
            self.blanks()
            if self.text[self.at : self.at + 1] not in ("", ")", "&", "|"):
                raise Unsupported("`!` before a comparison", "use the opposite operator")
            if path[0] is None:
                raise Unsupported("`$` by itself in a filter", "compare it: $.name != 'x'")
            return [NOT, path]
        path = self.path()
        operator = self.operator()
        if operator is None:
            if path[0] is None:
                raise Unsupported("`$` by itself in a filter", "compare it: $.name == 'x'")
            return [HAS, path]
        if operator == "=~":
            code = self.pattern()
            self.finished()
            return [MATCHES, path, code]
        self.blanks()
        if self.text[self.at : self.at + 1] in ("@", "$") and self.at < len(self.text):
            second = self.path()
            self.finished()
            return [OPERATORS[operator], path, second]
        return [OPERATORS[operator], path, self.literal()]

    def finished(self) -> None:
        """Nothing may follow what has been compared."""
        self.blanks()
        if self.text[self.at : self.at + 1] not in ("", ")", "&", "|"):
            raise FilterError(f"`{self.text[self.at :]}` cannot stand here in a filter")

    # --- what terms are made of ---

    def path(self) -> list[Json]:
        self.blanks()
        start = self.at
        shown = self.text[start : start + 20]
        if shown[:1] not in ("@", "$"):
            if not shown or shown[0] in ")&|=<>!":
                raise FilterError("a path such as @.name is missing in the filter")
            raise Unsupported(f"a filter that compares `{shown}`", "write @.name first")
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "[":
                self.bracket()
            elif char.isspace() or char in ")&|=<>!~":
                break
            elif char == "$":
                raise Unsupported("a path from `$$` in a filter", _HINT)
            else:
                self.at += 1
                if char == "(" and self.text.startswith(")", self.at):
                    self.at += 1  # a function, which `_plain` refuses
        text = self.text[start : self.at]
        try:
            path = parse_path("$" + text[1:], _NOWHERE)
        except PathError as error:
            raise FilterError(f"`{text}` in the filter: {error.message}") from None
        if path.root != "$":
            raise Unsupported(f"the variable {text} in a filter", _HINT)
        if not path.segments:
            hint = f"AWS compares what is in it: write {text}.name"
            raise Unsupported(f"`{text}` by itself in a filter", hint)
        root: list[Json] = [None] if text[0] == "$" else []
        return root + [_plain(segment, text) for segment in path.segments]

    def pattern(self) -> list[Json]:
        """The program of a pattern in slashes, flags behind it."""
        self.blanks()
        found = regex_at(self.text, self.at)
        if found is None:
            hint = "write it as /.../, perhaps with flags: /.../i"
            raise FilterError(f"a pattern is missing behind =~ in the filter; {hint}")
        from .patterns import compile_regex  # noqa: PLC0415 (few workflows have a pattern)

        self.at, pattern, flags = found
        return compile_regex(pattern, flags)

    def bracket(self) -> None:
        """Step over `[...]`, which may hold quoted brackets."""
        depth = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "'\"":
                self.quoted()
                continue
            depth += (char == "[") - (char == "]")
            self.at += 1
            if not depth:
                return
        raise FilterError("`[` is not closed in the filter")

    def quoted(self) -> str:
        quote = self.text[self.at]
        parts: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                return "".join(parts)
            if char == "\\" and self.text[self.at : self.at + 1] in (quote, "\\"):
                char = self.text[self.at]
                self.at += 1
            parts.append(char)
        raise FilterError(f"the closing {quote} is missing in the filter")

    def operator(self) -> str | None:
        self.blanks()
        if self.text[self.at : self.at + 1] in ("", ")") or self.text.startswith(
            ("&&", "||"), self.at
        ):
            return None
        if match := _WORD.match(self.text, self.at):
            hint = "the operators are " + " ".join(OPERATORS)
            raise Unsupported(f"the operator `{match.group()}` of filters", hint)
        if self.takes("=~"):
            return "=~"
        for symbol in _OTHERS[:3]:
            if self.text.startswith(symbol, self.at):
                raise Unsupported(f"the operator `{symbol}` of filters", "== and != are")
        for symbol in OPERATORS:
            if self.takes(symbol):
                return symbol
        raise FilterError(f"`{self.text[self.at :][:2]}` is no operator of filters")

    def literal(self) -> str | int | float:
        """A literal: as text, or as the number of which that is the text."""
        self.blanks()
        char = self.text[self.at : self.at + 1]
        if char in ("'", '"') and char:
            text = self.quoted()
            self.blanks()
            if self.text[self.at : self.at + 1] not in ("", ")", "&", "|"):
                raise FilterError(f"something follows the literal '{text}' in the filter")
            return _literal(text)
        if char in ("[", "{") and char:
            raise Unsupported("comparing with an array or object in a filter")
        start = self.at
        while self.at < len(self.text) and not self.text.startswith(("&&", "||", ")"), self.at):
            self.at += 1
        text = self.text[start : self.at].strip()
        if not text:
            raise FilterError("a literal is missing in the filter")
        if any(c in "'\"()@$" for c in text):
            raise FilterError(f"the literal `{text}` of the filter needs quotes")
        return _literal(text)


def _joined(op: int, parts: list[Json]) -> Json:
    return parts[0] if len(parts) == 1 else [op, *parts]


def _plain(segment: Segment, text: str) -> Json:
    if isinstance(segment, Key):
        return segment.name
    if isinstance(segment, Index) and 0 <= segment.n < 65536:
        return segment.n
    hint = "in a filter a path has names and indexes from 0 on"
    raise Unsupported(f"the path {text} in a filter", hint)


def _literal(text: str) -> str | int | float:
    """The number that a text stands for, if the device writes it so too; else the text."""
    if not _NUMBER.fullmatch(text):
        return text
    value = float(text) if set(text) & set(".eE") else int(text)
    known = abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value)
    return value if known and to_text(value) == text else text


def undocumented(terms: Json) -> str:
    """What a filter has that AWS's guide does not speak of: a pattern, a second path, or ""."""
    if not isinstance(terms, list):
        return ""
    if terms[0] in (AND, OR):
        return next((found for term in terms[1:] if (found := undocumented(term))), "")
    if terms[0] == MATCHES:
        return "a pattern (=~)"
    second = len(terms) > 2 and isinstance(terms[2], list)
    first = isinstance(terms[1], list) and terms[1][0] is None
    return "a second path" if second or first else ""


def remark(text: str) -> str:
    """`undocumented` of a filter's text; "" if it cannot be compiled."""
    try:
        return undocumented(compile_filter(text))
    except (FilterError, Unsupported):
        return ""
