"""The time axis: a line for each track, as dense as its records are; a click goes to a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual import events, work
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker

from .track import Track

_NAME: Final = 14  # columns
_BARS: Final = " ▁▂▃▄▅▆▇█"


class Axis(Widget):
    """Of all tracks together, from the first time to the last."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"here", "bar"}
    DEFAULT_CSS = """
    Axis { height: auto; }
    Axis > .bar { color: $text-secondary; }
    Axis > .here { background: $primary; color: $text; }
    """

    class Chosen(Message):
        """Somebody points at a time of a track."""

        def __init__(self, track: int, ms: int) -> None:
            super().__init__()
            self.track = track
            self.ms = ms

    def __init__(self, tracks: Sequence[Track]) -> None:
        super().__init__(id="axis")
        self.tracks = tracks
        self.bars: list[str] = [""] * len(tracks)
        self.first = self.last = 0
        self.now: int | None = None

    def get_content_height(self, *_: object) -> int:
        """A line a track."""
        return len(self.tracks)

    @property
    def room(self) -> int:
        """Columns of the bars."""
        return max(self.size.width - _NAME, 1)

    def on_resize(self) -> None:
        """Other columns are other spans of time."""
        self.look()

    def at(self, ms: int | None) -> None:
        """The moment that is shown."""
        self.now = ms
        self.refresh()

    @work(thread=True, exclusive=True, group="axis")
    def look(self) -> None:
        """Count the records in each column."""
        worker = get_current_worker()
        ends = [
            (track.time(track.first), track.time(track.next - 1))
            for track in self.tracks
            if len(track)
        ]
        firsts = [first for first, _ in ends if first is not None]
        lasts = [last for _, last in ends if last is not None]
        if not firsts or not lasts:
            return
        first, last = min(firsts), max(lasts)
        bars = []
        for track in self.tracks:
            counts = []
            before = track.first - 1
            begins = track.time(track.first)
            for column in range(self.room):
                end = first + (last - first) * (column + 1) // self.room
                at = before if begins is None or begins > end else track.at_time(end)
                counts.append(at - before)
                before = at
                if worker.is_cancelled:
                    return
            most = max([*counts, 1])
            bars.append("".join(_BARS[-(-n * (len(_BARS) - 1) // most)] for n in counts))
        self.app.call_from_thread(self.looked, first, last, bars)

    def looked(self, first: int, last: int, bars: list[str]) -> None:
        """What was counted."""
        self.first, self.last, self.bars = first, last, bars
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line of a track."""
        base = self.rich_style
        if y >= len(self.tracks):
            return Strip.blank(self.size.width, base)
        bar = self.bars[y].ljust(self.room)[: self.room]
        name = self.tracks[y].name[: _NAME - 1].ljust(_NAME)
        style = base + self.get_component_rich_style("bar", partial=True)
        here = self._column()
        pieces = [Segment(name, base)]
        if here is None:
            pieces.append(Segment(bar, style))
        else:
            mark = base + self.get_component_rich_style("here", partial=True)
            pieces += [Segment(bar[:here], style), Segment(bar[here], mark)]
            pieces.append(Segment(bar[here + 1 :], style))
        return Strip(pieces).crop_extend(0, self.size.width, base)

    def _column(self) -> int | None:
        if self.now is None or self.last <= self.first:
            return None
        at = (self.now - self.first) * self.room // (self.last - self.first)
        return min(max(at, 0), self.room - 1)

    def on_click(self, event: events.Click) -> None:
        """To the time that somebody points at."""
        column = event.x - _NAME
        if column >= 0 and event.y < len(self.tracks) and self.last > self.first:
            ms = self.first + (self.last - self.first) * (column + 1) // self.room
            self.post_message(self.Chosen(event.y, ms))
