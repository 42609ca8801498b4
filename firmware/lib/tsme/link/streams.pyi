"""Lines of bytes under a link."""

from typing import Any

class Stdio:
    """Standard input and output: the USB or the serial line that has the prompt."""

    console: bool
    def __init__(self) -> None: ...
    def read_into(self, buf: Any, /) -> int: ...
    def write(self, buf: Any, /) -> bool | None: ...

class Uart:
    """A machine.UART, with a receive buffer of at least 256 bytes (`rxbuf=`); on CircuitPython a
    busio.UART with `timeout=0`, or usb_cdc.data.
    """

    def __init__(self, uart: Any) -> None: ...
    def read_into(self, buf: Any, /) -> int: ...
    def write(self, buf: Any, /) -> bool | None: ...

class Peer:
    """One client of a Tcp."""

    session: int
    def read_into(self, buf: Any, /) -> int: ...
    def write(self, buf: Any, /) -> bool | None: ...
    def close(self) -> None:
        """The client, if there is one."""

class Tcp(Peer):
    """A server of so many clients at a time: one more takes the place of who was silent longest.

    Each of them is a line of 1 KB.  Everybody who reaches the port may do what a cable may do:
    give the link a key.
    """

    all: list[Peer]
    def __init__(self, port: int, host: str = "0.0.0.0", clients: int = 1) -> None: ...
