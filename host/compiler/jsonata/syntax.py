"""Whether a JSONata expression is well formed (https://docs.jsonata.org, version 2).

JSONata states are refused by this version, but a mistake inside `{% %}` is a mistake all the
same.  This is a top-down operator-precedence parser that builds nothing but the kind of each
node; the operators and their powers are those of the reference implementation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# How strongly an operator holds on to what stands left of it; 0: it only ends things.
_LEVELS = {
    0: "] } ) , ; : | .. ! ~ **",
    10: ":=",
    20: "?",
    25: "or",
    30: "and",
    40: "= < > ^ != <= >= ~> ?: ?? in",
    50: "+ - &",
    60: "* / %",
    70: "{",
    75: ".",
    80: "[ ( @ #",
}
_POWER = {symbol: power for power, symbols in _LEVELS.items() for symbol in symbols.split()}
_SYMBOLS = sorted((s for s in _POWER if not s.isalpha()), key=len, reverse=True)
_BINARY = frozenset("+ - * / % = < > != <= >= & and or in ~> .".split())
_WORDS = ("and", "or", "in")
_LITERALS = ("true", "false", "null")

_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NAME_END = re.compile(r"[\s" + re.escape("".join({s for s in _SYMBOLS if len(s) == 1})) + "]")
_ESCAPE = re.compile(r"""\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})""")
_MAX_DEPTH = 120


class JsonataError(Exception):
    """A mistake in an expression; `index` counts characters from its start."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


@dataclass(frozen=True)
class _Token:
    """`kind`: operator, name, variable, string, number, value, regex, end."""

    kind: str
    text: str
    index: int

    def shown(self) -> str:
        return "the end" if self.kind == "end" else f"`{self.text[:20]}`"


