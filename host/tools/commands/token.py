"""`tsme token`: complete from outside what waits for it, callbacks and activities.

Beside a journal J.bin lies J.bin.mail, a CBOR sequence of messages: [2, token, output],
[3, token, error, cause], [4, token], numbered as the kernel's inputs are.  The board under
`tsme run` takes them up while it waits, or when it goes on with the journal.  A message that comes
twice, or for a task that has ended meanwhile, changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tsme.engine.tasks import is_activity, is_callback
from tsme.kernel.protocol import FAILED, HEARTBEAT, SUCCEEDED
from tsme.values import cbor, timestamp

from ...compiler.frontend.model import Json
from .. import console
from ..boards.session import Where, at_board, connected, on_board
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..files import read_value
from ..forms import answers, option
from ..journal.image import Log, read_logs
from ..journal.refusals import check_behaviour
from ..journal.replayer import Player, check_program, programs_of
from ..journal.session import in_use
from ..limits import no_limits
from ..outputs import not_writable


@dataclass(frozen=True)
class Waiting:
    """A task that someone outside has to complete.  `due`: in ms since 1970, None for never."""

    token: str
    state: str
    resource: str
    payload: Json
    due: int | None


def mailbox(journal: str) -> Path:
    """Where messages for the tasks of a journal are left."""
    return Path(journal + ".mail")


def forget(journal: str | None) -> None:
    """Throw away what was sent and is of no use any more."""
    if journal:
        mailbox(journal).unlink(missing_ok=True)


def waiting(journal: str, program: str) -> list[Waiting]:
    """The tasks that wait for their token, as a journal's last record leaves them.

    Of a partition that is cut into regions those of all its journals.
    """
    logs = [log for log in read_logs(journal) if log.records]
    if not logs:
        raise HostError("TSME-H044", f'the journal "{journal}" holds no records')
    return [one for log in logs for one in _waiting(log, program)]


def _waiting(log: Log, program: str) -> list[Waiting]:
    journal = log.name
    check_behaviour(log)
    known = programs_of(log, [program] if program else [])
    check_program(log, known)
    player = Player(known)
    with no_limits():
        for record in log.records:
            player.play(record)
    state = player.state
    if state is None or player.now is None:
        raise HostError("TSME-H044", f'what "{journal}" waits for is not known: {player.why}')
    out = []
    for action in state.tasks() if not state.status else ():
        resource = str(action.resource)
        if is_callback(resource) or is_activity(resource):
            name = player.now.debug.state(state.state_of(action))
            token = f"{state.execution}-{action.id}"
            out.append(Waiting(token, name, resource, action.payload, action.due))
    return out


def _send(journal: str, program: str, token: str, kind: int, *fields: Json) -> int:
    """Leave a message for the task that has this token."""
    found = waiting(journal, program)
    one = next((item for item in found if item.token == token), None)
    if one is None:
        hint = ", ".join(f'{item.token} ("{item.state}")' for item in found)
        hint = f"there are {hint}" if found else "no task waits for any"
        raise HostError("TSME-T003", f"no task waits for the token {token}", hint)
    path = mailbox(journal)
    try:
        box = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError as error:
        raise not_writable(str(path), error) from None
    try:
        os.write(box, bytes(cbor.encode([kind, token, *fields], True)))
        os.fsync(box)
    finally:
        os.close(box)
    later = "" if in_use(journal) else "; it counts when tsme run goes on with the journal"
    console.note(f'tsme: sent to "{one.state}"{later}')
    return DONE


# --- the commands -----------------------------------------------------------------------------


@click.group(short_help="Complete callbacks and activities from outside.")
def token() -> None:
    """Complete from outside the tasks that wait for it: callbacks and activities.

    \b
      tsme token list j.bin --program flow.asl.json
      tsme token success j.bin 1-4 '{"action": "closed"}' --program flow.asl.json
      tsme token success 1-4 '{"action": "closed"}' --port /dev/ttyACM0

    Of a journal it may be sent while `tsme run --journal j.bin` waits, or while nothing runs: then
    it counts when the same command goes on. On a board it is in flash when the command ends; there
    is no JOURNAL then. With --board or --port it is on a board; else a file is a journal; else it
    is on the board of tsme.toml.
    """


def _takes(command: Callable[..., int]) -> Callable[..., int]:
    """What all of them take: where the task is, and the program it is of."""
    command = click.option(
        "--program",
        metavar="PROGRAM",
        help="Of a journal: the .tsm or workflow that runs, if it is not kept beside it.",
    )(command)
    return at_board(takes_values(command))


def _words(metavar: str, required: bool = True) -> Callable[..., Any]:
    decorate: Callable[..., Any] = click.argument(
        "words", metavar=metavar, nargs=-1, required=required
    )
    return decorate


def _split(words: tuple[str, ...], least: int, most: int, where: Where, program: str) -> list[str]:
    """The journal, or "" if it is on a board, and what is behind it: `least` to `most` words."""
    there = not words or on_board(words[0], where, "--program" if program else "")
    if there and not (where.named or words):
        raise click.UsageError("Missing argument 'JOURNAL'")
    found = ["", *words] if there else [*words]
    if not least < len(found) <= most + 1:
        what = "a token is missing" if len(found) <= least else f'"{found[most + 1]}" is too much'
        raise HostError("TSME-H001", what, "see tsme token --help")
    return found


@token.command("list", short_help="Show what waits.")
@_words("[JOURNAL]", required=False)
@_takes
@answers
def list_(words: tuple[str, ...], program: str, form: str | None, where: Where) -> int:
    """Show the tasks that wait for their token: of JOURNAL with what they were given, of a board
    with their resource."""
    journal = _split(words, 0, 0, where, program)[0]
    found = waiting(journal, program) if journal else _waiting_there(where)
    if form:
        console.answer([vars(item) for item in found], form)
        return DONE
    for item in found:
        until = "" if item.due is None else f"  until {timestamp.text(item.due)}"
        given = "" if not journal else f"  {console.short(item.payload)}"
        what = f"{item.state}  {item.resource}{given}"
        console.out(f"{console.strong(item.token)}  {what}{console.faint(until)}")
    if not found:
        console.note("tsme: no task waits for a token")
    return DONE


def _waiting_there(where: Where) -> list[Waiting]:
    """Of all executions on a board; `state` is the name of the execution."""
    with connected(where) as board:
        told = [board.client.describe(one.name) for one in board.client.executions()]
    return [Waiting(t, one.name, r, None, None) for one in told for t, r in one.tokens]


@token.command(short_help="Give a task its result.")
@_words("[JOURNAL] TOKEN [OUTPUT]")
@_takes
@option("Of OUTPUT if it is `-`, or a file whose ending does not say it.")
def success(words: tuple[str, ...], program: str, form: str | None, where: Where) -> int:
    """Give the task with this TOKEN its result: OUTPUT is a file (.json, .cbor, .msgpack), `-`,
    or JSON; else null."""
    journal, name, *rest = _split(words, 1, 2, where, program)
    value: Any = read_value(rest[0], "OUTPUT", form) if rest else None
    if journal:
        return _send(journal, program, name, SUCCEEDED, value)
    with connected(where) as board:
        board.client.success(name, value)
    return _sent(name)


@token.command(short_help="Let a task fail.")
@_words("[JOURNAL] TOKEN")
@_takes
@click.option("--error", metavar="NAME", help="Its name, which Retry and Catch match.")
@click.option("--cause", metavar="TEXT", help="Why.")
def failure(
    words: tuple[str, ...], program: str, error: str | None, cause: str | None, where: Where
) -> int:
    """Let the task with this TOKEN fail."""
    journal, name = _split(words, 1, 1, where, program)
    if journal:
        return _send(journal, program, name, FAILED, error, cause)
    with connected(where) as board:
        board.client.failure(name, error or "States.TaskFailed", cause)
    return _sent(name)


@token.command(short_help="Say that a task is still worked on.")
@_words("[JOURNAL] TOKEN")
@_takes
def heartbeat(words: tuple[str, ...], program: str, where: Where) -> int:
    """Say that the task with this TOKEN is worked on, so that HeartbeatSeconds begin again."""
    journal, name = _split(words, 1, 1, where, program)
    if journal:
        return _send(journal, program, name, HEARTBEAT)
    with connected(where) as board:
        board.client.heartbeat(name)
    return _sent(name)


def _sent(name: str) -> int:
    console.note(f"tsme: the board has it for {name}")
    return DONE


COMMANDS = (token,)
