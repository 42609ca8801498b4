"""A partition cut into named regions, by a table that survives power cuts (SPEC 4.7)."""

import builtins
from collections.abc import Callable

from . import Journal
from .blocks import Device
from .region import Region

class Regions:
    """The table of a device.  A Region of before a change is not to be used after it."""

    device: Device
    buffer: int | Journal
    mark: int
    number: int
    entries: builtins.list[tuple[str, int, int, int]] | None
    def __init__(self, device: Device) -> None: ...
    def load(self) -> None:
        """Read the table again."""

    def part(self, start: int, count: int) -> Region:
        """A Region of so many blocks, from block `start` on."""

    def list(self) -> builtins.list[tuple[str, int, int, int]]:
        """(name, first block, blocks, kind) of all."""

    def open(self, name: str) -> Region:
        """The region of that name.  Raises TsmeError, TSME-J014, if there is none."""

    def create(self, name: str, count: int, kind: int = 0) -> Region:
        """A new region of so many blank blocks; `kind` 0 is for a journal. Raises TsmeError,
        TSME-J015, if there is no room.
        """

    def resize(
        self, name: str, count: int, copy: Callable[[Region, Region], object] | None = None
    ) -> Region:
        """Move a region to so many blocks; the new one.

        `copy`: writes what is to be kept of the first into the second; left out, a journal keeps
        its newest checkpoint and the steps behind it.
        """

    def retire(self, name: str, number: int = 0) -> None:
        """Its blocks are free from now on.  `number`: its last execution."""

    def format(self) -> None:
        """No region is left."""
