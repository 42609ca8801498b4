"""Sets of characters, as ranges of code points, for patterns."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

LAST = 0x10FFFF

Ranges: TypeAlias = "tuple[tuple[int, int], ...]"


def chars(text: str) -> Ranges:
    return union(*((ord(c), ord(c)) for c in text))


def union(*ranges: tuple[int, int]) -> Ranges:
    """Ranges in order, none touching another."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def complement(ranges: Ranges) -> Ranges:
    found = []
    at = 0
    for low, high in ranges:
        if at < low:
            found.append((at, low - 1))
        at = high + 1
    return (*found, (at, LAST)) if at <= LAST else tuple(found)


def both(a: Ranges, b: Ranges) -> Ranges:
    return complement(union(*complement(a), *complement(b)))


_DIGIT = ((0x30, 0x39),)
_LOWER = ((0x61, 0x7A),)
_UPPER = ((0x41, 0x5A),)
_ALPHA = (*_UPPER, *_LOWER)
_GRAPH = ((0x21, 0x7E),)
CLASSES: dict[str, Ranges] = {
    "d": _DIGIT,
    "w": union(*_DIGIT, *_ALPHA, (0x5F, 0x5F)),
    "s": chars(" \t\n\x0b\f\r"),
    "h": union(*chars(" \t\xa0\u1680\u180e\u202f\u205f\u3000"), (0x2000, 0x200A)),
    "v": chars("\n\x0b\f\r\x85\u2028\u2029"),
}
POSIX: dict[str, Ranges] = {
    "ASCII": ((0, 0x7F),),
    "Alpha": _ALPHA,
    "Digit": _DIGIT,
    "Alnum": union(*_DIGIT, *_ALPHA),
    "Punct": both(_GRAPH, complement(union(*_DIGIT, *_ALPHA))),
    "Graph": _GRAPH,
    "Print": ((0x20, 0x7E),),
    "Blank": chars(" \t"),
    "Cntrl": ((0, 0x1F), (0x7F, 0x7F)),
    "XDigit": (*_DIGIT, (0x41, 0x46), (0x61, 0x66)),
    "Space": CLASSES["s"],
    "Lower": _LOWER,
    "Upper": _UPPER,
}


def all_cases(ranges: Ranges, everywhere: bool) -> Ranges:
    found = list(ranges)
    if everywhere:
        for fold, same in _folds().items():
            if any(low <= c <= high for c in (fold, *same) for low, high in ranges):
                found += [(c, c) for c in (fold, *same)]
        return union(*found)
    for low, high in ranges:
        for first, last, other in ((0x41, 0x5A, 32), (0x61, 0x7A, -32)):
            if max(low, first) <= min(high, last):
                found.append((max(low, first) + other, min(high, last) + other))
    return union(*found)


@lru_cache
def _folds() -> dict[int, tuple[int, ...]]:
    """Characters that are one, case aside: by their lower case."""
    found: dict[int, list[int]] = {}
    for code in range(LAST + 1):
        char = chr(code)
        if char.isalpha() or 0x2160 <= code < 0x2500:
            upper = char.upper()
            lower = (upper if len(upper) == 1 else char).lower()
            fold = ord(lower) if len(lower) == 1 else code
            if fold != code:
                found.setdefault(fold, []).append(code)
    return {fold: tuple(same) for fold, same in found.items()}


def as_text(ranges: Ranges) -> str:
    """One character, or the first and last of each range; halves of pairs are no characters."""
    whole = both(ranges, ((0, 0xD7FF), (0xE000, LAST)))
    if len(whole) == 1 and whole[0][0] == whole[0][1]:
        return chr(whole[0][0])
    return "".join(chr(low) + chr(high) for low, high in whole)
