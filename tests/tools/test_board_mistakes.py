"""What keeps a command from its board is said in one line with the cure, and exits with 2."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import interpreters
from tests.tools.cabled import Cabled
from tests.tools.shell import assert_one_clear_line, spawn, tsme


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    """A project folder, and nobody's emulated boards."""
    (tmp_path / "run").mkdir()
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    return tmp_path / "garden"


@pytest.fixture
def line() -> Iterator[tuple[str, int, int]]:
    """A serial line: its port, the descriptor of that end, and the board's end."""
    far, near = pty.openpty()
    tty.setraw(near)
    yield os.ttyname(near), near, far
    os.close(near)
    os.close(far)


def refused(*args: str, cwd: Path, code: str, **environment: str) -> str:
    """What a command says that cannot do its work."""
    environment["XDG_RUNTIME_DIR"] = str(cwd.parent / "run")
    done = spawn(*args, cwd=cwd, timeout=300, **environment)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert not done.stdout
    assert_one_clear_line(done.stderr, code)
    return done.stderr


EACH = (
    ("ps",), ("describe", "soil"), ("start", "soil"), ("stop", "soil"), ("signal", "soil", "1"),
    ("checkpoint", "soil"), ("retire", "soil"), ("migrate", "soil", "soil.asl.json"), ("logs",),
    ("logs", "-f"), ("status",), ("reset",), ("time",), ("time", "--set"), ("programs", "list"),
    ("programs", "remove", "beef"), ("upload",), ("push",), ("push", "--wait"), ("token", "list"),
    ("token", "success", "1-4", "{}"), ("token", "failure", "1-4"), ("token", "heartbeat", "1-4"),
    ("journal", "pull"), ("journal", "pull", "soil", "--raw"),
)  # fmt: skip


@pytest.mark.parametrize("command", EACH, ids=" ".join)
def test_each_command_says_that_there_is_no_such_port(
    garden: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
):
    monkeypatch.chdir(garden)
    done = tsme(*command, "--port", "/dev/ttyNOT7")
    assert (done.exit_code, done.stdout) == (2, "")
    assert_one_clear_line(done.stderr, "TSME-N030")
    assert 'there is no port "/dev/ttyNOT7"' in done.stderr
    assert "tsme ports" in done.stderr


def test_without_a_board_it_says_how_to_name_one(garden: Path):
    said = refused("ps", "--board", "qemu_mps2", cwd=garden, code="TSME-N064")
    assert "tsme emulate qemu_mps2" in said
    said = refused("ps", "--board", "esp23", cwd=garden, code="TSME-B001")
    assert 'did you mean "esp32"?' in said


def test_nobody_who_listens_on_the_network_is_said(garden: Path):
    for port in ("tcp://127.0.0.1:1", "socket://127.0.0.1:1"):
        said = refused("ps", "--port", port, cwd=garden, code="TSME-N041")
        assert "connection refused" in said
    refused("ps", "--port", "tpc://127.0.0.1:1", cwd=garden, code="TSME-N040")


def test_a_port_that_is_in_use_names_the_program(garden: Path):
    far, near = pty.openpty()
    port = os.ttyname(near)
    code = "import fcntl, time\nfcntl.flock(0, fcntl.LOCK_EX)\nprint(flush=True)\ntime.sleep(600)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=near, stdout=subprocess.PIPE)
    os.close(near)
    try:
        assert holder.stdout
        holder.stdout.readline()
        said = refused("ps", "--port", port, cwd=garden, code="TSME-N032")
        assert f"(process {holder.pid})" in said
    finally:
        holder.kill()
        holder.communicate()
        os.close(far)


def test_a_silent_board_is_said(garden: Path, line: tuple[str, int, int]):
    said = refused("ps", "--port", line[0], cwd=garden, code="TSME-N034")
    assert "tsme flash" in said


def test_a_board_at_its_prompt_is_told_from_a_silent_one(garden: Path, line: tuple[str, int, int]):
    interpreters.require("micropython")
    port, _, far = line
    board = subprocess.Popen(
        [str(interpreters.find("micropython"))], stdin=far, stdout=far, stderr=far
    )
    try:
        said = refused("ps", "--port", port, cwd=garden, code="TSME-N035")
        assert "--via mpremote" in said
        assert "tsme reset" in said
    finally:
        board.kill()
        board.wait()


