"""`tsme debug`: keys, the mouse, and what is asked; on Textual."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import get_current_worker

from tsme.errors import TsmeError

from ..errors import HostError
from . import asking, filters, origins, panels, reproduce, walking
from .axis import Axis
from .keys import Help
from .moments import Moment
from .origins import Place
from .rain import Drops
from .stage import Stage
from .views import RelationalView, Row
from .walking import Walk
from .widgets import Lines, Outline, Timeline

Coming = Callable[[Moment], Walk]  # where to be in a moment that is looked for


class Debugger(Stage):
    """What can be done: keys, the mouse, questions."""

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
        Binding("right_square_bracket", "walk(1)", show=False),
        Binding("left_square_bracket", "walk(-1)", show=False),
        Binding("right_curly_bracket", "transition(1)", show=False),
        Binding("left_curly_bracket", "transition(-1)", show=False),
        Binding("u", "cause(True)", show=False),
        Binding("U", "cause(False)", show=False),
        Binding("c", "chosen(False)", show=False),
        Binding("C", "chosen(True)", show=False),
        Binding("m", "track", "machine"),
        Binding("ctrl+pagedown", "execution(False)", show=False, priority=True),
        Binding("ctrl+pageup", "execution(True)", show=False, priority=True),
        Binding("x", "reproduce", "reproducer"),
        Binding("s", "picture", "SVG"),
        Binding("question_mark", "help", "keys", key_display="?"),
        Binding("q", "quit", "leave"),
        *(Binding(str(n), f"tab({n})", show=False) for n in range(1, len(panels.RELATIONAL) + 1)),
    ]

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

    def on_lines_chosen(self, event: Lines.Chosen) -> None:
        """A click on a state looks for where it is entered next; on a transition, or a step of it,
        goes there."""
        if event.lines.id == "details" and self.tabs[self.tab - 1] == "Transitions":
            assert self.moment is not None
            there = panels.places(self.moment, self.schema, self.walk)
            if event.at < len(there):
                self._walk_to(there[event.at])
        elif event.lines.id == "outline" and event.at < len(self._outlined):
            wanted = self._about(self._outlined[event.at], "state")
            if wanted is not None:
                self._search(wanted, False)

    def _about(self, row: Row, name: str) -> filters.Filter | None:
        """What looks for a state, or for a member of a machine's; None of what is neither."""
        if row.path:
            return filters.Filter(frozenset(), {"path": (row.path,)})
        return (
            filters.Filter(frozenset(), {name: (row.text.lower(),)}) if row.number >= 0 else None
        )

    def on_drops_picked(self, event: Drops.Picked) -> None:
        """A transition of the rain."""
        self._to(Place(event.number, event.which))

    # --- within a moment ---

    @property
    def schema(self) -> Any:
        """That of the relational machine that is shown; None of others."""
        view = self.view(self.moment) if self.moment else None
        return view.schema if isinstance(view, RelationalView) else None

    def action_walk(self, way: int) -> None:
        """A step of a transition on or back, and on to the next transition."""
        if self.moment is None or self.schema is None:
            self.status("only transitions of a relational machine have steps to walk through")
            return
        found = walking.moved(self.schema, self.moment, self.walk, way)
        if found is None:
            self._beyond(way, True)
        else:
            self._walk_to(found)

    def action_transition(self, way: int) -> None:
        """The next transition, or the one before."""
        if self.moment is None or self.schema is None:
            self.status("only a relational machine has transitions")
            return
        which = self.walk.which + way
        if 0 <= which < len(self.moment.transitions):
            self._walk_to(Walk(which))
        else:
            self._beyond(way, False)

    def _walk_to(self, walk: Walk) -> None:
        self.walk = walk
        self.walked()

    def _beyond(self, way: int, step: bool) -> None:
        """To the next record that has transitions, and to the first or last one there."""
        schema = self.schema

        def coming(moment: Moment) -> Walk:
            which = 0 if way > 0 else max(len(moment.transitions) - 1, 0)
            if not step or not moment.transitions:
                return Walk(which)
            count = len(walking.steps(schema, moment.transitions[which]))
            return Walk(which, 1 if way > 0 else count)

        wanted = filters.Filter(frozenset(), {"called": ("any",)})
        self._search(wanted, way < 0, keep=False, coming=coming)

    def action_cause(self, back: bool) -> None:
        """The transition that queued this one; or what this one has queued."""
        if self.moment is None or not self.moment.transitions:
            self.status("no transition in this step")
        else:
            self._trace(self.active, self.moment, self.walk.which, back)

    @work(thread=True, exclusive=True, group="search")
    def _trace(self, n: int, moment: Moment, which: int, back: bool) -> None:
        worker = get_current_worker()

        def wanted(at: int) -> bool:
            self.call_from_thread(self.status, f"looking, at {at} … (Esc ends it)")
            return not worker.is_cancelled

        seek = origins.cause if back else origins.outcome
        found = seek(self.opened[n].track, moment, which, wanted)
        if worker.is_cancelled:
            return
        if found is not None:
            come = f"record {moment.number} {'came of this' if back else 'led to this'}"
            text = "it came with the input of this record" if found.which < 0 else come
            self.call_from_thread(self._to, found, text)
            return
        kind = moment.record.input or "input"
        text = f"it came with the {kind} of this record" if back else "it has queued nothing"
        self.call_from_thread(self.status, text)

    def _to(self, place: Place, text: str = "") -> None:
        """To a transition anywhere, and say something there."""
        walk = Walk(max(place.which, 0))
        if self.moment is not None and self.moment.number == place.number:
            self._walk_to(walk)
            self.status(text)
            return
        self.coming, self.said = (lambda _: walk), text
        self._go(place.number)

    def action_chosen(self, back: bool) -> None:
        """Where the chosen state is changed next, or was before; of a program, entered."""
        at = self.query_one(Outline).chosen
        row = self._outlined[at] if at < len(self._outlined) else Row(0, "")
        wanted = self._about(row, "state" if self.schema is None else "changed")
        if wanted is None or self.moment is None:
            self.status("choose a state: a click, or Tab and ↑ ↓")
            return
        if self.schema is None:
            self._search(wanted, back, keep=False)
            return
        state = row.number
        which = walking.changing(self.moment, state, self.walk, back)
        if which is not None:
            self._walk_to(Walk(which))
            return

        def coming(moment: Moment) -> Walk:
            return Walk(walking.changing(moment, state, None, back) or 0)

        self._search(wanted, back, keep=False, coming=coming)

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
        self.coming = None
        if self.walk.at is not None:
            self._walk_to(Walk(self.walk.which))
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

    def _search(
        self, wanted: filters.Filter, back: bool, keep: bool = True, coming: Coming | None = None
    ) -> None:
        if keep:
            self.searched = wanted
        here = self.timeline(self.active).number or 0
        self._find(self.active, wanted, here + (-1 if back else 1), back, coming)

    @work(thread=True, exclusive=True, group="search")
    def _find(
        self, n: int, wanted: filters.Filter, start: int, back: bool, coming: Coming | None
    ) -> None:
        worker = get_current_worker()
        one = self.opened[n]
        for at, found in filters.matches(one.track, wanted, one.sources, start, back):
            if worker.is_cancelled:
                return
            if found:
                self.call_from_thread(self._found, found[0], coming)
                return
            self.call_from_thread(self.status, f"searching, at {at} … (Esc ends it)")
        self.call_from_thread(
            self.status, f"not found {'before' if back else 'behind'} this record"
        )

    def _found(self, number: int, coming: Coming | None) -> None:
        self.coming = coming
        self._go(number)

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
