"""A schema of a relational machine, compiled to bit masks (docs/SPEC.md, 9)."""

from collections.abc import Mapping, Sequence
from typing import Any

def build(
    name: str,
    version: Any,
    states: Mapping[str, Mapping[str, Any]] | Sequence[tuple[str, Mapping[str, Any]]],
    order: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """The bytes of a .tsr.

    `states`: of each name auto, multi, require, add, remove, after, tags, all of them optional; a
    list of pairs or an OrderedDict gives the indexes, a plain dict is sorted, and `order` names
    all of them.  Exception is added at the end.  TSME-M014: `order` lacks a state or has an
    unknown one; TSME-M015: a group does.
    """

def ranks(require: Sequence[Sequence[int]]) -> list[int] | None: ...
def packed(bits: int) -> bytes: ...
