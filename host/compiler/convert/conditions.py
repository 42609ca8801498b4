"""Conditions of Choice rules, written in JSONata."""

from __future__ import annotations

import re

from ..frontend.model import And, Compare, Condition, Index, Key, Not, Path
from .spelling import Here, Left, literal, path

_RELATIONS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
}
_TESTS = {"IsString": "string", "IsNumeric": "number", "IsBoolean": "boolean", "IsNull": "null"}
_TYPES = {"String": "string", "Numeric": "number", "Boolean": "boolean"}


def condition(c: Condition, here: Here, around: str = "") -> str:
    """A condition; it is always true or false.  `around`: the operator whose operand it is."""
    if isinstance(c, Compare):
        return compare(c, here)
    if isinstance(c, Not):
        return here.uses.call("not", condition(c.part, here))
    word = "and" if isinstance(c, And) else "or"
    joined = f" {word} ".join(condition(part, here, word) for part in c.parts)
    return f"({joined})" if around and len(c.parts) > 1 else joined


def compare(c: Compare, here: Here) -> str:
    if c.op == "IsPresent":
        present = _present(c.variable, here)
        return present if c.operand else here.uses.call("not", present)
    value = path(c.variable, here)
    if c.op in _TESTS:
        relation = "=" if c.operand else "!="
        return f'{here.uses.call("type", value)} {relation} "{_TESTS[c.op]}"'
    if c.op == "StringMatches":
        pattern = _pattern(str(c.operand))
        return _guarded(here, [value], "string", here.uses.call("contains", value, pattern))
    for family, kind in _TYPES.items():
        relation = _RELATIONS.get(c.op.removeprefix(family), "")
        if c.op.startswith(family) and relation:
            return _related(c, here, value, kind, relation)
    raise Left(f"{c.op} knows forms of times that $toMillis does not", c.where)


def _related(c: Compare, here: Here, value: str, kind: str, relation: str) -> str:
    """JSONPath finds two values of different types neither equal nor in order."""
    if isinstance(c.operand, Path):
        operand = path(c.operand, here)
        values = [value] if relation == "=" else [value, operand]
        return _guarded(here, values, kind, f"{value} {relation} {operand}")
    holds = f"{value} {relation} {literal(c.operand, c.where)}"
    return holds if relation == "=" else _guarded(here, [value], kind, holds)


def _guarded(here: Here, values: list[str], kind: str, holds: str) -> str:
    tests = [f'{here.uses.call("type", value)} = "{kind}"' for value in values]
    return f"({' and '.join(tests)} ? {holds} : false)"


def _present(p: Path, here: Here) -> str:
    """JSONata looks into each item of an array; JSONPath does not."""
    tests = []
    for number, segment in enumerate(p.segments):
        before = path(Path(p.root, p.segments[:number], p.text, p.where), here)
        kind = {Key: "object", Index: "array"}.get(type(segment))
        if kind:
            tests.append(f'{here.uses.call("type", before)} = "{kind}"')
    tests.append(here.uses.call("exists", path(p, here)))
    return tests[0] if len(tests) == 1 else f"({' and '.join(tests)})"


def _pattern(wanted: str) -> str:
    """`*` is any text, after a backslash itself."""
    out = ""
    for match in re.finditer(r"\\(.)|(\*)|(.)", wanted, re.DOTALL):
        if match[2]:
            out += "[^]*"
        else:
            char = match[1] or match[3]
            out += _ESCAPED.get(char) or re.sub(r"[\^$\\.*+?()[\]{}|/]", r"\\\g<0>", char)
    return f"/^{out}$/"


_ESCAPED = {"\\": "\\x5c", "\n": "\\n", "\r": "\\r", "\u2028": "\\u2028", "\u2029": "\\u2029"}
