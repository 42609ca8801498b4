"""`tsme debug`: the screens, on Textual."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Final

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from tsme.errors import TsmeError

from ..errors import HostError
from . import asking, filters, panels, reproduce
from .axis import Axis
from .keys import BAR, Help
from .moments import Moment
from .opening import Opened
from .rain import Drops, Rain
from .track import Track
from .views import RelationalView, Row, View
from .widgets import Lines, Timeline

_TALL: Final = 30  # lines of a screen


class Debugger(App[None]):
    """Tracks side by side, and what is known of the moment under the cursor of one of them."""

    TITLE = "tsme debug"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "step(1)", "step"),
        Binding("p", "step(-1)", "back"),
        Binding("g", "ask('go')", "go to"),
        Binding("slash", "ask('search')", "search", key_display="/"),
        Binding("greater_than_sign", "again(False)", show=False),
        Binding("less_than_sign", "again(True)", show=False),
        Binding("full_stop", "changed(False)", show=False),
        Binding("comma", "changed(True)", show=False),
        Binding("f", "ask('filter')", "filter"),
        Binding("escape", "leave", show=False),
        Binding("m", "track", "machine"),
        Binding("ctrl+pagedown", "execution(False)", show=False, priority=True),
        Binding("ctrl+pageup", "execution(True)", show=False, priority=True),
        Binding("x", "reproduce", "reproducer"),
        Binding("s", "picture", "SVG"),
        Binding("question_mark", "help", "keys", key_display="?"),
        Binding("q", "quit", "leave"),
        *(Binding(str(n), f"tab({n})", show=False) for n in range(1, len(panels.RELATIONAL) + 1)),
    ]

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

    # --- layout ---

    def compose(self) -> ComposeResult:
        """Panels above, timelines below."""
        yield Static("", id="where", markup=False)
        with Horizontal(id="above"):
            yield Lines("outline")
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
        self.moment = moment
        view = self.view(moment)
        rows = view.outline(moment)
        self._outlined = rows
        self.action_tab(self.tab)
        lines, at = panels.outline(rows)
        self.query_one("#outline", Lines).show(lines, at)
        self.query_one("#where", Static).update(
            f"{self.track_now.name} · {panels.standing(self.track_now, moment)}"
        )
        self.status(self.said)
        self.said = ""
        self._together(moment)
        self.query_one(Axis).at(moment.record.now)

    def _details(self) -> None:
        if self.moment is None:
            return
        tab, view = self.tabs[self.tab - 1], self.view(self.moment)
        rain, details = self.query_one(Rain), self.query_one("#details", Lines)
        rain.display, details.display = tab == "Rain", tab != "Rain"
        if rain.display and isinstance(view, RelationalView):
            rain.at(self.track_now, view.schema.names, self.moment.number)
            return
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

    # --- going ---

    def action_step(self, n: int) -> None:
        """A record on or back."""
        self.timeline(self.active).action_move(n)

    def action_track(self) -> None:
        """The next machine."""
        self._activate((self.active + 1) % len(self.opened))
        number = self.timeline(self.active).number
        if number is not None:
            self._show(number)

    def _activate(self, n: int) -> None:
        self.timeline(self.active).add_class("quiet")
        self.active = n
        line = self.timeline(n)
        line.remove_class("quiet")
        line.focus()

    def on_descendant_focus(self) -> None:
        """A click into another timeline makes that the active one."""
        focused = self.focused
        if isinstance(focused, Timeline) and focused is not self.timeline(self.active):
            self.timeline(self.active).add_class("quiet")
            self.active = int((focused.id or "").rpartition("-")[2])
            focused.remove_class("quiet")
            if focused.number is not None:
                self._show(focused.number)

    def on_axis_chosen(self, event: Axis.Chosen) -> None:
        """A click on the time axis: of that track the record at that time."""
        if event.track != self.active:
            self._activate(event.track)
        self._go(self.track_now.at_time(event.ms))

    def on_resize(self) -> None:
        """Of one track alone the axis takes a line only where there are enough."""
        self.query_one(Axis).display = len(self.opened) > 1 or self.size.height >= _TALL
        self.call_after_refresh(self._tabs)

    def action_tab(self, n: int) -> None:
        """Another panel."""
        self.tab = min(n, len(self.tabs))
        self._tabs()
        self._details()

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        """A click on a state looks for where it is entered next."""
        if event.lines.id == "outline" and event.at < len(self._outlined):
            row = self._outlined[event.at]
            if row.number >= 0:
                self._search(filters.Filter(frozenset(), {"state": (row.text.lower(),)}), False)

    def on_drops_picked(self, event: Drops.Picked) -> None:
        """A transition of the rain."""
        self._go(event.number)

    # --- asking ---

    def action_ask(self, what: str) -> None:
        """Ask for a place, a search or a filter."""
        self.asking = what
        ask = self.query_one("#ask", Input)
        ask.disabled = False
        ask.value = ""
        ask.placeholder = asking.PROMPTS[what]
        self.screen.add_class("asking")
        ask.focus()

    def _asked(self) -> None:
        self.screen.remove_class("asking")
        ask = self.query_one("#ask", Input)
        ask.disabled = True
        self.timeline(self.active).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was written."""
        self._asked()
        try:
            if self.asking == "go":
                here = self.timeline(self.active).number or 0
                self._go(asking.place(self.track_now, event.value, here))
                return
            wanted = filters.read(event.value)
        except HostError as error:
            self.status(f"{error}; {error.hint}" if error.hint else str(error))
            return
        if self.asking == "filter":
            self._filter(wanted)
        elif wanted is not None:
            self._search(wanted, False)

    def _go(self, number: int) -> None:
        self.timeline(self.active).go(number)

    def action_leave(self) -> None:
        """End what is asked, looked for or shown alone."""
        if self.screen.has_class("asking"):
            self._asked()
            return
        self.workers.cancel_group(self, "search")
        self.workers.cancel_group(self, "filter")
        if self._filtered.pop(self.active, False):
            self._all()
        self.status("")

    def _all(self) -> None:
        line = self.timeline(self.active)
        number = line.number if line.number is not None else self._number
        line.records(range(self.track_now.first, self.track_now.next), number)

    def action_again(self, back: bool) -> None:
        """The next one that fits what was searched for."""
        if self.searched is None:
            self.status("nothing was searched for yet: /")
        else:
            self._search(self.searched, back)

    def action_changed(self, back: bool) -> None:
        """Where a value is changed."""
        self._search(filters.Filter(frozenset(), {"path": ("$",)}), back, keep=False)

    def action_execution(self, back: bool) -> None:
        """Where another execution begins."""
        self._search(filters.Filter(frozenset({"start"})), back, keep=False)

    def _search(self, wanted: filters.Filter, back: bool, keep: bool = True) -> None:
        if keep:
            self.searched = wanted
        here = self.timeline(self.active).number or 0
        self._find(self.active, wanted, here + (-1 if back else 1), back)

    @work(thread=True, exclusive=True, group="search")
    def _find(self, n: int, wanted: filters.Filter, start: int, back: bool) -> None:
        worker = get_current_worker()
        one = self.opened[n]
        for at, found in filters.matches(one.track, wanted, one.sources, start, back):
            if worker.is_cancelled:
                return
            if found:
                self.call_from_thread(self._go, found[0])
                return
            self.call_from_thread(self.status, f"searching, at {at} … (Esc ends it)")
        self.call_from_thread(
            self.status, f"not found {'before' if back else 'behind'} this record"
        )

    def _filter(self, wanted: filters.Filter | None) -> None:
        self.workers.cancel_group(self, "filter")
        self._filtered[self.active] = wanted is not None
        if wanted is None:
            self._all()
            self.status("")
            return
        found: array[int] = array("Q")
        self.timeline(self.active).records(found)
        self._sift(self.active, wanted, found)

    @work(thread=True, exclusive=True, group="filter")
    def _sift(self, n: int, wanted: filters.Filter, found: array[int]) -> None:
        worker = get_current_worker()
        one = self.opened[n]
        here = self._number
        tell: Callable[..., None] = self.call_from_thread
        for at, more in filters.matches(one.track, wanted, one.sources, one.track.first):
            if worker.is_cancelled:
                return
            tell(self._sifted, n, found, more, f"looked at {at} of {one.track.next - 1} …")
        tell(self._settled, n, here)

    def _sifted(self, n: int, found: array[int], more: list[int], text: str) -> None:
        line = self.timeline(n)
        if line.numbers is not found:
            return  # another filter has come
        first = not found and bool(more)
        found.extend(more)
        line.records(found, more[0] if first else None)
        self.status(f"{text} (Esc ends it)")
        if first:
            self._show(more[0])

    def _settled(self, n: int, here: int) -> None:
        line = self.timeline(n)
        if line.numbers:
            line.go(here)
            line.tell_seen()
        self.status("" if line.numbers else "no record fits; Esc shows all again")

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
        at = track.next - 1 if last else line.number
        line.records(range(track.first, track.next), at)
        self.query_one(Axis).look()

    # --- out ---

    def action_reproduce(self) -> None:
        """This moment in files."""
        if self.moment is None:
            return
        try:
            self.status(reproduce.reproduce(self.here, self.moment))
        except (HostError, TsmeError) as error:
            self.status(str(error))

    def action_picture(self) -> None:
        """This screen as SVG."""
        picture = self.export_screenshot(title="tsme debug").encode()
        try:
            self.status(reproduce.picture(self.here, self._number, picture))
        except HostError as error:
            self.status(str(error))

    def action_help(self) -> None:
        """All keys."""
        self.push_screen(Help())
