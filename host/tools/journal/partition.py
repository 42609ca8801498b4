"""Images of flash: their geometry, and partitions that are cut into regions (docs/SPEC.md, 4.7).

Commands that read one journal take `--region`, which `in_region` gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tsme import FileFlash, Region, Regions
from tsme.errors import TsmeError
from tsme.journal import Journal
from tsme.journal.heads import read_mark
from tsme.journal.ram_flash import RamFlash
from tsme.journal.records import MAGIC, PART

from ..errors import HostError, did_you_mean

if TYPE_CHECKING:
    from tsme.journal.blocks import Device

TABLE = 4  # blocks of the table
_KINDS = {0: "journal", 1: "programs"}
_META = "tsme.region"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Image(RamFlash):
    """The image of a journal in memory, of its own geometry."""

    def __init__(self, block: int, count: int, slot: int, once: bool) -> None:
        super().__init__(block, count)
        self.slot = slot
        self.program_once = once


@dataclass(frozen=True)
class Part:
    """A region of a partition: `data` are its bytes, `blocks` as many of `block` bytes."""

    name: str
    start: int
    blocks: int
    block: int
    kind: str
    data: bytes


def in_region(command: _Command) -> _Command:
    """Gives a command the option --region; `choose` has it then."""
    return click.option(
        "--region",
        metavar="NAME",
        expose_value=False,
        callback=_given,
        help="Of a partition that is cut into regions: the one whose journal is meant.",
    )(command)


def _given(context: click.Context, _: click.Parameter, value: str | None) -> None:
    context.meta[_META] = value


def region() -> str | None:
    """The region given to the command that runs."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_META) if context else None


@contextmanager
def opened(path: str, block: int, blocks: int) -> Iterator[Device]:
    """The device of a journal of so many blocks, to be written to: the file, or the region of it
    that is asked for."""
    name = region()
    whole = blocks if name is None else Path(path).stat().st_size // block
    flash = FileFlash(path, block, whole)
    try:
        yield flash if name is None else Regions(flash).open(name)
    finally:
        flash.close()


def _which() -> str:
    context = click.get_current_context(silent=True)
    if context and _META not in context.meta:
        return (
            "this command is for files with one journal alone; a board changes its regions itself"
        )
    return "say which is meant with --region NAME"


def geometry(data: bytes) -> tuple[int, int, int, bool] | None:
    """Slot size, number of blocks, block size, and whether nothing is programmed twice, from the
    first block's mark that is whole."""
    at = data.find(MAGIC)
    while at >= 0:
        if len(data) - at >= PART and at % 256 == 0:
            found = read_mark(data[at : at + PART])
            if found and found[4] and at % found[4] == 0:
                return found[1], found[2], found[4], found[7]
        at = data.find(MAGIC, at + 1)
    return None


def parts_of(path: str, data: bytes) -> list[Part] | None:
    """The regions of a partition; None of what is not cut into regions."""
    found = geometry(data)
    if found is None:
        return None
    slot, count, size, once = found
    if count != TABLE or len(data) <= TABLE * size:
        return None
    image = Image(size, -(-len(data) // size), slot, once)
    image.data[: len(data)] = data
    try:
        if not Journal(Region(image, 0, TABLE), slot).recover().records:
            return None
        there = Regions(image).list()
    except TsmeError as error:
        if error.code == "TSME-J016" and "another journal" in error.message:
            return None
        raise HostError("TSME-H052", f'the regions of "{path}" cannot be read: {error}') from None
    return [
        Part(name, start, n, size, _KINDS.get(kind, str(kind)), data[start * size :][: n * size])
        for name, start, n, kind in there
    ]


def choose(path: str, data: bytes) -> bytes:
    """The bytes of the journal that is meant: those of the region asked for, or all of them."""
    name = region()
    parts = parts_of(path, data)
    if parts is None:
        if name is not None:
            raise HostError("TSME-H052", f'"{path}" is not cut into regions', "leave out --region")
        return data
    journals = [part.name for part in parts if part.kind == "journal"]
    there = ", ".join(journals) or "none"
    if name is None:
        message = f'"{path}" is cut into regions, with these journals: {there}'
        raise HostError("TSME-H052", message, _which())
    for part in parts:
        if part.name == name:
            if part.kind != "journal":
                message = f'the region "{name}" of "{path}" holds {part.kind} and no journal'
                raise HostError("TSME-H052", message, f"there are: {there}")
            return part.data
    hint = did_you_mean(name, journals) or f"there are: {there}"
    raise HostError("TSME-H052", f'"{path}" has no region "{name}"', hint)
