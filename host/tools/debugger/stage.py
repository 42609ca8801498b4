"""The screens of `tsme debug`: what is shown of a moment, and what goes on behind; on Textual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from textual import work
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from tsme.errors import TsmeError

from ..errors import HostError
from . import asking, filters, panels, walking
from .axis import Axis
from .keys import BAR
from .moments import Moment
from .opening import Opened
from .rain import Rain
from .track import Track
from .views import RelationalView, Row, View
from .walking import Walk
from .widgets import Lines, Outline, Timeline

_TALL: Final = 30  # lines of a screen
_NARROW: Final = 76  # columns


class Stage(App[None]):
    """Tracks side by side, and what is known of the moment under the cursor of one of them."""

    TITLE = "tsme debug"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, opened: Sequence[Opened], at: str | None = None) -> None:
        super().__init__()
        self.opened = list(opened)
        self.at = at
        self.active = 0
        self.tab = 2  # Changes
        self.moment: Moment | None = None
        self.asking = ""  # what the line at the bottom asks for
        self.said = ""  # what it says until the next moment
        self.searched: filters.Filter | None = None
        self._filtered: dict[int, bool] = {}
        self._number = -1  # of the moment that is shown, or on its way
        self._outlined: list[Row] = []
        self.walk = Walk()
        self.coming: Callable[[Moment], Walk] | None = None  # where to be in the next moment

    # --- layout ---

    def compose(self) -> ComposeResult:
        """Panels above, timelines below."""
        yield Static("", id="where", markup=False)
        with Horizontal(id="above"):
            yield Outline("outline")
            with Vertical(id="right"):
                yield Static("", id="tabs")
                yield Lines("details")
                yield Rain()
        with Horizontal(id="tracks"):
            for n, one in enumerate(self.opened):
                with Vertical(classes="track"):
                    if len(self.opened) > 1:
                        yield Static(one.track.name, classes="title", markup=False)
                    yield Timeline(f"timeline-{n}", partial(panels.row, one.track))
        yield Axis([one.track for one in self.opened])
        yield Static("", id="status", markup=False)
        yield Input(id="ask", disabled=True, compact=True)

    def on_mount(self) -> None:
        """All records; at the end, or where it was asked for."""
        self._tabs()
        for n, one in enumerate(self.opened):
            line = self.timeline(n)
            line.set_class(n != self.active, "quiet")
            line.records(range(one.track.first, one.track.next))
        track = self.track_now
        here = track.next - 1
        self.said = self.here.note
        if self.at is not None:
            try:
                here = asking.place(track, self.at, here)
            except HostError as error:
                self.said = f"{error}; {error.hint}"
        self.timeline(self.active).focus()
        self.call_after_refresh(self.timeline(self.active).go, here)
        self._show(here)
        if any(one.again for one in self.opened):
            self.set_interval(1.0, self._look)
        for one in self.opened:
            self._anchors(one)

    def timeline(self, n: int) -> Timeline:
        """That of a track."""
        return self.query_one(f"#timeline-{n}", Timeline)

    @property
    def here(self) -> Opened:
        """What is active."""
        return self.opened[self.active]

    @property
    def track_now(self) -> Track:
        """The active track."""
        return self.here.track

    @property
    def tabs(self) -> tuple[str, ...]:
        """The panels of what is shown."""
        return panels.tabs(self.view(self.moment)) if self.moment else panels.TABS

    def _tabs(self) -> None:
        line = self.query_one("#tabs", Static)
        line.update(panels.heads(self.tabs, self.tab, line.size.width))

    # --- moments ---

    def on_timeline_moved(self, event: Timeline.Moved) -> None:
        """Another moment: of the active track for the panels, of others since these follow."""
        if event.timeline is self.timeline(self.active) and event.number != self._number:
            self._show(event.number)

    def on_timeline_seen(self, event: Timeline.Seen) -> None:
        """What rows tell is replayed while nobody waits for it."""
        n = int((event.timeline.id or "timeline-0").rpartition("-")[2])
        self._fill(n, event.first, event.last)

    def _show(self, number: int) -> None:
        self._number = number
        ready = self.track_now.ready(number)
        if ready is not None:
            self._present(ready)
        else:
            self.status(f"record {number}: replaying …")
            self._replay(self.active, number)

    @work(thread=True, exclusive=True, group="moment")
    def _replay(self, n: int, number: int) -> None:
        worker = get_current_worker()
        track = self.opened[n].track

        def wanted(at: int) -> bool:
            self.call_from_thread(self.status, f"record {number}: replaying, at {at} …")
            return not worker.is_cancelled

        try:
            moment = track.moment(number, wanted)
        except (HostError, TsmeError) as error:
            self.call_from_thread(self.status, str(error))
            return
        if moment is not None and not worker.is_cancelled:
            self.call_from_thread(self._arrived, n, moment)

    def _arrived(self, n: int, moment: Moment) -> None:
        if n == self.active and moment.number == self._number:
            self._present(moment)
        self.timeline(n).refresh()

    @work(thread=True, exclusive=True, group="fill")
    def _fill(self, n: int, first: int, last: int) -> None:
        worker = get_current_worker()
        track = self.opened[n].track
        for number in dict.fromkeys((first, (first + last) // 2, last)):
            if worker.is_cancelled or not track.programs:
                return
            start = track.begins(number)
            if start is None or number - start < panels.NEAR:
                track.moments(number, lambda _: not worker.is_cancelled)
                self.call_from_thread(self.timeline(n).refresh)

    def view(self, moment: Moment) -> View:
        """That of what ran."""
        return filters.view(self.track_now, moment, self.here.sources)

    def _present(self, moment: Moment) -> None:
        if self.coming is not None:
            self.walk = self.coming(moment)
        elif self.moment is None or self.moment.record is not moment.record:
            self.walk = Walk()
        self.coming = None
        self.moment = moment
        self.walked()
        self.status(self.said)
        self.said = ""
        self._together(moment)
        self.query_one(Axis).at(moment.record.now)

    def walked(self) -> None:
        """Show where one is within the moment."""
        moment = self.moment
        if moment is None:
            return
        view = self.view(moment)
        rows = view.outline(moment)
        if isinstance(view, RelationalView):
            rows = walking.marked(rows, view.schema, moment, self.walk)
        self._outlined = rows
        self.action_tab(self.tab)
        lines, at = panels.outline(rows)
        self.query_one("#outline", Lines).show(lines, at)
        where = self.query_one("#where", Static)
        where.update(panels.standing(self.track_now, moment, self.size.width - 2))

    def _details(self) -> None:
        if self.moment is None:
            return
        tab, view = self.tabs[self.tab - 1], self.view(self.moment)
        rain, details = self.query_one(Rain), self.query_one("#details", Lines)
        rain.display, details.display = tab == "Rain", tab != "Rain"
        if rain.display and isinstance(view, RelationalView):
            rain.at(self.track_now, view.schema.names, self.moment.number, self.walk.which)
            return
        if isinstance(view, RelationalView) and tab in ("Matrix", "Transitions"):
            room = details.size or self.query_one("#right").size
            found = panels.walked(tab, self.moment, view.schema, self.walk, room)
        else:
            found = panels.details(tab, self.track_now, self.moment, view)
        details.show(*found)

    def _together(self, moment: Moment) -> None:
        """The other tracks go to the same time."""
        if moment.record.now is None:
            return
        for n, one in enumerate(self.opened):
            if n != self.active:
                self.timeline(n).go(one.track.at_time(moment.record.now))

    def status(self, text: str) -> None:
        """Say something at the bottom."""
        n = self.active
        shown = ""
        if self._filtered.get(n):
            line = self.timeline(n)
            shown = f"filter: {len(line.numbers)} of {len(self.track_now)}   "
        self.query_one("#status", Static).update(shown + (text or BAR))

    def action_tab(self, n: int) -> None:
        """Another panel."""
        self.tab = min(n, len(self.tabs))
        self._tabs()
        self._details()

    def on_resize(self) -> None:
        """Of one track alone the axis takes a line only where there are enough."""
        self.screen.set_class(self.size.width < _NARROW, "narrow")
        self.query_one(Axis).display = len(self.opened) > 1 or self.size.height >= _TALL
        self.call_after_refresh(self._tabs)
        self.call_after_refresh(self.walked)

    # --- what goes on behind ---

    @work(thread=True, group="anchors")
    def _anchors(self, one: Opened) -> None:
        """Where checkpoints are far apart, make places to replay from."""
        worker = get_current_worker()
        far = one.track.sparse() if one.track.programs else None
        while far is not None and not worker.is_cancelled:
            start = one.track.begins(far)
            if start is None:
                return
            one.track.advance(start, one.track.next, lambda _: not worker.is_cancelled)
            after = one.track.sparse()
            far = after if after != far else None

    def _look(self) -> None:
        for n, one in enumerate(self.opened):
            if one.again is not None and not one.looking:
                one.looking = True
                self._grow(n)

    @work(thread=True, group="tail")
    def _grow(self, n: int) -> None:
        one = self.opened[n]
        assert one.again is not None
        try:
            data = one.again()
            if data is not None and one.track.grown(data):
                self.call_from_thread(self._grown, n)
        except (HostError, TsmeError) as error:
            self.call_from_thread(self.status, str(error))
        finally:
            one.looking = False

    def _grown(self, n: int) -> None:
        line, track = self.timeline(n), self.opened[n].track
        if self._filtered.get(n):
            return
        last = not line.numbers or line.cursor == len(line.numbers) - 1
        last = last and self.walk.at is None  # who walks through a transition is not followed
        at = track.next - 1 if last else line.number
        line.records(range(track.first, track.next), at)
        self.query_one(Axis).look()
