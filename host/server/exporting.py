"""What `--export` keeps in a folder: ended executions as journals, and statistics of each day.

    FOLDER/MACHINE/NAME.bin             a journal, with its programs beside it
    FOLDER/statistics-2026-11-28.json   `tsme store stats --json` of those that ended then

A file is there whole or not at all, and never replaced: what was redriven, or has a name again, is
NAME.1.bin.  An execution's row says how many of its records were exported, when they are on disk.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, update

from ..database import transfer
from ..database.database import Database
from ..database.queries import Filter, statistics
from ..database.tables import executions
from ..tools.errors import HostError
from ..tools.journal.archive import replace
from ..tools.outputs import file_name, not_writable

_DAY: Final = 86_400_000  # ms
_LATE: Final = 300_000  # ms after its end until a day is counted: transactions may be slow
_YOUNG: Final = 60  # s in which a file may still be being written
_PART: Final = re.compile(r".+\.([1-9][0-9]{0,8})~")  # NAME.PROCESS~
_SOME: Final = 200  # executions that are looked up at once
_log = logging.getLogger("tsme.jobs")


def check(folder: str) -> None:
    """Raises HostError TSME-H013 for a folder that can neither be made nor written to."""
    path = Path(folder)
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise not_writable(folder, f'"{there}" is no folder')
    if not os.access(there, os.W_OK | os.X_OK):
        raise not_writable(folder, "it may not be written to")


class Exports:
    """The exports of a database into a folder.  `now`: ms since 1970.

    Raises HostError TSME-H013 if the folder cannot be made.
    """

    def __init__(self, database: Database, folder: str, now: Callable[[], int]) -> None:
        self.database = database
        self.folder = Path(folder)
        self.now = now
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_writable(folder, error) from None
        check(folder)
        self._sweep()

    def _sweep(self) -> None:
        """Files that were never finished, as the process that wrote them was killed, go."""
        for path in (*self.folder.glob("*~"), *self.folder.glob("*/*~")):
            found = _PART.fullmatch(path.name)
            with suppress(OSError):
                if found and _left(int(found[1]), path):
                    path.unlink()

    def export(self, execution: int) -> None:
        """Export an execution that has ended, unless it was.

        Raises HostError: TSME-H013 for a file that cannot be written, S016 for a program that is
        gone, and those of the database.
        """
        c = executions.c
        with self.database.read() as connection:
            wanted = select(c.machine, c.stopped, c.records, c.exported).where(c.id == execution)
            row = connection.execute(wanted).one_or_none()
            if row is None or row.stopped is None or row.exported == row.records:
                return  # it is gone, was redriven and is exported at its next end, or is there
            found = transfer.export(connection, execution)
        machine = file_name((row.machine or "imported").rpartition(":")[2])
        self._put(self.folder / machine, found)
        mark = update(executions).where(c.id == execution).values(exported=row.records)
        with self.database.write() as connection:
            connection.execute(mark)

    def _put(self, folder: Path, found: transfer.Exported) -> None:
        """The first name that nothing else has; the journal last, so that it has its programs."""
        image, name = found.journal.image(), file_name(found.name)
        for number in count():
            path = folder / f"{name}{f'.{number}' * bool(number)}.bin"
            there = _read(path)
            if there is None or there == image:
                transfer.keep_programs(str(path), found)
                if there is None:
                    replace(str(path), image, f".{os.getpid()}~")
                return

    def export_all(self, wanted: Filter) -> int:
        """Export those that have ended and were not yet.  -> how many could not be"""
        c = executions.c
        new = c.exported.is_(None) | (c.exported != c.records)
        some = select(c.id).where(*wanted.conditions(), c.stopped.is_not(None), new)
        last = failed = 0
        while True:
            with self.database.read() as connection:
                ids = list(connection.scalars(some.where(c.id > last).order_by(c.id).limit(_SOME)))
            if not ids:
                return failed
            for last in ids:
                try:
                    self.export(last)
                except HostError as error:
                    failed += 1
                    _log.warning("execution %d is not exported: %s", last, error)

    def count_days(self) -> int:
        """Write the statistics of each day (UTC) that is over and whose are not there.

        -> ms since 1970 when the day begins that is not over.  Raises HostError TSME-H013.
        """
        today = (self.now() - _LATE) // _DAY * _DAY
        stopped, first = executions.c.stopped, 0
        while True:
            oldest = select(func.min(stopped)).where(stopped >= first, stopped < today)
            with self.database.read() as connection:
                found = connection.scalar(oldest)
                if found is None:
                    return today
                day = found // _DAY * _DAY
                first = day + _DAY
                date = datetime.fromtimestamp(day / 1000, UTC).date()
                path = self.folder / f"statistics-{date}.json"
                if _read(path) is not None:
                    continue
                lines = statistics(connection, Filter(stopped_from=day, stopped_to=first))
            text = json.dumps([asdict(line) for line in lines], indent=2)
            replace(str(path), f"{text}\n".encode(), f".{os.getpid()}~")


def _left(process: int, part: Path) -> bool:
    """Whether nobody writes this file any more."""
    # Processes of other machines, or containers, have numbers of their own, so a new file stays.
    if time.time() - part.stat().st_mtime < _YOUNG:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's
        return False
    return process == os.getpid()  # it has written nothing yet


def _read(path: Path) -> bytes | None:
    """None: there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise not_writable(str(path), error) from None
