"""How paths and values of the States Language are written in JSONata.

A path that JSONPath follows to one value has objects and arrays alone on its way; there JSONata
finds the same value, arrays of one item and of arrays among them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from ..frontend.model import Arr, Const, Expr, Index, Json, Key, Obj, Path, Ref, Segment, Where

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"and", "or", "in", "true", "false", "null", "function"})
_EXACT = 1 << 53


class Left(Exception):
    """A state stays as it is.  `hint`: what its author could write, if it means the same there."""

    def __init__(self, why: str, where: Where, hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.where = where
        self.hint = hint


@dataclass
class Uses:
    """What a conversion relies on.  `assume`: take also what is the same only under a condition;
    `conditions` then has it.  `functions`: of JSONata, which a variable's name would hide."""

    assume: bool = False
    conditions: dict[str, None] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)

    def call(self, name: str, *arguments: str) -> str:
        self.functions.add(name)
        return f"${name}({', '.join(arguments)})"

    def only_if(self, text: str, was: str, condition: str, where: Where) -> str:
        """A text that is the same under a condition."""
        if not self.assume:
            hint = f"write {{% {text} %}}, or give --assume"
            raise Left(f"{was} is the same in JSONata only if {condition}", where, hint)
        self.conditions[f"{was} became {text}; {condition}"] = None
        return text


@dataclass(frozen=True)
class Here:
    """What `$` means in a place: `text` in JSONata (None: the empty object of an InputPath null),
    or the value that `made` makes, which is written for `around`."""

    uses: Uses
    text: str | None = "$states.input"
    made: Expr | None = None
    around: Here | None = None


def name(text: str, where: Where) -> str:
    """A member's name as a step of a path."""
    if _NAME.fullmatch(text) and text not in _WORDS:
        return text
    if "`" in text or text == "":
        raise Left(f"JSONata has no way to write the name {json.dumps(text)} in a path", where)
    return f"`{text}`"


def steps(segments: tuple[Segment, ...], where: Where, path: str = "") -> str:
    """What follows the beginning of a path."""
    out = ""
    for segment in segments:
        if isinstance(segment, Key):
            out += "." + name(segment.name, where)
        elif isinstance(segment, Index):
            out += f"[{segment.n}]"
        else:
            why = f"the path {path} may select any number of values; JSONata has no list of one"
            raise Left(why, where, "select them with $filter or $map, in an array")
    return out


def path(p: Path, here: Here) -> str:
    """The value at a path."""
    if p.root == "$$":
        return "$states.context" + steps(p.segments, p.where, p.text)
    if p.root != "$":
        return f"${p.root}" + steps(p.segments, p.where, p.text)
    assert here.made is None
    if here.text is None:
        if p.segments:
            raise Left(f"the path {p.text} reads an input that InputPath has emptied", p.where)
        return "{}"
    return here.text + steps(p.segments, p.where, p.text)


def settle(e: Expr, here: Here) -> tuple[Expr, Here]:
    """What stands where a path leads, as long as that was written a step before."""
    while isinstance(e, Ref) and e.path.root == "$" and here.made is not None:
        assert here.around is not None
        e, here = part(here.made, e.path.segments, e.path), here.around
    return e, here


def part(e: Expr, segments: tuple[Segment, ...], p: Path) -> Expr:
    """A part of what an expression makes."""
    for number, segment in enumerate(segments):
        if isinstance(e, Ref):
            rest = segments[number:]
            whole = Path(e.path.root, (*e.path.segments, *rest), p.text, p.where)
            return Ref(whole, e.where)
        found: Expr | None = None
        if isinstance(e, Obj) and isinstance(segment, Key):
            found = dict(e.items).get(segment.name)
        elif isinstance(e, Arr) and isinstance(segment, Index):
            found = e.items[segment.n] if -len(e.items) <= segment.n < len(e.items) else None
        elif isinstance(e, Const):
            found = _part_of_value(e, segment)
        if found is None:
            why = f"the path {p.text} reads what another field of the state makes"
            raise Left(why, p.where)
        e = found
    return e


def _part_of_value(e: Const, segment: Segment) -> Const | None:
    value = e.value
    if isinstance(value, dict) and isinstance(segment, Key) and segment.name in value:
        return Const(value[segment.name], e.where)
    if isinstance(value, list) and isinstance(segment, Index):
        if -len(value) <= segment.n < len(value):
            return Const(value[segment.n], e.where)
    return None


def literal(value: Json, where: Where) -> str:
    """A value that stands for itself within an expression."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        raise Left(f"JSONata does not keep a number as large as {value}", where)
    if isinstance(value, dict):
        members = [f"{literal(k, where)}: {literal(v, where)}" for k, v in value.items()]
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item, where) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def plain(value: Json) -> Json:
    """A value that stands for itself in a field: no text of it may be taken for an expression."""
    if isinstance(value, str):
        suspicious = value.startswith("{%") or value.endswith("%}")
        return f"{{% {json.dumps(value, ensure_ascii=False)} %}}" if suspicious else value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
