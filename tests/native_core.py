"""The C core for MicroPython, built if it is not: as native code, and in the unix port."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.interpreters import BUILD, LIB, ROOT, strict

# Interpreters that have the core, and in which words: as native code beside MicroPython as it is
# published, or in it.
ON_MICROPYTHON = {
    "native x64": ("unix", "x64"),
    "native x86": ("unix32", "x86"),
    "native x86, floats of 32 bits": ("unixf32", "x86"),
    "in 64 bits": ("unixcore", ""),
    "in 32 bits": ("unix32core", ""),
}


def _built(script: str, what: str) -> str:
    done = subprocess.run(
        [ROOT / "setup" / script, what], capture_output=True, text=True, check=False
    )
    if done.returncode and not strict():
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def native(arch: str) -> Path:
    """The native module for this architecture."""
    return Path(_built("native.sh", arch).split()[-1])


def run(
    engine: str, script: Path, args: list[str], timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """Run a script on one of ON_MICROPYTHON, where it can import the core."""
    name, arch = ON_MICROPYTHON[engine]
    paths = [str(native(arch).parent)] if arch else []
    if not arch:
        _built("unix.sh", name)
    return subprocess.run(
        [BUILD / name / "micropython", "-X", "heapsize=4m", script, *args],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | {"MICROPYPATH": ":".join([*paths, str(LIB), str(ROOT), ".frozen"])},
        check=False,
    )
