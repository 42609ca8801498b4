"""Paths that may name more than one place: the constants of QUERY (docs/SPEC.md, 2.12)."""

from __future__ import annotations

import json
import re
from typing import Any

from tsme.values import decimal

from ..frontend.model import (
    Descend,
    Filter,
    Function,
    Index,
    Json,
    Key,
    Segment,
    Several,
    Slice,
    Wildcard,
)
from .filter_errors import Unsupported
from .filters import AND, HAS, MATCHES, NOT, OPERATORS, OR, compile_filter

_STEPS = 32  # segments of a path; the device checks it
_SLICE, _SEVERAL, _PICK, _FILTER = range(4)  # segments that are arrays
_LAST = re.compile(r"\(\s*@\.(?:length|size\(\))\s*-\s*([1-9][0-9]{0,8})\s*\)")


def plan(segments: list[Segment]) -> tuple[list[Key | Index], list[Json]]:
    """Splits a path into steps that name one place, and the constant of a QUERY for the rest.

    Either may be empty.  If the path can name many places it is all in the second, since AWS
    gives [] where a part of such a path is missing.  Raises FilterError or Unsupported.
    """
    steps = [_from_the_end(segment) for segment in segments]
    head: list[Key | Index] = []
    for segment in steps:
        if not isinstance(segment, (Key, Index)):
            break
        head.append(segment)
    rest = steps[len(head) :]
    if not rest:
        return head, []
    if len(steps) > _STEPS:
        raise Unsupported(f"a path of more than {_STEPS} steps that can name many places")
    if len(rest) == 1 and _names(rest[0]):
        return head, [_step(rest[0], True)]
    return [], [_step(s, n == len(steps) - 1) for n, s in enumerate(steps)]


def from_document(segments: list[Segment]) -> bool:
    """Does a filter of a path read the document around it?"""
    filters = [segment.text for segment in segments if isinstance(segment, Filter)]
    return any(_reads_document(compile_filter(text)) for text in filters if text[:1] == "?")


def _reads_document(term: Any) -> bool:
    if term[0] in (AND, OR):
        return any(map(_reads_document, term[1:]))
    return any(isinstance(place, list) and place[0] is None for place in term[1:3])


def _from_the_end(segment: Segment) -> Segment:
    """`[(@.length-1)]` is how Jayway writes [-1]."""
    match = _LAST.fullmatch(segment.text) if isinstance(segment, Filter) else None
    return Index(-int(match.group(1))) if match else segment


def _names(segment: Segment) -> bool:
    return isinstance(segment, Several) and isinstance(segment.parts[0], Key)


def _step(segment: Segment, last: bool) -> Json:
    match segment:
        case Key(name):
            return name
        case Index(n):
            return n
        case Wildcard():
            return None
        case Descend():
            return True
        case Slice():
            return _slice(segment)
        case Filter(text):
            return [_FILTER, compile_filter(text)]
        case Function(name):
            hint = "AWS has no functions in paths"
            hint += "; States.ArrayLength counts" if name == "length" else ""
            raise Unsupported(f"the path function {name}()", hint)
        case Several(parts):
            if not _names(segment):
                return [_SEVERAL, *(part.n for part in parts if isinstance(part, Index))]
            if not last:
                raise Unsupported("a list of names before the end of a path")
            names = dict.fromkeys(part.name for part in parts if isinstance(part, Key))
            if len(names) < 2:
                raise Unsupported("the same name twice in a path")
            return [_PICK, *names]


def _slice(segment: Slice) -> Json:
    start, stop = segment.start, segment.stop
    if segment.step is not None:
        raise Unsupported("the step of a slice", "AWS passes over it: leave it out")
    if start is None and stop is None:
        raise Unsupported("the slice [:]", "write [*]")
    if start is not None and stop is not None and (start < 0 or stop < 0):
        hint = "AWS counts from the end only in [-2:] and [:-2]"
        raise Unsupported("a slice with two ends of which one is negative", hint)
    return [_SLICE, start, stop]


# --- for the disassembler -------------------------------------------------------------------


def to_text(query: Any) -> str:
    """A constant of QUERY as a path; of one that is not sound, what JSON says."""
    try:
        return "".join(_segment_text(segment) for segment in query)
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):
        return json.dumps(query, ensure_ascii=False)


def _segment_text(segment: Any) -> str:
    if segment is None:
        return "[*]"
    if segment is True:
        return ".."
    if not isinstance(segment, list):
        return f"[{_quoted(segment)}]"
    kind, *what = segment
    if kind == _SLICE:
        start, stop = what
        return f"[{'' if start is None else start}:{'' if stop is None else stop}]"
    if kind == _FILTER:
        return f"[?({_term_text(what[0])})]"
    return "[" + ",".join(_quoted(part) for part in what) + "]"


def _term_text(term: Any) -> str:
    op, *rest = term
    if op in (AND, OR):
        return {AND: " && ", OR: " || "}[op].join(
            f"({_term_text(part)})" if part[0] in (AND, OR) else _term_text(part) for part in rest
        )
    path = _place_text(rest[0])
    if op in (NOT, HAS):
        return path if op == HAS else f"!{path}"
    if op == MATCHES:
        return f"{path} =~ ({len(rest[1])} instructions)"
    shown = {number: name for name, number in OPERATORS.items()}[op]
    other = _place_text(rest[1]) if isinstance(rest[1], list) else _quoted(rest[1])
    return f"{path} {shown} {other}"


def _place_text(place: Any) -> str:
    root = place[0] is None
    return ("$" if root else "@") + "".join(f"[{_quoted(step)}]" for step in place[root:])


def _quoted(part: Any) -> str:
    if isinstance(part, str):
        escaped = part.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return decimal.to_text(part)
