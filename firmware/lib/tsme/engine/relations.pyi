"""What an Engine that runs a relational machine is asked for besides (docs/RELATIONAL.md)."""

from collections.abc import Generator
from typing import Any

class Wait:
    """A subscription, kept in the machine's state: after a reset the same call goes on with it.

    True when it has come about; False if it never will: given up, or the execution is over.
    """

    key: str
    fired: bool | None
    def __await__(self) -> Generator[Any, None, bool]: ...
    async def register(self) -> None: ...
    async def seen(self) -> None: ...
