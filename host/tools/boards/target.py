"""Which board a command is about: by --board, --port, --via, by tsme.toml, or the only one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from . import ports, project, running
from .ports import Port
from .project import Project


@dataclass(frozen=True)
class Target:
    """A board to talk to.  `board`: "" if nobody said which.  `given`: what to remember once it
    has answered, as project.remember() takes it: what was said, never a port that was found or an
    emulator's, for that may be another one next time.  `chosen`: it was found."""

    port: str
    board: str = ""
    via: str = ""
    project: Project | None = None
    given: tuple[tuple[str, str], ...] = ()
    chosen: bool = False


def target(board: str | None, port: str | None, via: str | None) -> Target:
    """What the options and tsme.toml name.

    A --port alone says where; a --board alone finds its port: that of an emulated one that runs,
    or of the one USB device that it may be.  Of another board than tsme.toml's, the port there is
    no matter.  With none of them it is what tsme.toml says, or else the only board that is there.

    Raises HostError: TSME-N064 no board or port is to be found, TSME-N065 there are several,
    TSME-B001 there is no such board.
    """
    from .board_file import board as board_of  # noqa: PLC0415

    mine = project.found()
    if board:
        board_of(board)  # a name that is none is said now
    # The port of an emulator is another one each time.
    lasting = "" if any(one.port == port for one in running.boards()) else port
    said = {"board": board, "port": lasting, "via": via}
    given = project.of_board(mine, {key: value for key, value in said.items() if value})
    other = bool(board) and mine is not None and bool(mine.board) and mine.board != board
    known = mine if mine and not other else None
    name = board or (known.board if known else "")
    where = port or (known.port if known else "")
    # A port that is named now is not the one that the remembered way is for.
    way = via or (known.via if known and not port else "")
    if where:
        return Target(where, name, way, mine, tuple(given.items()))
    found = _found(name, mine)
    if not name and len(found.boards) == 1:
        name = found.boards[0]
    return Target(found.port, name, way, mine, tuple(given.items()), chosen=True)


def is_named(board: str | None, port: str | None, via: str | None) -> bool:
    """Is a board meant at all?  By an option, or by the project's file."""
    if board or port or via:
        return True
    mine = project.found()
    return mine is not None and bool(mine.board or mine.port)


def _found(name: str, mine: Project | None) -> Port:
    """The one port that is a board, or this board; of several, that of the project."""
    there = [one for one in ports.listed() if one.kinds or one.emulated]
    fit = [one for one in there if not name or name in one.boards]
    if name and not fit and (alike := _emulated(name)):
        hint = f"start it in another terminal: tsme emulate {alike}"
        raise HostError("TSME-N064", f'the emulated board "{name}" does not run', hint)
    if not fit:
        what = f'no port seems to be a board "{name}"' if name else "no board was found"
        hint = "plug it in, or say where it is: --port PORT; tsme ports lists what there is"
        raise HostError("TSME-N064", what, hint)
    if len(fit) > 1 and mine is not None:
        own = [one for one in fit if one.folder and Path(one.folder).is_relative_to(mine.folder)]
        fit = own if len(own) == 1 else fit
    if len(fit) > 1:
        which = ", ".join(_shown(one) for one in fit)
        what = f'several ports may be the board "{name}"' if name else "there are several boards"
        raise HostError("TSME-N065", what, f"say which with --port: {which}")
    return fit[0]


def _emulated(name: str) -> str:
    from .board_file import board as board_of  # noqa: PLC0415

    return name if board_of(name).emulator else ""


def _shown(one: Port) -> str:
    names = " or ".join(one.boards) or one.what
    return f"{one.port} ({names})" if names else one.port
