"""The emulated Raspberry Pi Pico, as `tsme emulate` runs it (rp2040_emulated/emulate.mjs)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .emulators import Emulated
from .rp2040js import FILES, FLASH, file_system, firmware, needed
from .settings import files


class Rp2040js(Emulated):
    """A Pico in rp2040js, with the firmware of a real one.

    It has power when it is told so, and loses it when its process ends: all that it does to its
    flash is in the file by then.
    """

    def check(self) -> None:
        """TSME-B060 without node or rp2040js, TSME-B061 without a firmware."""
        self.node = needed()
        self.firmware = firmware()

    def launch(self) -> subprocess.Popen[bytes]:
        """node, on the flash as it is; a new flash has a main.py."""
        if not self.flash.exists():
            part = self.flash.with_suffix(".part")
            part.write_bytes(self._new_flash())
            part.replace(self.flash)
        number = self.listener.fileno()
        script = self.board.folder / "emulate.mjs"
        paths = [str(self.firmware), str(self.flash), str(self.uart)]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [self.node, str(script), *paths, str(number), "--control"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(number,),
                process_group=0,  # a Ctrl-C of the terminal is ours alone
            )

    def cut(self) -> None:
        """The power is gone, wherever it was: between two instructions."""
        control = self.process and self.process.stdin
        super().cut()
        if control:
            control.close()

    def said(self) -> str:
        """What node complained of."""
        with suppress(OSError):
            return self._log.read_text(encoding="utf-8", errors="replace").strip()
        return ""

    @property
    def uart(self) -> Path:
        """What it has said on UART0, whatever became of the power."""
        return self.folder / "uart.txt"

    @property
    def _log(self) -> Path:
        return self.folder / "node.log"

    def cut_at(self, operation: int, tear: Mapping[str, Any]) -> None:
        """Let the power go within an operation on flash, 1 the next; `tear` as tear.mjs says."""
        self._ask("cut", operation=operation, tear=dict(tear))

    def press_reset(self) -> None:
        """The reset button."""
        self._ask("reset")

    def _ask(self, name: str, **rest: Any) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": name, **rest}).encode() + b"\n")
        self.process.stdin.flush()

    def _new_flash(self) -> bytes:
        """As `tsme flash` leaves it: files, and nothing where journals are."""
        made = bytearray(b"\xff" * FLASH)
        data = file_system(files(self.board), self.board.journal.start)
        made[FILES : FILES + len(data)] = data
        return bytes(made)
