"""`board.json`: what main.py on a board knows of it (docs/BOARDS.md, "What main.py does").

The installer writes it from board.toml; the device reads it with tsme/boot.  JSON, since every
board that runs Python reads that without a module of ours.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from .board_file import Board

FILE = "board.json"
MAIN = "from tsme import boot\n\nboot.run()\n"  # main.py of every board
_USER_S = ("key", "watchdog", "deep", "window")  # set on the board, and by nothing in board.toml
WINDOW = 5000  # ms that a board can be reached before it goes into deep sleep


def _said(value: Any) -> dict[str, Any]:
    """The fields of a section that are not at their default, and its kind."""
    out = {}
    for one in fields(value):
        is_said = getattr(value, one.name)
        if one.default is MISSING or is_said != one.default:
            out[one.name] = is_said
    return out


def of_board(board: Board, own: bool = False, deep: bool = False, window: int = WINDOW) -> str:
    """The text of board.json.

    `own`: the board has the firmware of `make firmware`.  `deep`: it goes into deep sleep when
    only time has to pass, after `window` ms in which it can be reached.
    """
    journal = board.own if own and board.own else board.journal
    settings = {
        "board": board.name,
        "journal": _said(journal),
        "programs": _said(board.programs),
        "link": [_said(link) for link in board.links],
        "pins": board.pins,
        "deep": deep,
        "window": window,
    }
    return json.dumps(settings, separators=(",", ":")) + "\n"


def files(board: Board, own: bool = False) -> dict[str, bytes]:
    """What makes a board with tsme in reach a board of ours: main.py and board.json, by name."""
    return {"main.py": MAIN.encode(), FILE: of_board(board, own).encode()}


def with_the_user_s(data: bytes, before: Any) -> bytes:
    """A board.json written anew, with what its user has set in the one that was there."""
    if not isinstance(before, dict):
        return data
    settings = json.loads(data) | {name: before[name] for name in _USER_S if name in before}
    return (json.dumps(settings, separators=(",", ":")) + "\n").encode()


def install(board: Board, folder: Path, own: bool = False) -> None:
    """Write them into the folder that is the board's file system; what is there stays."""
    for name, data in files(board, own).items():
        if not (folder / name).exists():
            (folder / name).write_bytes(data)
