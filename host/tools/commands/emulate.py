"""`tsme emulate`: a board without hardware, in the foreground."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from types import FrameType

import click

from .. import console
from ..boards import board_file, emulators, project, running
from ..boards.emulators import Emulated
from ..errors import DONE, HostError

_STEP = 0.2  # seconds between two looks at the emulator


@click.command(short_help="Run a board without hardware.")
@click.argument("name", metavar="BOARD", default="")
@click.option("--folder", metavar="FOLDER", help="Keep its flash here, not in .tsme/BOARD.")
@click.option(
    "--listen", metavar="N", type=click.IntRange(1, 65535), help="The port to listen on."
)
@click.option("--new", is_flag=True, help="Begin with a flash that nobody has used.")
@click.option(
    "--cuts",
    metavar="SECONDS",
    type=click.FloatRange(0.1, 86400),
    help="Cut the power at a random moment of each so many seconds.",
)
def emulate(
    name: str, folder: str | None, listen: int | None, new: bool, cuts: float | None
) -> int:
    """Run a board in an emulator; Ctrl-C takes its power away.

    Prints the port, which --port of other commands takes; --board and `tsme ports` find it by
    themselves. The flash is kept in a file, so that the next time it goes on where it was.
    SIGUSR1 cuts the power and gives it back.
    """
    mine = project.found()
    name = name or (mine.board if mine else "")
    if not name:
        there = ", ".join(one.name for one in board_file.chosen(_has_emulator))
        raise HostError("TSME-H002", "BOARD is missing", f"name one of {there}")
    board = board_file.board(name)
    place = Path(folder) if folder else _place(mine) / board.name
    with emulators.emulated(board, place, listen or 0) as emulated:
        if new:
            emulated.renew()
        try:
            _run(emulated, cuts)
        except (KeyboardInterrupt, _Powerless):
            console.note(f"{emulated.board.name} has no power any more")
    return DONE


def _has_emulator(board: board_file.Board) -> bool:
    return board.emulator is not None and board.emulator.kind in emulators.KINDS


def _place(mine: project.Project | None) -> Path:
    return (mine.folder if mine else Path()) / emulators.FOLDER


class _Powerless(Exception):
    """Somebody has taken the power away."""


def _run(emulated: Emulated, cuts: float | None) -> None:
    wanted = _Wanted()
    emulated.power_on()
    with running.announced(emulated.board.name, emulated.address, str(emulated.flash)):
        console.out(emulated.address)
        console.note(
            f"{emulated.board.name} runs, its flash is {emulated.flash}; Ctrl-C is its power, "
            f"kill -USR1 {os.getpid()} cuts it for a moment"
        )
        begun = time.monotonic()
        at = random.uniform(0, cuts) if cuts else 0.0  # noqa: S311
        while True:
            if emulated.wait(_STEP):
                what = emulated.said().splitlines()
                raise HostError(
                    "TSME-B024", "the emulator has ended" + (f": {what[-1]}" if what else "")
                )
            if wanted.cut or (cuts and time.monotonic() - begun >= at):
                _cut(emulated)
                wanted.cut = False
            if cuts and time.monotonic() - begun >= cuts:
                begun += cuts
                at = random.uniform(0, cuts)  # noqa: S311
            elif cuts and time.monotonic() - begun >= at:
                at = cuts * 2  # there was one


def _cut(emulated: Emulated) -> None:
    emulated.cut()
    emulated.power_on()
    console.note(f"{emulated.board.name}: the power was gone, and is back")


class _Wanted:
    """What signals ask for."""

    def __init__(self) -> None:
        self.cut = False
        signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
        signal.signal(signal.SIGUSR1, self._note)
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGTERM:
            raise _Powerless
        self.cut = True


COMMANDS = (emulate,)
