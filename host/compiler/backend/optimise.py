"""Optimisation: less code for the same effect.

Only what is certain: jumps go straight to where they end up, code that nothing reaches is left
out, a jump to the next instruction disappears, and of pieces that do the same the last one stays.
"""

from __future__ import annotations

from tsme.values import cbor

from .instructions import INSTRUCTIONS
from .ir import Body, Code, Ins, Label, Pooled

_JUMPS = {name for name, row in INSTRUCTIONS.items() if row.jumps}
_STOPS = {name for name, row in INSTRUCTIONS.items() if row.stops}
_ALONE = {name for name, row in INSTRUCTIONS.items() if row.alone}
_WORTH = 3  # instructions of a piece that a JUMP may replace


def optimise(code: Code) -> Code:
    """The same workflow in fewer instructions; labels that nothing names are gone."""
    while True:
        size = len(code)
        code = _thread(code)
        code = _merge(code)
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


def _merge(code: Code) -> Code:
    """Of equal pieces that end the same way keep the last, where a jump forward may lead.

    An instruction with a site is equal to none: what its error says of the source is its own.
    No jump leads to a TASK, which the CONST of its Resource stands before.
    Frames with other slots share no code: the verifier knows of each place what slots are there.
    """
    same = _classes(code)
    last: dict[int, int] = {}
    for n, number in enumerate(same):
        last[number] = n
    moved: dict[int, list[Label]] = {}  # labels by the place that they name from now on
    for n, item in enumerate(code):
        if isinstance(item, Label):
            moved.setdefault(last[same[n]], []).append(item)
    out: Code = []
    skip = False  # the piece under way stands further down
    for n, item in enumerate(code):
        if n in moved:
            out += moved[n]
            skip = False
        if isinstance(item, Label):
            continue
        if not skip and last[same[n]] != n and item.op != "TASK" and _length(code, n) >= _WORTH:
            target = Label("shared")
            moved.setdefault(last[same[n]], []).append(target)
            out.append(Ins("JUMP", target, frame=item.frame))
            skip = True
        if not skip:
            out.append(item)
        if item.op in _STOPS and not item.child:
            skip = False
    return out


def _classes(code: Code) -> list[int]:
    """A number for each place: places with the same number do the same from there on."""
    numbers: dict[tuple[object, ...], int] = {}
    at: dict[Label, int] = {}
    out = [0] * len(code)
    after = -1
    for n in range(len(code) - 1, -1, -1):
        item = code[n]
        if isinstance(item, Label):
            at[item] = after
        else:
            key: tuple[object, ...] = (n,)
            if item.site is None and not item.child and item.op not in _ALONE:
                arg: object = item.arg
                if isinstance(arg, Pooled):
                    arg = cbor.encode(arg.value)
                elif isinstance(arg, Label):  # a jump backward leads to an ENTER
                    arg = at.get(arg, arg)
                chain = item.frame.chain if item.frame else ()
                key = (item.op, arg, -1 if item.op in _STOPS else after, chain)
            after = numbers.setdefault(key, len(numbers))
        out[n] = after
    return out


def _length(code: Code, at: int) -> int:
    """Instructions from a place to the one that stops."""
    n = 0
    for item in code[at:]:
        if isinstance(item, Ins):
            n += 1
            if item.op in _STOPS and not item.child:
                break
    return n


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
                if isinstance(item.arg, Label) and not isinstance(item.arg, Body):
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
            op = "UNLESS" if item.op == "IF" else "IF"
            out.append(Ins(op, after.arg, item.site, frame=item.frame))
            n += 2
            continue
        out.append(item)
        n += 1
    return out
