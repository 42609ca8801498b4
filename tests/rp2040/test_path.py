"""The user's own path on an emulated Pico, by the commands as they are typed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT
from tsme_host.tools.boards.rp2040js import NAME

TSME = str(Path(sys.executable).with_name("tsme"))
PATIENCE = 240  # seconds; nothing here takes twenty on an idle machine
BEDS = [{"bed": "beans", "seconds": 25}, {"bed": "mint", "seconds": 3}]
NIGHT = {"tank": "north", "beds": BEDS}


class Project:
    """A folder with the pumps, and commands that are typed in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "night"
        self.folder.mkdir()
        (folder / "run").mkdir()
        self.environment = os.environ | {"XDG_RUNTIME_DIR": str(folder / "run")}
        for name in ("pumps.asl.json", "tasks.py"):
            shutil.copy(ROOT / "examples" / "pumps" / name, self.folder)

    def tsme(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            [TSME, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    @contextmanager
    def emulated(self) -> Iterator[subprocess.Popen[str]]:
        """`tsme emulate`, which says its port when it is there."""
        emulator = subprocess.Popen(
            [TSME, "emulate", NAME],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert emulator.stdout is not None
        try:
            line = emulator.stdout.readline()
            self.port = int(line.split("socket://127.0.0.1:")[1].split()[0])
            yield emulator
        finally:
            emulator.kill()
            emulator.communicate()

    def until(self, text: str) -> None:
        """The board says so from now on; a power cut meanwhile ends the connection."""
        end = time.monotonic() + PATIENCE
        heard = b""
        while time.monotonic() < end:
            with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as line:
                while more := line.recv(4096):
                    heard += more
                    if text.encode() in heard:
                        return
        pytest.fail(f"it did not say {text!r}: {heard!r}")

    def executions(self) -> Any:
        """What `tsme ps` tells."""
        return json.loads(self.tsme("ps", "--board", NAME, "--json"))


def test_install_upload_start_cut_pull_replay(tmp_path: Path):
    project = Project(tmp_path)
    where = ("--board", NAME)
    replay = ("replay", "night.bin", "--program", "pumps.asl.json", "--json")
    with project.emulated() as emulator:
        project.until("tsme: ready")
        project.tsme("upload", "pumps.asl.json", "--tasks", "tasks.py", *where)
        project.tsme("reset", *where)
        text = json.dumps(NIGHT)
        project.tsme("start", "night", "pumps.asl.json", "--input", text, *where)
        while "open mint" not in project.tsme("logs", *where):
            pass
        emulator.send_signal(signal.SIGUSR1)
        project.until("tsme: ready")
        assert [one["status"] for one in project.executions()] == ["running"]
        project.tsme("journal", "pull", "night", *where)
        first = json.loads(project.tsme(*replay))
        while project.executions()[0]["status"] == "running":
            pass
        assert [one["status"] for one in project.executions()] == ["succeeded"]
        project.tsme("journal", "pull", "night", *where)
        status = json.loads(project.tsme("status", *where, "--json"))
    second = json.loads(project.tsme(*replay))
    assert first["identical"]
    assert second["identical"]
    assert second["steps"] > first["steps"]
    assert (status["mode"], status["boots"], status["failures"]) == ("run", 3, 0)
