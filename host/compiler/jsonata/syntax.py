"""JSONata's syntax: a top-down operator-precedence parser (docs.jsonata.org, version 2.0.6).

What it makes are `Raw` nodes, one for each word that joins others; `order.py` then makes of them
the nodes of `tree.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .lexer import Lexer, Pattern, Token, mistake
from .signature import check_signature
from .tree import JsonataError, Scalar

# How strongly an operator holds on to what stands left of it; 0: it only ends things.
_LEVELS = {
    0: "] } ) , ; : | .. **",
    10: ":=",
    20: "?",
    25: "or",
    30: "and",
    40: "= < > ^ != <= >= ~> in",
    50: "+ - &",
    60: "* / %",
    70: "{",
    75: ".",
    80: "[ ( @ #",
}
_POWER = {symbol: power for power, symbols in _LEVELS.items() for symbol in symbols.split()}
_BINARY = frozenset("+ - * / % = < > != <= >= & and or in ~> .".split())
# What other languages, and newer versions of this one, have; what to write instead.
_ELSEWHERE = {
    "??": "`??` came with JSONata 2.1 and AWS has 2.0.6: write $exists(a) ? a : b",
    "?:": "`?:` came with JSONata 2.1 and AWS has 2.0.6: write a ? a : b",
    "==": "write a = b",
    "&&": "write a and b",
    "||": "write a or b",
    "=>": "write function($x) { .. }",
    "!": "write $not(a)",
    ";": "put expressions one after another in parentheses: ($x := 1; $x + 1)",
}

MOST_NESTED = 150  # expressions in one another; AWS evaluates 100
_MOST_JOINED = 2000  # operators one behind another


@dataclass(eq=False)
class Raw:
    """A word, or a word with what it joins.

    `kind`: a kind of Token, or binary, minus, array, object, call, lambda, condition, block,
    transform, wildcard, descendant, parent.  `parts`: what it holds, in the order of the text.
    """

    kind: str
    value: Scalar | Pattern
    at: int
    end: int
    parts: list[Raw] = field(default_factory=list)
    pairs: list[tuple[Raw, Raw]] = field(default_factory=list)
    terms: list[tuple[Raw, bool]] = field(default_factory=list)
    left: Raw | None = None
    signature: str | None = None
    keep_array: bool = False


class Parser:
    """`ends`: where the token that begins at a place ends."""

    def __init__(self, text: str) -> None:
        self.lexer = Lexer(text)
        self.depth = 0
        self.ends: dict[int, int] = {}
        self.token = Token("end", "(end)", 0, 0)

    def whole(self) -> Raw:
        self.advance()
        found = self.expression(0)
        if self.token.kind != "end":
            raise self.wrong("S0201")
        return found

    def wrong(self, code: str, value: object = "") -> JsonataError:
        """The token at hand is not what may stand here."""
        error = mistake(code, self.token.at, token=self.token.value, value=value)
        if code in ("S0201", "S0204"):
            one = _ELSEWHERE.get(str(self.token.value), "")
            error.hint = self.elsewhere(self.token.at) or one
        return error

    def elsewhere(self, at: int) -> str:
        """What to write instead, if two characters are an operator of another language."""
        return _ELSEWHERE.get(self.lexer.text[max(0, at) : at + 2], "")

    def advance(self, expected: str | None = None, infix: bool = False) -> None:
        if expected is not None and not self.sees(expected):
            raise self.wrong("S0203" if self.token.kind == "end" else "S0202", expected)
        token = self.lexer.next(infix)
        self.token = token
        self.ends[token.at] = token.end
        if token.kind == "operator" and token.value in ("!", "~"):
            raise self.wrong("S0204")

    def sees(self, symbol: str) -> bool:
        return self.token.kind == "operator" and self.token.value == symbol

    def takes(self, symbol: str) -> bool:
        if not self.sees(symbol):
            return False
        self.advance()
        return True

    def power(self) -> int:
        return _POWER[str(self.token.value)] if self.token.kind == "operator" else 0

    # --- expressions --------------------------------------------------------------------------

    def expression(self, power: int) -> Raw:
        self.depth += 1
        if self.depth > MOST_NESTED:
            message = f"the expression is nested more than {MOST_NESTED} deep"
            raise JsonataError("D1011", message, self.token.at)
        token = self.token
        self.advance(None, True)
        left = self.prefix(token)
        joined = 0
        while power < self.power():
            joined += 1
            if joined > _MOST_JOINED:
                message = f"more than {_MOST_JOINED} operators stand one behind another"
                raise JsonataError("D1011", message, self.token.at)
            operator = self.token
            self.advance()
            left = self.infix(operator, left)
        self.depth -= 1
        return left

    def prefix(self, token: Token) -> Raw:
        """What begins with `token`, behind which the parser is."""
        node = Raw(token.kind, token.value, token.at, token.end)
        if token.kind != "operator" or token.value in ("and", "or", "in"):
            return node
        symbol = str(token.value)
        if symbol in _STEPS:
            node.kind = _STEPS[symbol]
        elif symbol in _PREFIX:
            _PREFIX[symbol](self, node)
        else:
            error = mistake("S0211", token.at, token=symbol)
            error.hint = self.elsewhere(token.at - 1) or self.elsewhere(token.at)
            raise error
        return node

    def infix(self, token: Token, left: Raw) -> Raw:
        """What joins `left` by `token`, behind which the parser is."""
        symbol = str(token.value)
        node = Raw("binary", symbol, token.at, token.end, left=left)
        if symbol in _BINARY:
            node.parts = [self.expression(_POWER[symbol])]
        elif symbol in ("@", "#"):
            node.parts = [self.expression(_POWER[symbol])]
            if node.parts[0].kind != "variable":
                raise mistake("S0214", node.parts[0].at, token=symbol)
        elif symbol == ":=":
            if left.kind != "variable":
                raise mistake("S0212", left.at, token=left.value)
            node.parts = [self.expression(_POWER[symbol] - 1)]
        elif symbol == "[":
            return self.subscript(node, left)
        else:
            _INFIX[symbol](self, node)
        return node

    def minus(self, node: Raw) -> None:
        node.kind = "minus"
        node.parts = [self.expression(70)]

    def block(self, node: Raw) -> None:
        node.kind = "block"
        while not self.sees(")"):
            node.parts.append(self.expression(0))
            if not self.takes(";"):
                break
        self.advance(")", True)

    def array(self, node: Raw) -> None:
        node.kind = "array"
        if not self.sees("]"):
            while True:
                item = self.expression(0)
                if self.sees(".."):
                    token = self.token
                    self.advance()
                    end = self.expression(0)
                    item = Raw("binary", "..", token.at, token.end, [end], left=item)
                node.parts.append(item)
                if not self.takes(","):
                    break
        self.advance("]", True)

    def object(self, node: Raw) -> None:
        if node.left is None:
            node.kind = "object"
        if not self.sees("}"):
            while True:
                key = self.expression(0)
                self.advance(":")
                node.pairs.append((key, self.expression(0)))
                if not self.takes(","):
                    break
        self.advance("}", True)

    def transform(self, node: Raw) -> None:
        node.kind = "transform"
        node.parts = [self.expression(0)]
        self.advance("|")
        node.parts.append(self.expression(0))
        if self.takes(","):
            node.parts.append(self.expression(0))
        self.advance("|")

    def call(self, node: Raw) -> None:
        node.kind = "call"
        if not self.sees(")"):
            while True:
                if self.sees("?"):
                    token = self.token
                    node.parts.append(Raw("hole", "?", token.at, token.end))
                    self.advance()
                else:
                    node.parts.append(self.expression(0))
                if not self.takes(","):
                    break
        self.advance(")", True)
        left = node.left
        if left is not None and left.kind == "name" and left.value in ("function", "λ"):
            self.function(node)

    def function(self, node: Raw) -> None:
        node.kind = "lambda"
        for number, parameter in enumerate(node.parts):
            if parameter.kind != "variable":
                token = parameter.value
                raise mistake("S0208", parameter.at, token=token, value=number + 1)
        if self.sees("<"):
            self.signed(node)
        self.advance("{")
        node.left = self.expression(0)
        self.advance("}")

    def signed(self, node: Raw) -> None:
        """`<..>` in front of a function's body; blanks and comments in it do not count."""
        start, depth, text = self.token.at, 1, "<"
        while depth > 0 and not self.sees("{") and self.token.kind != "end":
            self.advance()
            depth += self.sees("<") - self.sees(">")
            value = self.token.value
            text += value if isinstance(value, str) else str(value)
        self.advance(">")
        check_signature(text, start)
        node.signature = text

    def subscript(self, node: Raw, left: Raw) -> Raw:
        if self.sees("]"):
            step = left
            while step.kind == "binary" and step.value == "[" and step.left is not None:
                step = step.left
            step.keep_array = True
            self.advance("]")
            return left
        node.parts = [self.expression(0)]
        self.advance("]", True)
        return node

    def order(self, node: Raw) -> None:
        self.advance("(")
        while True:
            descending = self.sees(">")
            if descending or self.sees("<"):
                self.advance()
            node.terms.append((self.expression(0), descending))
            if not self.takes(","):
                break
        self.advance(")")

    def condition(self, node: Raw) -> None:
        node.kind = "condition"
        node.parts = [self.expression(0)]
        if self.takes(":"):
            node.parts.append(self.expression(0))


_STEPS = {"*": "wildcard", "**": "descendant", "%": "parent"}
_PREFIX: dict[str, Callable[[Parser, Raw], None]] = {
    "-": Parser.minus,
    "(": Parser.block,
    "[": Parser.array,
    "{": Parser.object,
    "|": Parser.transform,
}
_INFIX: dict[str, Callable[[Parser, Raw], None]] = {
    "(": Parser.call,
    "{": Parser.object,
    "^": Parser.order,
    "?": Parser.condition,
}
