"""`tsme journal pull`: journals from a board into files, each time only what is new."""

from __future__ import annotations

from pathlib import Path

import click

from ...compiler.frontend.model import CompileError
from .. import console, progress
from ..boards.programs import Made, journal_of, made
from ..boards.session import Session, Where, at_board, connected
from ..definitions import takes_values
from ..errors import DONE, HostError
from ..forms import answers
from ..journal import store
from ..journal.image import read_log
from ..link.pull import Pulled
from ..link.pull import pull as pull_records
from ..outputs import keep_others, write_bytes

_Told = dict[str, object]
_AGAIN = "what has come is kept, the same command goes on from there"


@click.command(short_help="Pull journals from a board, only what is new.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("-o", "--output", metavar="FILE", help="Of one.  [default: NAME.bin]")
@click.option(
    "--raw",
    is_flag=True,
    help="The flash of NAME as it is, damage and all; without NAME of all journals.",
)
@answers
@at_board
@takes_values
def pull(
    names: tuple[str, ...], output: str | None, raw: bool, form: str | None, where: Where
) -> int:
    """Pull the journals of these executions from a board, or of all, each into NAME.bin.

    All other commands read that file. What is in it already does not come again, so it also keeps
    what the board has long overwritten; nothing on the board is disturbed. If the file does not
    fit what is there now it is kept beside. Programs of the project that the journal names are put
    beside it, so that tsme replay needs nothing else.

    With --raw the bytes of its flash come as they are, into NAME.raw.bin, or those of the whole
    partition into flash.bin: for a journal that is damaged.
    """
    if output is not None and len(names) > 1:
        raise HostError("TSME-H002", "-o is for one journal", "leave it out, or name one")
    with connected(where, _AGAIN) as board:
        if raw:
            found = [_raw(board, name, output) for name in names or [None]]
        else:
            found = _records(board, names, output)
        keep_programs(board, [one["path"] for one in found if one["records"] is not None])
    if form:
        console.answer(found, form)
    return DONE


def pulled(board: Session, name: str, path: str) -> Pulled:
    """Pull one, and say what has come."""
    with progress.bar(name, "records") as draw:
        found = pull_records(board.client, name, path, draw)
    for kept in found.kept:
        console.note(f"tsme: {kept}")
    new = console.count(found.new, "new record")
    console.note(f"tsme: {path}: {new}, {found.next - found.first} in all")
    return found


def _records(board: Session, names: tuple[str, ...], output: str | None) -> list[_Told]:
    chosen = names or tuple(one.name for one in board.client.executions())
    if not chosen:
        console.note("tsme: no execution is on the board, so there is no journal")
    if output is not None and len(chosen) > 1:
        hint = f"name the one that is meant: {', '.join(chosen)}"
        raise HostError("TSME-H002", "-o is for one journal, and the board has several", hint)
    told: list[_Told] = []
    for name in chosen:
        path = output or journal_of(board.target.project, name)
        found = pulled(board, name, path)
        told.append(
            {
                "name": name,
                "path": path,
                "new": found.new,
                "records": found.next - found.first,
                "kept": [one.path for one in found.kept],
            }
        )
    return told


def _raw(board: Session, name: str | None, output: str | None) -> _Told:
    path = output or journal_of(board.target.project, f"{name}.raw" if name else "flash")
    keep_others(path, "image of flash")
    with progress.bar(name or "flash") as draw:
        data = board.client.image(name, draw)
    write_bytes(path, data, "image of flash")
    console.note(f"tsme: {path}: {console.count(len(data), 'byte')}, as they are")
    return {"name": name, "path": path, "bytes": len(data), "records": None}


def keep_programs(board: Session, paths: list[object]) -> None:
    """The programs of the project that these journals name, beside them."""
    mine = board.target.project
    if mine is None or not paths:
        return
    known: dict[str, Made] = {}
    for flow in mine.workflows.values():
        try:
            one = made(mine.place(flow))
        except (CompileError, HostError):  # being edited: it is no reason not to pull
            continue
        known[one.digest] = one
    for path in map(str, paths):
        if Path(path).is_file():
            for digest in {bytes(one).hex() for one in read_log(path).programs} & known.keys():
                store.keep(path, known[digest].whole)
