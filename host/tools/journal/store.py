"""The programs of a journal in a file, in a folder beside it (docs/SPEC.md, 7), or in a region of
its partition.

An execution keeps the program that it began with, also when the workflow has changed since; and
tools find there what all that a journal holds was made by.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tsme.errors import TsmeError
from tsme.program.store import ProgramFiles, ProgramRegion

from ...compiler.backend.disasm import disassemble
from ..errors import HostError
from ..files import Loaded, read_program
from ..limits import no_limits
from ..outputs import not_writable
from .partition import TABLE, Image, geometry, parts_of
from .refusals import named

# What helps where an execution needs its program.
AS_IT_WAS = "add --program and the workflow as it was, or FILE.py:CLASS for a machine"

_TABLE = 1 << 20  # bytes in which the blocks of the table are, of any size
_SLOT = 32


def folder(journal: str) -> Path:
    """Where the programs of a journal are."""
    return Path(journal + ".programs")


def keep(journal: str, data: bytes) -> None:
    """Put a program there, unless it is, and its debug part beside it.  A machine has no bytes:
    its class stays where it is."""
    if not data:
        return
    listing = disassemble(data)
    place = folder(journal)
    try:
        with no_limits():
            ProgramFiles(str(place)).put(data[: listing.size])
        debug = _debug(place, listing.digest)
        if len(data) > listing.size and not debug.is_file():
            part = debug.with_suffix(".debug~")
            part.write_bytes(data[listing.size :])
            part.replace(debug)
    except OSError as error:
        raise not_writable(str(place), error) from None


def keep_those(journal: str, given: Iterable[str], needed: Iterable[bytes]) -> None:
    """Put those there that were given for a command and that the journal needs."""
    wanted = set(needed)
    for path in given:
        if ".py:" not in path:  # no machine
            data = read_program(path).data
            if disassemble(data).digest in wanted:
                keep(journal, data)


def _debug(place: Path, digest: bytes) -> Path:
    return place / f"{digest.hex()}.debug"


def kept(journal: str) -> list[Loaded]:
    """All that is there and whole, and that this release can read; first what the partition has in
    a region of its own, if `journal` is an image of a whole one."""
    place = folder(journal)
    if not place.is_dir():
        return _in_partition(journal)
    store = ProgramFiles(str(place))
    found = _in_partition(journal)
    for digest in sorted(store.digests()):
        if whole := store.get(digest):
            debug = _debug(place, digest)
            data = whole[0] + (debug.read_bytes() if debug.is_file() else b"")
            if not _refusal(data):
                found.append(Loaded(str(place / digest.hex()), data, None))
    return found


def _in_partition(journal: str) -> list[Loaded]:
    """The programs in a partition's region; none of a journal alone, or of what is no file."""
    try:
        with Path(journal).open("rb") as file:
            found = geometry(file.read(_TABLE))
            if found is None or found[1] != TABLE:
                return []
            file.seek(0)
            parts = parts_of(journal, file.read()) or []
    except (OSError, HostError):  # whoever reads the journal says so
        return []
    programs = [part for part in parts if part.kind == "programs"]
    return [one for part in programs for one in in_flash(journal, part.data, part.block)]


def in_flash(name: str, data: bytes, block: int) -> list[Loaded]:
    """The programs in the bytes of a region of programs, which has blocks of so many bytes."""
    image = Image(block, len(data) // block, _SLOT, False)
    image.data[:] = data[: len(image.data)]
    found = []
    try:
        with no_limits():
            region = ProgramRegion(image)
            for digest in sorted(region.digests()):
                whole = region.get(digest)
                if whole and not _refusal(whole[0]):
                    found.append(Loaded(f"{name}/{digest.hex()}", whole[0], None))
    except TsmeError:  # it was never put in order, or is damaged: what is whole comes
        pass
    return found


def _refusal(data: bytes) -> str:
    try:
        return disassemble(data).refusal
    except TsmeError as error:
        return str(error)


def lacking(journal: str, digest: bytes) -> str:
    """Why `kept` has not got a program."""
    place = folder(journal)
    whole = ProgramFiles(str(place)).get(digest) if place.is_dir() else None
    why = whole and _refusal(whole[0])
    return f'which "{place}" has, but {why}' if why else f'which is not in "{place}"'


def wanting(journal: str, digest: bytes, given: Iterable[str]) -> HostError:
    """What is under way needs a program that is neither there nor among those given."""
    message = f"{named(journal)} needs the program {digest.hex()}, {lacking(journal, digest)}"
    others = [
        f'"{path}" ({disassemble(read_program(path).data).digest.hex()})'
        for path in given
        if ".py:" not in path
    ]
    if others:
        message += f", and which {' or '.join(others)} is not"
    return HostError("TSME-H043", message, AS_IT_WAS)


def tidy(journal: str, needed: Iterable[bytes]) -> None:
    """Drop the programs of which the journal holds nothing any more."""
    place = folder(journal)
    if not place.is_dir():
        return
    store = ProgramFiles(str(place))
    for digest in set(store.digests()) - set(needed):
        store.drop(digest)
        _debug(place, digest).unlink(missing_ok=True)
