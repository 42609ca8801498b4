"""`tsme ports`: where boards are, and what keeps them from being used."""

from __future__ import annotations

import click

from .. import console
from ..boards import board_file, ports
from ..errors import DONE, FAILED
from ..forms import answers


@click.command("ports", short_help="List serial ports and emulated boards.")
@click.option("--boards", "kinds", is_flag=True, help="List the boards that tsme knows instead.")
@answers
def ports_(kinds: bool, form: str | None) -> int:
    """List the ports that boards may be at, as --port takes them, and emulated boards that run.

    What a board seems to be is told from its USB numbers alone; nothing is opened. What keeps a
    port from being used is said with it.

    Exits with 1 if there is none that can be used.
    """
    if kinds:
        return _kinds(form)
    found = ports.listed()
    if form:
        console.answer([_plain(one) for one in found], form)
    elif found:
        console.table([_row(one) for one in found], ("port", "what it seems to be", "boards"))
    if not found:
        console.note("tsme: no port is there: plug a board in, or start one: tsme emulate NAME")
    return DONE if any(not one.problem for one in found) else FAILED


def _plain(one: ports.Port) -> dict[str, object]:
    return {
        "port": one.port,
        "what": one.what,
        "boards": list(one.boards),
        "emulated": one.emulated,
        "serial": one.serial or None,
        "usb": one.usb or None,
        "problem": one.problem or None,
    }


def _row(one: ports.Port) -> tuple[str, str, str]:
    what = f"{one.what} {console.faint(one.usb)}" if one.usb else one.what
    if one.problem:
        what += f"; {console.bad(one.problem)}"
    return console.name(one.port), what, ", ".join(one.boards)


def _kinds(form: str | None) -> int:
    """What is in firmware/boards."""
    known = [board_file.board(name) for name in board_file.names()]
    if form:
        console.answer(
            [
                {
                    "board": one.name,
                    "title": one.title,
                    "chip": one.chip,
                    "emulated": one.emulator is not None,
                }
                for one in known
            ],
            form,
        )
    else:
        rows = [(console.name(one.name), one.title, _way(one)) for one in known]
        console.table(rows, ("board", "what it is", ""))
    return DONE


def _way(one: board_file.Board) -> str:
    return f"tsme emulate {one.name}" if one.emulator else f"tsme flash {one.name}"


COMMANDS = (ports_,)
