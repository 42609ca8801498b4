"""`tsme migrate`: an execution goes on with the workflow as it is now."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from pathlib import Path

import click

from tsme.kernel.protocol import MIGRATE
from tsme.values import cbor

from ...compiler.frontend.model import Json
from .. import console
from ..boards.programs import bring, journal_of, made
from ..boards.session import Where, at_board, connected, on_board
from ..definitions import split_name, takes_values
from ..errors import DONE, HostError
from ..files import parse_value, read_program
from ..forms import ending
from ..handlers import names_class
from ..inputs import is_journal, read_bytes
from ..journal import store
from ..journal.image import Log
from ..journal.migration import Planner, Wishes
from ..journal.partition import in_region, region
from ..journal.refusals import named
from ..journal.replayer import Known, Player, find, know, programs_of
from ..journal.session import locked
from ..limits import no_limits
from ..outputs import anywhere, keep_others, write_bytes
from .journal_pull import pulled
from .resume import commit, under_way


@click.command(short_help="Move a running execution to the workflow as it is now.")
@click.argument("journal", metavar="NAME|JOURNAL")
@click.argument("flow", metavar="FLOW")
@click.option(
    "--map", "states", metavar="OLD=NEW", multiple=True, help="NEW takes the place of a state."
)
@click.option(
    "--variable",
    "variables",
    metavar="OLD=[NEW]",
    multiple=True,
    help="A variable has another name, or is dropped.",
)
@click.option(
    "--set",
    "values",
    metavar="NAME=[JSON]",
    multiple=True,
    help="The value of a new variable; without one, that it has none.",
)
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="What runs now, if it is not kept beside the journal.",
)
@click.option("-o", "--output", metavar="FILE", help="Write the plan, for a board; move nothing.")
@in_region
@at_board
@takes_values
def migrate(
    journal: str,
    flow: str,
    programs: tuple[str, ...],
    output: str | None,
    where: Where,
    **given: tuple[str, ...],
) -> int:
    """Move the execution NAME on a board, or the one under way in JOURNAL, to the workflow FLOW,
    where that is safe.

    FLOW may be a machine, FILE.py:CLASS, which says itself how its versions follow.

    It goes on in the state of the same name, with the values of its variables; a task that is
    under way stays under way. What has no place in FLOW is said, and then nothing is changed. The
    move is a record of the journal, so that tsme replay still holds. Of a board the journal is
    pulled first, into NAME.bin.

    With --board or --port it is on a board; else a file of that name is a journal; else it is on
    the board of tsme.toml.
    """
    if names_class(flow):
        wished = next((name for name, texts in given.items() if texts), "output" if output else "")
        return _class(journal, flow, programs, where, wished)
    wishes = Wishes(
        _pairs("--map", given["states"]),
        _pairs("--variable", given["variables"]),
        {name: _value(text) for name, text in _pairs("--set", given["values"]).items()},
    )
    file = split_name(flow)[0]
    if output:
        _writable(output, file)
    if on_board(journal, where, "--region" if region() is not None else ""):
        return _there(journal, where, flow, wishes, programs, output)
    if Path(file).is_file() and is_journal(read_bytes(file)):
        first = f"the journal comes first: tsme migrate {shlex.quote(flow)} {shlex.quote(journal)}"
        raise HostError("TSME-H014", f'"{flow}" is a journal, not a workflow', first)
    loaded = read_program(flow)
    new = know(loaded)
    if output:
        log, player = _stand(journal, [*programs], new)
        _write(output, _planned(journal, player, new, wishes))
        return DONE
    with locked(journal):
        log, player = _stand(journal, [*programs], new)
        planner = _planned(journal, player, new, wishes)
        store.keep_those(journal, programs, log.programs)
        store.keep(journal, loaded.data)  # before the journal names it
        now = time.time_ns() // 1000000
        fields = (new.program.digest, planner.plan)
        every = [*player.known.values(), new]
        state = commit(journal, log, every, lambda s: (MIGRATE, max(now, s.now), *fields))
    old = bytes(player.digest).hex()
    places = ", ".join(f'"{new.debug.state(f.state)}"' for f in state.client if f and f.wait > 0)
    console.note(
        f"tsme: execution {state.execution} has moved from the program {old} to "
        f"{bytes(new.program.digest).hex()}, in {places}"
    )
    return DONE


def _class(journal: str, flow: str, programs: tuple[str, ...], where: Where, wished: str) -> int:
    """Move what a machine runs to the class as it is now, which itself says how.  `wished`: an
    option that is for workflows."""
    if wished:
        hint = "the class says it: migrate(); docs/MACHINES.md, docs/RELATIONAL.md"
        option = {"states": "map", "variables": "variable", "values": "set"}.get(wished, wished)
        raise HostError("TSME-H002", f"--{option} is for workflows, and {flow} is none", hint)
    if on_board(journal, where, "--region" if region() is not None else ""):
        message = f"what a board runs moves to {flow} when that begins there"
        raise HostError("TSME-H014", message, "tsme push brings it, and restarts the board")
    new = find(flow)
    with locked(journal):
        log, player = _stand(journal, [*programs, flow], new)
        now = time.time_ns() // 1000000
        every = [*player.known.values(), new]
        event = (new.program.digest, None)
        state = commit(journal, log, every, lambda s: (MIGRATE, max(now, s.now), *event), True)
    old = player.now and player.now.program.version
    console.note(
        f"tsme: execution {state.execution} has moved from version {old} to {new.program.version}"
    )
    return DONE


def _there(
    name: str,
    where: Where,
    flow: str,
    wishes: Wishes,
    programs: tuple[str, ...],
    output: str | None,
) -> int:
    """The same on a board: its journal tells where the execution is, its programs are here."""
    program = made(flow)
    new = know(read_program(flow))
    with connected(where) as board:
        path = journal_of(board.target.project, name)
        pulled(board, name, path)
        log, player = _stand(path, [*programs], new)
        store.keep_those(path, programs, log.programs)
        planner = _planned(path, player, new, wishes)
        if output:
            _write(output, planner)
            return DONE
        bring(board, program)
        board.client.migrate(name, program.digest, bytes(cbor.encode(planner.plan, True)))
        store.keep(path, program.whole)
    old = bytes(player.digest).hex()
    console.note(f"tsme: {name} has moved from the program {old} to {program.digest}")
    return DONE


def _write(output: str, planner: Planner) -> None:
    """The plan, into a file."""
    write_bytes(output, bytes(cbor.encode(planner.plan, True)), "plan of a migration")
    if output != "-":
        console.note(f"{output}: the plan for {console.count(len(planner.moved), 'state')}")
    for path, problem in planner.wrong.items():
        console.note(f'tsme: not "{path[-1]}": {problem.message}')


def _writable(output: str, flow: str) -> None:
    """A plan has one form, and replaces nothing but a plan."""
    if ending(output) != "cbor" and not anywhere(output):
        message = f'"{output}" does not end in .cbor, which a plan is'
        raise HostError("TSME-H003", message, "write -o plan.cbor")
    keep_others(output, "plan of a migration", flow)


_WRITE = {
    "--map": "write --map OLD=NEW",
    "--variable": "write --variable OLD=NEW, or --variable OLD= to drop it",
    "--set": "write --set NAME=JSON, or --set NAME= to leave it without a value",
}


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """What is given for each name; for none twice."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, rest = text.partition("=")
        if not name or not equals or not (rest or option != "--map"):
            raise HostError("TSME-H002", f'{option} "{text}" is no pair', _WRITE[option])
        if found.setdefault(name, rest) != rest:
            both = f'"{found[name]}" and "{rest}"'
            raise HostError("TSME-H002", f'{option} gives "{name}" twice, {both}', "leave one out")
    return found


