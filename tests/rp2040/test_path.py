"""The user's own path on an emulated Pico, by the commands as they are typed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT
from tsme_host.tools.boards.rp2040js import NAME

TSME = str(Path(sys.executable).with_name("tsme"))
PATIENCE = 240  # seconds; nothing here takes twenty on an idle machine
NIGHT = {"tank": "north", "beds": [{"bed": "beans", "seconds": 6}, {"bed": "mint", "seconds": 3}]}


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
            assert "socket://127.0.0.1:" in emulator.stdout.readline()
            yield emulator
        finally:
            emulator.kill()
            emulator.communicate()

    def executions(self) -> Any:
        """What `tsme ps` tells."""
        return json.loads(self.tsme("ps", "--board", NAME, "--json"))


def test_install_upload_start_cut_pull_replay(tmp_path: Path):
    project = Project(tmp_path)
    with project.emulated() as emulator:
        project.tsme("upload", "pumps.asl.json", "--tasks", "tasks.py", "--board", NAME)
        project.tsme("reset", "--board", NAME)
        text = json.dumps(NIGHT)
        project.tsme("start", "night", "pumps.asl.json", "--input", text, "--board", NAME)
        print(project.executions())
        emulator.send_signal(signal.SIGUSR1)
        print(project.executions())
        emulator.send_signal(signal.SIGUSR1)
        print(project.tsme("journal", "pull", "night", "--board", NAME))
        print(project.executions())
    print(project.tsme("replay", "night.bin"))
