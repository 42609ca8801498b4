"""The C core for a board's chip, `dist/ARCH_ABI/tsme_core.mpy`: found, or built where it can be.

Nothing needs it: a board without it runs the same workflows in Python, and its user is told why.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .board_file import folder as boards_folder
from .prompt import Facts

PATH = "/lib/tsme_core.mpy"
# sys.implementation._mpy: version in bits 0 to 7, sub-version in 8 and 9, architecture above.
_ARCHES = (
    *("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp"),
    *("xtensa", "xtensawin", "rv32imc"),
)
_SHARE = 2.5  # times its size: native code from a file lies in the heap, with all else
_PATIENCE = 600  # seconds


@dataclass(frozen=True)
class NativeCore:
    """The module, b"" if the board has none to get, and what its user is told."""

    data: bytes
    said: str


def arch(facts: Facts) -> str:
    """The architecture of native code that the firmware takes, "" if it takes none."""
    number = facts.mpy >> 10 & 0x3F
    return _ARCHES[number] if number < len(_ARCHES) else ""


def for_board(facts: Facts) -> NativeCore:
    """The core for the firmware that runs there."""
    if facts.core:
        return NativeCore(b"", "engine: C, in the firmware")
    name = arch(facts)
    if not name or facts.name != "micropython":
        return NativeCore(b"", "engine: Python; the firmware loads no native code")
    folder = f"{name}_{facts.mpy & 0xFF}.{facts.mpy >> 8 & 3}"
    data, why = _module(name, folder)
    if not data:
        return NativeCore(b"", f"engine: Python; {why}")
    if facts.heap < _SHARE * len(data):
        what = f"the core takes {len(data) >> 10} KB of RAM, and the board has {facts.heap >> 10}"
        return NativeCore(b"", f"engine: Python; {what}")
    return NativeCore(data, f"engine: C, tsme_core.mpy of {len(data) >> 10} KB for {name}")


def _module(name: str, folder: str) -> tuple[bytes, str]:
    """The module, or why there is none. In a clone it is made, if anything has changed."""
    root = boards_folder().parents[1]
    dist = Path(os.environ.get("TSME_DIST") or root / "dist")
    found = dist / folder / "tsme_core.mpy"
    script = root / "setup" / "native.sh"
    why = f"there is no {found.relative_to(root) if found.is_relative_to(root) else found}"
    if script.exists():
        done = subprocess.run(
            [script, name], capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        if done.returncode and not found.exists():
            said = (done.stderr or done.stdout).strip().splitlines()
            why = said[0].strip() if said else why
    return (found.read_bytes(), "") if found.exists() else (b"", why)