def _value(text: str) -> list[Json] | None:
    return [parse_value(text, "--set")] if text else None


def _stand(journal: str, programs: Iterable[str], new: Known) -> tuple[Log, Player]:
    """Where the execution under way is."""
    log = under_way(journal)
    known = programs_of(log, programs)
    player = Player(known)
    with no_limits():
        for record in log.records:
            player.play(record)
    state = player.state
    newest = log.programs[-1] if log.programs else b""
    if state is None and not log.ended and newest not in player.known:
        raise store.wanting(journal, newest, programs)
    if state is None and log.records and not log.ended:
        message = f"where {named(journal)} is cannot be told: {player.why}"
        raise HostError("TSME-H044", message, store.AS_IT_WAS)
    if state is None or state.status or player.now is None:
        message = f"no execution is under way in {named(journal)}"
        raise HostError("TSME-H044", message, "the next one is new anyway")
    if player.digest == new.program.digest:
        text = f"the execution in {named(journal)} runs that program already"
        if player.now.debug.states != new.debug.states:
            text += ": names are for debugging alone, so that other names make no other program"
        raise HostError("TSME-H044", text, "nothing has to move")
    return log, player


def _planned(journal: str, player: Player, new: Known, wishes: Wishes) -> Planner:
    assert player.now
    made = Planner(player.now, new, wishes)
    found = list(dict.fromkeys(made.problems(player.state)))
    if player.now.program.needs & 64 < new.program.needs & 64:
        raise HostError(
            "TSME-H053", f'"{new.name}" reads $$.Execution.Input, which "{journal}" does not keep'
        )
    if found:
        error = HostError(
            "TSME-H053", f"the execution cannot move: {found[0].message}", found[0].hint
        )
        for problem in found[1:]:
            error.also.append("; ".join(part for part in problem if part))
        raise error
    return made


COMMANDS = (migrate,)