# --- a board that answers, but is not the one, or not as it should be ---------------------------


@pytest.fixture
def board(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cabled]:
    """A board; `@pytest.mark.parametrize("board", [options], indirect=True)` says how it is."""
    with Cabled(tmp_path / "board", **getattr(request, "param", {})) as found:
        yield found


def test_another_board_than_the_one_that_is_meant_is_left_alone(garden: Path, board: Cabled):
    given = ("--port", board.port, "--board", "esp32")
    said = refused("start", "soil", *given, cwd=garden, code="TSME-N067")
    assert 'is "unix", not "esp32"' in said
    assert "--board unix" in said
    text = (garden / "tsme.toml").read_text("utf-8")
    assert 'port = "' not in text
    assert text.count("board =") == text.count('# board = "esp32"')


def test_what_was_said_is_remembered_once_it_has_answered(garden: Path, board: Cabled):
    before = (garden / "tsme.toml").read_text("utf-8")
    refused("status", "--port", "/dev/ttyNOT7", cwd=garden, code="TSME-N030")
    assert (garden / "tsme.toml").read_text("utf-8") == before
    done = spawn("status", "--port", board.port, "--board", "unix", cwd=garden)
    assert done.returncode == 0, done.stderr
    assert f'tsme.toml: board = "unix", port = "{board.port}"' in done.stderr
    (garden / "within").mkdir()
    again = spawn("status", "--json", cwd=garden / "within")
    assert (again.returncode, again.stderr) == (0, "")
    assert f'"port": "{board.port}"' in again.stdout


@pytest.mark.parametrize("board", [{"tsme": "0.0.1"}], indirect=True)
def test_a_board_with_an_old_release_is_said_beside_its_answer(garden: Path, board: Cabled):
    done = spawn("status", "--port", board.port, cwd=garden)
    assert done.returncode == 0
    assert "the board has tsme 0.0.1, this is" in done.stderr
    assert "tsme flash" in done.stderr


@pytest.mark.parametrize("board", [{"mode": "safe"}], indirect=True)
def test_safe_mode_is_said_and_nothing_starts_there(garden: Path, board: Cabled):
    done = spawn("ps", "--port", board.port, cwd=garden)
    assert done.returncode == 0
    assert "safe mode after 3 failures" in done.stderr
    done = spawn("start", "soil", "--port", board.port, cwd=garden)
    assert done.returncode == 2
    assert "tsme: error TSME-N" in done.stderr
    assert "safe" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("board", [{"key": "open sesame"}], indirect=True)
def test_a_locked_board_asks_for_the_key_and_takes_it_from_a_file_or_the_environment(
    garden: Path, board: Cabled
):
    at = ("--port", board.port)
    assert spawn("ps", *at, cwd=garden).returncode == 0  # reading is free
    said = refused("upload", cwd=garden, code="TSME-N038")
    assert "--key-file FILE" in said
    assert "TSME_KEY" in said
    refused("upload", cwd=garden, code="TSME-N038", TSME_KEY="open barley")
    (garden / "empty.key").write_text("\n", encoding="utf-8")
    refused("upload", "--key-file", "empty.key", cwd=garden, code="TSME-N068")
    refused("upload", "--key-file", "no.key", cwd=garden, code="TSME-H010")
    assert spawn("upload", cwd=garden, TSME_KEY="open sesame").returncode == 0
    (garden / "board.key").write_text("open sesame\n", encoding="utf-8")
    assert spawn("stop", "soil", "--key-file", "board.key", cwd=garden).returncode == 2
    text = (garden / "tsme.toml").read_text(encoding="utf-8")
    (garden / "tsme.toml").write_text('key-file = "board.key"\n' + text, encoding="utf-8")
    refused("start", "soil", cwd=garden, code="TSME-T002")  # the tasks are there, but not loaded
    assert spawn("reset", cwd=garden).returncode == 0
    assert spawn("start", "soil", cwd=garden).returncode == 0
    for command in ("ps", "start"):
        assert "--key" not in spawn(command, "--help", cwd=garden).stdout.replace("--key-file", "")
