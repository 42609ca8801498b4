"""`tsme journal resize` and `tsme journal repair`: another file in the place of a journal's.

It is made beside, read again, and takes the old one's place only if all records are in it and a
device would go on from it at the same place.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, Journal

from .. import console
from ..errors import DONE, HostError
from ..inputs import read_bytes
from ..journal.image import image_of
from ..journal.partition import Image
from ..journal.session import locked
from ..limits import limits_of
from ..outputs import not_writable

Raw = tuple[int, int, bytes]  # number, kind, body
BLOCKS_MOST = 65535


@contextmanager
def _opened(path: str) -> Iterator[bytes]:
    """The bytes of a journal that nobody else has."""
    with locked(path):
        yield read_bytes(path)


@click.command()
@click.argument("log", metavar="JOURNAL")
@click.option("--blocks", type=click.IntRange(2, BLOCKS_MOST), metavar="N", help="How many.")
@click.option(
    "--limit",
    "limits",
    metavar="state_bytes=N",
    multiple=True,
    help="As many as `tsme run` makes for it.",
)
def resize(log: str, blocks: int | None, limits: tuple[str, ...]) -> int:
    """Give a journal more blocks, or fewer.

    All records that can be read stay, with their numbers, or the file is left as it is.
    """
    given = limits_of(limits)
    if (blocks is None) == ("state_bytes" not in given):
        hint = "write --blocks 128, or --limit state_bytes=65536"
        raise HostError("TSME-H002", "how many blocks shall it have?", hint)
    with _opened(log) as data:
        old = image_of(log, data)
        count = blocks or min(max(64, 8 * given["state_bytes"] // old.block), BLOCKS_MOST)
        if count == old.count and len(data) == old.count * old.block:
            console.out(f"{log}: it has {console.count(count, 'block')} already")
            return DONE
        if said := _refusal(old):
            hint = f"tsme journal repair {shlex.quote(log)} comes first"
            raise HostError("TSME-H049", f'"{log}" is damaged: {said}', hint)
        _put(log, old, _again(log, old, count))
    console.out(f"{log}: {console.count(count, 'block')} of {old.block} bytes now")
    return DONE


@click.command()
@click.argument("log", metavar="JOURNAL")
def repair(log: str) -> int:
    """Make a journal whole that was cut off, or left torn by a full disk.

    All records that can be read stay. If records are damaged and whole ones follow them, the file
    is left as it is.
    """
    with _opened(log) as data:
        if data.count(0xFF) == len(data):
            console.out(f"{log}: nothing was committed yet; tsme run makes it anew")
            return DONE
        old = image_of(log, data)
        said = _refusal(old)
        if not said and len(data) == old.count * old.block:
            console.out(f"{log}: there is nothing to repair")
            return DONE
        if not said:
            _put(log, old, old)
            console.out(f"{log}: it is whole again, {console.count(len(_records(old)), 'record')}")
            return DONE
        _repairable(log, old, said)
        _put(log, old, _again(log, old, old.count))
    kept = len(_records(old))
    console.out(
        f"{log}: {console.count(kept, 'record')} kept; what could not be read behind them is left "
        "out: a once task that it began may run again"
    )
    return DONE


def _repairable(log: str, old: Image, said: str) -> None:
    """Only the end may be damaged, and there must be a beginning."""
    damage: list[int] = []
    records = list(Journal(old, old.slot).records(lambda number, *_: damage.append(number)))
    first = _newest([(number, kind, body) for number, kind, body, _, _ in records])
    starts = first < len(records) and (records[first][0] == 0 or records[first][1] == CHECKPOINT)
    if not starts or any(records[first][0] <= number <= records[-1][0] for number in damage):
        hint = f"tsme journal show {shlex.quote(log)} tells what is left"
        raise HostError("TSME-H049", f'"{log}" cannot be repaired: {said}', hint)


def _newest(records: list[Raw]) -> int:
    """Where in a list the newest checkpoint is; 0 if there is none."""
    return max((i for i, (_, kind, _) in enumerate(records) if kind == CHECKPOINT), default=0)


def _records(image: Image) -> list[Raw]:
    found = Journal(image, image.slot).records()
    return [(number, kind, bytes(body)) for number, kind, body, _, _ in found]


def _refusal(image: Image) -> str:
    """Why a device would not go on from it, or nothing."""
    try:
        Journal(image, image.slot).recover(_ignore, _ignore)
    except TsmeError as error:
        return str(error)
    return ""


def _ignore(_: object) -> None:
    pass


def _again(log: str, old: Image, count: int) -> Image:
    """An image of so many blocks with the same records."""
    records = _records(old)
    image = Image(old.block, count, old.slot, old.program_once)
    journal = Journal(image, old.slot)
    journal.format()
    journal.__dict__["_number"] = records[-1][0] + 1 - len(records) if records else 0
    why = "older records would be lost"
    try:
        for _, kind, body in records:
            journal.commit(kind, body)
    except TsmeError as error:
        why = str(error)
    if [record[1:] for record in _records(image)] != [record[1:] for record in records]:
        message = f'"{log}" does not fit {console.count(count, "block")}: {why}'
        raise HostError("TSME-H049", message, "give it more with tsme journal resize")
    return image


def _put(log: str, old: Image, new: Image) -> None:
    """Let a file take a journal's place, if nothing that a device needs is lost with it."""
    if _needed(old) != _needed(new) or _refusal(new):
        raise HostError("TSME-H049", f'"{log}": the new file would not replay to the same state')
    target = Path(log).resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(new.data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise not_writable(log, error) from None


def _needed(image: Image) -> list[tuple[int, bytes]]:
    """The newest checkpoint, or else the first record, and all behind it."""
    records = _records(image)
    return [(kind, body) for _, kind, body in records[_newest(records) :]]
