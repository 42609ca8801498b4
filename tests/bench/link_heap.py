"""What a link takes of a board's heap beyond the engine while it waits: link.heap_bytes.

A board with an execution that waits, on a 32-bit MicroPython, without and with a link that has
answered a request of each of its parts.  `.frozen`: with tsme in the firmware.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import interpreters
from tests.interpreters import ROOT
from tests.link.wire import OWN, lines, message
from tsme_host.compiler.compile import compile_text

WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
REQUESTS: tuple[tuple[int, int, dict[str, Any], bool], ...] = (
    (0, 6, {}, False),
    (OWN, 0, {}, False),
    (8, 1, {"name": "wait.tsm"}, False),
    (OWN, 1, {}, False),
    (OWN, 4, {}, False),
    (OWN, 13, {"name": "pump", "from": 0}, False),
    (OWN, 16, {"from": 0}, False),
)
SCRIPT = Path(__file__).with_name("heap_link.py")


def run(program: Path, path: str, folder: Path, linked: bool) -> int:
    """Bytes of heap in use."""
    (folder / "flash.bin").unlink(missing_ok=True)
    command = [str(program), "-X", "heapsize=256k", "-m", SCRIPT.stem, str(folder)]
    done = subprocess.run(
        [*command, str(int(linked))],
        capture_output=True,
        env=os.environ | {"MICROPYPATH": path},
        cwd=folder,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: a link: {done.stderr.decode()}{done.stdout.decode()}")
    return int(done.stdout)


def prepared(folder: Path) -> None:
    words = ["-O2", "-o", str(folder / f"{SCRIPT.stem}.mpy"), str(SCRIPT)]
    subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)
    (folder / "wait.tsm").write_bytes(compile_text(json.dumps(WAITS)).program)
    asked = [lines(message(*one[:3], one[3], n)) for n, one in enumerate(REQUESTS)]
    (folder / "requests.bin").write_bytes(b"".join(asked))


def beyond(program: Path, path: str, folder: Path) -> int:
    return run(program, path, folder, True) - run(program, path, folder, False)


def measure_compiled(folder: Path) -> int:
    """With the package as .mpy files."""
    script = ROOT / "setup" / "package.py"
    subprocess.run([sys.executable, script, "--mpy", folder / "lib"], check=True)
    return beyond(interpreters.find("micropython32"), "lib:.:.frozen", folder)


def measure(_: int) -> dict[str, float]:
    """Both ways."""
    subprocess.run([ROOT / "setup" / "unix.sh", "unix32frozen"], check=True, stdout=sys.stderr)
    frozen = interpreters.BUILD / "unix32frozen" / "micropython"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(folder)
        return {
            "link.heap_bytes": measure_compiled(folder),
            "link.heap_bytes.frozen": beyond(frozen, ".:.frozen", folder),
        }
