"""The standard schemas, and how a schema takes what it inherits (docs/RELATIONAL.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Definition: TypeAlias = Mapping[str, Any]
States: TypeAlias = Mapping[str, Definition] | Sequence[tuple[str, Definition]]
Groups: TypeAlias = Mapping[str, Sequence[str]]

LISTS: tuple[str, ...]
STANDARD: tuple[tuple[str, tuple[tuple[str, Definition], ...]], ...]

def pairs(states: States) -> list[tuple[str, Definition]]:
    """Names and definitions in their order: that of a plain dict, which has none on boards, is
    alphabetical."""

def flatten(
    states: States,
    order: Sequence[str] | None = None,
    groups: Groups | None = None,
    inherit: Sequence[str | tuple[str, States, Groups]] = (),
) -> tuple[dict[str, dict[str, Any]], list[str], dict[str, list[str]]]:
    """States, their order, and groups, with all that is inherited and without groups in lists.

    Of a state that is defined twice what is said nearer counts, member by member.  What is
    inherited makes a group of its name, and what is not the group "self".  `inherit` has names of
    standard schemas, or what this returned for others, as (name, states, groups).  Raises
    ValueError for a name that no standard schema has.
    """
