"""What is brought onto a board: programs, tasks and files, only what has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .. import console, progress
from ..errors import HostError
from . import lacking, parts, sources
from .programs import Made, bring
from .session import Session

_UNKNOWN = "TSME-N037"  # a command of a newer tsme
_NONE = "TSME-N043"  # there is no such file on the board


@dataclass(frozen=True)
class Brought:
    """One thing: what it is here and there, its bytes, and whether the board did not have it."""

    kind: str
    name: str
    there: str
    size: int
    new: bool


Say = Callable[[Brought], None]


def programs(board: Session, made: list[Made], say: Say) -> list[Brought]:
    """Programs into the board's store: each is verified there before it counts."""
    there = {one.digest for one in board.client.programs()}
    found = []
    for one in made:
        if not one.data:  # a machine, which files bring
            continue
        new = bring(board, one, there)
        found.append(Brought("program", one.flow, one.digest, len(one.data), new))
        say(found[-1])
    return found


def files(board: Session, wanted: list[sources.Source], say: Say) -> list[Brought]:
    """Files whose SHA-256 on the board is another one, or that are not there; each takes its place
    when it is whole."""
    found = []
    lacking.bring(board, parts.of_files({one.name: one.data for one in wanted if not one.over}))
    there = {one.name: _there(board, one.name) for one in wanted}
    for one in wanted:
        if one.over and there[one.name] is None:
            continue
        new = there[one.name] != (one.digest, len(one.data))
        if new:
            with progress.bar(one.path) as draw:
                board.client.upload(one.name, one.data, draw)
        found.append(Brought("file", one.path, one.name, len(one.data), new))
        say(found[-1])
    return found


def remove(board: Session, names: Iterable[str]) -> None:
    """Files of earlier uploads, which nothing names any more."""
    for name in names:
        try:
            board.client.drop(name)
        except HostError as error:
            if error.code != _UNKNOWN:
                raise
            console.note(f"tsme: {name} stays on the board, whose tsme is too old to remove it")
        else:
            console.note(f"tsme: {name} is removed from the board: nothing names it any more")


def _there(board: Session, name: str) -> tuple[str, int] | None:
    """The SHA-256 and the size of a file on the board."""
    try:
        digest, size = board.client.digest(name)
    except HostError as error:
        if error.code != _NONE:
            raise
        return None
    return digest.hex(), size