def check_expression(text: str) -> None:
    """Raises `JsonataError` if `text`, what stands between `{%` and `%}`, is no expression."""
    parser = _Parser(text)
    parser.expression(0)
    if parser.token.kind != "end":
        raise parser.fail(f"{parser.token.shown()} cannot follow here")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.token = self.scan(False)

    def fail(self, message: str, token: _Token | None = None) -> JsonataError:
        return JsonataError(message, (token or self.token).index)

    # --- tokens -----------------------------------------------------------------------------

    def skip(self) -> None:
        text = self.text
        while self.at < len(text):
            if text[self.at] in " \t\n\r\v":
                self.at += 1
            elif text.startswith("/*", self.at):
                end = text.find("*/", self.at + 2)
                if end < 0:
                    raise JsonataError("the comment is not closed", self.at)
                self.at = end + 2
            else:
                return

    def scan(self, infix: bool) -> _Token:
        """The next token; `infix`: an operator is due, so that `/` starts no regex."""
        self.skip()
        start, text = self.at, self.text
        if start >= len(text):
            return _Token("end", "", start)
        if text[start] == "/" and not infix:
            return self.regex(start)
        for symbol in _SYMBOLS:
            if text.startswith(symbol, start):
                self.at += len(symbol)
                return _Token("operator", symbol, start)
        if text[start] in "\"'":
            return self.string(start, text[start])
        if match := _NUMBER.match(text, start):
            self.at = match.end()
            if match.group(3) and abs(float(match.group())) == float("inf"):
                raise JsonataError(f"the number {match.group()} is out of range", start)
            return _Token("number", match.group(), start)
        if text[start] == "`":
            end = text.find("`", start + 1)
            if end < 0:
                raise JsonataError("the name has no closing backtick", start)
            self.at = end + 1
            return _Token("name", text[start + 1 : end], start)
        return self.word(start)

    def word(self, start: int) -> _Token:
        match = _NAME_END.search(self.text, start)
        self.at = match.start() if match else len(self.text)
        word = self.text[start : self.at]
        if word.startswith("$"):
            return _Token("variable", word, start)
        if word in _WORDS:
            return _Token("operator", word, start)
        return _Token("value" if word in _LITERALS else "name", word, start)

    def string(self, start: int, quote: str) -> _Token:
        at = start + 1
        while at < len(self.text) and self.text[at] != quote:
            if self.text[at] == "\\":
                match = _ESCAPE.match(self.text, at)
                if match is None:
                    shown = self.text[at : at + 2]
                    raise JsonataError(f"`{shown}` is no escape of JSONata", at)
                at = match.end()
            else:
                at += 1
        if at >= len(self.text):
            raise JsonataError("the string has no closing quote", start)
        self.at = at + 1
        return _Token("string", self.text[start : self.at], start)

    def regex(self, start: int) -> _Token:
        at, depth = start + 1, 0
        while at < len(self.text):
            char = self.text[at]
            if char == "/" and self.text[at - 1] != "\\" and depth == 0:
                if at == start + 1:
                    raise JsonataError("the regular expression is empty", start)
                flags = re.compile("[im]*").match(self.text, at + 1)
                self.at = flags.end() if flags else at + 1
                return _Token("regex", self.text[start : self.at], start)
            if self.text[at - 1] != "\\":
                depth += (char in "([{") - (char in ")]}")
            at += 1
        raise JsonataError("the regular expression is not closed", start)

    def advance(self, expected: str | None = None, infix: bool = False) -> None:
        token = self.token
        if expected is not None and (token.kind != "operator" or token.text != expected):
            raise self.fail(f"expected `{expected}`, found {token.shown()}")
        self.token = self.scan(infix)

    def sees(self, symbol: str) -> bool:
        return self.token.kind == "operator" and self.token.text == symbol

    # --- expressions; each returns the kind of the node --------------------------------------

    def expression(self, power: int) -> str:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fail("the expression is nested too deeply")
        first = self.token
        if first.kind == "end":
            raise self.fail("the expression ends too early")
        self.advance(None, True)
        left = self.prefix(first)
        while self.token.kind == "operator" and power < _POWER[self.token.text]:
            operator = self.token
            self.advance()
            left = self.infix(operator, left, first)
        self.depth -= 1
        return left

    def prefix(self, token: _Token) -> str:
        if token.kind != "operator":
            return token.kind
        handler = _PREFIX.get(token.text)
        if token.text in ("and", "or", "in"):
            return "name"
        if token.text in ("*", "**", "%"):
            return "step"
        if handler is None:
            if token.text in ("!", "~"):
                raise self.fail(f"there is no operator {token.shown()}", token)
            raise self.fail(f"{token.shown()} cannot start an expression", token)
        return handler(self)

    def infix(self, token: _Token, left: str, first: _Token) -> str:
        symbol = token.text
        if symbol == ".":
            right_token = self.token
            right = self.expression(_POWER[symbol])
            for kind, place in ((left, first), (right, right_token)):
                if kind in ("number", "value"):
                    message = f"{place.shown()} cannot be a step of a path"
                    raise self.fail(message, place)
            return "path"
        if symbol in _BINARY:
            self.expression(_POWER[symbol])
            return "binary"
        if symbol == ":=":
            if left != "variable":
                raise self.fail("only a variable can stand left of `:=`", first)
            self.expression(_POWER[symbol] - 1)
            return "bind"
        if symbol in ("@", "#"):
            place = self.token
            if self.expression(_POWER[symbol]) != "variable":
                raise self.fail(f"a variable must follow `{symbol}`", place)
            return "path"
        return _INFIX[symbol](self, left, first)

    def negation(self) -> str:
        kind = self.expression(70)
        return "number" if kind == "number" else "unary"

    def block(self) -> str:
        while not self.sees(")"):
            self.expression(0)
            if not self.sees(";"):
                break
            self.advance()
        self.advance(")", True)
        return "block"

    def array(self) -> str:
        if not self.sees("]"):
            while True:
                self.expression(0)
                if self.sees(".."):
                    self.advance()
                    self.expression(0)
                if not self.sees(","):
                    break
                self.advance()
        self.advance("]", True)
        return "array"

    def object(self) -> str:
        if not self.sees("}"):
            while True:
                self.expression(0)
                self.advance(":")
                self.expression(0)
                if not self.sees(","):
                    break
                self.advance()
        self.advance("}", True)
        return "object"

    def transform(self) -> str:
        self.expression(0)
        self.advance("|")
        self.expression(0)
        if self.sees(","):
            self.advance()
            self.expression(0)
        self.advance("|")
        return "transform"

    def call(self, left: str, first: _Token) -> str:
        function = left == "name" and first.text in ("function", "λ")
        kinds: list[tuple[str, _Token]] = []
        if not self.sees(")"):
            while True:
                place = self.token
                if self.sees("?"):
                    self.advance()
                    kinds.append(("placeholder", place))
                else:
                    kinds.append((self.expression(0), place))
                if not self.sees(","):
                    break
                self.advance()
        self.advance(")", True)
        if function:
            for kind, place in kinds:
                if kind != "variable":
                    raise self.fail("the parameters of a function are variables", place)
            self.function_body()
        return "function"

    def function_body(self) -> None:
        if self.sees("<"):
            depth = 1
            while depth > 0 and not self.sees("{") and self.token.kind != "end":
                self.advance()
                depth += self.sees("<") - self.sees(">")
            self.advance(">")
        self.advance("{")
        self.expression(0)
        self.advance("}")

    def subscript(self, left: str, first: _Token) -> str:
        if left == "group":
            raise self.fail("a predicate cannot follow a grouping", first)
        if self.sees("]"):
            self.advance("]")
        else:
            self.expression(0)
            self.advance("]", True)
        return "path"

    def group(self, left: str, first: _Token) -> str:
        if left == "group":
            raise self.fail("a step has only one grouping", first)
        self.object()
        return "group"

    def order(self, _left: str, _first: _Token) -> str:
        self.advance("(")
        while True:
            if self.sees("<") or self.sees(">"):
                self.advance()
            self.expression(0)
            if not self.sees(","):
                break
            self.advance()
        self.advance(")")
        return "path"

    def condition(self, _left: str, _first: _Token) -> str:
        self.expression(0)
        if self.sees(":"):
            self.advance()
            self.expression(0)
        return "condition"

    def otherwise(self, _left: str, _first: _Token) -> str:
        self.expression(0)
        return "condition"


_PREFIX: dict[str, Callable[[_Parser], str]] = {
    "-": _Parser.negation,
    "(": _Parser.block,
    "[": _Parser.array,
    "{": _Parser.object,
    "|": _Parser.transform,
}
_INFIX: dict[str, Callable[[_Parser, str, _Token], str]] = {
    "(": _Parser.call,
    "[": _Parser.subscript,
    "{": _Parser.group,
    "^": _Parser.order,
    "?": _Parser.condition,
    "?:": _Parser.otherwise,
    "??": _Parser.otherwise,
}
