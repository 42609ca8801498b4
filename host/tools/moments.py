"""A moment of a relational machine, as commands are given one."""

from __future__ import annotations

import re

from ..relational.drawing import Look
from ..relational.model import Schema
from .errors import HostError, did_you_mean

_PAIR = re.compile(r"(\w+)[:=](\d+)")


def look(schema: Schema, active: str | None, ticks: str | None, after: bool) -> Look:
    """How a drawing shows what `--active` or `--time` says; nothing is marked without them."""
    if active is not None and ticks is not None:
        hint = "leave out one of them"
        raise HostError("TSME-H002", "--active and --time both say what is active", hint)
    if ticks is not None:
        clock = clock_of(schema, ticks)
        there = frozenset(name for name, tick in clock.items() if tick % 2)
        return Look(there, clock, after)
    if active is None:
        return Look(after=after)
    names = [name for name in re.split(r"[\s,]+", active) if name]
    for name in names:
        known(schema, name, "--active")
    return Look(frozenset(names), None, after)


def known(schema: Schema, name: str, option: str) -> None:
    """A name that is given is that of a state."""
    names = [state.name for state in schema.states]
    if name not in names:
        hint = did_you_mean(name, names) or f"there are {', '.join(names)}"
        raise HostError("TSME-H002", f'{option}: there is no state "{name}"', hint)


def clock_of(schema: Schema, given: str) -> dict[str, int]:
    """Ticks by state: from a machine time (`1,0,2`) or a clock (`(A:1 C:3) [B:2]`)."""
    names = [state.name for state in schema.states]
    if pairs := _PAIR.findall(given):
        left = re.sub(r"[\s,()\[\]{}]", "", _PAIR.sub("", given))
        if not left:
            for name, _ in pairs:
                known(schema, name, "--time")
            return dict.fromkeys(names, 0) | {name: int(tick) for name, tick in pairs}
    numbers = [part for part in re.split(r"[\s,\[\]]+", given) if part]
    if not pairs and numbers and all(part.isdecimal() for part in numbers):
        if len(numbers) == len(names):
            return dict(zip(names, map(int, numbers), strict=True))
        text = f"--time has {len(numbers)} ticks for {len(names)} states"
        raise HostError("TSME-H002", text, f"their order is {', '.join(names)}")
    hint = "write '1,0,2', or '(A:1 C:3)'"
    raise HostError("TSME-H002", f'--time "{given}" is no machine time', hint)
