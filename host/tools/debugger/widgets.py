"""Widgets that hold a million lines and render those that are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

Piece = tuple[str, str]  # text, and the component class of its style; "" for none
Line = Sequence[Piece]


class Lines(ScrollView, can_focus=True):
    """Lines of text that scroll in both directions."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "good", "bad", "name", "faint", "strong", "mark", "key", "under", "line"
    }  # fmt: skip
    DEFAULT_CSS = """
    Lines > .good { color: $text-success; }
    Lines > .bad { color: $text-error; }
    Lines > .name { color: $text-primary; }
    Lines > .key { color: $text-secondary; }
    Lines > .faint { color: $text-muted; }
    Lines > .strong { text-style: bold; }
    Lines > .under { text-style: bold underline; }
    Lines > .line { text-style: underline; }
    Lines > .mark { background: $primary 40%; text-style: bold; }
    """

    class Chosen(Message):
        """A line was clicked: its place."""

        def __init__(self, lines: Lines, at: int) -> None:
            super().__init__()
            self.lines = lines
            self.at = at

        @property
        def control(self) -> Lines:
            """Whose it is."""
            return self.lines

    def __init__(self, id: str) -> None:  # noqa: A002  # the name that Textual has
        super().__init__(id=id)
        self.lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line], at: int = 0) -> None:
        """Show other lines, `at` among those that are seen."""
        self.lines = lines
        wide = max((sum(len(text) for text, _ in line) for line in lines), default=0)
        self.virtual_size = Size(wide, len(lines))
        height = max(self.size.height, 1)
        top = int(self.scroll_offset.y)
        if not top <= at < top + height:
            top = max(0, at - height // 2)
        # After the next layout: before that there may be no room to scroll in.
        self.call_after_refresh(self.scroll_to, 0, top, animate=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of those seen."""
        at = y + int(self.scroll_offset.y)
        base = self.rich_style
        if at >= len(self.lines):
            return Strip.blank(self.size.width, base)
        strip = self.strip_of(self.lines[at], base)
        left = int(self.scroll_offset.x)
        return strip.crop_extend(left, left + self.size.width, base)

    def strip_of(self, line: Line, base: Style) -> Strip:
        """A line with its styles over a base."""
        pieces = []
        for text, kind in line:
            style = base
            for one in kind.split():
                style += self.get_component_rich_style(one, partial=True)
            pieces.append(Segment(_safe(text), style))
        return Strip(pieces)

    def on_click(self, event: events.Click) -> None:
        """Somebody points at a line."""
        at = event.y + int(self.scroll_offset.y)
        if at < len(self.lines):
            self.post_message(self.Chosen(self, at))


class Outline(Lines):
    """The states, one of which can be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "choose(1)", "next", show=False),
        Binding("up,k", "choose(-1)", "back", show=False),
        Binding("enter", "pick", show=False),
    ]
    DEFAULT_CSS = """
    Outline > .chosen { background: $surface-lighten-2; }
    Outline:focus > .chosen { background: $primary; color: $text; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"chosen"}

    chosen = reactive(0)  # its line

    def render_line(self, y: int) -> Strip:
        """The chosen one stands out, once one was chosen."""
        strip = super().render_line(y)
        at = y + int(self.scroll_offset.y)
        if not at or at != self.chosen:
            return strip
        return strip.apply_style(self.get_component_rich_style("chosen", partial=True))

    def action_choose(self, n: int) -> None:
        """Another one."""
        self.chosen = min(max(self.chosen + n, 0), max(len(self.lines) - 1, 0))
        self.scroll_to_region(Region(0, self.chosen, 1, 1), animate=False, force=True)

    def action_pick(self) -> None:
        """As a click on it."""
        self.post_message(self.Chosen(self, self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Somebody points at a state."""
        at = event.y + int(self.scroll_offset.y)
        if at < len(self.lines):
            self.chosen = at


def _safe(text: str) -> str:
    """Control characters would move the cursor of the terminal."""
    return "".join(c if c.isprintable() else "·" for c in text) if not text.isprintable() else text


