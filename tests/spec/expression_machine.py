"""An interpreter of expressions, written from docs/SPEC.md, 2.16, alone.

It has the instructions, and of the native functions those that docs/EXPRESSIONS.md calls.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from tests.spec.expression_code import FUNCTIONS, OPERATORS, RESERVED, Checked, Code
from tests.spec.second_reader import encode

_FUEL = re.search(r"has (\d+) units", RESERVED)
_DEPTH = re.search(r"are at most (\d+), else error 11", RESERVED)
assert _FUEL is not None
assert _DEPTH is not None
FUEL, DEPTH = int(_FUEL[1]), int(_DEPTH[1])


class Failed(Exception):
    """Error 11; its cause is a code of JSONata."""


class Marker:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


NOTHING, OPEN = Marker("nothing"), Marker("hole")


class Sequence(list[Any]):
    """An array with a mark."""


class Apart(list[Any]):
    """An array that stays apart in a path."""


class Packed(tuple[Any, ...]):
    """A tuple."""

    __slots__ = ()


@dataclass
class Environment:
    values: list[Any]
    around: Environment | None


@dataclass
class Closure:
    body: int
    environment: Environment


@dataclass
class Native:
    name: str


@dataclass
class Matcher:
    pattern: bytes


@dataclass
class Partial:
    function: Any
    given: list[Any]


@dataclass
class Composed:
    first: Any
    second: Any


@dataclass
class Builder:
    kind: int
    items: list[Any] = field(default_factory=list)
    members: dict[str, Any] = field(default_factory=dict)


@dataclass
class Iterator:
    items: list[Any]
    at: int = -1


@dataclass
class Sorter:
    ways: Generator[tuple[Any, Any], bool, list[Any]]
    answer: bool | None = None


@dataclass
class Call:
    pc: int
    environment: Environment
    stack: list[Any] = field(default_factory=list)
    then: list[Any] = field(default_factory=list)  # functions that its value goes to


def is_function(v: Any) -> bool:
    return isinstance(v, (Closure, Native, Matcher, Partial, Composed))


def is_number(v: Any) -> bool:
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def items_of(v: Any) -> list[Any]:
    """What EACH goes through."""
    return [] if v is NOTHING else v if isinstance(v, list) else [v]


def single(items: list[Any]) -> Any:
    """A sequence of these as a value."""
    return NOTHING if not items else items[0] if len(items) == 1 else Sequence(items)


def truth(v: Any) -> bool:
    """$boolean, and false for nothing."""
    if isinstance(v, list):
        return any(truth(item) for item in v)
    return v is not NOTHING and not is_function(v) and bool(v)


def member(v: Any, name: str) -> Any:
    if isinstance(v, list):
        out: list[Any] = []
        for item in v:
            found = member(item, name)
            out += items_of(found)
        return single(out)
    return v.get(name, NOTHING) if isinstance(v, dict) else NOTHING


def tamed(v: int | float) -> int | float:
    """Binary64, of which what is whole and below 2^53 is an integer."""
    v = float(v)
    if not math.isfinite(v):
        raise Failed("D1001")
    return int(v) if v == int(v) and abs(v) < 2**53 else v


def merged(items: list[Any]) -> Generator[tuple[Any, Any], bool, list[Any]]:
    """The merge sort: yields two items, and is told if the second comes first."""
    if len(items) < 2:
        return items
    left = yield from merged(items[: len(items) // 2])
    right = yield from merged(items[len(items) // 2 :])
    out: list[Any] = []
    while left and right:
        swapped = yield left[0], right[0]
        part = right if swapped else left
        out.append(part[0])
        left, right = (left, right[1:]) if swapped else (left[1:], right)
    return out + left + right


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def operate(name: str, a: Any, b: Any) -> Any:
    if name in ARITHMETIC:
        for v, code in ((a, "T2001"), (b, "T2002")):
            if v is not NOTHING and not is_number(v):
                raise Failed(code)
        return NOTHING if NOTHING in (a, b) else tamed(ARITHMETIC[name](a, b))
    if name == "&":
        return "".join("" if v is NOTHING else v if isinstance(v, str) else str(v) for v in (a, b))
    if name in ("=", "!="):
        if NOTHING in (a, b):
            return False
        same = a == b and isinstance(a, bool) == isinstance(b, bool)
        return same == (name == "=")
    if name in ORDER:
        for v in (a, b):
            if v is not NOTHING and not is_number(v) and not isinstance(v, str):
                raise Failed("T2010")
        if NOTHING in (a, b):
            return NOTHING
        if isinstance(a, str) != isinstance(b, str):
            raise Failed("T2009")
        return ORDER[name](a, b)
    if name == "..":
        for v, code in ((a, "T2003"), (b, "T2004")):
            if v is not NOTHING and not (is_number(v) and v == int(v)):
                raise Failed(code)
        return NOTHING if NOTHING in (a, b) or a > b else Sequence(range(int(a), int(b) + 1))
    if name == "in":
        return b is not NOTHING and any(operate("=", a, item) for item in items_of(b))
    raise NotImplementedError(name)


# --- patterns ---


def found(code: bytes, text: str, start: int) -> list[int | None] | None:
    """The places kept of the first match from `start` on."""
    for at in range(start, len(text) + 1):
        kept = _match(code, text, at)
        if kept:
            return kept
    return None


def _match(code: bytes, text: str, start: int) -> list[int | None] | None:
    best: list[int | None] | None = None
    ways: list[tuple[int, list[int | None]]] = [(0, [None] * 20)]
    for at in range(start, len(text) + 1):
        seen: set[int] = set()
        todo, following = ways[::-1], []
        while todo:
            pc, kept = todo.pop()
            if pc in seen:
                continue
            seen.add(pc)
            op = code[pc]
            if op == 0:
                best = kept
                break  # what comes later is worth less
            if op == 4:
                a, b = (int.from_bytes(code[n : n + 2], "little") for n in (pc + 1, pc + 3))
                todo += [(b, kept), (a, kept)]
            elif op == 5:
                todo.append((int.from_bytes(code[pc + 1 : pc + 3], "little"), kept))
            elif op == 6:
                kept = kept[:]
                kept[code[pc + 1]] = at
                todo.append((pc + 2, kept))
            elif op == 7:
                if _holds(code[pc + 1], text, at):
                    todo.append((pc + 2, kept))
            elif at < len(text):
                after = pc + (4 if op == 1 else 2 + 6 * code[pc + 1])
                if _takes(code, pc, ord(text[at])):
                    following.append((after, kept))
        ways = following
    return best


def _takes(code: bytes, pc: int, c: int) -> bool:
    def number(at: int) -> int:
        return int.from_bytes(code[at : at + 3], "little")

    if code[pc] == 1:
        return c == number(pc + 1)
    ends = range(pc + 2, pc + 2 + 6 * code[pc + 1], 6)
    return any(number(n) <= c <= number(n + 3) for n in ends) == (code[pc] == 2)


def _holds(k: int, text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at : at + 1]
    inner = [bool(re.fullmatch("[A-Za-z0-9_]", c)) for c in (before, after)]
    return (
        not at,
        not after,
        not at or before == "\n",
        not after or after == "\n",
        inner[0] != inner[1],
        inner[0] == inner[1],
    )[k]


def matches(matcher: Matcher, text: str) -> list[Any]:
    out: list[Any] = []
    at = 0
    while kept := found(matcher.pattern, text, at):
        begin, end = kept[0], kept[1]
        assert begin is not None
        assert end is not None
        if begin == end:
            raise Failed("D1004")
        pairs = [(a, b) for a, b in zip(kept[2::2], kept[3::2], strict=True) if a is not None]
        groups = [text[a:b] for a, b in pairs]
        out.append({"match": text[begin:end], "start": begin, "end": end, "groups": groups})
        at = end
    return out


# --- native functions ---


def _compare(x: Any, y: Any, way: Any) -> int:
    if NOTHING in (x, y):
        return (x is NOTHING) - (y is NOTHING)
    if not all(is_number(v) or isinstance(v, str) for v in (x, y)):
        raise Failed("T2008")
    if isinstance(x, str) != isinstance(y, str):
        raise Failed("T2007")
    return int(way) * ((x > y) - (x < y))


def _sum(v: Any = NOTHING) -> Any:
    if v is not NOTHING and not all(map(is_number, items_of(v))):
        raise Failed("T0412")
    return NOTHING if v is NOTHING else tamed(sum(items_of(v)))


def _replacement(v: Any) -> str:
    if not isinstance(v, str):
        raise Failed("D3012")
    return v


NATIVE: dict[str, Callable[..., Any]] = {
    "$sum": _sum,
    "$join": lambda v, between="": NOTHING if v is NOTHING else between.join(items_of(v)),
    "$substring": lambda text, at, n=None: text[int(at) :][: None if n is None else int(n)],
    "$uppercase": lambda v: NOTHING if v is NOTHING else v.upper(),
    "*matches*": lambda text, f: matches(f, text),
    "*replacement*": _replacement,
    "*compare*": _compare,
}
ARITY = {"$sum": 1, "$join": 2, "$substring": 3, "$uppercase": 1}


def size(v: Any) -> int:
    """Bytes of the encoding; functions have none."""
    if isinstance(v, list):
        return 9 + sum(map(size, v))
    return len(encode(v)) if isinstance(v, (str, dict)) else 1


class Machine:
    """One evaluation: `run(states)` gives the value or raises Failed."""

    def __init__(self, code: Code, fuel: int = FUEL) -> None:
        self.code = code
        self.checked = Checked(code)
        self.fuel = fuel
        self.calls: list[Call] = []
        self.value: Any = NOTHING

    def run(self, states: Any) -> Any:
        self.call(Closure(0, Environment([NOTHING], None)), [states], [])
        while self.calls:
            call = self.calls[-1]
            name, a, after = self.code.fetch(call.pc)
            if name == "JUMP":
                self.spend(a <= call.pc)
                call.pc = a
                continue
            call.pc = after
            getattr(self, name.lower() + "_")(call, a)
        if self.value is NOTHING or is_function(self.value):
            raise Failed("")
        return self.value

    def spend(self, units: int) -> None:
        self.fuel -= units
        if self.fuel < 0:
            raise Failed("D1012")

    # --- functions ---

    def call(self, f: Any, args: list[Any], then: list[Any]) -> None:
        """`then`: functions that the result goes to, the last first."""
        self.spend(1)
        while isinstance(f, (Partial, Composed)):
            if isinstance(f, Composed):
                then = [*then, f.second]
                f = f.first
            else:
                rest = iter(args)
                args = [next(rest, NOTHING) if v is OPEN else v for v in f.given]
                f = f.function
        if isinstance(f, Closure):
            if len(self.calls) >= DEPTH:
                raise Failed("D1011")
            count, parameters = self.checked.size[f.body]
            values = [f.environment.values[0], *args[:parameters]]
            values += [NOTHING] * (count - len(values))
            begin = self.code.fetch(f.body)[2]
            self.calls.append(Call(begin, Environment(values, f.environment), then=then))
            return
        if isinstance(f, Matcher):
            one = matches(f, args[0])[:1]
            result = one[0] if one else NOTHING
        elif isinstance(f, Native):
            result = NATIVE[f.name](*args)
        else:
            raise Failed("T1006")
        self.spend(sum(map(size, [*args, result])) >> 8)
        self.give(result, then)

    def give(self, v: Any, then: list[Any]) -> None:
        """A result: to what waits for it, or to the call below."""
        if then:
            self.call(then[-1], [v], then[:-1])
        elif self.calls:
            self.calls[-1].stack.append(v)
        else:
            self.value = v

    def arity(self, f: Any) -> int:
        if isinstance(f, Closure):
            return self.checked.size[f.body][1]
        if isinstance(f, Partial):
            return f.given.count(OPEN)
        return self.arity(f.first) if isinstance(f, Composed) else ARITY.get(f.name, 1)

    def invoke_(self, call: Call, a: int) -> None:
        n = a % 256
        f, *args = call.stack[len(call.stack) - n - 1 :]
        del call.stack[len(call.stack) - n - 1 :]
        if not is_function(f):
            raise Failed("T1006")
        if a > 255:
            args = args[: self.arity(f)]
        then: list[Any] = []
        if self.code.fetch(call.pc)[0] == "RETURN":  # the body is over
            self.calls.pop()
            then = call.then
        self.call(f, args, then)

    def return_(self, call: Call, a: int) -> None:
        self.calls.pop()
        self.give(call.stack.pop(), call.then)

    def closure_(self, call: Call, a: int) -> None:
        call.stack.append(Closure(a, call.environment))

    def func_(self, call: Call, a: int) -> None:
        call.stack.append(Native(FUNCTIONS[a]))

    def regex_(self, call: Call, a: int) -> None:
        call.stack.append(Matcher(self.code.consts[a]))

    def hole_(self, call: Call, a: int) -> None:
        call.stack.append(OPEN)

    def partial_(self, call: Call, a: int) -> None:
        f, *given = call.stack[len(call.stack) - a - 1 :]
        del call.stack[len(call.stack) - a - 1 :]
        call.stack.append(Partial(f, given))

    # --- values ---

    def const_(self, call: Call, a: int) -> None:
        call.stack.append(self.code.consts[a])

    def int_(self, call: Call, a: int) -> None:
        call.stack.append(a)

    def none_(self, call: Call, a: int) -> None:
        call.stack.append(NOTHING)

    def get_(self, call: Call, a: int) -> None:
        place: Environment | None = call.environment
        for _ in range(a // 256):
            assert place is not None
            place = place.around
        assert place is not None
        call.stack.append(place.values[a % 256])

    def set_(self, call: Call, a: int) -> None:
        call.environment.values[a] = call.stack.pop()

    def pick_(self, call: Call, a: int) -> None:
        call.stack.append(call.stack[a])

    def drop_(self, call: Call, a: int) -> None:
        del call.stack[len(call.stack) - a :]

    def if_(self, call: Call, a: int) -> None:
        call.pc = a if call.stack.pop() is True else call.pc

    def unless_(self, call: Call, a: int) -> None:
        call.pc = a if call.stack.pop() is False else call.pc

    def is_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        kinds = (
            v is NOTHING,
            is_function(v),
            isinstance(v, list),
            is_number(v),
            isinstance(v, str),
            isinstance(v, dict),
            truth(v),
            isinstance(v, bool),
        )
        call.stack.append(kinds[a])

    def minus_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        if v is not NOTHING and not is_number(v):
            raise Failed("D1002")
        call.stack.append(v if v is NOTHING else -v)

    def operate_(self, call: Call, a: int) -> None:
        y, x = call.stack.pop(), call.stack.pop()
        if OPERATORS[a] == "~>":
            if not is_function(y):
                raise Failed("T2006")
            if is_function(x):
                call.stack.append(Composed(x, y))
            else:
                self.call(y, [x], [])
        else:
            call.stack.append(operate(OPERATORS[a], x, y))

    def name_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        if isinstance(v, list):
            self.spend(len(v) >> 8)
        call.stack.append(member(v, self.code.consts[a]))

    def at_(self, call: Call, a: int) -> None:
        items = items_of(call.stack.pop())
        n = -((a + 1) >> 1) if a & 1 else a >> 1
        there = -len(items) <= n < len(items)
        call.stack.append(items[n] if there else NOTHING)

    def tuple_(self, call: Call, a: int) -> None:
        values = Packed(call.stack[len(call.stack) - a :])
        del call.stack[len(call.stack) - a :]
        call.stack.append(values)

    def untuple_(self, call: Call, a: int) -> None:
        call.stack += call.stack.pop()

    # --- iterators, builders, sorters ---

    def each_(self, call: Call, a: int) -> None:
        call.stack.append(Iterator(items_of(call.stack.pop())))

    def next_(self, call: Call, a: int) -> None:
        it = call.stack[-1]
        it.at += 1
        if it.at < len(it.items):
            call.stack.append(it.items[it.at])
        else:
            call.stack.pop()
            call.pc = a

    def position_(self, call: Call, a: int) -> None:
        call.stack.append(call.stack[a].at)

    def build_(self, call: Call, a: int) -> None:
        call.stack.append(Builder(a))

    def add_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        if v is not NOTHING:
            call.stack[a].items.append(v)

    def spread_(self, call: Call, a: int) -> None:
        call.stack[a].items += items_of(call.stack.pop())

    def keep_(self, call: Call, a: int) -> None:
        p, v = call.stack.pop(), call.stack.pop()
        it = call.stack[a]
        picks = p if isinstance(p, list) else [p]
        if picks and all(map(is_number, picks)):
            count = sum(int(n // 1) in (it.at, it.at - len(it.items)) for n in picks)
        else:
            count = int(truth(p))
        call.stack[a - 1].items += [v] * count

    def member_(self, call: Call, a: int) -> None:
        v, k = call.stack.pop(), call.stack.pop()
        made = call.stack[a].members
        if not isinstance(k, str):
            raise Failed("T1003")
        if k in made:
            raise Failed("D1009")
        if v is not NOTHING:
            made[k] = v

    def group_(self, call: Call, a: int) -> None:
        v, k = call.stack.pop(), call.stack.pop()
        if not isinstance(k, str):
            raise Failed("T1003")
        call.stack[a].members.setdefault(k, []).append(v)

    def done_(self, call: Call, a: int) -> None:
        built = call.stack.pop()
        items = built.items
        if built.kind == 2:
            call.stack.append(built.members)
        elif built.kind == 3:
            pairs = built.members.items()
            call.stack.append([Packed((k, single(rows))) for k, rows in pairs])
        elif built.kind == 1:
            call.stack.append(Apart(items) if a & 8 else items)
        elif a & 2 and len(items) == 1 and type(items[0]) in (list, Apart):
            call.stack.append(items[0])
        else:
            if a & 1:
                flat = [items_of(v) if not isinstance(v, Apart) else [v] for v in items]
                items = [v for part in flat for v in part]
            call.stack.append(Sequence(items) if items and a & 4 else single(items))

    def sort_(self, call: Call, a: int) -> None:
        call.stack.append(Sorter(merged(items_of(call.stack.pop()))))

    def step_(self, call: Call, a: int) -> None:
        by = call.stack[-1]
        try:
            asked = next(by.ways) if by.answer is None else by.ways.send(by.answer)
        except StopIteration as over:
            call.stack[-1] = over.value
            call.pc = a
            return
        by.answer = None
        call.stack += asked

    def answer_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        call.stack[-1].answer = v is not NOTHING and v is not None and v not in (False, 0, "")
