"""`tsme store`: what a database holds; executions out of it and into it, and away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .. import console
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..files import read_program
from ..forms import answers
from ..journal import store as beside
from ..journal.archive import read_archive, replace
from ..journal.image import Log, log_of, read_log, read_logs
from ..journal.partition import in_region, region
from ..journal.replayer import find, with_earlier
from ..outputs import file_name, not_writable
from ..spans import milliseconds

if TYPE_CHECKING:
    from ...database.database import Database
    from ...database.queries import Filter, Statistic

_BROKEN: Final = 10  # executions that are named
_ENDED: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def in_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--database` of a command."""
    decorated: Callable[..., Any] = click.option(
        "--database",
        "url",
        metavar="URL",
        default="sqlite:///tsme.db",
        show_default=True,
        envvar="TSME_DATABASE",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME; else that of TSME_DATABASE.",
    )(command)
    return decorated


@contextmanager
def opened(url: str, new: bool = False) -> Iterator[Database]:
    """The database of a command.  `new`: a file that is not there is made.

    Raises HostError, TSME-S019, where the packages for it are not installed.
    """
    try:
        from ...database.database import Database  # noqa: PLC0415
    except ImportError as missing:
        message = f"the Python package {missing.name} is not installed"
        raise HostError("TSME-S019", message, "pip install tsme[serve]") from None
    with Database.open(url, new) as database:
        yield database


@click.group(short_help="Look at, export, import and prune executions in a database.")
def store() -> None:
    """Look after the executions that a database keeps."""


@store.command()
@in_database
@answers
def stats(url: str, form: str | None) -> int:
    """Show how many executions there are, and how long they took.

    For each machine and status: the mean, what 50, 95 and 99 of 100 did not exceed, and how many
    cannot go on.
    """
    with opened(url) as database:
        from ...database import queries  # noqa: PLC0415

        with database.read() as connection:
            found = queries.statistics(connection)
            broken = [] if form else queries.broken(connection, _BROKEN)
    if form:
        console.answer([asdict(line) for line in found], form)
        return DONE
    if not found:
        console.note("tsme: no execution is there")
        return DONE
    heads = ("machine", "status", "executions", "mean", "p50", "p95", "p99", "broken")
    shown = heads if broken else heads[:-1]
    console.table([_cells(line)[: len(shown)] for line in found], shown)
    for one in broken:
        console.note(f'tsme: "{one.name}" cannot go on: {one.broken}')
    return DONE


def _cells(line: Statistic) -> tuple[str, ...]:
    times = (line.mean, line.p50, line.p95, line.p99)
    name = (line.machine or "imported").rpartition(":")[2]
    shown = ("" if ms is None else f"{ms:.0f} ms" for ms in times)
    broken = str(line.broken or "")
    return (console.name(name), line.status, str(line.count), *shown, broken)


@store.command()
@click.option("--older-than", "span", metavar="TIME", required=True,
              help="Ended so long ago: 30d, 12h, 90min, 45s.")  # fmt: skip
@click.option("--status", "statuses", type=click.Choice(_ENDED), multiple=True,
              help="Of these alone. May be repeated.")  # fmt: skip
@click.option("--machine", metavar="ARN", help="Of this state machine alone.")
@click.option("--dry-run", is_flag=True, help="Say how many, and delete none.")
@in_database
@answers
def prune(
    span: str,
    statuses: tuple[str, ...],
    machine: str | None,
    dry_run: bool,
    url: str,
    form: str | None,
) -> int:
    """Delete executions that ended long ago, and programs that nothing needs any more.

    What runs is never touched. It may be done while servers run.
    """
    before = int(time.time() * 1000) - milliseconds("--older-than", span)
    with opened(url) as database:
        from ...database import retention  # noqa: PLC0415
        from ...database.queries import Filter  # noqa: PLC0415

        wanted = Filter(statuses=statuses, machine=machine, stopped_to=before)
        told = _would(database, wanted) if dry_run else asdict(retention.prune(database, wanted))
    if form:
        console.answer(told, form)
    elif dry_run:
        console.out(f"{console.count(told['executions'], 'execution')} would go")
    else:
        parts = [console.count(told[name], name.rstrip("s")) for name in told]
        console.out(f"gone: {', '.join(parts)}")
    return DONE


