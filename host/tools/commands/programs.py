"""`tsme programs`: what is in a board's store of programs."""

from __future__ import annotations

import click

from .. import console
from ..boards.session import Where, at_board, connected
from ..boards.stored import matching
from ..errors import DONE
from ..forms import answers


@click.group(short_help="List or remove the programs on a board.")
def programs() -> None:
    """The programs on a board, by their digests. tsme upload brings them there."""


@programs.command("list", short_help="List them.")
@answers
@at_board
def list_(form: str | None, where: Where) -> int:
    """List the programs that the board has, and which executions ran them last."""
    with connected(where) as board:
        found = board.client.programs()
        runs = board.client.executions()
    used = {one.digest: [run.name for run in runs if run.program == one.digest] for one in found}
    if form:
        told = [vars(one) | {"executions": used[one.digest]} for one in found]
        console.answer(told, form)
        return DONE
    rows = [
        (console.strong(one.digest), str(one.size), ", ".join(used[one.digest])) for one in found
    ]
    if rows:
        console.table(rows, ("program", "bytes", "executions"))
    else:
        console.note("tsme: no program is there; tsme upload FLOW brings one")
    return DONE


@programs.command(short_help="Remove one.")
@click.argument("names", metavar="DIGEST...", nargs=-1, required=True)
@at_board
def remove(names: tuple[str, ...], where: Where) -> int:
    """Remove programs: by their digests, or the first four digits or more of these.

    The board keeps what an execution under way needs.
    """
    with connected(where) as board:
        there = [one.digest for one in board.client.programs()]
        chosen = dict.fromkeys(matching(there, name) for name in names)
        for digest in chosen:
            board.client.remove(digest)
            console.note(f"tsme: {digest} is removed")
    return DONE


COMMANDS = (programs,)
