"""`tsme debug`: walk through journals, forwards and backwards."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..boards.programs import journal_of
from ..boards.session import Session, Where, at_board, connected
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..files import Loaded, read_program
from ..journal import store
from ..journal.partition import in_region
from ..journal.replayer import find, know, with_earlier
from ..limits import no_limits
from ..outputs import file_name
from .journal_pull import keep_programs, pulled

if TYPE_CHECKING:
    from ...database.database import Database
    from ..debugger.app import Debugger
    from ..debugger.index import Bytes
    from ..debugger.opening import Opened

_FAILURE = ".sim.json"
_EXTRA = "pip install 'tsme[debug]'"


@click.command(short_help="Walk through journals, forwards and backwards.")
@click.argument("logs", metavar="[JOURNAL]...", nargs=-1)
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="The .tsm, workflow or machine (FILE.py:CLASS) that ran, if it is not kept beside the "
    "journal. May be repeated.",
)
@click.option(
    "--database",
    "url",
    metavar="URL",
    envvar="TSME_DATABASE",
    help="sqlite:///FILE or postgresql://USER@HOST/NAME, of which --execution is.",
)
@click.option(
    "--execution",
    "executions",
    metavar="ARN",
    multiple=True,
    help="Of the database: its ARN, its name, or its number. May be repeated.",
)
@click.option(
    "--live",
    metavar="NAME",
    multiple=True,
    help="An execution on a board: pulls its journal into NAME.bin, and goes on pulling. May be "
    "repeated.",
)
@click.option("--at", metavar="PLACE", help="A record or a time.  [default: the newest record]")
@in_region
@at_board
@takes_values
def debug(
    logs: tuple[str, ...],
    programs: tuple[str, ...],
    url: str | None,
    executions: tuple[str, ...],
    live: tuple[str, ...],
    at: str | None,
    where: Where,
) -> int:
    """Walk through what executions did, in time forwards and backwards.

    Of a journal in a file, of a failure of tsme sim (NAME.sim.json), of an execution in a database
    (--database, --execution), or on a board (--live; all of them if there is nothing but --board
    or --port). Several are shown side by side, at the same time. What grows is followed. `?` shows
    all keys: docs/DEBUGGER.md.
    """
    if executions and url is None:
        raise HostError("TSME-H002", "--execution is of a database", "add --database URL")
    board = bool(live) or (where.said and not logs and not executions)
    if not (logs or executions or board):
        raise HostError("TSME-H001", "Missing argument 'JOURNAL'", "see tsme debug --help")
    debugger = screens()
    with no_limits(), ExitStack() as stack:
        opened = files(logs, programs)
        if executions and url:
            from .store import opened as database_opened  # noqa: PLC0415

            database = stack.enter_context(database_opened(url))
            opened += [stored(database, which, programs) for which in executions]
        if board:
            session = stack.enter_context(connected(where, "what has come is kept"))
            opened += followed(session, live, programs)
        debugger(opened, at).run()
    return DONE


def screens() -> type[Debugger]:
    """The debugger, if it can be shown.  Raises HostError, TSME-H093 and H094."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = "for a script: tsme journal show --json, tsme history"
        raise HostError("TSME-H093", "tsme debug needs a terminal", hint)
    try:
        from ..debugger.app import Debugger  # noqa: PLC0415
    except ImportError as missing:
        message = f"the Python package {missing.name} is not installed"
        raise HostError("TSME-H094", message, _EXTRA) from None
    return Debugger


def files(logs: Sequence[str], programs: Sequence[str]) -> list[Opened]:
    """The tracks of images in files; several have names of their own."""
    from ..debugger.opening import open_files  # noqa: PLC0415

    names = [Path(one).name for one in logs]
    found = []
    for path, name in zip(logs, names, strict=True):
        if name.endswith(_FAILURE):
            found += simulated(path)
            continue
        shown = path if names.count(name) > 1 else name
        found += open_files(path, programs, shown, len(logs) == 1)
    return found


def simulated(path: str) -> list[Opened]:
    """The tracks of the devices of a failure that `tsme sim` has saved."""
    from tsme_sim.journals import journals  # noqa: PLC0415

    from ..debugger.opening import open_image  # noqa: PLC0415

    saved, devices = journals(Path(path))
    found = []
    for one in devices:
        loaded = [one.loaded] if one.loaded else []
        name = one.name if len(devices) > 1 else f"{Path(path).name.removesuffix(_FAILURE)}"
        opened = open_image(name, one.image, [one.known], loaded, Path(path).parent)
        opened.note = f"{saved.failure.message} ({saved.failure.where})"
        found.append(opened)
    return found


def stored(database: Database, which: str, programs: Sequence[str]) -> Opened:
    """The track of an execution in a database, which may go on.  Raises HostError, TSME-S010."""
    from ...database import records, transfer  # noqa: PLC0415
    from ..debugger.opening import open_image  # noqa: PLC0415

    with database.read() as connection:
        number = transfer.find(connection, which)
        one = transfer.export(connection, number)
    given = [Loaded(file_name(one.name), data, None) for data in one.programs]
    given += [read_program(path) for path in programs if ".py:" not in path]
    known = [know(loaded) for loaded in given]
    for path in programs:
        known += with_earlier(find(path)) if ".py:" in path else []
    opened = open_image(file_name(one.name), one.journal.image(), known, given, Path())

    def again() -> Bytes | None:
        with database.read() as connection:
            if not any(records.all_of(connection, number, opened.track.next)):
                return None
            found = transfer.export(connection, number)
        opened.learn([Loaded(opened.track.name, data, None) for data in found.programs])
        return found.journal.image()

    opened.again = again
    return opened


def followed(board: Session, live: Sequence[str], programs: Sequence[str]) -> list[Opened]:
    """The tracks of a board's journals, which are pulled into files as they grow: of those named,
    or of all that have records.  Raises HostError, TSME-H044, if there is none."""
    names = list(live) or [one.name for one in board.client.executions() if one.execution]
    if not names:
        raise HostError("TSME-H044", "no execution is on the board, so there is no journal")
    line = threading.Lock()  # one question at a time
    return [_followed(board, name, programs, len(names) == 1, line) for name in names]


def _followed(
    board: Session, name: str, programs: Sequence[str], alone: bool, line: threading.Lock
) -> Opened:
    from ..debugger.opening import open_file  # noqa: PLC0415
    from ..link.pull import pull  # noqa: PLC0415

    path = journal_of(board.target.project, name)
    pulled(board, name, path)
    keep_programs(board, [path])
    opened = open_file(path, programs, name, alone)
    _from_board(board, name, opened)
    changed = opened.again
    assert changed is not None

    def again() -> Bytes | None:
        with line:
            if pull(board.client, name, path).new:
                keep_programs(board, [path])
        return changed()

    opened.again = again
    return opened


def _from_board(board: Session, name: str, opened: Opened) -> None:
    """If nobody has what ran, the board may: where its store is a region, that can be read."""
    newest = opened.track.newest_program()
    if newest is None or opened.track.program(newest):
        return
    with suppress(HostError):  # it has no such region
        block = board.client.journal(name).block
        opened.learn(store.in_flash(name, board.client.image("programs"), block))


COMMANDS = (debug,)
