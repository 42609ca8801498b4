"""`tsme resume`, `tsme stop` and `tsme retire`: what becomes of an execution under way.

The latter two also of one on a board, by its name.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any, cast

import click

from tsme.engine.programs import give_up
from tsme.journal import Journal
from tsme.kernel import Kernel
from tsme.kernel.executor import Executor
from tsme.kernel.protocol import CONTINUE, STOP

from ...compiler.backend.disasm import disassemble
from .. import console
from ..boards.session import Where, at_board, connected, on_board
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..files import Loaded, read_program
from ..handlers import names_class
from ..inputs import read_bytes
from ..journal import store
from ..journal.image import Log, read_log
from ..journal.partition import in_region, opened, parts_of, region
from ..journal.refusals import check_behaviour, named, worded
from ..journal.replayer import Known, client_of, given_of, outcome, programs_of
from ..journal.session import locked
from ..limits import no_limits
from .run import Options, execute, go_on, on_a_board, read_class

_EXECUTOR: Any = Executor  # device code has no types
_PROGRAMS = click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="What runs there, if it is not kept beside the journal.",
)


def whole(journal: str) -> Log:
    """A journal that a device could go on from."""
    log = read_log(journal)
    if log.refusal:
        raise HostError("TSME-H045", f'"{journal}" is damaged: {log.refusal}')
    if not log.records:
        raise HostError("TSME-H044", f'the journal "{journal}" holds no records')
    return log


def under_way(journal: str) -> Log:
    """One that this release could go on from."""
    log = whole(journal)
    check_behaviour(log)
    return log


@click.command(short_help="Go on with the execution under way in a journal.")
@click.argument("journal", metavar="JOURNAL")
@_PROGRAMS
@partial(on_a_board, form="Of the output.  [default: json]")
@takes_values
def resume(journal: str, programs: tuple[str, ...], **options: Any) -> int:
    """Go on with the execution under way in JOURNAL, with the program that it began with.

    As tsme run does it, but without the workflow, which may have changed: its program is kept
    beside the journal. Of a file that is cut into regions all that is under way goes on.
    """
    options |= {"given": (), "journal": journal, "seed": None, "now": None}
    if parts_of(journal, read_bytes(journal)) is not None:
        for path in programs:
            store.keep(journal, read_program(path).data)
        return go_on(cast(Options, options))
    log = under_way(journal)
    newest = log.programs[-1]
    if classes := [path for path in programs if names_class(path)]:
        known = read_class(classes[-1], cast(Options, options))
        return execute(known, cast(Options, options), resumes=True)
    given = given_of(log, programs, read_program, lambda item: disassemble(item.data).digest)
    found = [*store.kept(journal), *given]
    mine: list[Loaded] = [item for item in found if disassemble(item.data).digest == newest]
    if not mine and log.ended:
        raise HostError("TSME-H044", f'no execution is under way in "{journal}"')
    if not mine:
        raise store.wanting(journal, newest, programs)
    return execute(mine[-1], cast(Options, options), resumes=True)


@click.command(short_help="End an execution under way, on a board or in a journal.")
@click.argument("journal", metavar="NAME|JOURNAL")
@click.option("--error", default="TSME.Stopped", show_default=True, help="Its name.")
@click.option("--cause", default="", help="Why.")
@_PROGRAMS
@in_region
@at_board
@takes_values
def stop(journal: str, error: str, cause: str, programs: tuple[str, ...], where: Where) -> int:
    """End the execution NAME on a board, or the one under way in JOURNAL; nothing of it goes on.

    With --board or --port it is on a board; else a file of that name is a journal; else it is on
    the board of tsme.toml.

    As StopExecution of AWS: it is a step of its own, with an error and a cause. Of a journal not
    while a command runs it: end that first.
    """
    if on_board(journal, where, _of_journals(programs)):
        return _stop_there(journal, where, error, cause)
    with locked(journal):
        log = under_way(journal)
        known = programs_of(log, programs)
        store.keep_those(journal, programs, log.programs)
        now = time.time_ns() // 1000000
        state = commit(journal, log, known, lambda s: (STOP, max(now, s.now), error, cause))
    console.note(f"tsme: execution {state.execution} is stopped")
    return DONE


@click.command(short_help="Give up an execution that cannot go on.")
@click.argument("journal", metavar="NAME|JOURNAL")
@click.option("--cause", default="", help="Why; of a journal.")
@_PROGRAMS
@in_region
@at_board
@takes_values
def retire(journal: str, cause: str, programs: tuple[str, ...], where: Where) -> int:
    """Give up the execution NAME on a board, or the one under way in JOURNAL, without its program.

    For what no command can go on with: its program is nowhere any more, or another release of
    tsme began it. In a file a checkpoint says that it is over; what it did stays in the journal,
    and the next program can begin. A board gives its region back, and what it held with it: pull
    the journal first.

    Exits with 1 if the execution has ended, as far as its program is there to say so.
    """
    if on_board(journal, where, "--cause" if cause else _of_journals(programs)):
        with connected(where) as board:
            board.client.retire(journal)
        console.note(f"tsme: {journal} is given up, and its region with it")
        return DONE
    with locked(journal):
        log = whole(journal)
        if ended := outcome(log, programs):
            console.note(f"tsme: execution {ended} has ended: nothing to give up")
            return FAILED
        with opened(journal, log.block_size, log.blocks) as device:
            number = give_up(Journal(device, log.slot), cause)
    console.note(f"tsme: execution {number} is given up")
    return DONE


def _of_journals(programs: tuple[str, ...]) -> str:
    """An option that was given, and that only journals have."""
    return "--program" if programs else "--region" if region() is not None else ""


def _stop_there(name: str, where: Where, error: str, cause: str) -> int:
    with connected(where) as board:
        found = board.client.describe(name)
        if found.status != "running":
            message = f'no execution of "{name}" is under way: it is {found.status}'
            raise HostError("TSME-N075", message, "nothing has to be stopped")
        board.client.stop(name, error, cause)
    console.note(f"tsme: {name}: execution {found.execution} is stopped")
    return DONE


def commit(journal: str, log: Log, known: list[Known], event: Any, drains: bool = False) -> Any:
    """One step more, and a checkpoint; the state behind it.  `event`: of the state before.
    `drains`: what a full step has left in a machine's queue comes first."""
    programs = {bytes(item.program.digest): item for item in known}

    def find(digest: bytes) -> Any:
        return client_of(programs.get(bytes(digest)))

    with (
        opened(journal, log.block_size, log.blocks) as device,
        no_limits(),
        worded(journal, store.AS_IT_WAS),
    ):
        executor = _EXECUTOR(Kernel(None, None, find), Journal(device, log.slot))
        if not executor.recover():
            raise HostError("TSME-H044", f"no execution is under way in {named(journal)}")
        while drains and executor.kernel.client.runnable(executor.state.client):
            _step(executor, (CONTINUE, executor.state.now))
        step = _step(executor, event(executor.state))
        executor.keep(True)
    return step.state


def _step(executor: Any, event: Any) -> Any:
    step = executor.kernel.step(executor.state, event)
    executor.commit(step)
    executor.state = step.state
    return step


COMMANDS = (resume, stop, retire)
