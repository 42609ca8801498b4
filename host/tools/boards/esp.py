"""ESP chips through esptool's library: what it says becomes one line of ours.

All is done in one connection, in the stub that esptool starts on the chip: no firmware runs, and
formats a file system, between two operations.  reset() ends it.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any

from ..errors import HostError
from . import partitions

Progress = Callable[[int], None]  # percent of the operation under way
_AGAIN = "the same command goes on from there"
_BOOT = (
    "hold the BOOT button (GPIO 0 to ground) while you plug the board in or press RESET, then the "
    "same command"
)
_ROM_BAUD = 115200
_LOST = "disconnected|read failed|write failed|returned no data|Input/output error|Broken pipe"


@dataclass(frozen=True)
class Chip:
    """What answers: the chip as esptool calls it, its MAC, the bytes of its flash (0: unknown)."""

    name: str
    mac: str
    flash: int


class Esp:
    """A chip at a port. What goes wrong is a HostError: TSME-N030 to N041 if the port cannot be
    opened, TSME-B035 to B042 else."""

    def __init__(self, port: str, chip: str, baud: int) -> None:
        if importlib.util.find_spec("esptool") is None:
            hint = 'pip install "tsme[flash]"'
            raise HostError("TSME-B039", "esptool is not installed, which writes firmware", hint)
        self.port = port
        self.chip = chip
        self._baud = baud
        self._esp: Any = None

    def __enter__(self) -> Esp:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back; the chip stays in its boot loader."""
        esp, self._esp = self._esp, None
        with suppress(Exception), esp or nullcontext():
            pass  # leaving the block closes the port

    def identify(self) -> Chip:
        """Connect, and say what is there.  Raises TSME-B035 if it is not the chip named."""
        from esptool import cmds  # noqa: PLC0415

        with self._said():
            self._esp = cmds.detect_chip(self.port, _ROM_BAUD)
            its = self._esp.CHIP_NAME
            if its.replace("-", "").lower() != self.chip:
                hint = f"is it another board, one with {its}? tsme flash --list shows them"
                what = f"the chip at {self.port} is {its}, not {self.chip}"
                raise HostError("TSME-B035", what, hint)
            self._esp = cmds.run_stub(self._esp)
            if self._baud > _ROM_BAUD:
                self._esp.change_baud(self._baud)
            cmds.attach_flash(self._esp)
            size = re.fullmatch(r"(\d+)([KM])B", cmds.detect_flash_size(self._esp) or "")
            mac = "".join(f"{part:02x}" for part in self._esp.read_mac("BASE_MAC"))
        flash = int(size[1]) << (10 if size[2] == "K" else 20) if size else 0
        return Chip(self.chip, mac, flash)

    def read(self, offset: int, size: int, progress: Progress | None = None) -> bytes:
        """`size` bytes of the flash from `offset` on, checked by their MD5."""
        from esptool import cmds  # noqa: PLC0415

        with self._said(progress):
            data = cmds.read_flash(self._esp, offset, size)
        assert data is not None
        assert len(data) == size
        return bytes(data)

    def write(self, parts: Sequence[tuple[int, bytes]], progress: Progress | None = None) -> None:
        """Erase, write and verify these parts, in this order; each begins at an erase block."""
        from esptool import cmds  # noqa: PLC0415

        with self._said(progress):
            cmds.write_flash(self._esp, list(parts))

    def same(self, offset: int, data: bytes) -> bool:
        """Whether the flash holds this already; the chip hashes it, nothing is read."""
        from esptool import FatalError, cmds  # noqa: PLC0415

        with self._said():
            try:
                cmds.verify_flash(self._esp, [(offset, data)])
            except FatalError as error:
                if "Verification failed" not in str(error):
                    raise
                return False
        return True

    def erase(self, offset: int, size: int) -> None:
        """Erase these blocks."""
        from esptool import cmds  # noqa: PLC0415

        with self._said():
            cmds.erase_region(self._esp, offset, size)

    def erase_all(self) -> None:
        """Erase all of the flash: firmware, settings, files and journals."""
        from esptool import cmds  # noqa: PLC0415

        with self._said():
            cmds.erase_flash(self._esp)

    def reset(self) -> None:
        """Leave the boot loader: what is in flash begins."""
        from esptool import cmds  # noqa: PLC0415

        with self._said():
            cmds.reset_chip(self._esp, "hard-reset")
        self.close()

    def table(self) -> partitions.Table | None:
        """The partition table that is in flash, None if there is none that is whole."""
        whole = -(-partitions.SIZE // partitions.SECTOR) * partitions.SECTOR
        try:
            return partitions.parse(self.read(partitions.OFFSET, whole))
        except ValueError:
            return None

    @contextmanager
    def _said(self, progress: Progress | None = None) -> Iterator[None]:
        """What esptool says is heard and not printed; what it ends with is a HostError."""
        from esptool import FatalError  # noqa: PLC0415
        from serial import SerialException  # noqa: PLC0415

        _logger().progress = progress
        try:
            yield
        except (FatalError, SerialException, OSError) as error:
            begun = self._esp is not None
            self.close()
            raise self._refusal(" ".join(str(error).split()), begun) from None

    def _refusal(self, said: str, begun: bool) -> HostError:
        """What esptool has ended with, as one line with its cure."""
        if "Could not open" in said or "could not open" in said:
            return _unopened(self.port, said)
        if "MD5 of file does not match" in said:
            hint = f"try another cable or USB port, a slower --baud 115200; {_AGAIN}"
            what = "what was written reads back otherwise: flash that is worn out, or a bad cable"
            return HostError("TSME-B042", what, hint)
        if begun or re.search(_LOST, said):
            what = f"the connection to {self.port} was lost: {_first(said)}"
            hint = f"plug the board in again, or try --baud 115200; {_AGAIN}"
            return HostError("TSME-B037", what, hint)
        if "Failed to connect" in said or "No serial data received" in said:
            return HostError("TSME-B036", f"no boot loader answers at {self.port}", _BOOT)
        hint = f"try another cable or USB port; {_BOOT}"
        return HostError("TSME-B038", f"esptool could not do it at {self.port}: {said}", hint)


@cache
def _logger() -> Any:
    """esptool's logger from now on (it can be set only once): tells of progress, says nothing."""
    from esptool.logger import TemplateLogger, log  # noqa: PLC0415

    class Silent(TemplateLogger):  # type: ignore[misc, unused-ignore]
        progress: Progress | None = None

        def print(self, *args: Any, **kwargs: Any) -> None: ...
        def note(self, message: str) -> None: ...
        def warning(self, message: str) -> None: ...
        def error(self, message: str) -> None: ...
        def stage(self, finish: bool = False) -> None: ...
        def set_verbosity(self, verbosity: str) -> None: ...
        def progress_bar(self, cur_iter: int, total_iters: int, *_: Any, **__: Any) -> None:
            if self.progress and total_iters:
                self.progress(100 * cur_iter // total_iters)

    made = Silent()
    log.set_logger(made)
    return made


def _first(said: str) -> str:
    """Its first sentence."""
    return said.partition(". ")[0].rstrip(".") or "it said nothing"


def _unopened(port: str, said: str) -> HostError:
    from ..link.failures import of_opening  # noqa: PLC0415

    found = re.search(r"\[Errno (\d+)\] ([^:\n)]*)", said) or re.search(
        r"\((\d+), '([^']*)'\)", said
    )
    error = OSError(int(found[1]), found[2]) if found else OSError(0, said)
    return of_opening(port, error)
