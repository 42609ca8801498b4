"""Files on an SD card: "sd:append", "sd:write", "sd:read", "sd:list", "sd:remove", "sd:space"."""

from typing import Any

from ..engine.tasks import Tasks

def register(tasks: Tasks, card: Any = None, folder: str = "/sd") -> None:
    """Register them.

    `card`: a block device, machine.SDCard() or sdspi.Card(..), mounted at `folder` when it is
    needed; without one the folder is there already.
    """
