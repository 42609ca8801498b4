"""A board's log as it comes, and a board that restarts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import HostError

if TYPE_CHECKING:
    from ..link.client import Client

_POLL = 0.3  # s between two looks at a log that has nothing new
BOOT = 30.0  # s that a board may take to begin
_LOOK = 0.2
SILENT = ("TSME-N033", "TSME-N034", "TSME-N041")  # away, silent, unreachable


def text(client: Client, start: int = 0) -> Iterator[str]:
    """What is in the log now, from byte `start` on."""
    while True:
        piece = client.log(start)
        if piece.text:
            yield piece.text
        if piece.next <= start or not piece.text:
            return
        start = piece.next


def following(client: Client, start: int = 0) -> Iterator[str]:
    """The log, for ever: "" where nothing is new.  One that begins anew, as after a restart of the
    board, is told from its beginning."""
    while True:
        piece = client.log(start)
        if piece.next < start:
            start = 0
            continue
        yield piece.text
        start = piece.next
        if not piece.text:
            time.sleep(_POLL)


def restart(client: Client) -> None:
    """Restart the board and come back when it answers again.

    Raises HostError TSME-N072 if it does not.
    """
    before = client.status()
    asked = time.monotonic()
    client.reset()
    while time.monotonic() - asked < BOOT:
        time.sleep(_LOOK)
        try:
            after = client.status()
        except HostError as error:
            if error.code not in SILENT:
                raise
            continue
        if after.boots != before.boots or after.uptime < before.uptime:
            return
    message = f'the board at "{client.port}" has not come back within {BOOT:.0f} s'
    hint = (
        "its tasks.py may hang at import: mend it, then tsme push --via mpremote; or reset the "
        "board three times, it comes up safe then, and tsme push"
    )
    raise HostError("TSME-N072", message, hint)
