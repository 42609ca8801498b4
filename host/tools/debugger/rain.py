"""The rain of a relational machine: a transition a line, a character a state."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from tsme.errors import TsmeError

from ..errors import HostError
from . import relations
from .deciding import decided, touched
from .moments import Moment
from .track import Track
from .transitions import Transition
from .widgets import Line, Piece, Rows

_HEAD: Final = 9  # columns of a record's number
_WORDS: Final = 16  # columns that are kept for words
_HIGH: Final = 3  # letters of a state's name
_FAR: Final = 8  # stretches that are replayed at a time until there are enough lines
_STYLES: Final = {"2": "good", "-": "name", "|": "bad", "c": "bad", "·": "faint"}


class Drop(NamedTuple):
    """A line: of which record, which transition."""

    number: int
    which: int
    schema: Any
    one: Transition


def drops(moments: Sequence[Moment]) -> list[Drop]:
    """The lines of moments in a row."""
    return [
        Drop(moment.number, which, moment.known.machine.schema, one)
        for moment in moments
        if moment.known is not None
        for which, one in enumerate(moment.transitions)
    ]


def characters(schema: Any, one: Transition) -> str:
    """`1` active, `2` active and touched, `-` touched, `|` deactivated, `c` canceled; else `·`."""
    near = touched(one, decided(schema, one))

    def of(i: int) -> str:
        if not one.accepted and i in one.called:
            return "c"
        if i in one.after:
            return "2" if i in near else "1"
        if i in one.ticks:
            return "|"
        return "-" if i in near else "·"

    return "".join(of(i) for i in range(len(schema.names)))


class Drops(Rows):
    """The lines, more of which are replayed before somebody comes to their end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", show=False),
        Binding("left", "shift(-1)", show=False),
        Binding("right", "shift(1)", show=False),
    ]

    class Picked(Message):
        """Somebody wants to go to a record."""

        def __init__(self, number: int, which: int) -> None:
            super().__init__()
            self.number = number
            self.which = which  # of its transitions

    class Shifted(Message):
        """Other states are seen."""

    def __init__(self) -> None:
        super().__init__("drops", self.line)
        self.drops: list[Drop] = []
        self.track: Track | None = None
        self.first = self.last = -1  # records that were replayed
        self.left = 0  # the first state that is seen
        self._wanted = (-1, 0)  # the record that is shown elsewhere, and its transition
        self._more = 0
        self._pouring = False
        self._turn = 0  # of those that began anew

    def at(self, track: Track, number: int, which: int) -> None:
        """Another moment is shown, or another of its transitions."""
        self._wanted, self._more = (number, which), _FAR
        if track is self.track and self.first <= number <= self.last:
            self._mark()
            self._fill()
            return
        self.track, self.first, self.last = track, -1, -1
        self._turn += 1
        self._pouring = True
        self._pour(self._turn, track, number)

    def _mark(self) -> None:
        """The cursor is at a transition of the moment; if it has none, at the last one before."""
        here = self.cursor
        if here < len(self.drops) and self.drops[here][:2] == self._wanted:
            self._in_sight()
            return
        found = bisect_left(self.drops, self._wanted, key=lambda drop: drop[:2])
        if found == len(self.drops) or self.drops[found].number != self._wanted[0]:
            found = max(found - 1, 0)
        self.go(found)

    @work(thread=True, exclusive=True, group="rain")
    def _pour(self, turn: int, track: Track, number: int) -> None:
        worker = get_current_worker()
        try:
            moments = track.moments(number, lambda _: not worker.is_cancelled)
        except (HostError, TsmeError):
            moments = None  # the timeline says why
        if not worker.is_cancelled:
            self.app.call_from_thread(self._poured, turn, number, moments or [])

    def _poured(self, turn: int, number: int, moments: list[Moment]) -> None:
        """The stretch that a record is in: the first one, or one beside what is there."""
        if turn != self._turn:
            return
        self._pouring = False
        ends = [number, *(moment.number for moment in (moments[:1] + moments[-1:]))]
        if self.first < 0:
            self.drops, self.first, self.last = drops(moments), min(ends), max(ends)
            self.cursor = 0
            self.records(range(len(self.drops)))
            self._mark()
        elif number < self.first:
            more = drops([moment for moment in moments if moment.number < self.first])
            self.drops[:0] = more
            self.first = min(ends)
            self.records(range(len(self.drops)))
            self.set_reactive(Rows.cursor, self.cursor + len(more))
            top = int(self.scroll_offset.y) + len(more)
            self.scroll_to(0, top, animate=False, immediate=True, force=True)
        else:
            self.drops += drops([moment for moment in moments if moment.number > self.last])
            self.last = max(ends)
            self.records(range(len(self.drops)))
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        """Replay what comes before or behind, if the end of it is near."""
        track, page = self.track, max(self.size.height, 1)
        if track is None or self.first < 0 or self._pouring or not self._more:
            return
        top = int(self.scroll_offset.y)
        number = -1
        if top < page and self.first > track.first:
            number = self.first - 1
        elif top + 2 * page > len(self.drops) and self.last < track.next - 1:
            number = self.last + 1
        if number >= 0:
            self._more -= 1
            self._pouring = True
            self._pour(self._turn, track, number)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Others are seen."""
        super().watch_scroll_y(old_value, new_value)
        self._more = _FAR
        self._fill()

    @property
    def room(self) -> int:
        """States that there are columns for."""
        return max(self.size.width - _HEAD - _WORDS, 1)

    def line(self, at: int, _wide: int) -> Line:
        """A transition: its record, the states, what was asked."""
        drop = self.drops[at]
        one = drop.one
        shown = characters(drop.schema, one)[self.left : self.left + self.room]
        again = at > 0 and self.drops[at - 1].number == drop.number
        pieces: list[Piece] = [(" " * _HEAD if again else f"{drop.number:>8} ", "faint")]
        for i, sign in enumerate(shown, self.left):
            pieces.append((sign, "under" if i in one.called else _STYLES.get(sign, "")))
        words = f" {relations.asked(drop.schema, one)}"
        return [*pieces, (words, "" if one.accepted else relations.refusal(one))]

    def action_pick(self) -> None:
        """To the record of the line."""
        if self.cursor < len(self.drops):
            drop = self.drops[self.cursor]
            self.post_message(self.Picked(drop.number, drop.which))

    def action_shift(self, way: int) -> None:
        """Other states, where there are more than columns."""
        count = len(self.drops[self.cursor].schema.names) if self.drops else 0
        self.left = min(max(self.left + way * (self.room // 2 or 1), 0), max(count - self.room, 0))
        self.refresh()
        self.post_message(self.Shifted())

    def on_click(self, event: events.Click) -> None:
        """To the record of the line that somebody points at."""
        at = event.y + int(self.scroll_offset.y)
        if at < len(self.drops):
            self.cursor = at
            self.action_pick()


class Rain(Vertical):
    """The lines, below the beginnings of the states' names."""

    DEFAULT_CSS = """
    Rain { height: 1fr; }
    Rain > #names { height: 3; color: $text-secondary; }
    Rain > Drops { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__(id="rain")
        self._names: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """Names, and lines."""
        yield Static("", id="names", markup=False)
        yield Drops()

    def at(self, track: Track, names: Sequence[str], number: int, which: int) -> None:
        """The moment that is shown, its transition, and the states of its machine."""
        self._names = names
        self.query_one(Drops).at(track, number, which)
        self.on_drops_shifted()

    def on_drops_shifted(self) -> None:
        """The names above what is seen."""
        lines = self.query_one(Drops)
        shown = self._names[lines.left : lines.left + lines.room]
        rows = ["".join(f"{name:{_HIGH}}"[n] for name in shown) for n in range(_HIGH)]
        self.query_one("#names", Static).update("\n".join(" " * _HEAD + row for row in rows))

    def on_resize(self) -> None:
        """Another number of columns."""
        self.call_after_refresh(self.on_drops_shifted)
