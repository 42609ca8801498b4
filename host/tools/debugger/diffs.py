"""What a step changed in a value, as paths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST: Final = 500  # changes of one step that are told

ABSENT: Final = object()  # nothing is there


@dataclass(frozen=True)
class Change:
    """`before` or `after` is ABSENT where nothing was or is there.  `root`: the value it is in."""

    path: str
    before: Any
    after: Any
    root: str = "$"

    @property
    def sign(self) -> str:
        """`+` new, `-` gone, `~` another value."""
        if self.before is ABSENT:
            return "+"
        return "-" if self.after is ABSENT else "~"


def member(path: str, name: str | int) -> str:
    """The path of a member or an item."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    if name.isidentifier():
        return f"{path}.{name}"
    return f"{path}[{json.dumps(name, ensure_ascii=False)}]"


def _same(before: Any, after: Any) -> bool:
    """1 and 1.0, 1 and true are not the same value."""
    if before is after:
        return True
    if isinstance(before, (dict, list)) and isinstance(after, (dict, list)):
        return False  # it is looked into
    return type(before) is type(after) and bool(before == after)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between values by root, `$` or `$name`; MOST at most, the outer ones first."""
    found: list[Change] = []
    for change in _changes(before, after):
        found.append(change)
        if len(found) == MOST:
            break
    return found


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    roots = {*before, *after}
    names = [*before, *(name for name in after if name not in before)]
    todo = [(name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in names]
    todo.reverse()
    root = ""
    while todo:
        path, was, now = todo.pop()
        root = path if path in roots else root
        if _same(was, now):
            continue
        more: Iterable[tuple[str, Any, Any]]
        if isinstance(was, dict) and isinstance(now, dict):
            keys = [*was, *(name for name in now if name not in was)]
            more = [(member(path, k), was.get(k, ABSENT), now.get(k, ABSENT)) for k in keys]
        elif isinstance(was, list) and isinstance(now, list):
            size = max(len(was), len(now))
            pairs = [
                (was[n] if n < len(was) else ABSENT, now[n] if n < len(now) else ABSENT)
                for n in range(size)
            ]
            more = [(member(path, n), *pair) for n, pair in enumerate(pairs)]
        else:
            yield Change(path, was, now, root)
            continue
        todo += reversed([*more])


def touches(change: Change, path: str) -> bool:
    """Is what was changed at this path, within it, or around it?"""
    place = change.root.rpartition(" ")[0]
    bare = change.path[len(place) + 1 :] if place else change.path
    if bare == path:
        return True
    if place and change.path == change.root and change.sign != "~":
        return False  # a branch has begun or ended, and none of its values was changed
    longer, shorter = (bare, path) if len(bare) > len(path) else (path, bare)
    return longer.startswith(shorter) and longer[len(shorter)] in ".["
