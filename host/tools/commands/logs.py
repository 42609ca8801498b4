"""`tsme logs`: what a board has printed and logged, as far as it still has it."""

from __future__ import annotations

import sys

import click

from ..boards import follow
from ..boards.session import Session, Where, at_board, connected
from ..errors import DONE


@click.command(short_help="Show what a board has printed and logged.")
@click.option("--follow", "-f", "follows", is_flag=True, help="Go on, until Ctrl-C.")
@at_board
def logs(follows: bool, where: Where) -> int:
    """Show what the board has printed and logged: the last few kilobytes, which it keeps in RAM.

    They begin anew when it restarts; the journal has what lasts: tsme journal pull.
    """
    with connected(where) as board:
        if follows:
            return watch(board)
        for piece in follow.text(board.client):
            write(piece)
    return DONE


def watch(board: Session, start: int = 0) -> int:
    """Show the log as it grows, until Ctrl-C, which is its end and no failure."""
    try:
        for piece in follow.following(board.client, start):
            write(piece)
    except KeyboardInterrupt:
        pass
    return DONE


def write(piece: str) -> None:
    """Text of a board, at once."""
    if piece:
        sys.stdout.write(piece)
        sys.stdout.flush()


COMMANDS = (logs,)
