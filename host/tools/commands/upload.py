"""`tsme upload`: programs, tasks and files onto a board, what has changed of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .. import console
from ..boards import project, upload
from ..boards.programs import check_classes, machines_file, made, of_project, start_file
from ..boards.session import Where, at_board, connected
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
        check_classes(board, project.found())
        found = upload.programs(board, programs, _quiet if form else show)
        found += upload.files(board, wanted, _quiet if form else show)
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
    classes = [one for one in dict.fromkeys([*workflows(), *flows]) if names_class(one)]
    found = sources.of_project(mine, tasks, classes) if mine or tasks or classes else []
    return found + [one for one in (machines_file(mine, classes), start_file(mine)) if one]


def show(one: upload.Brought) -> None:
    """A line of what has been brought, or is there already."""
    there = "" if one.name == one.there else f" {console.faint(one.there)}"
    size = console.count(one.size, "byte")
    new = f"{size}, uploaded" if one.new else console.faint("is there already")
    console.out(f"{console.strong(one.name)}{there}: {new}")


def _quiet(_: upload.Brought) -> None:
    pass


COMMANDS = (upload_,)
