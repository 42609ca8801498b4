"""Expressions that a seed decides, of known types, with data that they fit: mostly.

What is made is read by no human first, so it may be odd: nested where nobody would nest, of the
wrong type now and then, about members that are not there.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Shape = dict[str, str]
# What `$` may be: members and their types.  n number, s text, b boolean, d date; a before a type: an array of it;
# i, u, o: objects of these shapes; g: any object.
SHAPES: dict[str, Shape] = {
    "r": {
        "n": "n", "k": "n", "s": "s", "t": "s", "b": "b", "d": "d", "xs": "an", "ts": "as",
        "os": "ai", "o": "u", "one": "ai", "none": "an", "m": "aan", "it": "i", "mixed": "ax",
        "nil": "x",
    },
    "i": {"id": "n", "name": "s", "price": "n", "tags": "as", "on": "b", "sub": "u", "list": "au"},
    "u": {"q": "n", "u": "s"},
}  # fmt: skip
WORDS = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "Hello",
    "hello world",
    "x-1",
    "10",
    "9",
    "-2.5",
    "é",
    "ß😀",
    " pad  me ",
    "A,B,,C",
    "1e3",
]
NUMBERS = ["0", "1", "2", "3", "5", "10", "-1", "-4", "0.1", "0.2", "0.5", "1.5", "2.5", "-2.5", "3.14159", "100", "255", "1000",
           "12345.678", "0.001", "1e-7", "1e6", "1e15", "1e21", "99999999", "0.30000000000000004"]  # fmt: skip
DATES = [
    "2018-03-23T10:33:36.500Z",
    "1970-01-01T00:00:00.000Z",
    "2020-02-29T23:59:59.999Z",
    "1999-12-31T12:00:00Z",
    "2023-11-14T22:13:20+01:00",
]
MILLIS = ["0", "1", "1521801216000", "1583020799999", "-1", "946684799000", "1700000000000"]
PICTURES = ["[Y0001]-[M01]-[D01]", "[H01]:[m01]:[s01].[f001]", "[D1o] [MNn] [Y]", "[FNn], [D] [MNn,*-3] [Y]", "[h]:[m01] [P]",
            "[X]-W[W01]-[F1]", "[Y,2-2]/[M]/[D]", "[dwo]", "[D#1]/[MI]/[YI]", "[w] [xNn]", "[H01][m01][Z]", "[Y9,999,*]", "[Dw]"]  # fmt: skip
DAYS = [
    "[Y0001]-[M01]-[D01]",
    "[D1o] [MNn] [Y]",
    "[FNn], [D] [MNn,*-3] [Y]",
    "[Y,2-2]/[M]/[D]",
]  # a time alone is of today
ROMAN = ["I", "i"]  # of small numbers alone: the reference has no end of a large one
NUMBER_PICTURES = [
    "#,##0.00",
    "0",
    "#",
    "00.0",
    "#0.##%",
    "000,000",
    "#.#",
    "0.00;(0.00)",
    "'x'0",
    "##0‰",
]
INTEGER_PICTURES = ["0", "000", "#,##0", "w", "W", "Ww", "w;o", "0;o", "a", "A", "١"]
REGEXES = [
    "/a/",
    "/b+/",
    "/[a-c]/i",
    r"/\d+/",
    r"/(\w)(\w)?/",
    "/^h/i",
    r"/\s+/",
    "/l|o/",
    "/[^a-z]/",
]
MEMBERS = ['"q"', '"id"']
REPLACEMENTS = ['"-"', '"[$0]"', '"$1$2"', '"$$"']
DELETED = ["", ', "q"', ', ["u", "id"]']


@dataclass
class Made:
    """An expression and the data that it is about."""

    text: str
    data: Any


def made(seed: int) -> Made:
    """The expression of a seed."""
    maker = _Maker(random.Random(seed))
    return Made(maker.whole(), maker.data())


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.variables: list[tuple[str, str]] = []  # name and type of each that is in scope
        self.context = "r"
        self.count = 0

    # --- data --------------------------------------------------------------------------------

    def data(self) -> Any:
        """An input of the shape r."""
        return self.value("r")

    def value(self, kind: str) -> Any:
        """Something of a type; now and then what it should have is not there."""
        dice = self.dice
        if kind.startswith("a"):
            return [self.value(kind[1:]) for _ in range(dice.choice([0, 1, 2, 3, 3, 4]))]
        if kind in SHAPES:
            shape = SHAPES[kind]
            return {name: self.value(one) for name, one in shape.items() if dice.random() > 0.07}
        if kind == "n":
            return json.loads(dice.choice([*NUMBERS, str(dice.randint(-20, 40))]))
        if kind == "s":
            return dice.choice(WORDS)
        if kind == "b":
            return dice.random() < 0.5
        if kind == "d":
            return dice.choice(DATES)
        return self.value(dice.choice(["n", "s", "b", "u", "an"])) if dice.random() < 0.8 else None

    # --- expressions -------------------------------------------------------------------------

    def whole(self) -> str:
        """An expression of any type."""
        kind = self.dice.choice(
            ["n", "n", "s", "s", "b", "an", "as", "ai", "i", "g", "an", "au", "x"]
        )
        return self.make(kind, self.dice.choice([1, 2, 2, 3, 3, 4]))

    def make(self, kind: str, depth: int) -> str:
        """An expression of a type."""
        dice = self.dice
        if dice.random() < 0.025:
            kind = dice.choice(["n", "s", "b", "an", "as", "i", "x"])
        if kind == "x":
            kind = dice.choice(["n", "s", "b", "an", "as", "i", "u"])
        if depth <= 0 or dice.random() < 0.12:
            return self.leaf(kind)
        options = self.options(kind)
        return dice.choice(options)(depth - 1)

    def options(self, kind: str) -> list[Callable[[int], str]]:
        ways: list[Callable[[int], str]] = [lambda d: self.path(kind, d)] * 3
        ways += [
            lambda d: self.condition(kind, d),
            lambda d: self.block(kind, d),
            lambda d: self.called(kind, d),
        ]
        if kind.startswith("a"):
            ways += [lambda d: self.some(kind, d)] * 8
            own = {"an": self.numbers, "as": self.texts}.get(kind)
            ways += [own] * 6 if own else []
        else:
            own = {"n": self.number, "s": self.text, "b": self.boolean}.get(kind, self.object)
            ways += [own] * 9
        return ways

    def leaf(self, kind: str) -> str:
        """A literal, a variable or a member."""
        dice = self.dice
        known = [name for name, one in self.variables if one == kind]
        if known and dice.random() < 0.6:
            return dice.choice(known)
        members = [name for name, one in SHAPES.get(self.context, {}).items() if one == kind]
        if members and dice.random() < 0.6:
            return dice.choice(members)
        if self.context == kind and dice.random() < 0.7:
            return "$"
        if dice.random() < 0.04:
            return dice.choice(["nope", "null", "$nope", "o.nope", "[]", "{}"])
        if kind == "n":
            literal = dice.choice(NUMBERS)
            return f"({literal})" if literal.startswith("-") else literal
        if kind == "s":
            return json.dumps(dice.choice(WORDS), ensure_ascii=False)
        if kind == "b":
            return dice.choice(["true", "false"])
        if kind == "d":
            return json.dumps(dice.choice(DATES))
        if kind.startswith("a"):
            return (
                "["
                + ", ".join(self.leaf(kind[1:]) for _ in range(dice.choice([0, 1, 2, 3])))
                + "]"
            )
        shape = SHAPES.get(kind, SHAPES["u"])
        pairs = [f'"{name}": {self.leaf(one)}' for name, one in shape.items() if one in "nsb"]
        return "{" + ", ".join(pairs) + "}"

    def name(self) -> str:
        self.count += 1
        return f"$v{self.count}"

    def within(self, context: str, kind: str, depth: int) -> str:
        """An expression whose `$` is something else."""
        outer, self.context = self.context, context
        text = self.make(kind, depth)
        self.context = outer
        return text

    def given(self, variables: list[tuple[str, str]], kind: str, depth: int) -> str:
        """An expression that may use variables."""
        self.variables += variables
        text = self.make(kind, depth)
        del self.variables[len(self.variables) - len(variables) :]
        return text

    def function(self, takes: str, gives: str, depth: int) -> str:
        """A lambda."""
        names = [(self.name(), kind) for kind in takes.split()]
        word = self.dice.choice(["function", "λ"])
        return f"{word}({', '.join(n for n, _ in names)}){{ {self.given(names, gives, depth)} }}"

    # --- of any type -------------------------------------------------------------------------

    def condition(self, kind: str, depth: int) -> str:
        other = self.make(kind, depth)
        rest = f" : {self.make(kind, depth)}" if self.dice.random() < 0.9 else ""
        return f"({self.make('b', depth)} ? {other}{rest})"

    def block(self, kind: str, depth: int) -> str:
        name, one = self.name(), self.dice.choice(["n", "s", "an", "ai", "b"])
        if self.dice.random() < 0.2:
            bound = self.function(one, kind, depth - 1)
            return f"({name} := {bound}; {name}({self.make(one, depth)}))"
        return f"({name} := {self.make(one, depth)}; {self.given([(name, one)], kind, depth)})"

    def called(self, kind: str, depth: int) -> str:
        one = self.dice.choice(["n", "s", "an"])
        if self.dice.random() < 0.3:
            return f"{self.make(one, depth)} ~> {self.function(one, kind, depth)}"
        return f"{self.function(one, kind, depth)}({self.make(one, depth)})"

    def path(self, kind: str, depth: int) -> str:
        """A path to something of a type, through members, filters and sorts."""
        dice = self.dice
        if self.context not in SHAPES:
            return self.leaf(kind)
        steps, at, many = [], self.context, False
        for _ in range(dice.choice([1, 2, 2, 3])):
            shape = SHAPES.get(at)
            if not shape:
                break
            fits = [
                n for n, one in shape.items() if one.lstrip("a") in (kind.lstrip("a"), "i", "u")
            ]
            name = (
                dice.choice(fits)
                if fits and dice.random() < 0.9
                else dice.choice([*shape, "*", "**", "`no such`"])
            )
            found = shape.get(name, "x")
            many = many or found.startswith("a")
            at = found.lstrip("a")
            steps.append(name + self.behind(found, at, depth))
            if at == kind.lstrip("a") and dice.random() < 0.8:
                break
        if at in SHAPES and dice.random() < 0.3:
            steps.append("(" + self.within(at, kind.lstrip("a"), depth - 1) + ")")
        elif at in SHAPES and dice.random() < 0.15:
            steps.append("{" + f'"v": {self.within(at, kind.lstrip("a"), depth - 1)}' + "}")
        elif dice.random() < 0.06 and len(steps) > 1:
            steps.append("%")
        text = ".".join(steps)
        if not kind.startswith("a") and many and dice.random() < 0.5:
            return f"({text})[{dice.choice(['0', '-1', '1'])}]"
        return text + ("[]" if kind.startswith("a") and dice.random() < 0.3 else "")

    def behind(self, found: str, at: str, depth: int) -> str:
        """Filters, sorts and bindings behind a step."""
        dice, text = self.dice, ""
        if dice.random() < 0.3:
            text += "[" + self.predicate(at, depth - 1) + "]"
        if found.startswith("a") and dice.random() < 0.12:
            order = dice.choice(["", "<", ">"])
            shape = [n for n, one in SHAPES.get(at, {}).items() if one in "ns"]
            key = dice.choice(shape) if shape else "$"
            text += f"^({order}{key})"
        if dice.random() < 0.04:
            text += "[" + dice.choice(["0", "-1", "[0..1]"]) + "]"
        return text

    def predicate(self, at: str, depth: int) -> str:
        dice = self.dice
        if dice.random() < 0.4:
            return dice.choice(["0", "1", "-1", "2", "[0,2]", "[0..1]", "0.5", "-2"])
        return self.within(at, "b", max(depth, 1))

    # --- numbers -----------------------------------------------------------------------------

    def number(self, depth: int) -> str:
        def n() -> str:
            return self.make("n", depth)

        dice = self.dice
        ways = [
            lambda: f"({n()} {dice.choice('+-*')} {n()})",
            lambda: f"({n()} {dice.choice('+-*/%')} {n()})",
            lambda: f"-{self.leaf('n')}" if dice.random() < 0.5 else f"-({n()})",
            lambda: (
                f"${dice.choice('sum max min average count'.split())}({self.make('an', depth)})"
            ),
            lambda: f"$count({self.make('x', depth)})",
            lambda: f"$length({self.make('s', depth)})",
            lambda: f"${dice.choice('floor ceil abs round'.split())}({n()})",
            lambda: f"$round({n()}, {dice.choice(['0', '1', '2', '-1', '-2'])})",
            lambda: f"$power({n()}, {dice.choice(['0', '1', '2', '3', '-1', '0.5'])})",
            lambda: f"$sqrt({n()})",
            lambda: f"$number({self.make(dice.choice('snb'), depth)})",
            lambda: f"$reduce({self.make('an', depth)}, {self.function('n n', 'n', depth - 1)})",
            lambda: f"$toMillis({self.leaf('d')})",
            lambda: (
                f"$toMillis($fromMillis({dice.choice(MILLIS)}, '{dice.choice(DAYS)}'), '{dice.choice(DAYS)}')"
            ),
            lambda: f"$parseInteger({self.make('s', depth)}, '{dice.choice(INTEGER_PICTURES)}')",
            lambda: f"{self.make('s', depth)} ~> $length()",
            lambda: (
                f"$lookup({self.make(dice.choice('iu'), depth)}, {dice.choice([*MEMBERS, self.make('s', 0)])})"
            ),
            lambda: f"({self.make('an', depth)})[{n()}]",
        ]
        return dice.choice(ways)()

    # --- texts -------------------------------------------------------------------------------

    def text(self, depth: int) -> str:
        def s() -> str:
            return self.make("s", depth)

        def n() -> str:
            return self.make("n", depth - 1) if self.dice.random() < 0.5 else self.leaf("n")

        dice = self.dice
        ways = [
            lambda: f"({s()} & {self.make(dice.choice('snbx'), depth)})",
            lambda: f"$string({self.make(dice.choice(['n', 'n', 'an', 'i', 'b', 'x']), depth)})",
            lambda: f"$string({self.make('u', depth)}, true)",
            lambda: f"$substring({s()}, {n()}" + (f", {n()})" if dice.random() < 0.5 else ")"),
            lambda: f"$substring{dice.choice(['Before', 'After'])}({s()}, {self.leaf('s')})",
            lambda: f"${dice.choice('uppercase lowercase trim'.split())}({s()})",
            lambda: f"$pad({s()}, {dice.choice(['5', '-5', '0', '12', '-9'])}" + dice.choice([")", ", '#')", ", 'ab')"]),
            lambda: f"$join({self.make('as', depth)}" + dice.choice([")", ", ',')", f", {self.leaf('s')})"]),
            lambda: f"$replace({s()}, {self.leaf('s')}, {s()})",
            lambda: f"$replace({s()}, {dice.choice(REGEXES)}, {dice.choice([*REPLACEMENTS, s()])}" + dice.choice([")", ", 1)"]),
            lambda: f"$replace({s()}, {dice.choice(REGEXES)}, function($m){{ $uppercase($m.match) & $m.groups[0] }})",
            lambda: f"$formatNumber({n()}, \"{dice.choice(NUMBER_PICTURES)}\")",
            lambda: f"$formatNumber({dice.choice(NUMBERS[1:6])}, '0.0#e0')",
            lambda: f"$formatInteger({n()}, '{dice.choice(INTEGER_PICTURES)}')",
            lambda: f"$formatInteger({dice.choice(NUMBERS[:15])}, '{dice.choice(ROMAN)}')",
            lambda: f"$formatBase({n()}" + dice.choice([")", ", 2)", ", 16)", ", 36)", ", 1)"]),
            lambda: f"$fromMillis({dice.choice(MILLIS)}" + dice.choice([")", f", '{dice.choice(PICTURES)}')", f", '{dice.choice(PICTURES)}', '{dice.choice(['+0100', '-0530', '0000'])}')"]),
            lambda: f"$type({self.make('x', depth)})",
            lambda: f"$base64decode($base64encode({s()}))" if dice.random() < 0.5 else f"$base64encode({s()})",
            lambda: f"${dice.choice('encodeUrlComponent encodeUrl decodeUrl decodeUrlComponent'.split())}({s()})",
            lambda: f"{s()} ~> ${dice.choice('uppercase lowercase trim length string'.split())}",
        ]  # fmt: skip
        return dice.choice(ways)()

    # --- booleans ----------------------------------------------------------------------------

    def boolean(self, depth: int) -> str:
        def b() -> str:
            return self.make("b", depth)

        dice = self.dice
        kind = dice.choice("nnsb")
        order = "< <= > >= = !=" if kind in "ns" else "= !="
        ways = [
            lambda: (
                f"({self.make(kind, depth)} {dice.choice(order.split())} {self.make(kind, depth)})"
            ),
            lambda: (
                f"({self.make(kind, depth)} {dice.choice(order.split())} {self.make(kind, depth)})"
            ),
            lambda: f"({b()} {dice.choice(['and', 'or'])} {b()})",
            lambda: (
                f"({self.make(kind, depth)} in {self.make('a' + kind if kind in 'ns' else 'an', depth)})"
            ),
            lambda: f"$not({b()})",
            lambda: f"$exists({self.make('x', depth)})",
            lambda: f"$boolean({self.make('x', depth)})",
            lambda: f"$contains({self.make('s', depth)}, {self.leaf('s')})",
            lambda: f"$contains({self.make('s', depth)}, {dice.choice(REGEXES)})",
            lambda: f"({self.make('x', depth)} = {self.make('x', depth)})",
        ]
        return dice.choice(ways)()

    # --- arrays ------------------------------------------------------------------------------

    def some(self, kind: str, depth: int) -> str:
        """An array, in a way that does not matter of what."""
        dice, one = self.dice, kind[1:]

        def some() -> str:
            return self.make(kind, depth)

        other = dice.choice(["n", "s", "i"])
        ways = [
            lambda: "[" + ", ".join(self.make(one, depth) for _ in range(dice.choice([1, 2, 3]))) + "]",
            lambda: f"[{some()}]",
            lambda: f"$append({some()}, {self.make(dice.choice([kind, one]), depth)})",
            lambda: f"$reverse({some()})",
            lambda: f"$distinct({some()})",
            lambda: f"$filter({some()}, {self.function(one, 'b', depth)})",
            lambda: f"$filter({some()}, {self.function(one + ' n', 'b', depth)})",
            lambda: f"$map({self.make('a' + other, depth)}, {self.function(other, one, depth)})",
            lambda: f"$map({self.make('a' + other, depth)}, {self.function(other + ' n', one, depth)})",
            lambda: f"$sort({some()})" if one in "ns" else some(),
            lambda: f"$sort({some()}, {self.function(one + ' ' + one, 'b', depth - 1)})",
            lambda: f"({some()})[{self.predicate(one, depth)}]",
            lambda: f"({some()})^({dice.choice(['', '>', '<'])}{self.within(one, dice.choice('ns'), depth - 1)})",
            lambda: f"({self.make('ai', depth)}).({self.within('i', one, depth)})",
            lambda: f"$each({self.make(dice.choice('iu'), depth)}, {self.function('n s', one, depth)})",
            lambda: f"$spread({self.make('u', depth)}).*" if dice.random() < 0.5 else f"{self.make('u', depth)}.*",
            lambda: f"$zip({some()}, {some()})" if dice.random() < 0.5 else f"$single({some()}, {self.function(one, 'b', depth)})",
            lambda: "os@$x.list#$y.($x.id + $y)" if one == "n" else "os#$y[$y < 2].name",
        ]  # fmt: skip
        return dice.choice(ways)()

    def numbers(self, depth: int) -> str:
        dice = self.dice
        ways = [
            lambda: f"[{self.make('n', 0)}..{dice.choice(['3', '5', '0', self.leaf('n')])}]",
            lambda: f"[1..3].($ * {self.make('n', depth)})",
            lambda: f"$map({self.make('as', depth)}, $length)",
            lambda: (
                f"$map({self.make('an', depth)}, ${dice.choice('abs floor ceil string'.split())})"
            ),
            lambda: f"{self.make('ai', depth)}.price",
            lambda: f"$match({self.make('s', depth)}, {dice.choice(REGEXES)}).index",
        ]
        return dice.choice(ways)()

    def texts(self, depth: int) -> str:
        dice = self.dice
        ways = [
            lambda: (
                f"$split({self.make('s', depth)}, {self.leaf('s')}" + dice.choice([")", ", 2)"])
            ),
            lambda: f"$split({self.make('s', depth)}, {dice.choice(REGEXES)})",
            lambda: f"$keys({self.make(dice.choice('iu'), depth)})",
            lambda: (
                f"$map({self.make('as', depth)}, ${dice.choice('uppercase lowercase trim string'.split())})"
            ),
            lambda: f"$match({self.make('s', depth)}, {dice.choice(REGEXES)}).match",
            lambda: f"{self.make('ai', depth)}.name",
            lambda: f"{self.make('ai', depth)}.(name & ':' & price)",
        ]
        return dice.choice(ways)()

    # --- objects -----------------------------------------------------------------------------

    def object(self, depth: int) -> str:
        dice = self.dice

        def key() -> str:
            return json.dumps(dice.choice(["a", "b", "c d", "q", "u", "id"]))

        kind = dice.choice("nsb")
        ways = [
            lambda: "{" + ", ".join(f"{k}: {self.make(dice.choice('nsbx'), depth)}" for k in {key(), key()}) + "}",
            lambda: "{" + f"{self.make('s', depth)}: {self.make(kind, depth)}" + "}",
            lambda: f"{self.make('ai', depth)}" + "{" + f"name: {self.within('i', kind, depth)}" + "}",
            lambda: "os{" + f"{dice.choice(['name', '$string(id)', '$string(on)'])}: {dice.choice(['price', '$sum(price)', '$count($)', 'id[0]'])}" + "}",
            lambda: f"$merge([{self.make('u', depth)}, {self.make('u', depth)}])",
            lambda: f"$sift({self.make(dice.choice('iu'), depth)}, {self.function('n s', 'b', depth)})",
            lambda: f"{self.make('i', depth)} ~> |{dice.choice(['$', 'sub', 'list', 'list[0]'])}|{{{key()}: {self.within('u', kind, depth - 1)}}}{dice.choice(DELETED)}|",
            lambda: f"({self.make('ai', depth)})[{dice.choice(['0', '-1'])}]",
            lambda: f"$spread({self.make('u', depth)})[0]",
        ]  # fmt: skip
        return dice.choice(ways)()
