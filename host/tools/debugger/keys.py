"""The keys of the debugger, and the page that tells them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

BAR: Final = "? keys  q leave  n p step  g go  / search  f filter  x reproducer  s SVG  m machine"
HELP: Final = """\
moments   ↓ j n  the next record           ↑ k p  the one before
          PgDn PgUp Home End        Ctrl-PgUp -PgDn: an execution
          g      go to: 120, +10, -10, #12 (a step), +5min, -2h, 14:00,
                 2026-11-28 14:00:05
          . ,    where a value was changed next, before
          c C    where the chosen state was entered (of a relational
                 machine: changed) next, before
look for  /      search: words, or kind: state: error: path: as below;
                 then > <
          f      show only: kind:failed,timer  state:Water  error:Boom
                 path:$.soil; of a relational machine changed:Door
                 called:Door  canceled:Door  canceled:any
          Esc    end a search, a filter, a walk; all records again
panels    1 .. 9 a click on its name, too
          Tab    from one to the other; ↑ ↓ choose a state; Enter, or a
                 click on one, searches for it
of a relational machine
          4      what each transition did, and who refused
          8      the rain of all transitions: 1 active, 2 and touched,
                 - touched, | deactivated, c canceled; Enter or a click
                 goes there, ← → to other states
          9      the matrix: which column touched which row
          [ ]    walk through a transition: + became active, - inactive,
                 * a handler ran, ! this is why it was canceled
          { }    the transition before, the next
          u U    who queued this one; what it has queued itself
machines  m      the next one; all are at the same time
out       x      this moment as a reproducer       s  this screen as SVG
          ?      this page                         q  leave"""


class Help(ModalScreen[None]):
    """All keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """One text."""
        with VerticalScroll(id="help"):
            yield Static(HELP, markup=False)

    def on_click(self) -> None:
        """Any click closes it."""
        self.dismiss()
