"""`tsme serve` as people start it: a process, which is told to end when the test has."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.shell import COMMAND


@contextmanager
def serving(
    folder: Path, *options: str, ended_by: int = signal.SIGTERM, prints: str = ""
) -> Iterator[str]:
    """-> the URL of a `tsme serve` that runs in a folder; it must end well when it is told to,
    and have printed what its tasks print, and nothing else"""
    command = [str(COMMAND), "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        env=os.environ | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"serving (http://\S+), executions in (\S+)\n", line)
        if found is None:
            process.kill()
            raise AssertionError(line + process.communicate()[1])
        yield found[1]
        process.send_signal(ended_by)
        out, err = process.communicate(timeout=240)
        code = -ended_by if ended_by == signal.SIGKILL else 0
        assert (process.returncode, out, err) == (code, prints, "")
    finally:
        process.kill()
        process.communicate()
