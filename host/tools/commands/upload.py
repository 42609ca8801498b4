"""`tsme upload`: programs, tasks and files onto a board, what has changed of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .. import console
from ..boards import classes, project, upload
from ..boards.programs import made, of_project, start_file
from ..boards.session import Session, Where, at_board, connected
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..forms import answers
from ..handlers import names_class

if TYPE_CHECKING:
    from ..boards.sources import Source

AGAIN = "what is there stays, the same command goes on where it was"


@click.command("upload", short_help="Bring programs and tasks onto a board.")
@click.argument("flows", metavar="[FLOW]...", nargs=-1)
@click.option(
    "--tasks", "-t", metavar="FILE", help="Python with the handlers.  [default: tsme.toml]"
)
@answers
@at_board
@takes_values
def upload_(flows: tuple[str, ...], tasks: str | None, form: str | None, where: Where) -> int:
    """Bring workflows onto a board, and the tasks with the modules that these import.

    Without FLOW all of tsme.toml. Only what the board has not yet goes over the line. A program is
    checked by its SHA-256 and verified there before it counts; a file takes its place when it is
    whole. Executions that are under way keep their program. Tasks count when the board restarts:
    tsme reset, or tsme push, which does all of it.
    """
    programs = [made(flow) for flow in flows or workflows()]
    wanted = files_of(tasks, flows)
    if not programs and all(one.over for one in wanted):
        hint = f"name a workflow, or write it into {project.FILE}"
        raise HostError("TSME-N071", "there is nothing to upload", hint)
    with connected(where, AGAIN) as board:
        wanted, needless = _classes(board, flows, wanted)
        found = upload.programs(board, programs, _quiet if form else show)
        found += upload.files(board, wanted, _quiet if form else show)
        upload.remove(board, needless)
    if form:
        console.answer([vars(one) for one in found], form)
    if any(one.new and one.kind == "file" for one in found):
        console.note(
            "tsme: what has changed of the tasks counts when the board restarts: tsme reset"
        )
    return DONE


def workflows() -> list[str]:
    """Those of the project."""
    mine = project.found()
    return [*of_project(mine).values()] if mine else []


def files_of(tasks: str | None, flows: Iterable[str] = ()) -> list[Source]:
    """What goes onto the board beside programs; `tasks` in place of what tsme.toml names.
    `flows`: what is brought besides the project's, of which machines are files."""
    from ..boards import sources  # noqa: PLC0415

    mine = project.found()
    named = classes_of(flows)
    found = sources.of_project(mine, tasks, named) if mine or tasks or named else []
    return found + [one for one in (classes.file_of(mine, named), start_file(mine)) if one]


def classes_of(flows: Iterable[str] = ()) -> list[str]:
    """The machines among the project's workflows and these, FILE.py:CLASS."""
    return [one for one in dict.fromkeys([*workflows(), *flows]) if names_class(one)]


def _classes(
    board: Session, flows: Iterable[str], wanted: list[Source]
) -> tuple[list[Source], list[str]]:
    """What is wanted, with the board's other classes where no project says which it is to have;
    and the files that nothing names any more.  Raises HostError TSME-N069 if something is under
    way that could not go on."""
    mine = project.found()
    named = classes.there(board)
    if mine is not None:
        classes.refuse(classes.lost(board, mine, named, classes_of(flows)), mine)
        return wanted, classes.needless(board, named, wanted)
    kept, given = classes.beside(named, wanted, classes_of(flows))
    classes.refuse(classes.lost(board, None, named, given, kept), None)
    whole = classes.file_of(None, given, kept)
    return [one for one in wanted if one.name != classes.NAMES] + ([whole] if whole else []), []


def show(one: upload.Brought) -> None:
    """A line of what has been brought, or is there already."""
    there = "" if one.name == one.there else f" {console.faint(one.there)}"
    size = console.count(one.size, "byte")
    new = f"{size}, uploaded" if one.new else console.faint("is there already")
    console.out(f"{console.strong(one.name)}{there}: {new}")


def _quiet(_: upload.Brought) -> None:
    pass


COMMANDS = (upload_,)
