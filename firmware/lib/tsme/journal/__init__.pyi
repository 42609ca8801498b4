from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from .blocks import Device
from .records import CHECKPOINT as CHECKPOINT
from .records import STEP as STEP
from .records import Buffer
from .walk import OnDamage

CHECKPOINT_STEPS: Final = 256
CHECKPOINT_TRANSITIONS: Final = 4096

# Gets a view that is valid during the call alone.
OnBody: TypeAlias = Callable[[memoryview], object]

class Info:
    records: int
    steps: int
    torn: bool
    blocks: int
    generation: int
    retired: tuple[int, ...]
    def __init__(
        self,
        records: int,
        steps: int,
        torn: bool,
        blocks: int,
        generation: int,
        retired: tuple[int, ...],
    ) -> None: ...

class Journal:
    def __init__(self, device: Device, slot: int = 32, buffer: "int | Journal" = 256) -> None: ...
    @property
    def number(self) -> int: ...
    @property
    def retired(self) -> tuple[int, ...]: ...
    @property
    def most(self) -> int: ...
    @property
    def room(self) -> int: ...
    def format(self) -> None: ...
    def recover(
        self, on_checkpoint: OnBody | None = None, on_step: OnBody | None = None
    ) -> Info: ...
    def reread(self, on_checkpoint: OnBody | None, on_step: OnBody) -> None: ...
    def records(
        self, on_damage: OnDamage | None = None
    ) -> Iterator[tuple[int, int, bytes, int, int]]: ...
    def needs_checkpoint(self, steps: int | None = None, transitions: int = 0) -> bool: ...
    def commit(self, kind: int, body: Buffer) -> int: ...
    def checkpoint(self, body: Buffer) -> int: ...
    def idle(self) -> bool: ...
