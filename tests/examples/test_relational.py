"""The relational machines among the examples: what their READMEs show is what happens."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from tests import interpreters
from tests.examples.test_machines import BOARDS, EXAMPLES, blocks, sessions
from tests.tools.shell import COMMAND, tsme

CLASSES = {"relay": "Relay", "connection": "Connection", "sensor": "Sensor"}


@pytest.mark.parametrize("name", CLASSES)
def test_the_commands_of_a_readme_can_be_typed(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    ((?:python|tsme) .*)$", text, re.MULTILINE)
    assert {"demo.py", "check", "replay", "sim"} <= {line.split()[1] for line in lines}
    for line in lines:
        command, *words = shlex.split(line, comments=True)
        more = ["--seeds", "3", "--jobs", "1"] if words[0] == "sim" else []
        start = [sys.executable] if command == "python" else [COMMAND]
        done = subprocess.run(
            [*start, *words, *more],
            capture_output=True,
            check=False,
            timeout=300,
            cwd=folder,
            env=interpreters.environment(),
        )
        assert done.returncode == 0, (line, done.stderr.decode())
        if command == "python":
            assert (done.stdout.decode(), done.stderr) == (blocks(name)[0], b"")
        assert line.partition("  # ")[2] in done.stdout.decode()


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("board", BOARDS)
def test_a_board_says_what_the_readme_shows_and_its_journal_is_that_of_the_laptop(
    name, board, tmp_path
):
    interpreters.require(board)
    for typed, expected in sessions(blocks(name)[1]):
        done = subprocess.run(
            interpreters.command(board, EXAMPLES / name / "main.py", heap="400k"),
            input=typed.encode(),
            capture_output=True,
            check=False,
            timeout=300,
            cwd=tmp_path,
            env=interpreters.environment(),
        )
        assert done.stderr == b""
        assert done.stdout.decode().splitlines() == expected
    program = f"{EXAMPLES / name / name}.py:{CLASSES[name]}"
    replayed = tsme("replay", tmp_path / f"{name}.flash", "--program", program)
    assert replayed.exit_code == 0
    assert replayed.stdout.startswith("identical: ")
