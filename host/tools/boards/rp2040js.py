"""The emulated Raspberry Pi Pico, held in the hands of a program.

Time stands still between calls, and is the board's own: nothing depends on how fast this machine
is.  firmware/boards/rp2040_emulated/bench.mjs is the other side.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from ..errors import HostError
from .board_file import board, folder
from .emulators import build_folder

NAME = "rp2040_emulated"
BLOCK = 4096  # bytes that are erased together
FLASH = 2 << 20  # bytes of flash
FILES = 0xD0000  # where the blocks for files begin, rp2.Flash's first: setup/rp2.sh has it too
Line = Literal["usb", "uart"]


@dataclass(frozen=True)
class Standing:
    """How the board stands after `run`.

    `why` it came back: "time" (ms or instructions are over), "stopped" (the text was said),
    "asleep" (only something outside wakes it), "cut" (the power is gone).  `usb` and `uart`: what
    it said since the last time.  `instructions`, `operations` on flash, `resets` and `ms` are
    counted from power on; `last` operation: "erase", "program" or none.  `unaligned` and
    `overwritten` are programs that NOR flash takes ill.
    """

    why: str
    usb: str
    uart: str
    ms: float
    resets: int
    on: bool
    last: str
    instructions: int
    operations: int
    erases: int
    programs: int
    unaligned: int
    overwritten: int


def firmware() -> Path:
    """The firmware that setup/rp2.sh builds, MicroPython for a Pico with tsme in it.

    Raises HostError TSME-B061 if it is not built.
    """
    path = build_folder() / "firmware" / "rpi_pico" / "firmware.uf2"
    if not path.is_file():
        raise HostError(
            "TSME-B061",
            f'the firmware "{path}" is not built',
            f"in a clone of tsme: make firmware BOARD={NAME}",
        )
    return path


def needed() -> str:
    """The path of node.  Raises HostError TSME-B060 where it or the emulator is not installed."""
    node = shutil.which("node")
    if node is None or not (build_folder() / "rp2040js").is_dir():
        raise HostError(
            "TSME-B060",
            "the emulated Pico needs node and rp2040js, and one of them is not here",
            "in a clone of tsme: make setup, then setup/rp2040js.sh",
        )
    return node


def file_system(files: Mapping[str, bytes], blocks: int) -> bytes:
    """A littlefs of `blocks` blocks with these files, as the board's _boot.py mounts it."""
    from littlefs import LittleFS  # noqa: PLC0415

    made = LittleFS(
        block_size=BLOCK,
        block_count=blocks,
        prog_size=256,
        read_size=32,
        lookahead_size=32,
        cache_size=256,
    )
    for name, data in files.items():
        parent = name.strip("/").rpartition("/")[0]
        if parent:
            made.makedirs("/" + parent, exist_ok=True)
        with made.open(name, "wb") as file:
            file.write(data)
    return bytes(made.context.buffer)


class Pico:
    """A Pico with `firmware` in its flash, off at first; a context manager, which ends it.

    `usb`: a computer is at its USB port.  Without one it is a little faster.  Raises HostError
    TSME-B060 where node or the emulator is not installed, and when the emulator ends.
    """

    def __init__(self, image: Path | None = None, *, usb: bool = True) -> None:
        node = needed()
        script = folder() / NAME / "bench.mjs"
        command = [node, str(script), str(image or firmware()), *([] if usb else ["--no-usb"])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.region = board(NAME).journal  # where journals live, in blocks of rp2.Flash()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the emulator."""
        self._process.kill()
        self._process.communicate()

    def do(self, name: str, **rest: Any) -> dict[str, Any]:
        """Ask bench.mjs for something; its answer.  Raises HostError TSME-B060."""
        to, back, errors = self._process.stdin, self._process.stdout, self._process.stderr
        assert to is not None
        assert back is not None
        assert errors is not None
        try:
            to.write(json.dumps({"do": name, **rest}).encode() + b"\n")
            to.flush()
            line = back.readline()
        except BrokenPipeError:
            line = b""
        answer = json.loads(line) if line else {"error": errors.read().decode()}
        if "error" in answer:
            said = " ".join(str(answer["error"]).split())[-300:]
            raise HostError("TSME-B060", f"the emulated Pico refused {name}: {said}")
        return dict(answer)

    def start(self) -> None:
        """Power on, from cold."""
        self.do("start")

    def stop(self) -> None:
        """The power goes; flash stays."""
        self.do("stop")

    def reset(self) -> None:
        """The reset button."""
        self.do("reset")

    def run(
        self,
        *,
        ms: float | None = None,
        instructions: int | None = None,
        until: str = "",
        line: Line = "usb",
    ) -> Standing:
        """Let it run: for so many ms of its time or instructions, or until it says a text."""
        limits = {"ms": ms, "instructions": instructions}
        given = {key: value for key, value in limits.items() if value is not None}
        return Standing(**self.do("run", **given, text=until, line=line))

    def write(self, data: bytes, line: Line = "usb") -> None:
        """Give it these bytes on a line."""
        self.do("write", line=line, data=data.decode("latin-1"))

    def pin(self, gpio: int) -> int:
        """The level of a pin: 0 or 1."""
        return int(self.do("pin", pin=gpio)["level"])

    def drive(self, gpio: int, level: int | None) -> None:
        """Pull a pin to 0 or 1 from outside; None leaves it to its pull resistors."""
        self.do("drive", pin=gpio, level=level)

    def analog(self, gpio: int, share: float) -> None:
        """Set an analog pin, 26 to 29, to this share of its reference, 0 to 1."""
        self.do("analog", pin=gpio, share=share)

    def cut(
        self,
        *,
        operation: int = 0,
        instruction: int = 0,
        tear: Mapping[str, Any] | None = None,
    ) -> None:
        """Let the power go at an operation on flash or an instruction: 1 is the next.

        `tear` says what is done of the operation (tear.mjs).
        """
        self.do("cut", operation=operation, instruction=instruction, tear=tear or {"kind": "none"})

    def read(self, at: int, length: int) -> bytes:
        """Bytes of the flash, counted from its beginning."""
        return base64.b64decode(self.do("read", at=at, length=length)["data"])

    def put(self, at: int, data: bytes) -> None:
        """Put bytes into flash, as a programmer does."""
        self.do("put", at=at, data=base64.b64encode(data).decode())

    def digest(self, at: int, length: int) -> str:
        """SHA-256 of bytes of the flash, in hex."""
        return str(self.do("digest", at=at, length=length)["sha256"])

    def save(self) -> None:
        """Remember everything but the flash."""
        self.do("save")

    def restore(self) -> None:
        """Everything but the flash is as it was at `save`."""
        self.do("restore")

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Format its file system, with these files in it."""
        self.put(FILES, file_system(files, self.region.start))

    def journals(self, blocks: int = 0) -> bytes:
        """The blocks for journals, or the first of them."""
        return self.read(FILES + self.region.start * BLOCK, (blocks or self.region.blocks) * BLOCK)

    def put_journals(self, data: bytes) -> None:
        """Put blocks where journals are; the rest stays."""
        self.put(FILES + self.region.start * BLOCK, data)
