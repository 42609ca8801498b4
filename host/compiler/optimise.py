"""Optimisation: less code for the same effect.

Only what is certain: jumps go straight to where they end up, code that nothing reaches is left
out, and a jump to the next instruction disappears.
"""

from __future__ import annotations

from .ir import Code, Ins, Label

_JUMPS = {"JUMP", "IF", "UNLESS", "CATCH"}
_STOPS = {"JUMP", "END", "FAIL", "RAISE"}


def optimise(code: Code) -> Code:
    """The same workflow in fewer instructions; labels that nothing names are gone."""
    while True:
        size = len(code)
        code = _thread(code)
        code = _reachable(code)
        code = _straighten(code)
        if len(code) == size:
            return code


def _places(code: Code) -> dict[Label, int]:
    return {item: n for n, item in enumerate(code) if isinstance(item, Label)}


def _first(code: Code, at: int) -> Ins | None:
    """The instruction that runs at a place."""
    while at < len(code):
        item = code[at]
        if isinstance(item, Ins):
            return item
        at += 1
    return None


def _thread(code: Code) -> Code:
    """Let a jump to a JUMP go where that one goes."""
    places = _places(code)
    for item in code:
        if not isinstance(item, Ins) or item.op not in _JUMPS:
            continue
        for _ in range(8):
            assert isinstance(item.arg, Label)
            target = _first(code, places[item.arg])
            if target is None or target.op != "JUMP" or target is item:
                break
            item.arg = target.arg
    return code


def _reachable(code: Code) -> Code:
    """Leave out what no way leads to."""
    places = _places(code)
    seen: set[int] = set()
    todo = [0]
    while todo:
        at = todo.pop()
        while at < len(code) and at not in seen:
            seen.add(at)
            item = code[at]
            at += 1
            if isinstance(item, Ins):
                if isinstance(item.arg, Label):
                    todo.append(places[item.arg])
                if item.op in _STOPS and not item.child:
                    break
    live = [item for n, item in enumerate(code) if n in seen and isinstance(item, Ins)]
    used = {item.arg for item in live if isinstance(item.arg, Label)}
    return [
        item
        for n, item in enumerate(code)
        if (n in seen if isinstance(item, Ins) else item in used)
    ]


def _straighten(code: Code) -> Code:
    """Take out jumps to the next instruction; turn a jump over a JUMP round."""
    out: Code = []
    for n, item in enumerate(code):
        if (
            isinstance(item, Ins)
            and item.op == "JUMP"
            and not item.child
            and _follows(code, n, item)
        ):
            continue
        out.append(item)
    return _invert(out)


def _follows(code: Code, n: int, jump: Ins) -> bool:
    for item in code[n + 1 :]:
        if item is jump.arg:
            return True
        if isinstance(item, Ins):
            return False
    return False


def _invert(code: Code) -> Code:
    """`UNLESS a; JUMP b; a:` becomes `IF b; a:`."""
    out: Code = []
    n = 0
    while n < len(code):
        item = code[n]
        after = code[n + 1] if n + 1 < len(code) else None
        if (
            isinstance(item, Ins)
            and item.op in ("IF", "UNLESS")
            and isinstance(after, Ins)
            and after.op == "JUMP"
            and _follows(code, n + 1, item)
        ):
            out.append(Ins("UNLESS" if item.op == "IF" else "IF", after.arg, item.site))
            n += 2
            continue
        out.append(item)
        n += 1
    return out
