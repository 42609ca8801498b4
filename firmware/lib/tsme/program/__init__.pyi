"""A compiled program (docs/SPEC.md, 2): what is kept of it once it is verified."""

from typing import Any

class Program:
    """The program of a .tsm file, verified.

    `data`: the file's bytes, with or without a debug part.  `crc`: the CRC-32 of exactly these
    bytes, kept by who installed the program: then nothing but that is checked.  `limits`: instead
    of those in tsme.kernel.limits.  Raises TsmeError, TSME-P..., for what is no program, and
    LimitError for one that is larger than the limits.
    """

    code: bytes
    consts: list[Any]
    digest: bytes
    size: int
    needs: int
    slots: int
    stack: int
    counters: int
    budget: int
    timeout: int
    largest: int
    def __init__(
        self, data: bytes, crc: int | None = None, limits: dict[str, int] | None = None
    ) -> None: ...
    def resources(self) -> list[str]:
        """Of the tasks that the code may start, in its order."""
