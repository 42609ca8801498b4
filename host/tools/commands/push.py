"""`tsme push`: compile, upload, restart and show the logs, in one."""

from __future__ import annotations

import click

from .. import console
from ..boards import classes, follow, project, upload
from ..boards.programs import Made, made, of_project, remember
from ..boards.session import Session, Where, at_board, connected
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..files import read_value
from . import logs
from .executions import await_end, begin
from .status import set_clock
from .upload import AGAIN, classes_of, files_of, show


@click.command(short_help="Upload, restart and show the logs, in one.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--input", "-i", "given", metavar="JSON", help="Of what begins.  [default: {}]")
@click.option("--stop", "stops", is_flag=True, help="End first what is under way.")
@click.option("--restart", "restarts", is_flag=True, help="Restart the board in any case.")
@click.option("--wait", is_flag=True, help="Until all have ended; prints their outputs, no logs.")
@click.option("--no-logs", is_flag=True, help="Do not go on with the logs.")
@at_board
@takes_values
def push(
    names: tuple[str, ...],
    given: str | None,
    stops: bool,
    restarts: bool,
    wait: bool,
    no_logs: bool,
    where: Where,
) -> int:
    """Bring the project onto the board and let its workflows run.

    Compiles the workflows of tsme.toml, or those of these names, uploads what has changed of them
    and of the tasks, restarts the board if the tasks have changed or it is in safe mode, sets
    its clock if nothing runs there, begins what is not under way, and shows the logs until Ctrl-C.

    What is under way goes on with the program that it began with; --stop ends it, so that the new
    one begins. A class is on the board but once: while what is under way needs the old one, the
    new one is refused without --stop, unless it names that as `before`. Files of classes and
    schemas that nothing names any more are removed.

    With --wait exits with 1 if one does not succeed.
    """
    mine = project.found()
    if mine is None or not mine.workflows:
        hint = 'write it there: [workflows] and soil = "soil.asl.json"; tsme init makes a folder'
        raise HostError("TSME-N073", f"no workflow is named in {project.FILE}", hint)
    flows = of_project(mine, names)
    value = read_value(given, "--input") if given is not None else {}
    programs = {name: made(flow) for name, flow in flows.items()}
    files = files_of(None)
    with connected(where, AGAIN) as board:
        named = classes.there(board)
        lost = classes.lost(board, mine, named, classes_of())
        ends = [*flows, *(one.name for one in lost if not names)] if stops else []
        classes.refuse([one for one in lost if one.name not in ends], mine)
        needless = classes.needless(board, named, files)
        upload.programs(board, [*programs.values()], show)
        _stop(board, ends)  # with the class that it has, which a file may take the place of
        brought = upload.files(board, files, show)
        upload.remove(board, needless)
        if restarts or any(one.new for one in brought) or board.status.mode == "safe":
            console.note("tsme: the board restarts")
            follow.restart(board.client)
            _not_safe(board)
        set_clock(board)
        for name, program in programs.items():
            _begin(board, name, program, value)
        if wait:
            return await_end(board, {**programs})
        return DONE if no_logs else logs.watch(board)


def _stop(board: Session, names: list[str]) -> None:
    for one in board.client.executions():
        if one.name in names and one.status == "running":
            board.client.stop(one.name)
            console.note(f"tsme: {one.name}: execution {one.execution} is stopped")


def _not_safe(board: Session) -> None:
    """A board whose tasks cannot be loaded comes up with nothing but the link."""
    if board.client.status().mode == "safe":
        lines = "".join(follow.text(board.client)).split("\n")
        why = next((line for line in reversed(lines) if line.startswith("tsme: safe: ")), "")
        message = f"it comes up in safe mode: {why.removeprefix('tsme: safe: ') or 'see its logs'}"
        hint = "mend the tasks and give the same command again; tsme logs shows all"
        raise HostError("TSME-N077", message, hint)


def _begin(board: Session, name: str, program: Made, value: object) -> None:
    remember(board, name, program)
    try:
        number, begun = begin(board, name, program.digest, value)
    except HostError as error:
        if error.code != "TSME-N069":  # another program is under way: it goes on
            raise
        console.note(f"tsme: {name}: {error.message}, and goes on; --stop ends it first")
        return
    console.note(f"tsme: {name}: execution {number} {'has begun' if begun else 'is under way'}")


COMMANDS = (push,)
