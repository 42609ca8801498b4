"""Runs the command `tsme` in tests: within this process, or as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from tests import interpreters
from tsme_host.tools.cli import main
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.image import read_log

DATA = Path(__file__).with_name("data")
COMMAND = Path(sys.executable).with_name("tsme")
CPYTHON_AND_MICROPYTHON = ("cpython", "micropython")


def tsme(*args: str | Path, stdin: str | bytes | None = None) -> Result:
    """The command within this process."""
    return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin)


def spawn(
    *args: str | Path, cwd: Path, timeout: float = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command as people start it."""
    return subprocess.run(
        [COMMAND, *map(str, args)],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def steps(journal: Path) -> int:
    """Records of a journal that a command may be writing: 0 as long as there is none."""
    try:
        return len(read_log(str(journal)).records)
    except HostError:  # no journal yet, or not all of its first block's head
        return 0


def need(interpreter: str) -> str:
    """The interpreter's name, if it is here."""
    interpreters.require(interpreter)
    return interpreter


def example(folder: Path) -> Path:
    """A folder with `flow.asl.json` and `tasks.py`."""
    for name in ("flow.asl.json", "tasks.py"):
        shutil.copy(DATA / name, folder / name)
    return folder


def assert_one_clear_line(stderr: str, code: str) -> None:
    """What the command promises for every mistake: one line with a code, and no traceback."""
    assert stderr.endswith("\n")
    assert len(stderr.splitlines()) == 1, stderr
    assert stderr.startswith(f"tsme: error {code}: "), stderr
    assert "Traceback" not in stderr
