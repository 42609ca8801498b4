"""The interpreters that TSME runs on, by name, and how to run a script on one.

cpython          the one running the tests, its engine in Python
core             the same, with the C core
micropython      machine words of 64 bits, floats of 64
micropython32    32 and 64
micropythonf32   32 and 32, as most boards have it
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIB = ROOT / "firmware" / "lib"
BUILD = ROOT / "build" / "micropython"

INTERPRETERS = {
    "cpython": Path(sys.executable),
    "core": Path(sys.executable),
    "micropython": BUILD / "unix" / "micropython",
    "micropython32": BUILD / "unix32" / "micropython",
    "micropythonf32": BUILD / "unixf32" / "micropython",
}
ON_CPYTHON = ("cpython", "core")
TOOLS = {"mpy-cross": BUILD / "mpy-cross"}


class MissingTool(Exception):
    """An interpreter or tool that setup has not brought."""


def strict() -> bool:
    """True in CI, where a test may not be skipped for want of a tool."""
    return os.environ.get("TSME_STRICT", "") not in ("", "0")


def find(name: str) -> Path:
    """The path of an interpreter, or of a program that setup builds or installs."""
    known = INTERPRETERS.get(name) or TOOLS.get(name)
    if known is None:
        found = shutil.which(name)
        known = Path(found) if found else None
    if known is None or not os.access(known, os.X_OK):
        raise MissingTool(f"{name} is not here; run 'make setup' and see what it says")
    if name == "core" and importlib.util.find_spec("tsme_core") is None:
        raise MissingTool("the C core is not here; run 'make setup' and see what it says")
    return known


def require(name: str) -> Path:
    """As find(), but a missing tool skips the test; under TSME_STRICT=1 it fails it."""
    import pytest

    try:
        return find(name)
    except MissingTool as missing:
        if strict():
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def environment(name: str = "core") -> dict[str, str]:
    """Environment variables under which scripts find `tsme` and, for tests, `sim`."""
    paths = [str(LIB), str(ROOT)]
    return os.environ | {
        "TSME_CORE": "0" if name == "cpython" else "1",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "MICROPYPATH": ":".join([*paths, ".frozen"]),
    }


def command(
    name: str, script: str | Path, args: Sequence[str | Path] = (), heap: str | None = None
) -> list[str]:
    """The command line; `heap`, such as "100k", binds MicroPython and not CPython."""
    limit = ["-X", f"heapsize={heap}"] if heap and name not in ON_CPYTHON else []
    return [str(find(name)), *limit, str(script), *map(str, args)]


def run(
    name: str,
    script_path: str | Path,
    args: Sequence[str | Path] = (),
    *,
    stdin: bytes = b"",
    timeout: float = 300,
    heap: str | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a script on an interpreter and capture what it writes."""
    return subprocess.run(
        command(name, script_path, args, heap),
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env=environment(name),
        check=False,
    )
