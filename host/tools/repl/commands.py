"""The commands of the prompt that change something, or wait for it."""

from __future__ import annotations

from typing import Any

import click

from .. import console
from ..commands.executions import became, painted
from ..errors import DONE, HostError, did_you_mean
from ..files import read_value
from ..forms import answers
from ..journal.image import timestamp
from .targets import Attached, Execution
from .waiting import OPEN, TIMEOUT, Watch, no
from .words import plain

STATUSES = ("new", "running", "succeeded", "failed", "stopped", "broken", "aborted", "timed_out",
            "pending_redrive")  # fmt: skip


class Named(click.ParamType[str]):
    """A word that is a name or a text; `kind`: what completion offers for it."""

    name = "text"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> Any:
        """In double quotes it is what they hold."""
        return plain(value)


EXECUTION, TASK, STARTED, STATE, TEXT = (
    Named(kind) for kind in ("execution", "task", "started", "state", "")
)
WAITED = Named("status")


class Commands(click.Group):
    """What the prompt understands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that a line begins with.  Raises HostError TSME-H001 for what is none."""
        name = args[0]
        if self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known) or "help lists those that there are"
            raise HostError("TSME-H001", f'there is no command "{name}" here', hint)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99}
)
def prompt() -> None:
    """What runs on a board, or behind an endpoint of Step Functions."""


@prompt.command("list", short_help="List executions.")
@click.option("--status", type=click.Choice(STATUSES), help="Of this status alone.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N")
@answers
@click.pass_obj
def list_(at: Attached, status: str | None, limit: int, form: str | None) -> int:
    """List executions: all of a board, with the active states of relational machines, or the
    newest of an endpoint."""
    board = at.target.kind == "board"
    found = at.target.executions(status, limit + 1)
    shown = found if board else found[:limit]
    active = at.target.active(shown)
    if form or at.form:
        of = [{"active": active[one.name]} if one.name in active else {} for one in shown]
        rows = [one.plain | more for one, more in zip(shown, of, strict=True)]
        console.answer(rows, form or at.form or "json")
        return DONE
    if not shown:
        console.note("tsme: no such execution is there; start begins one")
        return DONE
    last = ("execution", "program") if board else ("machine", "started")
    head = ("name", "status", *last, *(("active",) if active else ()))
    lines = [(*_line(one, board), " ".join(active.get(one.name, ()))) for one in shown]
    console.table([line[: len(head)] for line in lines], head)
    if len(found) > len(shown):
        console.note(f"tsme: there are more: --limit {2 * limit} shows them")
    return DONE


def _line(one: Execution, board: bool) -> tuple[str, ...]:
    if board:
        last = (str(one.execution or ""), one.program)
    else:
        last = (one.program, "" if one.started is None else timestamp(one.started))
    return console.strong(one.name), painted(one.status), *last


@prompt.command(short_help="Start an execution.")
@click.argument("what", metavar="WHAT", type=STARTED)
@click.argument("rest", metavar="[OTHER] [INPUT]", nargs=-1)
@click.option("--input", "-i", "given", metavar="JSON", help="A file, or JSON.  [default: {}]")
@click.option("--wait", "waits", is_flag=True, help="Until it has ended; shows its output.")
@answers
@click.pass_obj
def start(
    at: Attached,
    what: str,
    rest: tuple[str, ...],
    given: str | None,
    waits: bool,
    form: str | None,
) -> int:
    """Start an execution.

    \b
      start soil                      on a board: its workflow of tsme.toml, or what it ran last
      start soil soil.asl.json        that one, which is uploaded if it is not there
      start Order {"n": 1}            at an endpoint: an execution of the machine Order
      start Order first {"n": 1}      the same, called "first"
    """
    words = [*rest]
    value: Any = {}
    if words and words[-1][:1] in ("{", "["):
        value = read_value(words.pop(), "INPUT")
    elif given is not None:
        value = read_value(given, "--input")
    if len(words) > 1:
        raise HostError("TSME-H001", f'"{words[1]}" is too much', "see start --help")
    found = at.target.start(what, plain(words[0]) if words else None, value)
    if waits:
        return _await_end(Watch(at.target, found.arn or found.name), form or at.form)
    if form or at.form:
        told = {key: value for key, value in vars(found).items() if value or key == "begun"}
        console.answer(told, form or at.form or "json")
        return DONE
    which = f"execution {found.execution}" if found.execution else "it"
    console.out(f"{found.name}: {which} {'has begun' if found.begun else 'is under way'}")
    return DONE


