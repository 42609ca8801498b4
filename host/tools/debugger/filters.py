"""Filters and searches over records, which may be a million: in parts, so that they can be left.

kind:failed error:Boom state:Water path:$.soil text:jam     all have to fit
kind:failed,timer                                           any of these
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tsme.kernel.protocol import INPUTS

from ..errors import HostError, did_you_mean
from . import diffs, relations, telling
from .moments import Moment
from .track import Track
from .views import Sources, View, changed, view_of

NAMES: Final = ("kind", "state", "changed", "called", "canceled", "error", "path", "text")
_ANY: Final = "any"  # of called, canceled: whatever was asked
_SEVERAL: Final = ("state", "changed", "called", "canceled", "error")  # with a comma between
KINDS: Final = (*INPUTS, "checkpoint", "lost")
_WORD = re.compile(r'(?:(\w+):)?("[^"]*"|\S+)')


@dataclass(frozen=True)
class Filter:
    """What a moment must have: of each name that is not empty, one of its words."""

    kinds: frozenset[str] = frozenset()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by name, lower case

    @property
    def deep(self) -> bool:
        """Can it only be answered by replaying?"""
        return bool(self.words)

    def fits(self, moment: Moment, view: View) -> bool:
        """Does a moment have it all?"""
        if self.kinds and telling.kind(moment.record) not in self.kinds:
            return False
        return all(
            any(_has(moment, view, name, word) for word in words)
            for name, words in self.words.items()
        )


def _has(moment: Moment, view: View, name: str, word: str) -> bool:
    if name == "state":
        made = [one[1:] for one in moment.played.changed if one[:1] == "+"]
        names = [*made, *(view.state_name(n) for n in moment.entered)]
        return any(name.lower() == word for name in names)
    if name == "changed":
        return any(word == one.lower() for one in relations.changed(moment))
    if name in ("called", "canceled"):
        found = relations.called(moment) if name == "called" else relations.refused(moment)
        return bool(found) if word == _ANY else any(word == one.lower() for one in found)
    if name == "error":
        return any(word in one.lower() for one in telling.error_of(moment))
    if name == "path":
        return any(diffs.touches(change, word) for change in changed(view, moment))
    return word in f"{telling.inputs(moment.record)} {telling.does(moment)}".lower()


def read(text: str) -> Filter | None:
    """A filter as people write it; None if it is empty.

    Raises HostError, TSME-H090, for a name or a kind that there is not.
    """
    kinds: set[str] = set()
    words: dict[str, tuple[str, ...]] = {}
    for found in _WORD.finditer(text):
        name, word = found[1] or "text", found[2].strip('"')
        if name not in NAMES:
            hint = did_you_mean(name, NAMES) or f"there are {', '.join(NAMES)}"
            raise HostError("TSME-H090", f'no filter is called "{name}"', hint)
        if name == "kind":
            for one in word.lower().split(","):
                if one not in KINDS:
                    hint = did_you_mean(one, KINDS) or f"there are {', '.join(KINDS)}"
                    raise HostError("TSME-H090", f'no record is of the kind "{one}"', hint)
                kinds.add(one)
            continue
        those = tuple(word.split(",")) if name in _SEVERAL else (word,)
        if name != "path":
            those = tuple(one.lower() for one in those)
        words[name] = words.get(name, ()) + those
    return Filter(frozenset(kinds), words) if kinds or words else None


def matches(
    track: Track, wanted: Filter, sources: Sources, start: int, back: bool = False
) -> Iterator[tuple[int, list[int]]]:
    """(how far, numbers that fit) for each part, from a record on, or back from it.

    A part is a stretch; whoever has seen enough stops asking.
    """
    number = start
    while track.first <= number < track.next:
        stretch = track.stretch(number, keep=False)
        records = stretch.records
        found = []
        if not wanted.deep:
            found = [r.number for r in records if telling.kind(r) in wanted.kinds]
        elif set(wanted.words) == {"state"}:
            found = _entering(track, wanted, number)
        elif not wanted.kinds or any(telling.kind(r) in wanted.kinds for r in records):
            for moment in track.moments(number, keep=False) or ():
                if wanted.fits(moment, view(track, moment, sources)):
                    found.append(moment.number)
        if back:
            yield stretch.first, [n for n in reversed(found) if n <= number]
            number = stretch.first - 1
        else:
            yield stretch.last, [n for n in found if n >= number]
            number = stretch.last + 1


def _entering(track: Track, wanted: Filter, number: int) -> list[int]:
    """The records that enter one of the states asked for."""
    words = wanted.words["state"]
    return [
        record.number
        for record, names in track.routes(number)
        if (not wanted.kinds or telling.kind(record) in wanted.kinds)
        and any(name.lower() in words for name in names)
    ]


def view(track: Track, moment: Moment, sources: Sources) -> View:
    """Views are kept with the track: one for each program."""
    known = moment.known
    key = id(known)
    found = track.views.get(key)
    if found is None:
        found = track.views[key] = view_of(known, sources)
    return found
