"""The C core on a Cortex-M3: instructions, counted by QEMU, and bytes of code and memory.

The counts are the same on every computer, so nothing is repeated.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.core import machine
from tests.core import measure as core_measure


def measure(repeat: int) -> dict[str, float]:
    """Numbers by name; none where a tool is missing."""
    missing = [tool for tool in machine.TOOLS if shutil.which(tool) is None]
    if missing:
        sys.stderr.write(f"bench: no numbers of the C core without {', '.join(missing)}\n")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        numbers = core_measure.measure(Path(folder))
    return {f"core.{name.replace(' ', '_').replace(';', '')}": n for name, n in numbers.items()}
