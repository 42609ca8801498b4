"""QUERY (2.12) as the second reader has it.

From docs/SPEC.md alone, as `second_reader` is.
"""

from __future__ import annotations

import operator
from typing import Any

from .second_values import MISSING, WorkflowError, at_path, child, fit, is_number

_RELATIONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(v: Any, query: list[Any], largest: int) -> tuple[Any, int]:
    """What it selects, and how many values it looked at."""
    found = [v]
    work = 0
    deep = False
    for segment in query:
        seen = 0
        out: list[Any] = []
        for one in found:
            looked, selected = _applied(one, segment, deep)
            seen += 1 + looked
            out += selected
            if seen > largest:
                raise WorkflowError(7)
        found, deep = out, segment is True
        work += seen
    result: Any = found
    if len(query) == 1 and isinstance(query[0], dict) and "pick" in query[0]:
        if not found:
            raise WorkflowError(1)
        result = found[0]
    return fit(result, largest), work


def _applied(v: Any, segment: Any, deep: bool) -> tuple[int, list[Any]]:
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
        case [start, stop]:
            out = v[start:stop] if isinstance(v, list) else []
            return len(out), out
        case {"in": numbers}:
            there = _there([child(v, n) for n in numbers])
            return (len(numbers) if isinstance(v, list) else 0), there
        case {"pick": names}:
            if not isinstance(v, dict) or deep and any(name not in v for name in names):
                return 0, []
            return 0, [{name: v[name] for name in names if name in v}]
        case {"if": term}:
            if isinstance(v, dict):
                return 0, [v] if _holds(term, v) else []
            if deep:
                return 0, []
            held = [x for x in inside if isinstance(x, (list, dict)) and _holds(term, x)]
            return len(inside), held
    raise AssertionError(segment)


def _there(values: list[Any]) -> list[Any]:
    return [v for v in values if v is not MISSING]


def _holds(term: list[Any], v: Any) -> bool:
    op, *rest = term
    if op in ("and", "or"):
        parts = [_holds(part, v) for part in rest]
        return all(parts) if op == "and" else any(parts)
    x = at_path(v, rest[0])
    if op in ("has", "not"):
        return (x is not MISSING and x is not None) is (op == "has")
    if x is MISSING or isinstance(x, (list, dict)):
        return False
    text, number = rest[1], rest[2] if len(rest) > 2 else None
    relation = _RELATIONS[op]
    if x is None:
        return bool(op == ("==" if text == "null" else "!="))
    if isinstance(x, str):
        return bool(relation(x, text))
    if isinstance(x, bool) and text.lower() in ("true", "false"):
        return bool(relation(x, text.lower() == "true"))
    if is_number(x) and number is not None:
        return bool(relation(x, number))
    return bool(op == "!=")
