"""Literal objects in code: built from what the program has anyway where that is shorter.

`{"TableName": "stock", "Key": ..}` as a constant holds its names and texts once more.  As
instructions (a CONST for each value, then OBJECT) it shares them with the rest of the program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tsme.values import cbor

from ..frontend.model import Json
from .ir import Code, Ins, Pooled
from .pool import INDEX, LISTS

_MEMBERS = 16  # of an object that is built; the operand stack has to hold them
_LARGEST = 4096  # bytes of one that is built: no limit on a value's size can matter
_WORTH = 12  # bytes that building has to save: it takes instructions at each step


def build_literals(code: Code) -> tuple[Code, int]:
    """The same code with some literals built, and how much deeper the stack may get."""
    literals = dict(_literals(code))
    if not literals:
        return code, 0
    built = _worth(code, literals)
    out: Code = []
    for item in code:
        if isinstance(item, Ins) and (parts := _object(item)) and cbor.encode(parts) in built:
            out += [_push(value) for value in parts.values()]
            out.append(Ins("OBJECT", Pooled(list(parts)), frame=item.frame))
        else:
            out.append(item)
    return out, max((len(literals[data]) - 1 for data in built), default=0)


def _object(item: Ins) -> dict[str, Json] | None:
    """The object that an instruction pushes, if it may be built."""
    if item.op != "CONST" or not isinstance(item.arg, Pooled):
        return None
    value = item.arg.value
    return value if isinstance(value, dict) and 0 < len(value) <= _MEMBERS else None


def _literals(code: Code) -> Iterator[tuple[bytes, dict[str, Json]]]:
    for item in code:
        if isinstance(item, Ins) and (value := _object(item)):
            data = cbor.encode(value)
            if len(data) <= _LARGEST:
                yield data, value


def _push(value: Json) -> Ins:
    small = type(value) is int and 0 <= value < 256
    return Ins("INT", value) if small and isinstance(value, int) else Ins("CONST", Pooled(value))


def _worth(code: Code, literals: dict[bytes, dict[str, Json]]) -> set[bytes]:
    """Those that are shorter built: all at first, then without each that is not, until all are."""
    used: Counter[bytes] = Counter()  # constants and names of lists
    times: Counter[bytes] = Counter()
    for item in code:
        if not isinstance(item, Ins) or not isinstance(item.arg, Pooled):
            continue
        data = cbor.encode(item.arg.value)
        if data in literals and item.op == "CONST":
            times[data] += 1
        elif item.op in LISTS and isinstance(item.arg.value, list):
            used.update(map(cbor.encode, item.arg.value))
            used[b"list" + data] += 1
        else:
            used[data] += 1
    built = dict.fromkeys(literals)
    for data in built:
        used.update(_parts(literals[data]))
    again = True
    while again:  # each round drops one, or is the last
        again = False
        for data in list(built):
            parts = _parts(literals[data])
            price = 2 * times[data] * len(literals[data])
            for part, n in Counter(parts).items():
                if used[part] == n:
                    price += len(part) + INDEX if part[:4] != b"list" else len(literals[data]) + 2
            if price + _WORTH > len(data) + INDEX:
                used.subtract(parts)
                del built[data]
                again = True
    return set(built)


def _parts(value: dict[str, Json]) -> list[bytes]:
    """The constants that building an object takes: values, names, and the list of names."""
    constants = [v for v in value.values() if _push(v).op == "CONST"]
    names = list(value)
    return [*map(cbor.encode, constants), *map(cbor.encode, names), b"list" + cbor.encode(names)]