@prompt.command(short_help="End an execution.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@click.option("--error", metavar="NAME", type=TEXT, help="How its end is called.")
@click.option("--cause", metavar="TEXT", type=TEXT, help="Why.")
@click.pass_obj
def stop(at: Attached, name: str, error: str | None, cause: str | None) -> int:
    """End an execution that is under way."""
    at.target.stop(name, error, cause)
    console.note(f"tsme: {name} is {at.target.describe(name)['status']}")
    return DONE


@prompt.command(short_help="Send a signal to a state machine.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@click.argument("value", metavar="VALUE")
@click.pass_obj
def send(at: Attached, name: str, value: str) -> int:
    """Send VALUE, JSON or a file, to the state machine NAME: its journal has it when this ends.
    What a relational one cancels exits with 1."""
    given = read_value(value, "VALUE")
    return became(name, given, at.target.send(name, given))


# --- tasks --------------------------------------------------------------------------------------


@prompt.command(short_help="List the tasks that wait for somebody.")
@answers
@click.pass_obj
def tasks(at: Attached, form: str | None) -> int:
    """List the callbacks and activities that wait, with the tokens that complete them."""
    found = at.target.tasks()
    if form or at.form:
        console.answer([vars(one) for one in found], form or at.form or "json")
        return DONE
    rows = [
        (console.strong(one.token), one.execution, one.resource or "a callback",
         "" if one.payload is None else console.short(one.payload)) for one in found
    ]  # fmt: skip
    if rows:
        console.table(rows, ("token", "execution", "resource", "input"))
    else:
        console.note("tsme: no task waits for anybody")
    return DONE


@prompt.command(short_help="Give a task its result.")
@click.argument("task", metavar="TASK", type=TASK)
@click.argument("output", metavar="[OUTPUT]", required=False)
@click.pass_obj
def complete(at: Attached, task: str, output: str | None) -> int:
    """Give a task its result: OUTPUT is JSON or a file, else null.

    TASK is its token; or the execution, or activity, that has only this one waiting.
    """
    value = None if output is None else read_value(output, "OUTPUT")
    token = at.target.token(task)
    at.target.succeed(token, value)
    console.note(f"tsme: the task {token} has its result")
    return DONE


@prompt.command(short_help="Let a task fail.")
@click.argument("task", metavar="TASK", type=TASK)
@click.option("--error", metavar="NAME", type=TEXT, default="States.TaskFailed", show_default=True)
@click.option("--cause", metavar="TEXT", type=TEXT, help="Why.")
@click.pass_obj
def fail(at: Attached, task: str, error: str, cause: str | None) -> int:
    """Let a task fail with an error that Retry and Catch can name. TASK is as with complete."""
    token = at.target.token(task)
    at.target.fail(token, error, cause)
    console.note(f"tsme: the task {token} has failed")
    return DONE


@prompt.command(short_help="Say that a task is worked on.")
@click.argument("task", metavar="TASK", type=TASK)
@click.pass_obj
def heartbeat(at: Attached, task: str) -> int:
    """Let HeartbeatSeconds of a task begin again. TASK is as with complete."""
    at.target.beat(at.target.token(task))
    return DONE


# --- waiting ------------------------------------------------------------------------------------


@prompt.command(short_help="Wait for the end, a status, or a state.")
@click.argument("name", metavar="NAME", type=EXECUTION)
@click.argument("status", metavar="[STATUS]", required=False, type=WAITED)
@click.option("--state", metavar="STATE", type=STATE, help="Until this state is entered.")
@click.option("--not", "left", metavar="STATE", type=STATE, help="Until it is not active.")
@TIMEOUT
@answers
@click.pass_obj
def wait(
    at: Attached,
    name: str,
    status: str | None,
    state: str | None,
    left: str | None,
    timeout: float | None,
    form: str | None,
) -> int:
    """Wait until the execution NAME has ended, has this STATUS, or enters or leaves a STATE.

    Exits with 1 if what is waited for cannot come any more, or has not come in time; without
    STATUS and STATE if it did not succeed.
    """
    watch = Watch(at.target, name, timeout)
    if state is not None:
        return _await_state(watch, state)
    if left is not None:
        return _await_left(watch, left)
    if status is None:
        return _await_end(watch, form or at.form)
    status = status.lower()
    if status not in STATUSES:
        hint = did_you_mean(status, STATUSES) or f"there are {', '.join(STATUSES)}"
        raise HostError("TSME-H002", f'"{status}" is no status', hint)
    for found in watch:
        if found["status"] == status:
            return DONE
        if found["status"] not in OPEN:
            return no(f"{name} is {found['status']}")
    return watch.late(status)


def _await_end(watch: Watch, form: str | None) -> int:
    for found in watch:
        if found["status"] in OPEN:
            continue
        if form:
            console.answer(found, form)
        elif found["status"] == "succeeded":
            console.out(console.json_text(found.get("output")))
        if found["status"] == "succeeded":
            return DONE
        why = ": ".join(str(found[key]) for key in ("error", "cause") if found.get(key))
        return no(f"{found['name']} {found['status']}: {why or 'no error was named'}")
    return watch.late("ended")


def _await_state(watch: Watch, state: str) -> int:
    before: int | None = None
    for found, seen in watch.looks(watch.following.states):
        if before is None:
            before = seen.entered.get(state, 0)
        if seen.entered.get(state, 0) > before or state in seen.active:
            return DONE
        if found["status"] not in OPEN:
            return no(f'{watch.name} is {found["status"]}, and did not enter "{state}"')
    return watch.late(f'in "{state}"')


def _await_left(watch: Watch, state: str) -> int:
    for _, seen in watch.looks(watch.following.states):
        if state not in seen.active:
            return DONE
    return watch.late(f'without "{state}"')
