"""What is left to do when a body is written: needless instructions go, equal bodies are found."""

from __future__ import annotations

from collections import Counter

from ..ir import Code, Ins, Label, Pooled
from .body import Body


def finished(body: Body, bodies: list[Body]) -> Code:
    """The code of a body without what does nothing."""
    code = body.code
    while True:
        size = len(code)
        code = _reachable(_threaded(code))
        code = _kept_on_the_stack(code, _outer_gets(body, bodies))
        if len(code) == size:
            return code


def _outer_gets(body: Body, bodies: list[Body]) -> set[int]:
    """The locals of a body that bodies within it get."""
    out: set[int] = set()
    for other in bodies:
        distance = _distance(other, body)
        for item in other.code if distance else ():
            if isinstance(item, Ins) and item.op == "GET" and isinstance(item.arg, int):
                if item.arg >> 8 == distance:
                    out.add(item.arg & 255)
    return out


def _threaded(code: Code) -> Code:
    """Jumps to a JUMP forward or a RETURN do that at once."""
    places = {item: n for n, item in enumerate(code) if isinstance(item, Label)}
    for n, item in enumerate(code):
        if not isinstance(item, Ins) or not isinstance(item.arg, Label) or item.op == "CLOSURE":
            continue
        at = _next(code, places.get(item.arg, n))
        target = code[at] if at < len(code) else None
        if not isinstance(target, Ins) or target is item:
            continue
        if item.op == "JUMP" and target.op == "RETURN":
            item.op, item.arg = "RETURN", 0
        elif target.op == "JUMP" and isinstance(target.arg, Label) and item.op != "NEXT":
            backward = places[target.arg] <= at
            if not backward or item.op == "JUMP":
                item.arg = target.arg
    return code


def _next(code: Code, at: int) -> int:
    while at < len(code) and isinstance(code[at], Label):
        at += 1
    return at


def _reachable(code: Code) -> Code:
    """Without what no way leads to, jumps to what follows, and labels that nothing names."""
    live: list[Ins | Label] = []
    named: set[Label] = set()
    runs = True
    for n, item in enumerate(code):
        if isinstance(item, Label):
            runs = runs or item in named
            live.append(item)
            continue
        if not runs:
            continue
        if item.op == "JUMP" and item.arg in _labels_from(code, n + 1):
            continue
        live.append(item)
        if isinstance(item.arg, Label):
            named.add(item.arg)
        if item.op in ("JUMP", "RETURN", "FAULT"):
            runs = False
    used = {item.arg for item in live if isinstance(item, Ins) and isinstance(item.arg, Label)}
    return [item for item in live if isinstance(item, Ins) or item in used]


def _labels_from(code: Code, at: int) -> list[Label]:
    out: list[Label] = []
    for item in code[at:]:
        if not isinstance(item, Label):
            break
        out.append(item)
    return out


def _kept_on_the_stack(code: Code, outside: set[int]) -> Code:
    """A local that is set, got at once, and never more, is not needed."""
    gets = Counter(item.arg for item in code if isinstance(item, Ins) and item.op == "GET")
    sets = Counter(item.arg for item in code if isinstance(item, Ins) and item.op == "SET")
    out: list[Ins | Label] = []
    for item in code:
        before = out[-1] if out else None
        if (
            isinstance(item, Ins)
            and isinstance(before, Ins)
            and (before.op, item.op) == ("SET", "GET")
            and before.arg == item.arg
            and isinstance(item.arg, int)
            and item.arg not in outside
            and item.arg
            and gets[item.arg] == 1
            and sets[item.arg] == 1
        ):
            out.pop()
            continue
        out.append(item)
    return out


def renumbered(bodies: list[Body]) -> None:
    """Locals that are left, one after the other."""
    for body in bodies:
        kept = {*range(1 + body.label.given), *_outer_gets(body, bodies)}
        for item in body.code:
            if isinstance(item, Ins) and isinstance(item.arg, int) and item.arg < 256:
                if item.op in ("GET", "SET"):
                    kept.add(item.arg)
        places = {old: new for new, old in enumerate(sorted(kept))}
        for other in bodies:
            distance = _distance(other, body)
            for item in other.code if distance is not None else ():
                if isinstance(item, Ins) and item.op in ("GET", "SET"):
                    assert isinstance(item.arg, int)
                    if item.arg >> 8 == distance:
                        item.arg = item.arg & ~255 | places[item.arg & 255]
        body.count = len(places)


def _distance(body: Body, around: Body) -> int | None:
    """How many bodies out another one is."""
    distance, at = 0, body
    while at is not around:
        if at.parent is None:
            return None
        distance, at = distance + 1, at.parent
    return distance


def key_of(bodies: list[Body]) -> object:
    """What is the same for bodies that do the same."""
    numbers: dict[Label, int] = {}
    out: list[object] = []
    for body in bodies:
        out.append((body.label.given, body.count, numbers.setdefault(body.label, len(numbers))))
        for item in body.code:
            if isinstance(item, Label):
                out.append(numbers.setdefault(item, len(numbers)))
            elif isinstance(item.arg, Label) and item.op == "CLOSURE" and item.arg not in numbers:
                inner = next((n for n, one in enumerate(bodies) if one.label is item.arg), None)
                out.append(
                    (item.op, "linked", item.arg.name) if inner is None else (item.op, inner)
                )
            elif isinstance(item.arg, Label):
                out.append((item.op, numbers.setdefault(item.arg, len(numbers)), item.site))
            elif isinstance(item.arg, Pooled):
                value = item.arg.value
                out.append((item.op, repr(value), type(value).__name__, item.site))
            else:
                out.append((item.op, item.arg, item.site))
    return tuple(out)
