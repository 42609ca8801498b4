"""The journal: a ring of erase blocks to which records are appended (SPEC 4)."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, Protocol, TypeAlias, type_check_only

from .blocks import Device
from .info import Info
from .records import CHECKPOINT as CHECKPOINT
from .records import STEP as STEP
from .records import Buffer
from .walk import OnDamage

CHECKPOINT_STEPS: Final = 256
CHECKPOINT_TRANSITIONS: Final = 4096

# Gets a view that is valid during the call alone.
OnBody: TypeAlias = Callable[[memoryview], object]

@type_check_only
class Store(Protocol):
    """Where the records of one execution after another are kept: all that the kernel's executor
    and the replay ask of it.  A Journal is one; a table of a database can be.

    A record is durable when commit() or checkpoint() returns; what is found after a reset is every
    such one, perhaps the one under way, and never a part of it.
    """

    key: Any  # whose records these are, where several share a medium; else None
    @property
    def most(self) -> int | None:
        """Bytes that a record may have; None for no limit."""

    @property
    def retired(self) -> Collection[int]:
        """Parts of the medium that have failed and are not used any more."""

    def recover(self) -> Any:
        """Find what is durable, after a reset, before all else.  Something with the members
        records (committed in all) and steps (since the newest checkpoint)."""

    def reread(self, on_checkpoint: OnBody, on_step: OnBody) -> None:
        """Call back, once after recover(), with the newest checkpoint if there is one, and the
        steps behind it."""

    def records(self) -> Iterator[tuple[int, int, bytes, int, int]]:
        """All that can be read, oldest first: (number, kind, body, and two integers that say where
        it is)."""

    def commit(self, kind: int, body: Buffer) -> int:
        """Append a record of kind STEP or CHECKPOINT; its number, from 0.  After a LimitError
        nothing was written; after any other error only recover() can tell."""

    def checkpoint(self, body: Buffer) -> int:
        """The same for a checkpoint: what is older need not be kept."""

    def needs_checkpoint(self, steps: int | None = None, transitions: int = 0) -> bool:
        """Whether it is time for one, so many transitions after the last."""

    def idle(self) -> bool:
        """Nothing has to be done for a while: do what would hold up a commit.  True if that was
        something."""

class Journal:
    """A ring of erase blocks. A record is committed when commit() returns.

    `device`: blocks of flash, or a file that stands in for them. `slot`: bytes that are
    programmed at once. `buffer`: bytes, or another Journal to share its buffers with, in one
    event loop. Raises TsmeError, TSME-J001, for a device that will not do.
    """

    key: Any
    def __init__(self, device: Device, slot: int = 32, buffer: "int | Journal" = 256) -> None: ...
    @property
    def number(self) -> int:
        """Of the next record."""

    @property
    def retired(self) -> tuple[int, ...]:
        """Numbers of blocks that have failed and are not used any more."""

    @property
    def most(self) -> int:
        """Bytes that a record may have."""

    @property
    def room(self) -> int:
        """Bytes that the next step may have before a checkpoint is needed."""

    def format(self) -> None:
        """Erase everything, the oldest first: cut off, it leaves the newest state or none."""

    def recover(self, on_checkpoint: OnBody | None = None, on_step: OnBody | None = None) -> Info:
        """Call back with the bodies of the newest checkpoint, if there is one, and of the steps
        after it.

        Writes nothing. Raises TsmeError, TSME-J..., for what is no journal, or a damaged one.
        """

    def reread(self, on_checkpoint: OnBody | None, on_step: OnBody) -> None:
        """The same calls, once, right after a recover() without them."""

    def records(
        self, on_damage: OnDamage | None = None
    ) -> Iterator[tuple[int, int, bytes, int, int]]:
        """All records that can be read, oldest first: (number, kind, body, block, offset).

        `on_damage`: called with (number, number of the next readable one or None, block, offset).
        """

    def needs_checkpoint(self, steps: int | None = None, transitions: int = 0) -> bool:
        """Whether recovery would have to replay more than it may; `steps` and `transitions`
        since the newest checkpoint.
        """

    def commit(self, kind: int, body: Buffer) -> int:
        """Append a record; its number. After LimitError nothing was committed; after any other
        error only recover() knows.
        """

    def checkpoint(self, body: Buffer) -> int:
        """The same for a checkpoint, which lets older blocks be erased."""

    def idle(self) -> bool:
        """Prepare the next block while nothing else is to do; whether there was something to
        do.
        """
