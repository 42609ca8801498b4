"""What CPython does in C of machines and of the worlds that simulate them: native_modules/machines.

tsme/draft/native.py hands over what stays in Python, and puts its types in the place of those in
Python.
"""

from typing import Any, Final

API: Final = 3

def bind(**names: Any) -> None:
    """What is rare and stays in Python, by name."""

def own(v: Any) -> Any: ...
def frozen(v: Any, deep: int = 0, last: bool = False) -> Any: ...
def mix(*parts: int) -> int:
    """As in sim/rng.py."""

def step(stf: Any, kernel: Any, room: int | None, state: Any, event: Any) -> Any:
    """The step of an event; NotImplemented: it is Python's."""

def ordered(v: Any) -> Any: ...
def named(kind: type, name: str) -> None:
    """As errors tell of a type."""

def state(state: Any) -> Any:
    """A state as steps made here have it."""

def recover(
    journal: Journal, stf: Any, kernel: Any, replay: Any, newest: list[Any] | None
) -> tuple[Any, Any]:
    """As Journal.recover() with a replay: what was found, and the state."""

class Draft: ...
class ObjectDraft(Draft): ...
class State: ...
class Input: ...
class Actions: ...

class Roll:
    """Of which Dice are made: the numbers of random.Random, as SplitMix64 has them."""

    x: int
    gauss_next: float | None
    def __new__(cls, n: int = 0) -> Roll: ...
    def draw(self) -> int: ...
    def below(self, n: int, /) -> int: ...
    def random(self) -> float: ...
    def begin(self, n: int, /) -> Any: ...

class Flash:
    """Of which Nor is made: what happens while nothing goes wrong."""

    block: int
    count: int
    program_size: int
    ops: int
    time_us: int
    on: bool
    strict: bool
    data: bytearray
    weak: bytearray
    failing: dict[int, tuple[str | None, str | None, bool]]
    _units: bytearray
    _cut: int
    _told: bool
    @property
    def programs_of(self) -> list[int]: ...
    @property
    def erases_of(self) -> list[int]: ...
    @property
    def programmed_of(self) -> list[int]: ...
    @property
    def read_of(self) -> list[int]: ...
    def reset_counts(self) -> None: ...
    def _count(self, what: int, block: int, n: int) -> None: ...

class Journal:
    """A Store on a Flash, as tsme.journal.Journal is one."""

    def __new__(cls, flash: Flash) -> Journal: ...

class Device:
    """Of which devices of a world are made: steps of machines that nobody watches."""

class World:
    """Of which worlds are made: the way that most moves take."""
