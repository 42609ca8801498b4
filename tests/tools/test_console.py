"""Tables of commands: as wide as they must be, a row a line where there is no terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tsme_host.tools import console

ROWS = [["1", console.name("alpha"), "short"], ["10", "b", "[bold]é…[/bold] " + "x" * 300]]


def test_without_a_terminal_a_row_is_a_line_however_long(capsys: pytest.CaptureFixture[str]):
    console.table(ROWS, ("n", "name", "what"), right=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["n", "name", "what"]
    assert lines[1:] == [" 1  alpha  short", f"10  b      [bold]é…[/bold] {'x' * 300}"]
    assert all(line == line.rstrip() for line in lines)


def test_no_rows_are_no_lines(capsys: pytest.CaptureFixture[str]):
    console.table([])
    assert capsys.readouterr().out.strip() == ""


def test_on_a_terminal_the_last_column_is_folded_within_its_width(tmp_path: Path):
    script = tmp_path / "t.py"
    script.write_text(
        "import os, fcntl, struct, termios\n"
        "fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 50, 0, 0))\n"
        "from tsme_host.tools import console\n"
        "console.table([['1', 'alpha', 'word ' * 30]], ('n', 'name', 'what'))\n",
        encoding="utf-8",
    )
    ours, theirs = pty.openpty()
    environment = os.environ | {"NO_COLOR": "1", "TERM": "xterm"}
    subprocess.run([sys.executable, str(script)], stdout=theirs, env=environment, check=True)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    lines = click.unstyle(shown).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 50
    assert all(line.startswith(" " * 10 + "word") for line in lines[2:] if line.strip())
