"""The values of expressions, their operators, patterns and native functions (docs/SPEC.md, 2.16).

Of the native functions there are those that docs/EXPRESSIONS.md calls.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from tests.spec.second_reader import encode


class Failed(Exception):
    """Error 13; its cause is a code of JSONata."""


class TooLarge(Failed):
    """Error 7."""


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
    ways: Generator[tuple[Any, Any], bool | None, list[Any]]
    answer: bool | None = None
    asked: bool = False


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


def appended(a: Any, b: Any) -> Any:
    """$append"""
    if NOTHING in (a, b):
        return b if a is NOTHING else a
    return [*items_of(a), *items_of(b)]


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
    return int(v) if math.isfinite(v) and v == int(v) and abs(v) < 2**53 else v


def left(v: Any) -> Any:
    """As it leaves: texts for what is no number of JSON."""
    if isinstance(v, list):
        return [left(item) for item in v]
    if isinstance(v, dict):
        return {k: left(x) for k, x in v.items()}
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"
    return v


def divided(x: float, y: float) -> float:
    if y:
        return x / y
    return math.nan if not x or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1, y)


def rest(x: float, y: float) -> float:
    return math.fmod(x, y) if y and math.isfinite(x) else math.nan


def merged(items: list[Any]) -> Generator[tuple[Any, Any], bool | None, list[Any]]:
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
    "/": divided,
    "%": rest,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def plain(v: Any) -> bool:
    """Is it a value of section 1, all of it?"""
    if isinstance(v, list):
        return all(map(plain, v))
    if isinstance(v, dict):
        return all(map(plain, v.values()))
    return v is None or isinstance(v, (bool, int, float, str))


def all_below(v: Any, deep: bool) -> list[Any]:
    """What `*` selects, or `**`."""
    inner = v if isinstance(v, list) else list(v.values()) if isinstance(v, dict) else []
    if deep:
        out = [] if isinstance(v, list) or v is NOTHING else [v]
        return out + [found for item in inner for found in all_below(item, deep)]
    return [item for found in inner for item in _flat(found)]


def _flat(v: Any) -> list[Any]:
    return [item for part in v for item in _flat(part)] if isinstance(v, list) else [v]


def text_of(v: Any) -> str:
    """What `&` makes of a value; of numbers with few digits."""
    if v is NOTHING or is_function(v):
        return ""
    if isinstance(v, float) and math.isinf(v):
        raise Failed("D3001")
    if isinstance(v, str):
        return v
    return json.dumps(v, separators=(",", ":"), ensure_ascii=False, default=lambda _: "")


def operate(name: str, a: Any, b: Any) -> Any:
    if name in ARITHMETIC:
        for v, code in ((a, "T2001"), (b, "T2002")):
            if v is not NOTHING and (not is_number(v) or math.isnan(v)):
                raise Failed(code)
            if v is not NOTHING and math.isinf(v):
                raise Failed("D1001")
        if NOTHING in (a, b):
            return NOTHING
        return tamed(ARITHMETIC[name](float(a), float(b)))
    if name == "&":
        return text_of(a) + text_of(b)
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
        if NOTHING in (a, b) or a > b:
            return NOTHING
        if b - a >= 1e7:
            raise Failed("D2014")
        return Sequence(range(int(a), int(b) + 1))
    if name == "in":
        return b is not NOTHING and any(operate("=", a, item) for item in items_of(b))
    raise AssertionError(name)


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
            elif op == 8:
                kept = kept[:]
                kept[2 * code[pc + 1]] = kept[2 * code[pc + 1] + 1] = None
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
        not at or before in "\n\r\u2028\u2029",
        not after or after in "\n\r\u2028\u2029",
        inner[0] != inner[1],
        inner[0] == inner[1],
    )[k]


def matches(matcher: Any, text: Any) -> list[Any]:
    if not isinstance(matcher, Matcher) or not isinstance(text, str):
        raise Failed("T0410")
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


def native(name: str, args: list[Any]) -> Any:
    """Calls a native function; its arguments are what nobody has checked."""
    if name not in NATIVE:
        raise Failed("not in this interpreter")
    try:
        return NATIVE[name](*args)
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise Failed("T0410") from None


ARITY = {"$sum": 1, "$join": 2, "$substring": 3, "$uppercase": 1}


def size(v: Any) -> int:
    """Bytes of the encoding; functions have none."""
    if isinstance(v, list):
        return 9 + sum(map(size, v))
    if isinstance(v, dict):
        return 9 + sum(size(k) + size(x) for k, x in v.items())
    return len(encode(v)) if isinstance(v, str) else 1


def depth(v: Any) -> int:
    inner = v if isinstance(v, (list, Packed)) else v.values() if isinstance(v, dict) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)
