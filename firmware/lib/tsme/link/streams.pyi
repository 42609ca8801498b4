"""Lines of bytes under a link."""

from typing import Any

class Stdio:
    """Standard input and output: the USB or the serial line that has the prompt."""

    console: bool
    def __init__(self) -> None: ...
    def read_into(self, buf: Any, /) -> int: ...
    def write(self, buf: Any, /) -> None: ...

class Uart:
    """A machine.UART, with a receive buffer of at least 256 bytes (`rxbuf=`); on CircuitPython a
    busio.UART with `timeout=0`, or usb_cdc.data.
    """

    def __init__(self, uart: Any) -> None: ...
    def read_into(self, buf: Any, /) -> int: ...
    def write(self, buf: Any, /) -> None: ...

class Tcp:
    """A server, of one client at a time: a new one takes the place of who was there.

    Everybody who reaches the port may do what a cable may do: give the link a key.
    """

    session: int
    def __init__(self, port: int, host: str = "0.0.0.0") -> None: ...
    def read_into(self, buf: Any, /) -> int: ...
    def write(self, buf: Any, /) -> None: ...
    def close(self) -> None:
        """The client, if there is one."""
