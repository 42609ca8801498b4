"""Lists of operations for machines, drawn by Hypothesis or from a seed."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

Event = tuple[Any, ...]
NOW = 1767225600000

NAMES = (
    "hold make move read size same set add delete pop get setdefault update pairs clear list copy "
    "append extend insert cut splice remove find reverse sort"
).split()
LEAVES = (None, True, 0, 7, -70000, 1 << 40, "", "text", "é", 1.5, 0.1)
keys = st.sampled_from("abcdef")
leaves = st.sampled_from(LEAVES)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
where = st.lists(st.integers(0, 3) | st.just("h"), max_size=3)
operations = st.tuples(st.sampled_from(NAMES), where, st.integers(0, 15), values, where).map(list)
steps = st.fixed_dictionaries(
    {
        "ops": st.lists(operations, min_size=1, max_size=8),
        "raise": st.sampled_from([False] * 4 + [True]),
    }
)
lives = st.lists(steps, min_size=1, max_size=6)


def value(dice: random.Random, depth: int = 2) -> Any:
    """Any value."""
    kind = dice.randrange(5) if depth else 0
    if kind == 3:
        return [value(dice, depth - 1) for _ in range(dice.randrange(4))]
    if kind == 4:
        names = dice.sample("abcdef", dice.randrange(4))
        return {name: value(dice, depth - 1) for name in names}
    return dice.choice(LEAVES)


def life(seed: int, length: int = 8) -> list[dict[str, Any]]:
    """What a machine is told, one message a step."""
    dice = random.Random(seed)

    def place() -> list[Any]:
        return [dice.choice((0, 1, 2, 3, "h")) for _ in range(dice.randrange(4))]

    return [
        {
            "ops": [
                [dice.choice(NAMES), place(), dice.randrange(16), value(dice), place()]
                for _ in range(dice.randrange(1, 12))
            ],
            "raise": dice.randrange(6) == 0,
        }
        for _ in range(length)
    ]


def events(digest: bytes, messages: list[dict[str, Any]]) -> list[Event]:
    """The inputs of an execution that is told these."""
    start = (1, NOW, 1, digest, 5, None, None, 1)
    return [start, *((8, NOW + n, message) for n, message in enumerate(messages))]
