"""What ticks say of the states of a relational machine between two moments."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def changed(
    before: Mapping[str, int], after: Mapping[str, int], multi: Collection[str], odd: int
) -> list[str]:
    """States that became active (`odd` is 1) or inactive (0) between two clocks, if only for a
    transition.  A new instance of a multi state that was active counts as made active alone."""
    found = []
    for name, high in after.items():
        low = before.get(name, 0)
        again = name in multi and low % 2 and high % 2
        if (high + odd) // 2 > (low + odd) // 2 and (odd or not again):
            found.append(name)
    return found


def clock_of(machine: object, part: object) -> dict[str, int] | None:
    """The ticks by state of what a machine keeps between steps; None if it is not relational."""
    schema, ticks = getattr(machine, "schema", None), getattr(part, "ticks", None)
    if schema is None or ticks is None:
        return None
    return dict(zip(schema.names, ticks, strict=True))


def multi_of(machine: object) -> frozenset[str]:
    """The multi states of a relational machine."""
    schema = getattr(machine, "schema", None)
    names = schema.names if schema is not None else ()
    return frozenset(name for n, name in enumerate(names) if schema and schema.multi >> n & 1)
