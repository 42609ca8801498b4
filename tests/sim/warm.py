"""Processes that have Dask imported when they begin: forks of one that does nothing else.

To import it takes two seconds of a processor, and tests of clusters begin some forty processes.
Each is forked before there is any thread, and has a session, a folder, an environment, and files
for what it says, of its own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
# What Dask does over and over, and nothing here looks at.
_QUIET = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
}


class Forked:
    """One of them, as subprocess.Popen has it."""

    def __init__(self, warm: Warm, pid: int, out: Path, err: Path) -> None:
        self.pid, self.out, self.err = pid, out, err
        self.returncode: int | None = None
        self._warm = warm

    def poll(self) -> int | None:
        """Its status if it has ended, as Popen has it."""
        if self.returncode is None:
            self.returncode = self._warm.ask({"poll": self.pid})
        return self.returncode

    def wait(self, seconds: float = 120) -> int:
        """Wait for its end."""
        end = time.monotonic() + seconds
        while (status := self.poll()) is None:
            assert time.monotonic() < end, f"it goes on: {self.said()}"
            time.sleep(0.02)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it, and what it began in its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def told(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def said(self) -> str:
        return self.err.read_text(encoding="utf-8")


class Warm:
    """The process that is forked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sim.warm"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, what: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(what), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, "the process that is forked has ended"
        return json.loads(answer)

    def begin(self, folder: Path, *command: object, **environment: str) -> Forked:
        """`tsme ..`, or the module of another first word, in a folder."""
        self._count += 1
        out, err = (self.folder / f"{self._count}.{name}" for name in ("out", "err"))
        out.touch()
        err.touch()
        given = {
            "command": [str(word) for word in command],
            "folder": str(folder),
            "environment": _QUIET | environment,
            "files": [str(out), str(err)],
        }
        return Forked(self, self.ask(given), out, err)

    def close(self) -> None:
        self._process.communicate()


# --- the process ---------------------------------------------------------------------------------


def serve() -> None:
    """Fork for each line; in what was forked this does not return."""
    for line in sys.stdin:
        given = json.loads(line)
        if "poll" in given:
            print(json.dumps(_status(given["poll"])), flush=True)
            continue
        pid = os.fork()
        if not pid:
            _become(given["folder"], given["environment"], given["files"])
            _run(given["command"])
        print(pid, flush=True)


def _status(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _become(folder: str, environment: dict[str, str], files: list[str]) -> None:
    import dask

    os.setsid()
    os.chdir(folder)
    os.environ.update(environment)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for number, path in enumerate(files, 1):
        with Path(path).open("wb") as file:
            os.dup2(file.fileno(), number)
    more = environment.get("PYTHONPATH", "")
    # Its modules would be among the files of a simulation beside them.
    gone = ["tests", "__mp_main__"]
    if more:
        sys.path[1:1] = more.split(os.pathsep)
        gone += ["tsme", "tsme_host", "tsme_sim"]
    for name in [*sys.modules]:
        if name.partition(".")[0] in gone:
            del sys.modules[name]
    sys.modules["__main__"] = types.ModuleType("__main__")
    dask.config.refresh()  # its settings are variables of the environment, too


def _run(command: Sequence[str]) -> None:
    sys.argv[:] = command
    if command[0] == "tsme":
        from tsme_host.start import main

        sys.path[0] = str(BIN)
        sys.exit(main())
    sys.path[0] = str(Path.cwd())
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    for module in (
        "dask.cli", "distributed.cli.dask_scheduler", "distributed.cli.dask_worker",
        "tsme_host.tools.commands.sim", "tsme_sim.cluster", "tsme_sim.core", "tsme_sim.testing",
    ):  # fmt: skip
        importlib.import_module(module)
    serve()
