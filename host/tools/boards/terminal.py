"""A terminal put through to a port, until Ctrl-]."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..link import failures
from . import ports

_LEAVE = b"\x1d"  # Ctrl-]
_PROMPTS = (b">>> ", b"... ")
_ANEW = b"\x03\x04"  # Ctrl-C takes back what was typed, Ctrl-D is the restart
_MOMENT = 0.2  # s
_TURN = 0.05  # s, where a port cannot be waited for (rfc2217://)


def through(port: str, begun: Callable[[], None]) -> bool:
    """Keys go to the port, its bytes to the terminal.  -> Is the board left at its prompt?

    `begun` is called when each key goes there, Ctrl-C too.

    Raises HostError if the port cannot be opened, or is away (TSME-N033).
    """
    line = _opened(port)
    keys, screen = sys.stdin.fileno(), sys.stdout.fileno()
    sys.stdout.flush()
    try:
        with _raw(keys):
            begun()
            return _pass_on(line, keys, screen)
    except OSError as error:  # pyserial's own are
        raise failures.gone(port, str(error)) from None
    finally:
        line.close()


def begin_anew(port: str) -> None:
    """Tell a board that stands at its prompt to restart, as Ctrl-D there does."""
    line = _opened(port)
    try:
        line.write(_ANEW)
        line.flush()
        time.sleep(_MOMENT)  # what is closed at once may never be sent
    except OSError as error:
        raise failures.gone(port, str(error)) from None
    finally:
        line.close()


def _opened(port: str) -> Any:
    import serial  # noqa: PLC0415

    from ..link.stream import BAUD, url_of  # noqa: PLC0415

    ports.free(port)
    url = url_of(port)
    try:
        line = serial.serial_for_url(url, BAUD, do_not_open=True)
        line.timeout = 0
        if "://" not in url:
            line.exclusive = True
            line.rts = False  # with DTR it is the reset of many ESP boards
        line.open()
    except OSError as error:
        raise ports.refused(port, error) from None
    except ValueError as error:
        raise failures.no_url(port, str(error)) from None
    return line


@contextmanager
def _raw(keys: int) -> Iterator[None]:
    """Each key by itself, Ctrl-C too; what is printed keeps its line ends."""
    before = termios.tcgetattr(keys)
    try:
        tty.setraw(keys, termios.TCSADRAIN)  # what was typed meanwhile counts
        now = termios.tcgetattr(keys)
        now[1] |= termios.OPOST | termios.ONLCR
        termios.tcsetattr(keys, termios.TCSADRAIN, now)
        yield
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)


def _pass_on(line: Any, keys: int, screen: int) -> bool:
    last = b""
    try:
        waits = [keys, line.fileno()]
    except (AttributeError, OSError):
        waits = [keys]
    while True:
        ready, _, _ = select.select(waits, [], [], None if len(waits) > 1 else _TURN)
        if keys in ready:
            typed = os.read(keys, 1024)
            before, leave, _ = typed.partition(_LEAVE)
            if before:
                line.write(before)
            if leave or not typed:
                return last.endswith(_PROMPTS)
        if ready != [keys]:
            said = line.read(4096)
            os.write(screen, said.replace(b"\r\n", b"\n"))  # the terminal puts it back
            last = (last + said)[-8:]