class Rows(Lines):
    """Lines that are made when they are seen, of numbers that go up; one is under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next", show=False),
        Binding("up,k", "move(-1)", "back", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "edge(False)", "first", show=False),
        Binding("end", "edge(True)", "last", show=False),
    ]
    DEFAULT_CSS = """
    Rows { scrollbar-gutter: stable; overflow-x: hidden; }
    Rows > .cursor { background: $primary; color: $text; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"cursor"}

    cursor = reactive(0)  # place in `numbers`

    def __init__(self, id: str, row: Callable[[int, int], Line]) -> None:  # noqa: A002
        super().__init__(id)
        self.row = row  # of a record, and so many columns
        self.numbers: Sequence[int] = range(0)

    def records(self, numbers: Sequence[int], at: int | None = None) -> None:
        """Show these records; `at`: the number of the one to be at, or the nearest before it."""
        self.numbers = numbers
        self.virtual_size = Size(self.size.width, len(numbers))
        if at is not None:
            self.go(at)
        self.refresh()

    @property
    def number(self) -> int | None:
        """The record under the cursor."""
        return self.numbers[self.cursor] if self.cursor < len(self.numbers) else None

    def place(self, number: int) -> int:
        """Where a record is, or the newest before it."""
        low, high = 0, len(self.numbers)
        while high - low > 1:
            middle = (low + high) // 2
            if self.numbers[middle] <= number:
                low = middle
            else:
                high = middle
        return low

    def go(self, number: int) -> None:
        """Move the cursor to a record."""
        self.cursor = self.place(number)
        self._in_sight()

    def _in_sight(self) -> None:
        if self.size.height:
            self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def on_resize(self) -> None:
        """The cursor stays in sight."""
        self.virtual_size = Size(self.size.width, len(self.numbers))
        self._in_sight()

    def watch_cursor(self) -> None:
        """Another one."""
        self.refresh()

    def action_move(self, n: int) -> None:
        """So many records on."""
        if self.numbers:
            self.cursor = min(max(self.cursor + n, 0), len(self.numbers) - 1)
            self._in_sight()

    def action_page(self, n: int) -> None:
        """A page on or back."""
        self.action_move(n * max(1, self.size.height - 1))

    def action_edge(self, last: bool) -> None:
        """To one end."""
        self.action_move(len(self.numbers) if last else -len(self.numbers))

    def render_line(self, y: int) -> Strip:
        """One record of those seen."""
        at = y + int(self.scroll_offset.y)
        base = self.rich_style
        if at >= len(self.numbers):
            return Strip.blank(self.size.width, base)
        line = self.row(self.numbers[at], self.size.width)
        if at == self.cursor:
            style = base + self.get_component_rich_style("cursor", partial=True)
            text = "".join(text for text, _ in line)
            strip = Strip([Segment(_safe(text), style)])
            return strip.crop_extend(0, self.size.width, style)
        return self.strip_of(line, base).crop_extend(0, self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        """To the record that somebody points at."""
        at = event.y + int(self.scroll_offset.y)
        if at < len(self.numbers):
            self.cursor = at


class Timeline(Rows):
    """The records of a track, or those that a filter has found."""

    DEFAULT_CSS = """
    Timeline.quiet > .cursor { background: $surface-lighten-2; text-style: none; }
    """

    class Moved(Message):
        """The cursor is at another record."""

        def __init__(self, timeline: Timeline, number: int) -> None:
            super().__init__()
            self.timeline = timeline
            self.number = number

        @property
        def control(self) -> Timeline:
            """Whose it is."""
            return self.timeline

    class Seen(Message):
        """Other records are seen: from one to another."""

        def __init__(self, timeline: Timeline, first: int, last: int) -> None:
            super().__init__()
            self.timeline = timeline
            self.first = first
            self.last = last

    def watch_cursor(self) -> None:
        """Tell who wants to know."""
        super().watch_cursor()
        if self.number is not None:
            self.post_message(self.Moved(self, self.number))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other records are seen."""
        super().watch_scroll_y(old_value, new_value)
        self.tell_seen()

    def tell_seen(self) -> None:
        """Say which records are seen."""
        top = int(self.scroll_offset.y)
        end = min(top + self.size.height, len(self.numbers)) - 1
        if 0 <= top <= end:
            self.post_message(self.Seen(self, self.numbers[top], self.numbers[end]))
