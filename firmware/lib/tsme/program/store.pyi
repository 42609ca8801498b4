"""Stores of programs, by digest: until no execution needs them any more."""

from typing import Protocol

from ..journal.blocks import Device

class Programs(Protocol):
    """What an Engine needs of a store."""

    def put(self, data: bytes) -> bytes: ...
    def get(self, digest: bytes) -> tuple[bytes, int] | None: ...
    def drop(self, digest: bytes) -> None: ...
    def digests(self) -> list[bytes]: ...

class ProgramFiles:
    """A store in a folder, which is made; a program is a file DIGEST-CRC.tsm in it."""

    folder: str
    def __init__(self, folder: str) -> None: ...
    def put(self, data: bytes) -> bytes:
        """Verify a program and keep it; its digest, of 8 bytes.  Raises TsmeError, TSME-P..."""

    def get(self, digest: bytes) -> tuple[bytes, int] | None:
        """(data, CRC-32) for Program(data, crc); None if it is not here, or is damaged."""

    def drop(self, digest: bytes) -> None:
        """Forget a program, if it is here."""

    def digests(self) -> list[bytes]:
        """Of all programs that are here."""

class ProgramRegion:
    """A store in erase blocks of a device or of a Region, which hold nothing else (SPEC, 7)."""

    def __init__(self, device: Device) -> None: ...
    def put(self, data: bytes) -> bytes:
        """Verify a program and keep it; its digest, of 8 bytes.  Raises TsmeError, TSME-P..."""

    def get(self, digest: bytes) -> tuple[bytes, int] | None:
        """(data, CRC-32) for Program(data, crc); None if it is not here, or is damaged."""

    def drop(self, digest: bytes) -> None:
        """Forget a program, if it is here."""

    def digests(self) -> list[bytes]:
        """Of all programs that are here."""
