"""`tsme debug`: walk through journals, forwards and backwards."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..boards.programs import journal_of
from ..boards.session import Where, at_board, connected
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..files import Loaded, read_program
from ..journal.partition import in_region
from ..journal.replayer import find, know, with_earlier
from ..limits import no_limits
from ..outputs import file_name
from .journal_pull import pulled

if TYPE_CHECKING:
    from ..debugger.app import Debugger
    from ..debugger.index import Bytes
    from ..debugger.opening import Opened
    from ..link.client import Client

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
    help="An execution on a board: pulls its journal into NAME.bin, and goes on pulling.",
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
    (--database, --execution), or on a board (--live). Several are shown side by side, at the same
    time. A file that grows is followed. `?` shows all keys: docs/DEBUGGER.md.
    """
    if executions and url is None:
        raise HostError("TSME-H002", "--execution is of a database", "add --database URL")
    if not (logs or executions or live):
        raise HostError("TSME-H001", "Missing argument 'JOURNAL'", "see tsme debug --help")
    debugger = screens()
    with no_limits():
        opened = files(logs, programs)
        if executions and url:
            opened += exported(url, executions, programs)
        if not live:
            debugger(opened, at).run()
            return DONE
        with connected(where, "what has come is kept") as board:
            for name in live:
                path = journal_of(board.target.project, name)
                pulled(board, name, path)
                opened.append(followed(board.client, name, path, programs))
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


def exported(url: str, executions: Sequence[str], programs: Sequence[str]) -> list[Opened]:
    """The tracks of executions in a database.  Raises HostError, TSME-S010 and S019."""
    from ..debugger.opening import open_image  # noqa: PLC0415
    from .store import opened as database_opened  # noqa: PLC0415

    found = []
    with database_opened(url) as database:
        from ...database import transfer  # noqa: PLC0415

        for which in executions:
            with database.read() as connection:
                one = transfer.export(connection, transfer.find(connection, which))
            image = one.journal.image()
            name = file_name(one.name)
            loaded = [Loaded(name, data, None) for data in one.programs]
            loaded += [read_program(path) for path in programs if ".py:" not in path]
            known = [know(p) for p in loaded]
            for path in programs:
                known += with_earlier(find(path)) if ".py:" in path else []
            found.append(open_image(name, image, known, loaded, Path()))
    return found


def followed(client: Client, name: str, path: str, programs: Sequence[str]) -> Opened:
    """The track of a board's journal, which is pulled into a file as it grows."""
    from ..debugger.opening import open_file  # noqa: PLC0415
    from ..link.pull import pull  # noqa: PLC0415

    opened = open_file(path, programs, name)
    changed = opened.again
    assert changed is not None

    def again() -> Bytes | None:
        pull(client, name, path)
        return changed()

    opened.again = again
    return opened


COMMANDS = (debug,)
