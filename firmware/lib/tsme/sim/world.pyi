"""The world that twins live in: what inputs read, by name and time, and what outputs showed."""

from collections.abc import Callable
from typing import Any, Final

KINDS: Final[list[str]]
"""What a world can say of the outside."""

class Reset(SystemExit):
    """machine.reset() and deepsleep(): on a board nothing comes after it.

    `how`: "reset", "soft", "deepsleep" or "watchdog".  `ms`: of a sleep, or None.
    """

    how: str
    ms: int | None
    def __init__(self, how: str, ms: int | None = None) -> None: ...

class World:
    """The outside of a board.  Times are ms since it began.

    `inputs`: {name: value or [[ms, value], ..]}.  `clock`: a function that gives the time; without
    one real time goes by.  `virtual`: nothing waits, the time is moved on instead.  `report`: told
    each change of an output.  Raises TsmeError, TSME-G002, for what a world cannot be.
    """

    inputs: dict[str, list[list[Any]]]
    outputs: list[tuple[int, str, Any]]
    devices: dict[str, Any]
    last: dict[str, Any]
    cause: str | None
    offset: int | None
    memory: bytes
    timers: list[Any]
    virtual: bool
    def __init__(
        self,
        inputs: dict[str, Any] | None = None,
        clock: Callable[[], int] | None = None,
        virtual: bool = False,
        report: Callable[[str, Any], object] | None = None,
    ) -> None: ...
    def time(self) -> int:
        """Ms since the world began."""

    def sleep(self, ms: float, real: Callable[[float], object] | None = None) -> None:
        """Let ms go by, with all that happens meanwhile."""

    def exact(self) -> float:
        """As time(), with what is less than a ms."""

    def move(self, ms: float) -> None:
        """Move a virtual world to this time; nothing that lies between happens."""

    def due(self) -> None:
        """Call the timers and interrupts whose time has come."""

    def load(self, inputs: dict[str, Any]) -> None:
        """Say what inputs read: a value, or [[ms, value], ..]."""

    def set(self, name: str, value: Any) -> None:
        """An input reads this from now on."""

    def at(self, ms: int, name: str, value: Any) -> None:
        """An input reads this from then on."""

    def get(self, name: str, default: Any = None) -> Any:
        """What an input reads now."""

    def watch(self, name: str, value: Any, function: Callable[[Any], object] | None) -> None:
        """Call a function when an input changes."""

    def attach(self, name: str, device: Any) -> None:
        """Put a device of your own onto a bus: "i2c:0x76" has read(n) and write(data), "spi:0:5"
        (pin 5 selects it) has exchange(data)."""

    def put(self, name: str, value: Any, always: bool = False) -> None:
        """An output shows this."""

    def value(self, name: str, default: Any = None) -> Any:
        """What an output shows now."""

    def values(self, name: str) -> list[list[Any]]:
        """All that an output showed: [[ms, value], ..]."""

    def restart(self, cause: str | None = None) -> None:
        """A reset: the outside and the clock stay.  `cause`: as Reset.how, None for power."""

def is_series(value: object) -> bool:
    """Is it [[ms, value], ..], and no value of its own?"""

def current() -> World:
    """The world that twins live in."""

def use(world: World) -> None:
    """From now on twins live in this one."""
