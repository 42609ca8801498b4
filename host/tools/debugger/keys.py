"""The keys of the debugger, and the page that tells them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

BAR: Final = "n/p step  g go  / search  f filter  m machine  x reproducer  s SVG  ? keys  q leave"
HELP: Final = """\
moments    ↓ j n   the next record              ↑ k p   the one before
           PgDn PgUp, Home End                  Ctrl-PgDn, Ctrl-PgUp: an execution on or back
           g       go to: 120, +10, -10, #12 (a step), +5min, -2h, 14:00, 2026-11-28 14:00:05
           . ,     where a value was changed next, before (as the filter path:$)
look for   /       search: words, or kind: state: error: path: as below; then > <
           f       show only: kind:failed,timer  state:Water  error:Boom  path:$.soil
                   changed:Door  canceled:Door  canceled:any (of a relational machine)
           Esc     end a search or a filter; all records again
panels     1 .. 7  Input Changes Value Variables Actions Source Record
           4, 8    of a relational machine: its transitions, and who refused; the rain of
                   all: 1 active, 2 and touched, - touched, | deactivated, c canceled;
                   a click or Enter goes there, ← → to other states
           Tab     from one to the other; a click on a state searches for it
machines   m       the next one; all are at the same time
out        x       this moment as a reproducer
           s       this screen as SVG
           ?       this page                    q       leave"""


class Help(ModalScreen[None]):
    """All keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(HELP, id="help", markup=False)

    def on_click(self) -> None:
        """Any click closes it."""
        self.dismiss()
