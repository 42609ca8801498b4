"""Parts of tsme that a board is without, brought when something comes that needs them."""

from __future__ import annotations

import json

from .. import console
from ..errors import HostError
from . import board_file, package, parts
from .session import Session

_NONE = "TSME-N043"  # there is no such file on the board
_LEFT = parts.LEFT[1:]


def cure(board: Session, digest: str) -> str:
    """What helps where the board does not run a class that is meant, by its digest."""
    try:
        named = board.client.download("machines.json")
    except HostError as error:
        if error.code != _NONE:
            raise
        named = b""
    if digest.encode() not in named:
        return "tsme push brings a machine and restarts the board"
    name = board.status.board or board.target.board
    flash = f"tsme flash {name} --keep-firmware brings one that does"
    return f"its class is there: tsme reset makes it count; if it has, its tsme runs none, {flash}"


def bring(board: Session, need: frozenset[str]) -> None:
    """What the board lacks of these parts.  Raises HostError TSME-B053 if its tsme is another."""
    if not need:
        return
    try:
        told = json.loads(board.client.download(_LEFT))
    except HostError as error:
        if error.code != _NONE:
            raise
        return  # it has all of it
    left = frozenset(told["left"])
    wanted = need & left
    if not wanted:
        return
    name = board.status.board or board.target.board
    if told["of"] != parts.digest():
        what = f"the board has another tsme, without {parts.worded(wanted)}"
        hint = f"tsme flash {name} --keep-firmware brings this one"
        raise HostError("TSME-B053", what, hint)
    files = package.contents(board_file.board(name), wanted)
    console.note(f"tsme: the board gets {parts.worded(wanted)}: {len(files)} files of tsme")
    for path, data in files.items():
        board.client.upload(path[1:], data)
    board.client.upload(_LEFT, parts.told(left - wanted))