def _would(database: Database, wanted: Filter) -> dict[str, int]:
    from ...database import retention  # noqa: PLC0415

    with database.read() as connection:
        return {"executions": retention.expected(connection, wanted)}


@store.command()
@click.argument("execution", metavar="EXECUTION")
@click.option("-o", "--output", metavar="FILE", help="The journal.  [default: NAME.bin]")
@in_database
@answers
def export(execution: str, output: str | None, url: str, form: str | None) -> int:
    """Write an execution as a journal that `tsme replay`, `history` and `journal show` read.

    EXECUTION is its ARN, its name, or its number. Its programs are put beside the journal.
    """
    with opened(url) as database:
        from ...database import transfer  # noqa: PLC0415

        with database.read() as connection:
            number = transfer.find(connection, execution)
            found = transfer.export(connection, number)
    path = output or f"{file_name(found.name)}.bin"
    before = read_archive(path)
    if before and before.records != found.journal.records[: len(before.records)]:
        raise not_writable(path, "it is another journal", "give another name with -o")
    replace(path, found.journal.image())
    transfer.keep_programs(path, found)
    if form:
        console.answer({"execution": number, "journal": path}, form)
    else:
        console.out(f"{found.name}: {path}")
        if found.machines:
            what = f"of the machine {', '.join(found.machines)}, whose class it needs"
            console.note(f"tsme: it is {what}: tsme replay {path} --program FILE.py:CLASS")
    return DONE


def exported(url: str, execution: str) -> Log:
    """The journal of an execution in a database.  Raises HostError, TSME-S010 and S019."""
    with opened(url) as database:
        from ...database import transfer  # noqa: PLC0415

        with database.read() as connection:
            found = transfer.export(connection, transfer.find(connection, execution))
    return log_of(found.name, found.journal.image())


@store.command("import")
@click.argument("log", metavar="JOURNAL")
@click.option("--program", "programs", metavar="PROGRAM", multiple=True,
              help="The .tsm, workflow or machine (FILE.py:CLASS) that ran, if it is not kept "
              "beside the journal. May be repeated.")  # fmt: skip
@click.option(
    "--name", metavar="NAME", help="Executions are called NAME-1 ..  [default: the file's]"
)
@in_database
@in_region
@answers
@takes_values
def bring_in(
    log: str, programs: tuple[str, ...], name: str | None, url: str, form: str | None
) -> int:
    """Import the executions of a journal: of `tsme run`, or pulled from a board.

    They can be looked at like any other, and nobody goes on with them. Imported again, a journal
    that has grown brings what is new.
    """
    logs = [read_log(log)] if region() else read_logs(log)
    given = [read_program(path).data for path in programs if ".py:" not in path]
    given += [loaded.data for loaded in beside.kept(log)]
    named = [each for path in programs if ".py:" in path for each in with_earlier(find(path))]
    called = name or Path(log).name.partition(".")[0] or "journal"
    with opened(url, new=True) as database:
        from ...database import transfer  # noqa: PLC0415

        with database.write() as connection:
            found = [
                one
                for read in logs
                for one in transfer.bring_in(
                    connection,
                    read,
                    given,
                    called if len(logs) == 1 else f"{called}-{read.name}",
                    named,
                )
            ]
    if form:
        console.answer([asdict(one) for one in found], form)
        return DONE
    for one in found:
        added = console.count(one.added, "new record")
        console.out(f"{one.arn}: {one.status}, {added} of {one.records}")
    return DONE


COMMANDS = (store,)
