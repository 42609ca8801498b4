"""Words that newcomers try, and terminals that are narrow."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest

from tests.tools.shell import COMMAND, assert_one_clear_line, example, spawn, tsme


def test_help_and_version_are_commands_too():
    assert tsme("help").stdout == tsme("--help").stdout
    assert tsme("help", "journal", "show").stdout == tsme("journal", "show", "--help").stdout
    assert tsme("version").stdout == tsme("--version").stdout
    done = tsme("help", "runn")
    assert done.exit_code == 2
    assert 'did you mean "run"?' in done.stderr
    assert 'did you mean "help"?' in tsme("hepl").stderr


@pytest.mark.parametrize(
    ("word", "clue"),
    [
        ("deploy", "tsme push"),
        ("install", "tsme flash"),
        ("monitor", "tsme repl"),
        ("pull", "tsme journal pull"),
        ("tail", "tsme logs"),
        ("Build", "tsme compile"),
        ("validate", "tsme check"),
        ("new", "tsme init"),
        ("list", "tsme ps"),
        ("terminate", "tsme stop"),
        ("send", "tsme token"),
    ],
)
def test_words_of_other_tools_point_to_what_there_is(word: str, clue: str):
    done = tsme(word)
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, "TSME-H001")
    assert clue in done.stderr


@pytest.mark.parametrize("board", ["esp32", "pico", "rp2040"])
def test_a_board_is_no_interpreter_of_this_computer(tmp_path: Path, board: str):
    example(tmp_path)
    done = spawn("run", "flow.asl.json", "--on", board, cwd=tmp_path)
    assert_one_clear_line(done.stderr, "TSME-H001")
    assert "tsme push brings it onto a board" in done.stderr


LINES = {
    "check ''": ("TSME-H002", "the name of a file is empty"),
    "run flow.asl.json -t tasks.py -j -": ("TSME-H002", "--journal is a file, and not -"),
    "test flow.asl.json": ("TSME-H070", "write its scenarios into flow.test.json"),
    "test other.asl.json": ("TSME-H070", "run tsme test other.test.json"),
}


@pytest.mark.parametrize("command", LINES)
def test_a_near_miss_is_answered_with_what_to_write(tmp_path: Path, command: str):
    example(tmp_path)
    (tmp_path / "other.test.json").write_text("{}", encoding="utf-8")
    words = [word.strip("'") for word in command.split()]
    done = spawn(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, LINES[command][0])
    assert LINES[command][1] in done.stderr
    assert not (tmp_path / "-").exists()


def test_the_help_of_token_success_shows_that_its_output_may_be_left_out():
    assert "[JOURNAL] TOKEN [OUTPUT]" in tsme("token", "success", "--help").stdout


def test_a_cpython_is_no_micropython(tmp_path: Path):
    example(tmp_path)
    given = ["run", "flow.asl.json", "-t", "tasks.py", "--on", "micropython"]
    done = spawn(*given, cwd=tmp_path, TSME_MICROPYTHON=sys.executable)
    assert_one_clear_line(done.stderr, "TSME-H031")
    assert f'names "{sys.executable}", which is cpython and no MicroPython' in done.stderr


# --- narrow terminals ---------------------------------------------------------------------------


def on_terminal(columns: int, folder: Path, *args: str) -> str:
    """What a command shows on a terminal of this width, without its colours."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.environ["NO_COLOR"] = "1"
        os.execv(COMMAND, [str(COMMAND), *args])
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # it has ended
            break
        if not piece:
            break
        shown += piece
    os.waitpid(child, 0)
    os.close(terminal)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


LONG = '{"StartAt":"A","States":{"A":{"Type":"Pass","Comment":"%s","Reslt":"über %s","End":true}}}'


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("letter", ["x", "水"])
def test_problems_fit_a_narrow_terminal_with_their_caret(
    tmp_path: Path, columns: int, letter: str
):
    text = LONG % (letter * 50, letter * 50)
    (tmp_path / "flow.asl.json").write_text(text, encoding="utf-8")
    shown = on_terminal(columns, tmp_path, "check", "flow.asl.json").split("\n")
    wide = [len(line) + sum(letter == "水" and c == letter for c in line) for line in shown]
    assert max(wide) <= columns
    n = next(n for n, line in enumerate(shown) if line.strip(" |") == "^")
    at = shown[n].index("^")
    before = shown[n - 1].index('"Reslt"')
    cells = before + sum(c == "水" for c in shown[n - 1][:before])
    assert cells == at
    said = " ".join(line.strip() for line in shown)
    assert 'error TSME-C011: a Pass state has no field "Reslt"' in said


@pytest.mark.parametrize(
    "args", [("check", "nothing-like-this.asl.json"), ("tail",), ("token", "-h")]
)
def test_no_word_is_broken_at_40_columns(tmp_path: Path, args: tuple[str, ...]):
    shown = on_terminal(40, tmp_path, *args)
    whole = spawn(*args, cwd=tmp_path)
    words = set((whole.stdout + whole.stderr).split())
    assert set(shown.split()) <= words


def test_help_shows_how_to_go_on_with_what_is_under_way():
    said = tsme("--help").stdout
    for name in ("resume", "migrate", "stop", "retire"):
        assert f"\n    tsme {name} j.bin " in said
    assert "input" not in tsme("resume", "--help").stdout
    assert "input" in tsme("run", "--help").stdout
