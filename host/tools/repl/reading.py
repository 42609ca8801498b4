"""The commands of the prompt that tell how things stand, and those about the prompt itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import click

from .. import console
from ..commands.executions import shown
from ..commands.journal import lines, told
from ..errors import DONE, HostError
from ..forms import answers
from ..inputs import read_text
from ..journal.image import timestamp
from .board import Board
from .commands import EXECUTION, STATE, Named, prompt
from .relations import relational
from .states import Event
from .targets import Attached

if TYPE_CHECKING:
    from .endpoint import Endpoint

_SCRIPTS = 8  # within one another
_LOOK = 0.3  # s between two looks at a log that has nothing new
_ID = {"id", "type", "timestamp", "previousEventId"}


class Leave(Exception):
    """The prompt is left."""


def known() -> list[str]:
    """The names of all commands."""
    return [*prompt.commands]


def _answer(at: Attached, value: Any, form: str | None) -> bool:
    """Is the answer for programs?  It is given then."""
    form = form or at.form
    if form:
        console.answer(value, form)
    return bool(form)


@prompt.command(short_help="Show how an execution, or what is attached, stands.")
@click.argument("name", metavar="[NAME]", required=False, type=EXECUTION)
@answers
@click.pass_obj
def status(at: Attached, name: str | None, form: str | None) -> int:
    """Show all that is known of the execution NAME; without it, of the board or endpoint."""
    found = at.target.status() if name is None else at.target.describe(name)
    if _answer(at, found, form):
        return DONE
    width = max(map(len, found))
    for key, value in found.items():
        console.out(f"{key:{width}}  {shown(key, value)}")
    return DONE


@prompt.command("states", short_help="Show which states are active.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@answers
@click.pass_obj
def states_(at: Attached, name: str, form: str | None) -> int:
    """Show the states that the execution NAME has been in, how often, and which are active. Of a
    state machine (FILE.py:CLASS with --program) its state."""
    state = _machine(at, name)
    if state is not None:
        if not _answer(at, state, form):
            console.out(console.json_text(state))
        return DONE
    seen = at.target.seen(name)
    active = seen.active
    rows = [{"state": one, "active": active.get(one, 0), "entered": n}
            for one, n in seen.entered.items()]  # fmt: skip
    if _answer(at, rows, form):
        return DONE
    console.table(
        [(_of(one, active), "active" if one in active else "", str(n))
         for one, n in seen.entered.items()],
        ("state", "", "entered"),
    )  # fmt: skip
    return DONE


def _of(name: str, active: dict[str, int]) -> str:
    return console.good(name) if name in active else name


def _machine(at: Attached, name: str) -> Any:
    """The state of a state machine; None of a workflow."""
    if not isinstance(at.target, Board) or not at.target.journals.machines:
        return None
    return at.target.journals.machine(at.target.journal(name))


@prompt.command(short_help="Show the clocks of states.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@click.argument("states", metavar="[STATE]...", type=STATE, nargs=-1)
@answers
@click.pass_obj
def clocks(at: Attached, name: str, states: tuple[str, ...], form: str | None) -> int:
    """Show the clock of each state of the execution NAME, or of each STATE, and their sum.

    A clock goes on when its state is entered, and when it is left: an odd one is active.
    """
    seen = at.target.seen(name)
    ticks = {one: seen.ticks.get(one, 0) for one in states or seen.ticks}
    if _answer(at, {"clocks": ticks, "time": sum(ticks.values())}, form):
        return DONE
    rows = [(str(n), _of(one, seen.active)) for one, n in ticks.items()]
    console.table([*rows, (str(sum(ticks.values())), console.faint("in all"))], right=1)
    return DONE


@prompt.command(short_help="Show the last events of an execution.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@click.argument("last", metavar="[N]", required=False, type=click.IntRange(1))
@answers
@click.pass_obj
def history(at: Attached, name: str, last: int | None, form: str | None) -> int:
    """Show the events of an execution as GetExecutionHistory tells them, or the last N of them."""
    events = at.target.history(name)
    events = events[-last:] if last else events
    if _answer(at, {"events": events}, form):
        return DONE
    rows = [
        (console.faint(str(one["id"])), str(one["timestamp"])[:23].replace("T", " "),
         console.name(one["type"]), _details(one)) for one in events
    ]  # fmt: skip
    console.table(rows, ("id", "time (UTC)", "type", "details"), right=1)
    return DONE


def _details(event: Event) -> str:
    out = []
    for details in (value for key, value in event.items() if key not in _ID):
        for key, value in details.items():
            if not key.endswith("Details"):
                out.append(f"{key} {value if isinstance(value, str) else console.short(value)}")
    return ", ".join(out)


@prompt.command(short_help="Show the last records of a journal.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@click.argument("last", metavar="[N]", default=10, type=click.IntRange(1))
@answers
@click.pass_obj
def journal(at: Attached, name: str, last: int, form: str | None) -> int:
    """Show the last N records of an execution's journal, 10 without N.

    Of a board with what each did, if its program is known: from the project or --program.
    """
    if not isinstance(at.target, Board):
        rows = cast("Endpoint", at.target).records(name, last)
        if not _answer(at, rows, form):
            for row in rows:
                when = timestamp(row["time"]) if "time" in row else ""
                what = row.get("input", row["kind"])
                text = f"{when:24}{console.name(f'{what:11}')} {row['bytes']} bytes"
                number = f"{row['number']:5}"
                console.out(f"{console.faint(number)}  {text}")
        return DONE
    log = at.target.journal(name)
    played, known = at.target.journals.played(log)
    played = played[-last:]
    if not _answer(at, [told(item, known) for item in played], form):
        for item in played:
            for line in lines(item, known):
                console.out(line)
    return DONE


@prompt.command(short_help="List what can be started.")
@answers
@click.pass_obj
def machines(at: Attached, form: str | None) -> int:
    """List the programs of a board, or the state machines and activities of an endpoint."""
    found = at.target.machines()
    if _answer(at, found, form):
        return DONE
    if not found:
        console.note("tsme: nothing is there")
        return DONE
    rows = []
    for one in found:
        values = {key: value for key, value in one.items() if key != "name"}
        told_ = (", ".join(v) if isinstance(v, list) else str(v) for v in values.values())
        rows.append((console.strong(one["name"] or "-"), *told_))
    console.table(rows)
    return DONE


prompt.add_command(clocks, "clock")
for _word, _command in relational.commands.items():
    prompt.add_command(_command, _word)
prompt.add_command(machines, "programs")


@prompt.command(short_help="Show what a board has printed and logged.")
@click.option("--follow", "-f", "follows", is_flag=True, help="Go on, until Ctrl-C.")
@click.pass_obj
def logs(at: Attached, follows: bool) -> int:
    """Show what the board has printed and logged, as far as it still has it."""
    text, start = at.target.log(0)
    try:
        while text or follows:
            console.write(text)
            if not text:
                time.sleep(_LOOK)
            before = start
            text, start = at.target.log(start)
            if not follows and start <= before:
                break
    except KeyboardInterrupt:
        if not follows:
            raise
    return DONE


# --- the prompt itself --------------------------------------------------------------------------


@prompt.command("help", short_help="Show what there is.")
@click.argument("name", metavar="[COMMAND]", required=False, type=Named("command"))
@click.pass_context
def help_(context: click.Context, name: str | None) -> int:
    """Show the commands, or what one of them takes."""
    root = context.find_root()
    assert isinstance(root.command, click.Group)
    if name is None:
        rows = [
            (console.strong(one), command.get_short_help_str(90))
            for one in root.command.list_commands(root)
            if (command := root.command.get_command(root, one)) and not command.hidden
        ]
        console.table(rows)
        console.note("help COMMAND tells more; Ctrl-D leaves")
        return DONE
    _, command, _ = root.command.resolve_command(root, [name])
    assert command is not None
    console.out(click.Context(command, info_name=name, parent=root).get_help())
    return DONE


def _leave(_context: click.Context) -> int:
    raise Leave


for word in ("exit", "quit"):
    prompt.add_command(
        click.Command(
            word,
            callback=click.pass_context(_leave),
            help="Leave the prompt: what runs goes on.",
            hidden=word == "quit",
        )
    )


@prompt.command(short_help="Run the commands of a file.")
@click.argument("file", metavar="FILE", type=Named("file"))
@click.pass_obj
def script(at: Attached, file: str) -> int:
    """Run the commands of FILE, one in each line, `#` begins a remark. It ends with the first that
    does not do its work, and with its exit code."""
    if at.depth >= _SCRIPTS:
        message = f'"{file}" is a script within {_SCRIPTS} others'
        raise HostError("TSME-H085", message, "it is perhaps within itself")
    return at.run(iter(read_text(file).splitlines()), file)
