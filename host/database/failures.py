"""What a database says when something fails, as one line with a cure (docs/ERRORS.md)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import exc

from ..tools.errors import HostError


class Failure(HostError):
    """The database did not do what it was asked.

    `unsure`: the connection was lost while a commit was under way, so whether it has happened only
    the database can tell once it is back.  Otherwise nothing has happened.
    """

    def __init__(self, code: str, message: str, hint: str = "", unsure: bool = False) -> None:
        super().__init__(code, message, hint)
        self.unsure = unsure


@dataclass
class Phase:
    """How far a transaction is."""

    committing: bool = False


@dataclass(frozen=True)
class _Kind:
    code: str
    message: str
    hint: str


_FULL: Final = _Kind("TSME-S004", "the disk is full", "make room on its disk, and go on")
_LOST: Final = _Kind(
    "TSME-S005", "the connection is lost", "see that the server runs; what waits goes on by itself"
)
_LOCKED: Final = _Kind(
    "TSME-S006", "another process holds it locked", "end that process, or try again"
)
_READ_ONLY: Final = _Kind(
    "TSME-S007", "it may not be written", "give this user the right to write the file or tables"
)
_DAMAGED: Final = _Kind(
    "TSME-S008", "it is damaged", "restore it from a copy; keep what there is to look at"
)
_DISK: Final = _Kind(
    "TSME-S009", "it could not read or write", "look at the logs of the system and of the server"
)
_OPEN: Final = _Kind(
    "TSME-S013", "it cannot be opened", "see that it exists and that this user may use it"
)

_AWAY: Final = _Kind(
    "TSME-S013", "it cannot be opened", "see that its server runs, and lets this user in"
)

# By SQLite's primary result codes (sqlite3.h).
_SQLITE: Final = {
    5: _LOCKED,
    6: _LOCKED,
    8: _READ_ONLY,
    10: _DISK,
    11: _DAMAGED,
    13: _FULL,
    14: _OPEN,
    26: _DAMAGED,
}
# By the beginnings of PostgreSQL's SQLSTATE, the longest first.
_POSTGRESQL: Final = (
    ("53100", _FULL),
    ("40P01", _LOCKED),
    ("40001", _LOCKED),
    ("55P03", _LOCKED),
    ("42501", _READ_ONLY),
    ("25006", _READ_ONLY),
    ("25P03", _LOST),
    ("57P05", _LOST),
    ("57P0", _LOST),
    ("53300", _OPEN),
    ("53", _DISK),
    ("58", _DISK),
    ("XX001", _DAMAGED),
    ("XX002", _DAMAGED),
    ("XX000", _DISK),
    ("08", _LOST),
    ("28", _OPEN),
    ("3D", _OPEN),
)


def _of_sqlite(cause: sqlite3.Error) -> _Kind | None:
    return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)


def _kind(error: exc.DBAPIError, opening: bool) -> _Kind | None:
    """What kind of failure it is; None for one of the program that uses the database."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    state = getattr(cause, "sqlstate", None) or ""
    for beginning, kind in _POSTGRESQL:
        if state.startswith(beginning):
            return kind
    if isinstance(error, exc.IntegrityError):
        return None
    if not state and isinstance(error, exc.OperationalError):
        return _AWAY if opening else _LOST
    return _LOST if error.connection_invalidated else None


def is_failure(error: exc.DBAPIError) -> bool:
    """Whether it is the database that did not do what it was asked."""
    return _kind(error, False) is not None


@contextmanager
def told(name: str, opening: bool = False) -> Iterator[Phase]:
    """Tell failures of the database `name` within the block as HostError; let pass what is not
    the database's fault, as IntegrityError."""
    phase = Phase()
    try:
        yield phase
    except (exc.DBAPIError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error):
            kind, detail = _of_sqlite(error), str(error)
        else:
            kind, detail = _kind(error, opening), str(error.orig)
        if kind is None:
            raise
        unsure = phase.committing and _may_have(error, kind)
        raise _failure(kind, name, " ".join(detail.split()), unsure) from None
    except exc.TimeoutError:
        raise _failure(_LOCKED, name, "all connections are in use", False) from None


def _may_have(error: Exception, kind: _Kind) -> bool:
    """Whether a commit that failed so may have happened all the same."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if kind is _DISK and isinstance(cause, sqlite3.Error):
        # But for a write that failed, nobody knows what the disk has.
        return getattr(cause, "sqlite_errorcode", 0) != sqlite3.SQLITE_IOERR_WRITE
    return kind is _LOST


def _failure(kind: _Kind, name: str, detail: str, unsure: bool) -> Failure:
    known = "nothing has happened"
    if unsure:
        known = "whether the last commit has happened is not known"
    message = f'the database "{name}": {kind.message} ({detail}); {known}'
    return Failure(kind.code, message, kind.hint, unsure)
