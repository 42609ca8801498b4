"""Executions on a board: `tsme ps`, `describe`, `start`, `signal` and `checkpoint`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from .. import console
from ..boards import lacking
from ..boards.outcome import output_of
from ..boards.programs import Made, wanted
from ..boards.session import Session, Where, at_board, connected
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..files import read_value
from ..forms import answers, option
from .status import set_clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..link.answers import Description, Execution, Signaled

_POLL = 0.5  # s
_NO_HANDLER = "TSME-T002"
_NOT_THERE = "TSME-N004"
CANCELED = "canceled"  # of a mutation
STATUSES = ("new", "running", "succeeded", "failed", "stopped", "broken")  # on a board
_PAINT = {"succeeded": console.good, "failed": console.bad, "broken": console.bad}


def painted(status: str) -> str:
    """The word for how an execution stands, in the colour that it has."""
    return _PAINT.get(status, console.name)(status)


@click.command(short_help="List the executions on a board.")
@click.option("--status", type=click.Choice(STATUSES), help="Of this status alone.")
@answers
@at_board
def ps(status: str | None, form: str | None, where: Where) -> int:
    """List the executions on a board: new, running, succeeded, failed, stopped or broken.

    Of relational machines the states that are active, too.
    """
    with connected(where) as board:
        found = [one for one in board.client.executions() if status in (None, one.status)]
        active = active_states(board, found)
    if form:
        of = [{"active": active[one.name]} if one.name in active else {} for one in found]
        console.answer([vars(one) | more for one, more in zip(found, of, strict=True)], form)
        return DONE
    rows = [
        (console.strong(one.name), painted(one.status), str(one.execution or ""), one.program,
         " ".join(active.get(one.name, ()))) for one in found
    ]  # fmt: skip
    head = ("name", "status", "execution", "program", "active")
    if rows:
        width = len(head) if active else len(head) - 1
        console.table([row[:width] for row in rows], head[:width])
    else:
        which = f"no execution is {status}" if status else "no execution is there"
        console.note(f"tsme: {which}; tsme start NAME FLOW begins one")
    return DONE


def active_states(board: Session, found: Iterable[Execution]) -> dict[str, list[str]]:
    """The active states of relational machines, which are no programs of the store."""
    running = [one for one in found if one.status == "running"]
    stored = {one.digest for one in board.client.programs()} if running else set()
    told = {one.name: board.client.describe(one.name).rest or {}
            for one in running if one.program not in stored}  # fmt: skip
    return {name: [*rest["active"]] for name, rest in told.items() if "active" in rest}


@click.command(short_help="Show how an execution on a board stands.")
@click.argument("name", metavar="NAME")
@answers
@at_board
def describe(name: str, form: str | None, where: Where) -> int:
    """Show all that a board knows of one execution: its status, its output, what it waits for."""
    with connected(where) as board:
        found = board.client.describe(name)
    told = plain(found)
    if not found.whole:
        hint = f"tsme journal pull {name}, then tsme history {name}.bin"
        console.note(f"tsme: its output is longer than an answer: {hint}")
    if form:
        console.answer(told, form)
        return DONE
    width = max(map(len, told))
    for key, value in told.items():
        console.out(f"{key:{width}}  {shown(key, value)}")
    return DONE


def plain(found: Description) -> dict[str, Any]:
    """What applies of it, by the names of docs/SPEC.md, 8.3."""
    from ..link import failures  # noqa: PLC0415

    told = {key: value for key, value in vars(found).items() if key not in ("rest", "whole")}
    told |= found.rest or {}
    always = ("name", "status", "blocks")
    told = {key: value for key, value in told.items() if value is not None or key in always}
    if not told.get("tokens"):
        told.pop("tokens", None)
    if found.status == "broken" and found.error:
        told["error"] = failures.in_words(found.error)
    if not found.execution:  # none has begun
        return {key: told[key] for key in (*always, "error") if key in told}
    if found.status == "succeeded" and found.whole:
        told.setdefault("output", None)
    return told


def shown(key: str, value: Any) -> str:
    """A member of what a board or endpoint tells of an execution."""
    from ..journal.image import timestamp  # noqa: PLC0415

    if key == "status":
        return painted(value)
    if key in ("now", "due"):
        return timestamp(value)
    return value if isinstance(value, str) else console.json_text(value)


@click.command(short_help="Start an execution on a board.")
@click.argument("name", metavar="NAME")
@click.argument("program", metavar="[FLOW]", required=False)
@click.option(
    "--input", "-i", "given", metavar="JSON", help="A file (.json, .cbor, .msgpack), or JSON."
)
@click.option("--blocks", type=click.IntRange(2, 65535), metavar="N", help="Of a new region.")
@click.option("--wait", is_flag=True, help="Until it has ended; prints its output.")
@option("Of the output, and of an input whose ending does not say it.  [default: json]")
@at_board
@takes_values
def start(
    name: str,
    program: str | None,
    given: str | None,
    blocks: int | None,
    wait: bool,
    form: str | None,
    where: Where,
) -> int:
    """Start the execution NAME on a board.

    FLOW is a workflow, a .tsm file, or the digest of a program that is there. Without it, NAME's
    workflow in tsme.toml. A program that is not there yet is uploaded first. An execution that is
    under way with that program goes on. Sets the board's clock if nobody has and
    nothing runs there.

    With --wait exits with 1 if it does not succeed.
    """
    value = read_value(given, "--input", form) if given is not None else {}
    with connected(where, "the board goes on with it") as board:
        set_clock(board, unset_alone=True)
        digest, here = wanted(board, name, program)
        number, begun = begin(board, name, digest, value, blocks)
        said = f"execution {number} has begun" if begun else f"execution {number} is under way"
        console.note(f"tsme: {name}: {said}")
        return await_end(board, {name: here}, form) if wait else DONE


def begin(
    board: Session, name: str, digest: str, value: Any, blocks: int | None = None
) -> tuple[int, bool]:
    """Let an execution begin with a program that is there.  -> its number, and whether it has
    begun just now."""
    before = {one.name: one for one in board.client.executions()}
    one = before.get(name)
    if one and one.status == "running" and one.program != digest:
        hint = f"tsme stop {name} ends it; tsme migrate {name} FLOW moves it"
        message = f'"{name}" is under way with another program, {one.program}'
        raise HostError("TSME-N069", message, hint)
    try:
        number = board.client.start(name, digest, value, blocks)
    except HostError as error:
        if error.code == _NOT_THERE:  # programs are brought before; a class comes as files
            message = error.message.partition(";")[0]
            raise HostError(error.code, message, lacking.cure(board, digest)) from None
        if error.code == _NO_HANDLER:
            message = error.message.partition(";")[0]
            hint = "tsme push brings tasks.py there and restarts the board"
            raise HostError(error.code, f"on the board is {message}", hint) from None
        raise
    return number, not (one and one.status == "running" and one.execution == number)


def await_end(board: Session, names: dict[str, Made | None], form: str | None = None) -> int:
    """Wait until these have ended, and print the output of each: one by itself, or an object by
    name.  Their programs, as far as these are here.  Exit code 1 if one did not succeed."""
    outputs: dict[str, Any] = {}
    code = DONE
    for name, program in names.items():
        found = board.client.describe(name)
        while found.status == "running":
            time.sleep(_POLL)
            found = board.client.describe(name)
        if found.status != "succeeded":
            why = ": ".join(part for part in (found.error, found.cause) if part)
            text = f"{name}: execution {found.execution} {found.status}"
            click.secho(f"{text}: {why or 'no error was named'}", err=True, fg="red")
            code = FAILED
        outputs[name] = found.output if found.whole else output_of(board, name, program)
    if code == DONE or len(names) > 1:
        told = outputs if len(names) > 1 else outputs[next(iter(names))]
        if form in (None, "json"):
            console.out(console.json_text(told))
        else:
            console.answer(told, form)
    return code


@click.command(short_help="Send a signal to a state machine on a board.")
@click.argument("name", metavar="NAME")
@click.argument("value", metavar="VALUE")
@option("Of VALUE if it is `-`, or a file whose ending does not say it.")
@at_board
def signal(name: str, value: str, form: str | None, where: Where) -> int:
    """Send VALUE to the state machine NAME: a file (.json, .cbor, .msgpack), `-`, or JSON.

    It is in flash when the command ends, which shows what became of it in a relational machine:
    exits with 1 if that is `canceled`.
    """
    plain_value = read_value(value, "VALUE", form)
    with connected(where) as board:
        found = board.client.signal(name, plain_value)
    return became(name, plain_value, found)


def became(name: str, value: Any, found: Signaled) -> int:
    """Say what became of a signal.  -> an exit code"""
    result = found.result
    if result is not None:
        console.out(result if isinstance(result, str) else console.json_text(result))
    evaluates = isinstance(value, dict) and "eval" in value  # its function may give any text
    if result == CANCELED and (found.raised or not evaluates):
        why = found.why or "a relation forbids it, or a handler refuses"
        hint = f"tsme journal pull {name} and tsme debug show all of it"
        click.secho(f"tsme: {name} has canceled it: {why}; {hint}", err=True, fg="red")
        return FAILED
    console.note(f"tsme: {name} has it")
    if found.why:
        click.secho(f"tsme: {name}: {found.why}", err=True, fg="red")
    return DONE


@click.command(short_help="Let a board write a checkpoint, so that older blocks go.")
@click.argument("name", metavar="NAME")
@at_board
def checkpoint(name: str, where: Where) -> int:
    """Let the board write a checkpoint of the execution NAME now.

    From then on it recovers from there, and older blocks of its journal can be used again: pull
    the journal first if you want what is in them.
    """
    with connected(where) as board:
        board.client.checkpoint(name)
    console.note(f"tsme: {name}: a checkpoint is written")
    return DONE


COMMANDS = (ps, describe, start, signal, checkpoint)
