"""Which transition queued another, or began the task or timer that it came of; and what came of
it.

Within a step that is known; beyond, the queue and the pending actions of the moments before and
after are looked through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .moments import Moment
from .track import Track, Wanted
from .transitions import AUTO, ITEM, OUTSIDE, Transition

_ASK = 64  # records between two looks whether somebody still wants to know


class Place(NamedTuple):
    """A transition: of which record, which one; OUTSIDE is the record's input itself."""

    number: int
    which: int


def _queue(state: Any) -> list[ITEM]:
    return list(getattr(getattr(state, "client", None), "queue", ()))


def _same(one: Transition, item: ITEM) -> bool:
    """Was it this item of the queue, which an earlier step left there?"""
    return one.by == OUTSIDE and one.item is not None and tuple(one.item) == tuple(item)


def cause(track: Track, moment: Moment, which: int, wanted: Wanted | None = None) -> Place | None:
    """Who queued a transition.  None: nobody within this journal, or nobody wants to know."""
    one = moment.transitions[which]
    if one.by != OUTSIDE:
        return Place(moment.number, one.by)
    if one.item is not None and one.item in _queue(moment.before):
        return _queued_before(track, moment.number, one.item, wanted)
    action = moment.record.fields.get("action")
    if action is not None:
        return _began_before(track, moment, action, wanted)
    return None


def _earlier(track: Track, number: int, wanted: Wanted | None) -> Iterator[Moment]:
    for n in range(number - 1, track.first - 1, -1):
        if wanted and not n % _ASK and not wanted(n):
            return
        moment = track.moment(n, wanted)
        if moment is None or (moment.before is None and moment.record.input != "start"):
            return
        yield moment


def _queued_before(track: Track, number: int, item: ITEM, wanted: Wanted | None) -> Place | None:
    for moment in _earlier(track, number, wanted):
        if item in _queue(moment.before):
            continue
        count = len(moment.transitions)
        if item[3] & AUTO:  # it would have been next
            return Place(moment.number, count - 1)
        those = [n for n in range(count) if item in moment.transitions[n].queued]
        return Place(moment.number, those[-1] if those else OUTSIDE)
    return None


def _began_before(track: Track, ended: Moment, action: int, wanted: Wanted | None) -> Place | None:
    for moment in _earlier(track, _numbered(track, ended, action), wanted):
        if action in (getattr(moment.before, "pending", None) or {}):
            continue
        those = [n for n, one in enumerate(moment.transitions) if action in one.begun]
        return Place(moment.number, those[-1] if those else OUTSIDE)
    return None


def _numbered(track: Track, ended: Moment, action: int) -> int:
    """The oldest place behind which all is newer than an action: checkpoints know the number that
    the next one gets."""
    number = ended.number
    while (start := track.begins(number - 1)) is not None:
        fields = getattr(track.known(start), "fields", {})
        same = fields.get("execution") == getattr(ended.after, "execution", None)
        if not same or fields.get("next_id", 0) <= action:
            break
        number = start
    return number


def outcome(
    track: Track, moment: Moment, which: int, wanted: Wanted | None = None
) -> Place | None:
    """The first thing that a transition queued, or else what came of the first task or timer that
    it began.  None: nothing, or nothing yet."""
    one = moment.transitions[which]
    for n, other in enumerate(moment.transitions):
        if n > which and other.by == which:
            return Place(moment.number, n)
    left = [item for item in one.queued if item in _queue(moment.after)]
    begun = set(one.begun) & set(getattr(moment.after, "pending", None) or {})
    last = which == len(moment.transitions) - 1
    left += [item for item in _queue(moment.after)[:1] if last and item[3] & AUTO]
    if not left and not begun:
        return None
    for n in range(moment.number + 1, track.next):
        if wanted and not n % _ASK and not wanted(n):
            return None
        later = track.moment(n, wanted)
        if later is None:
            return None
        for at, other in enumerate(later.transitions):
            if any(_same(other, item) for item in left):
                return Place(n, at)
        ended = later.record.input not in ("started", "heartbeat")
        if ended and later.record.fields.get("action") in begun:
            return Place(n, 0)
        pending = getattr(later.after, "pending", None) or {}
        if not begun & set(pending) and not any(item in _queue(later.after) for item in left):
            return None
    return None
