"""`tsme flash`: firmware and tsme onto a board, and whether it answers."""

from __future__ import annotations

from typing import Any

import click

from .. import console
from ..errors import DONE, HostError


@click.command(short_help="Bring firmware and tsme onto a board.")
@click.argument("board", metavar="BOARD", required=False)
@click.option("--port", metavar="PORT", help="Where the board is; else it is found.")
@click.option("--firmware", metavar="FILE", help="A firmware in place of the pinned official one.")
@click.option("--keep-firmware", is_flag=True, help="Write tsme alone, over MicroPython's prompt.")
@click.option(
    "--erase", is_flag=True, help="Erase all of the flash first: files and journals too."
)
@click.option("--journal-blocks", metavar="N", type=click.IntRange(1, 65535), default=None,
              help="Blocks of an ESP32's journal partition.")  # fmt: skip
@click.option("--baud", metavar="N", type=click.IntRange(9600, 4_000_000), default=None,
              help="Bits/s while firmware is written to an ESP chip.")  # fmt: skip
@click.option("--all", "whole", is_flag=True,
              help="All of tsme or nothing; else what fits and the project needs.")  # fmt: skip
@click.option("--yes", "-y", is_flag=True, help="Answer every question with yes.")
@click.option("--list", "listed", is_flag=True, help="Show the boards that can be flashed.")
def flash(board: str | None, port: str | None, yes: bool, listed: bool, **wishes: Any) -> int:
    """Bring firmware and tsme onto a board, and see that it answers.

    Takes the official firmware that the board file names, once, and keeps it with its
    checksum; writes it with esptool, or to the drive of a Pico; adds a partition for journals
    to an ESP32 and keeps its files; installs tsme with main.py and board.json; tries the
    flash. The same command goes on wherever it was cut off, and does only what is left to do.

    \b
    tsme flash esp32                          the board at the one port that may be it
    tsme flash rpi_pico --firmware build/firmware/rpi_pico/firmware.uf2
    tsme flash esp32 --keep-firmware          tsme alone
    """
    from ..boards import board_file, programs, project  # noqa: PLC0415
    from ..boards.installer import Wish, install  # noqa: PLC0415
    from ..boards.telling import Telling  # noqa: PLC0415

    if listed:
        rows = [
            (one.name, one.title, one.flash.tool, one.firmware.version)
            for one in board_file.chosen(lambda one: one.emulator is None)
        ]
        console.table(rows, ("board", "", "written by", "firmware"))
        return DONE
    mine = project.found()
    name = board or (mine.board if mine else "")
    if not name:
        hint = "name it: tsme flash BOARD; tsme flash --list shows them"
        raise HostError("TSME-B030", "which board?", hint)
    where = port or (mine.port if mine and mine.board == name else "")
    given = {key: value for key, value in wishes.items() if value is not None}
    wish = Wish(where, **given, parts=programs.needs(mine))
    there = install(board_file.board(name), wish, Telling(yes))
    console.out(f"{name} is ready at {there}")
    if mine is not None:
        said = {"board": name} | ({"port": port} if port else {})
        for line in project.remember(mine, **project.of_board(mine, said)):
            console.note(f"{project.FILE}: {line}")
    console.note("next:\n  tsme upload\n  tsme start NAME\n  tsme logs -f")
    return DONE


COMMANDS = (flash,)
