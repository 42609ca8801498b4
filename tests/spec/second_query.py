"""QUERY (2.12) as the second reader has it.

From docs/SPEC.md alone, as `second_reader` is.
"""

from __future__ import annotations

import operator
import re
from typing import Any

from .second_values import MISSING, WorkflowError, at_path, child, fit, is_number, shown

_RELATIONS = {
    1: operator.lt,
    2: operator.eq,
    3: operator.le,
    4: operator.gt,
    5: operator.ne,
    6: operator.ge,
}


class _Look:
    """What a segment may look at, and the value that QUERY is applied to."""

    def __init__(self, v: Any, largest: int) -> None:
        self.v = v
        self.left = largest

    def at(self, n: int) -> None:
        self.left -= n
        if self.left < 0:
            raise WorkflowError(7)


def select(v: Any, query: list[Any], largest: int) -> tuple[Any, int]:
    """What it selects, and how many values it looked at."""
    found = [v]
    work = 0
    deep = False
    for segment in query:
        look = _Look(v, largest)
        out: list[Any] = []
        for one in found:
            look.at(1)
            looked, selected = _applied(one, segment, deep, look)
            look.at(looked)
            out += selected
        found, deep = out, segment is True
        work += largest - look.left
    result: Any = found
    if len(query) == 1 and isinstance(query[0], list) and query[0][0] == 2:
        if not found:
            raise WorkflowError(1)
        result = found[0]
    return fit(result, largest), work


def _applied(v: Any, segment: Any, deep: bool, look: _Look) -> tuple[int, list[Any]]:
    """What it looks at in a value beside that itself, and what it selects."""
    inside = list(v.values()) if isinstance(v, dict) else v if isinstance(v, list) else []
    match segment:
        case True:
            looked, out = 0, []
            todo = [v]
            while todo:
                one = todo.pop()
                if isinstance(one, (list, dict)):
                    out.append(one)
                    items = list(one.values()) if isinstance(one, dict) else one
                    looked += len(items)
                    todo += reversed(items)
            return looked, out
        case None:
            return len(inside), inside
        case str() | int():
            return 0, _there([child(v, segment)])
        case [0, start, stop]:
            out = v[start:stop] if isinstance(v, list) else []
            return len(out), out
        case [1, *numbers]:
            there = _there([child(v, n) for n in numbers])
            return (len(numbers) if isinstance(v, list) else 0), there
        case [2, *names]:
            if not isinstance(v, dict) or deep and any(name not in v for name in names):
                return 0, []
            return 0, [{name: v[name] for name in names if name in v}]
        case [3, term]:
            if isinstance(v, dict):
                return 0, [v] if _holds(term, v, look) else []
            if deep:
                return 0, []
            look.at(len(inside))
            candidates = [x for x in inside if isinstance(x, (list, dict))]
            return 0, [x for x in candidates if _holds(term, x, look)]
    raise AssertionError(segment)


def _there(values: list[Any]) -> list[Any]:
    return [v for v in values if v is not MISSING]


def _holds(term: list[Any], v: Any, look: _Look) -> bool:
    op, *rest = term
    if op in (8, 9):
        parts = (_holds(part, v, look) for part in rest)
        return all(parts) if op == 8 else any(parts)
    x = _found(rest[0], v, look)
    if op in (0, 7):
        return (x is not MISSING and x is not None) is (op == 7)
    if x is MISSING:
        return False
    if op == 10:
        return _matches(x, rest[1], look)
    if isinstance(rest[1], list):
        y = _found(rest[1], v, look)
        if y is MISSING:
            return False
        look.at(sum(len(one) for one in (x, y) if isinstance(one, str)) or 1)
        return _related(op, x, y)
    if isinstance(x, (list, dict)):
        return False
    text = rest[1] if isinstance(rest[1], str) else shown(rest[1])
    number = _number(rest[1]) if isinstance(rest[1], str) else rest[1]
    relation = _RELATIONS[op]
    if x is None:
        return bool(op == (2 if text == "null" else 5))
    if isinstance(x, str):
        return bool(relation(x, text))
    if isinstance(x, bool) and text.lower() in ("true", "false"):
        return bool(relation(x, text.lower() == "true"))
    if is_number(x) and number is not None:
        return bool(relation(x, number))
    return bool(op == 5)


def _found(path: list[Any], v: Any, look: _Look) -> Any:
    return at_path(look.v, path[1:]) if path[0] is None else at_path(v, path)


_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _related(op: int, x: Any, y: Any) -> bool:
    relation = _RELATIONS[op]
    many = (list, dict)
    nulls = [one is None or one == "null" for one in (x, y)]
    if isinstance(x, many) and isinstance(y, many):
        return False
    if (x is None) != (y is None):
        return op == (2 if all(nulls) else 5)
    if any(nulls):
        return bool(relation(not nulls[0], not nulls[1]))
    if isinstance(x, many) or isinstance(y, many):
        return False
    match x, y:
        case str(), str():
            return bool(relation(x, y))
        case bool(), str():
            return bool(relation(x, y.lower() == "true"))
        case _, str():
            number = _number(y)
            return op == 5 if number is None else bool(relation(x, number))
        case bool(), bool():
            return bool(relation(x, y))
    if isinstance(y, bool) or not is_number(x):
        return False
    return bool(relation(x, y))


def _number(text: str) -> int | float | None:
    if not _DECIMAL.fullmatch(text):
        return None
    if re.fullmatch("[+-]?[0-9]+", text) and -(2**63) <= int(text) < 2**63:
        return int(text)
    value = float(text)
    return None if abs(value) == float("inf") else value


def _matches(x: Any, code: list[Any], look: _Look) -> bool:
    if x is None or isinstance(x, (list, dict)):
        return False
    look.at((len(x) if isinstance(x, str) else 1) * (1 + len(code) // 16))
    text = x if isinstance(x, str) else shown(x)
    ways = {(0, 0)}  # an instruction, and a place of the text
    todo = [(0, 0)]
    while todo:
        k, at = todo.pop()
        if (k, at) == (len(code), len(text)):
            return True
        for way in _ways(code, k, text, at):
            if way not in ways:
                ways.add(way)
                todo.append(way)
    return False


def _ways(code: list[Any], k: int, text: str, at: int) -> list[tuple[int, int]]:
    if k == len(code):
        return []
    match code[k]:
        case str(ranges):
            pairs = [ranges * 2] if len(ranges) == 1 else re.findall("(?s)..", ranges)
            here = text[at : at + 1]
            taken = here != "" and any(pair[0] <= here <= pair[1] for pair in pairs)
            return [(k + 1, at + 1)] if taken else []
        case int(n):
            return [(k + 1, at), (n, at)] if n >= 0 else [(-1 - n, at)]
        case [kind, ends]:
            return [(k + 1, at)] if _stands(kind, ends, text, at) else []
    raise AssertionError(code[k])


def _stands(kind: int, ends: str, text: str, at: int) -> bool:
    within = "\r" in ends and text[at - 1 : at + 1] == "\r\n" and at > 0
    here, before = text[at : at + 1], text[at - 1 : at] if at else ""
    final = at + 1 == len(text) and here in ends and not within
    words = [bool(re.fullmatch("[A-Za-z0-9_]", c)) for c in (before, here)]
    return [
        at == 0,
        at == len(text),
        at == len(text) or final or ("\r" in ends and text[at:] == "\r\n"),
        at < len(text) and (at == 0 or before in ends) and not within,
        (at == len(text) or here in ends) and not within,
        words[0] != words[1],
        words[0] == words[1],
    ][kind]
