"""Sound programs of docs/SPEC.md, 2.16, by chance: each instruction, values of every kind."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.spec.expression_code import Code
from tsme.program.opcodes import RESERVED, TABLE

NUMBERS = {row.split(b":")[0].decode(): n for n, row in enumerate(TABLE)}
NUMBERS |= {row.split(b":")[0].decode(): n for n, row in enumerate(RESERVED, 64)}
INPUT: Any = {
    "a": [{"b": 1, "c": "x"}, {"b": 2.5, "c": "y"}, {"b": [3, 4]}, 7, [{"b": "z"}]],
    "b": {"c": {"d": [1, 2, 3]}, "e": None},
    "t": "banana and bandana",
    "n": 5,
    "big": 9007199254740993,
    "f": -0.25,
    "yes": True,
    "none": [],
}
CONSTS: list[Any] = [
    *["a", "b", "c", "d", "e", "t", "n", "none"],
    *["", "x", "<s-:s>", "<n:n>", "<a<n>n?:a>", "ana"],
    *[1.5, -3, 1e300, 9007199254740993, True, False, None],
    *[[3, 1, 2], [], {"b": 1, "c": [1, {"d": 2}]}, [[1, 2], [3]], ["b", "a"], {}],
    *[["b", 0], ["b", -1]],
    b"\x06\x00\x01a\x00\x00\x06\x01\x00",
    b"\x06\x00\x06\x02\x02\x01a\x00\x00z\x00\x00\x06\x03\x04\x04\x00\x15\x00\x06\x01\x00",
]
TEXTS = [n for n, v in enumerate(CONSTS) if isinstance(v, str)]
SIGNATURES = [n for n, v in enumerate(CONSTS) if isinstance(v, str) and v[:1] == "<"]
VALUES = [n for n, v in enumerate(CONSTS) if not isinstance(v, bytes)]
PATTERNS = [n for n, v in enumerate(CONSTS) if isinstance(v, bytes)]
ITEMS = [n for n, v in enumerate(CONSTS) if v in (["b", 0], ["b", -1])]
FUNCTIONS = 65
RANDOM = (29, 30, 44, 57)  # they draw
LOCALS = 6


class Writer:
    """A program in the making: instructions, with labels instead of places."""

    def __init__(self, chance: Random, budget: int = 60) -> None:
        self.chance = chance
        self.left = budget
        self.code: list[tuple[str, Any]] = []
        self.labels = 0
        self.bodies: list[tuple[str, int]] = []  # label and parameters of those to be written
        self.depth = 0

    def put(self, name: str, operand: Any = 0) -> None:
        self.code.append((name, operand))

    def label(self) -> str:
        self.labels += 1
        return f"l{self.labels}"

    def here(self, label: str) -> None:
        self.code.append(("", label))

    def expression(self, stack: int) -> None:
        """Code that leaves one value more than `stack` items."""
        self.left -= 1
        self.depth += 1
        leaf = self.left < 0 or self.depth > 7 or stack > 20
        ways = LEAVES if leaf else [*LEAVES, *WAYS, *WAYS]
        self.chance.choice(ways)(self, stack)
        self.depth -= 1


def constant(w: Writer, stack: int) -> None:
    w.put("CONST", w.chance.choice(VALUES))


def small(w: Writer, stack: int) -> None:
    w.put("INT", w.chance.randrange(5))


def local(w: Writer, stack: int) -> None:
    w.put("GET", w.chance.randrange(LOCALS))


def member_of_input(w: Writer, stack: int) -> None:
    w.put("LOAD", 0)
    w.put("NAME", w.chance.choice(TEXTS))


def nothing(w: Writer, stack: int) -> None:
    w.put("NONE")


def function(w: Writer, stack: int) -> None:
    w.put("FUNC", w.chance.choice([n for n in range(FUNCTIONS) if n not in RANDOM]))


def matcher(w: Writer, stack: int) -> None:
    w.put("REGEX", w.chance.choice(PATTERNS))


def part(w: Writer, stack: int) -> None:
    w.put("CONTEXT", w.chance.choice([0, 1, 3, 6, 10]))


LEAVES = [constant, constant, small, local, local, member_of_input, member_of_input, nothing]


def one(w: Writer, stack: int) -> None:
    w.expression(stack)
    name, operand = w.chance.choice(
        [
            ("NAME", w.chance.choice(TEXTS)),
            ("ITEM", w.chance.choice(ITEMS)),
            ("AT", w.chance.randrange(4)),
            ("WILD", w.chance.randrange(2)),
            ("IS", w.chance.randrange(8)),
            ("MINUS", 0),
            ("SIGNED", w.chance.choice(SIGNATURES)),
            ("CLONE", 0),
        ]
    )
    w.put(name, operand)


def two(w: Writer, stack: int) -> None:
    w.expression(stack)
    w.expression(stack + 1)
    w.put("OPERATE", w.chance.randrange(15))


def kept(w: Writer, stack: int) -> None:
    w.expression(stack)
    w.put("SET", w.chance.randrange(LOCALS))
    w.expression(stack)


def chosen(w: Writer, stack: int) -> None:
    other, end = w.label(), w.label()
    w.expression(stack)
    w.put("IS", 6)
    w.put(w.chance.choice(["IF", "UNLESS"]), other)
    w.expression(stack)
    w.put("JUMP", end)
    w.here(other)
    w.expression(stack)
    w.here(end)


def called(w: Writer, stack: int) -> None:
    callee(w, stack)
    n = w.chance.randrange(4)
    for i in range(n):
        w.expression(stack + 1 + i)
    w.put("INVOKE", n | w.chance.choice([0, 256]) | w.chance.choice([0, 512, 1536]))


def callee(w: Writer, stack: int) -> None:
    kind = w.chance.randrange(8)
    if kind < 4:
        function(w, stack)
    elif kind < 6:
        closure(w, stack)
    elif kind == 6:
        matcher(w, stack)
    else:
        w.expression(stack)


def closure(w: Writer, stack: int) -> None:
    if w.bodies and w.chance.random() < 0.3:
        w.put("CLOSURE", w.chance.choice(w.bodies)[0])
        return
    label = w.label()
    w.bodies.append((label, w.chance.randrange(3)))
    w.put("CLOSURE", label)


def partial(w: Writer, stack: int) -> None:
    callee(w, stack)
    n = w.chance.randrange(1, 4)
    for i in range(n):
        if w.chance.random() < 0.5:
            w.put("HOLE")
        else:
            w.expression(stack + 1 + i)
    w.put("PARTIAL", n)


def loop(w: Writer, stack: int) -> None:
    again, end = w.label(), w.label()
    w.put("BUILD", w.chance.choice([0, 0, 1]))
    w.expression(stack + 1)
    w.put("EACH")
    w.here(again)
    w.put("NEXT", end)
    kind = w.chance.randrange(4)
    if kind == 0:
        w.put("SET", w.chance.randrange(LOCALS))
        w.expression(stack + 2)
        w.put(w.chance.choice(["ADD", "SPREAD"]), stack)
    elif kind == 1:
        w.put("SET", 5)
        w.put("GET", 5)
        w.expression(stack + 3)
        w.put("KEEP", stack + 1)
    elif kind == 2:
        w.put("POSITION", stack + 1)
        w.put("TUPLE", 2)
        w.put("UNTUPLE", 2)
        w.put("OPERATE", 5)
        w.put("ADD", stack)
    else:
        w.put("ADD", stack)
    w.put("JUMP", again)
    w.here(end)
    w.put("DONE", w.chance.randrange(16))


def made_object(w: Writer, stack: int) -> None:
    w.put("BUILD", 2)
    for _ in range(w.chance.randrange(3)):
        w.expression(stack + 1)
        w.expression(stack + 2)
        w.put("MEMBER", stack)
    w.put("DONE", 0)


def grouped(w: Writer, stack: int) -> None:
    again, end = w.label(), w.label()
    w.put("BUILD", 3)
    w.expression(stack + 1)
    w.put("EACH")
    w.here(again)
    w.put("NEXT", end)
    w.put("SET", 4)
    w.put("GET", 4)
    w.put("NAME", w.chance.choice(TEXTS))
    w.put("GET", 4)
    w.put("GROUP", stack)
    w.put("JUMP", again)
    w.here(end)
    w.put("DONE", 0)
    if w.chance.random() < 0.8:
        again, end = w.label(), w.label()
        w.put("SET", 3)
        w.put("BUILD", 2)
        w.put("GET", 3)
        w.put("EACH")
        w.here(again)
        w.put("NEXT", end)
        w.put("UNTUPLE", 2)
        w.put("MEMBER", stack)
        w.put("JUMP", again)
        w.here(end)
        w.put("DONE", 0)


def ordered(w: Writer, stack: int) -> None:
    again, end = w.label(), w.label()
    w.expression(stack)
    w.put("SORT")
    w.here(again)
    w.put("STEP", end)
    if w.chance.random() < 0.5:
        w.put("OPERATE", w.chance.randrange(6, 12))
    else:
        w.put("SET", 4)
        w.put("SET", 3)
        w.expression(stack + 1)
    w.put("ANSWER")
    w.put("JUMP", again)
    w.here(end)


def ranked(w: Writer, stack: int) -> None:
    again, end = w.label(), w.label()
    w.put("BUILD", 0)
    w.expression(stack + 1)
    w.put("EACH")
    w.here(again)
    w.put("NEXT", end)
    w.put("SET", 4)
    w.put("GET", 4)
    w.put("GET", 4)
    w.put("NAME", w.chance.choice(TEXTS))
    w.put("GET", 4)
    w.put("TUPLE", 3)
    w.put("ADD", stack)
    w.put("JUMP", again)
    w.here(end)
    w.put("DONE", 4)
    w.put("ORDER", w.chance.choice([4, 5, 6, 7, 7, 2]))


def transformed(w: Writer, stack: int) -> None:
    again, end = w.label(), w.label()
    w.expression(stack)
    w.put("CLONE")
    w.put("SET", 3)
    w.put("GET", 3)
    w.put("WILD", w.chance.randrange(2))
    w.put("EACH")
    w.here(again)
    w.put("NEXT", end)
    w.expression(stack + 2)
    w.put(w.chance.choice(["UPDATE", "REMOVE"]))
    w.put("JUMP", again)
    w.here(end)
    w.put("GET", 3)


def picked(w: Writer, stack: int) -> None:
    w.expression(stack)
    w.put("PICK", stack)
    w.put("LEVEL", w.chance.randrange(40))
    w.put("OPERATE", w.chance.randrange(15))


def faulty(w: Writer, stack: int) -> None:
    label = w.label()
    w.expression(stack)
    w.put("IS", 0)
    w.put("UNLESS", label)
    w.put("FAULT", TEXTS[-1])
    w.here(label)
    w.expression(stack)


WAYS = [one, two, kept, chosen, called, called, partial, loop, loop, made_object, grouped]
WAYS += [ordered, ranked, ranked, transformed, picked, faulty, closure, function, matcher, part]


def generated(chance: Random, budget: int = 60) -> Code:
    """A sound expression of some bodies; the first has one parameter."""
    w = Writer(chance, budget)
    w.put("BODY", 256 + LOCALS)
    w.expression(0)
    w.put("RETURN")
    done = 0
    while done < len(w.bodies):
        label, parameters = w.bodies[done]
        done += 1
        w.here(label)
        w.put("BODY", 256 * parameters + LOCALS)
        w.left = min(w.left, 15)
        w.expression(0)
        w.put("RETURN")
    return Code(_assembled(w.code), CONSTS)


def _assembled(code: list[tuple[str, Any]], offset: int = 5) -> bytes:
    """The bytes; places are those behind `offset` instructions."""
    where: dict[str, int] = {}
    while True:
        out = b""
        found: dict[str, int] = {}
        for name, operand in code:
            if not name:
                found[operand] = len(out) // 2 + offset
                continue
            a = where.get(operand, 0) if isinstance(operand, str) else operand
            out += bytes((0, a >> 8)) if a > 255 else b""
            out += bytes((NUMBERS[name], a & 255))
        if found == where:
            return out
        where = found


def shown(code: Code) -> str:
    """For who looks for a mistake."""
    lines = []
    pc = 0
    while 2 * pc < len(code.code):
        name, a, after = code.fetch(pc)
        what = ""
        if name in ("CONST", "NAME", "ITEM", "SIGNED", "FAULT"):
            what = json.dumps(code.consts[a])
        lines.append(f"{pc + 5:4} {name} {a} {what}")
        pc = after
    return "\n".join(lines)
