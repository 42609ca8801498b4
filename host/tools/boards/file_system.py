"""The files of a board, in an image of their partition: looked at, and moved to one of another
size.

littlefs, as MicroPython sets it up on ESP32 and RP2: blocks of 4096 bytes. A file system of
another size is another one, for MicroPython too: it does not mount what says to be larger or
smaller than its partition.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ..errors import HostError

BLOCK = 4096
_MTIME = 1  # the attribute in which MicroPython keeps a file's time
_ROOM = 2  # blocks that littlefs needs to turn round in


class Damaged(Exception):
    """The image holds something, and no littlefs that can be read."""


def empty(image: bytes) -> bool:
    """Whether nothing was ever written there: erased flash."""
    return image.count(0xFF) == len(image)


def blocks(image: bytes) -> int:
    """Blocks of the littlefs in the image, as it says itself; 0 if none begins there."""
    newest = found = 0
    for at in (0, BLOCK):
        head = image[at : at + 32]
        if head[8:16] == b"littlefs":
            (revision,) = struct.unpack_from("<I", head)
            if revision >= newest:
                newest = revision
                (found,) = struct.unpack_from("<I", head, 28)
    return int(found)


def resized(image: bytes, size: int) -> bytes:
    """The same files and folders in a file system of `size` bytes.

    Raises Damaged; HostError TSME-B049 if they do not fit, TSME-B039 without littlefs-python.
    """
    if importlib.util.find_spec("littlefs") is None:
        hint = 'pip install "tsme[flash]"'
        raise HostError("TSME-B039", "littlefs-python is not installed, which moves files", hint)
    from littlefs import LittleFS, LittleFSError  # noqa: PLC0415

    count = blocks(image)
    if not count or count * BLOCK > len(image):
        raise Damaged
    try:
        old = LittleFS(block_size=BLOCK, block_count=count, mount=False)
        old.context.buffer[:] = image[: count * BLOCK]
        old.mount()
    except LittleFSError:
        raise Damaged from None
    new = LittleFS(block_size=BLOCK, block_count=size // BLOCK, disk_version=0x00020000)
    try:
        names = list(_copied(old, new))
    except LittleFSError as error:
        if error.code == LittleFSError.Error.LFS_ERR_NOSPC:
            raise _full(old, size) from None
        raise Damaged from None
    if old.used_block_count + _ROOM > size // BLOCK:
        raise _full(old, size)
    assert names == [name for name, _ in _walk(new)]
    return bytes(new.context.buffer)


def listed(image: bytes) -> list[tuple[str, bytes]]:
    """Every file in the image: its path, its bytes."""
    from littlefs import LittleFS  # noqa: PLC0415

    found = LittleFS(block_size=BLOCK, block_count=blocks(image), mount=False)
    found.context.buffer[:] = image[: blocks(image) * BLOCK]
    found.mount()
    return [(name, _read(found, name)) for name, folder in _walk(found) if not folder]


def _walk(fs: Any) -> Iterator[tuple[str, bool]]:
    """Every path, folders before what is in them, and whether it is a folder."""
    for root, folders, names in fs.walk("/"):
        at = root.rstrip("/")
        yield from ((f"{at}/{name}", True) for name in folders)
        yield from ((f"{at}/{name}", False) for name in names)


def _copied(old: Any, new: Any) -> Iterator[str]:
    from littlefs import LittleFSError  # noqa: PLC0415

    for name, folder in _walk(old):
        if folder:
            new.mkdir(name)
        else:
            with new.open(name, "wb") as file:
                file.write(_read(old, name))
            with suppress(LittleFSError):  # a file without a time
                new.setattr(name, _MTIME, old.getattr(name, _MTIME))
        yield name


def _read(fs: Any, name: str) -> bytes:
    with fs.open(name, "rb") as file:
        return bytes(file.read())


def _full(old: Any, size: int) -> HostError:
    what = (
        f"the files on the board take {old.used_block_count * BLOCK >> 10} KB of {size >> 10} KB"
    )
    hint = "remove some (mpremote fs rm), or write --journal-blocks with fewer"
    return HostError("TSME-B049", f"{what} that would be left for them", hint)
