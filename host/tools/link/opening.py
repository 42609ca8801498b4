"""How a board is opened, whatever it hangs on.

with open_board("/dev/ttyACM0") as board:
    digest = board.load(data)
    board.start("soil", digest, {})
"""

from __future__ import annotations

from . import failures
from .client import Client, OnText
from .smp_board import SmpBoard

TIMEOUT = 2.5  # s: a board answers within 2.0, or not at all
PATIENCE = 20.0  # s for which a port that has vanished may be away


def open_board(
    port: str,
    via: str | None = None,
    timeout: float = TIMEOUT,
    patience: float = PATIENCE,
    on_text: OnText | None = None,
) -> Client:
    """The board at a port: a device, `tcp://host:port`, or any URL that pyserial takes
    (`socket://`, `rfc2217://`).  `via`: "mpremote" for a board that has nothing but its prompt.

    `timeout`: s for one answer; `patience`: s for which the port may be away in the middle.
    Raises HostError if nothing answers.
    """
    if via == "mpremote":
        from .prompt import PromptBoard  # noqa: PLC0415

        return PromptBoard(port, timeout, patience, on_text)
    if via is not None:
        raise failures.unknown_way(via)
    return SmpBoard(port, timeout, patience, on_text)
