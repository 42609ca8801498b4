"""smpmgr and mcumgr-toolkit, as they are on PyPI, talk to a board on MicroPython."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mcumgr_toolkit import MCUmgrClient

from tests.link.boards import Cabled, cabled
from tests.link.wire import Wire

DATA = random.Random(2).randbytes(7_003)
SMPMGR = str(Path(sys.executable).with_name("smpmgr"))


def smpmgr(board: Cabled, *words: str | Path) -> str:
    options = ["--port", board.port, "--timeout", "60"]
    done = subprocess.run(
        [SMPMGR, *options, *map(str, words)],
        capture_output=True,
        timeout=300,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("--line-length", "512", "--line-buffers", "2")])
def test_smpmgr_carries_files(tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "there.bin"
    file.write_bytes(DATA)
    back = tmp_path / "back.bin"
    with cabled(tmp_path) as board:
        smpmgr(board, *options, "file", "upload", file, "/lib/there.bin")
        assert (tmp_path / "files" / "lib" / "there.bin").read_bytes() == DATA
        smpmgr(board, *options, "file", "download", "/lib/there.bin", back)
        assert back.read_bytes() == DATA
        said = smpmgr(board, *options, "file", "read-size", "/lib/there.bin")
        assert str(len(DATA)) in said.replace(",", "")
        assert "sha256" in smpmgr(board, "file", "get-supported-hash-types")


def test_smpmgr_hears_its_echo_and_resets(tmp_path: Path) -> None:
    with cabled(tmp_path) as board:
        assert "hello board" in smpmgr(board, "os", "echo", "hello board")
        smpmgr(board, "os", "reset")
        assert board.process.wait(60) == 7


@pytest.fixture
def toolkit(tmp_path: Path):
    with (
        cabled(tmp_path, "micropython", "machine=1", "clock=1") as board,
        MCUmgrClient.serial(board.port, 115200, 30_000) as c,
    ):
        yield c


@pytest.mark.parametrize("wide", [False, True])
def test_mcumgr_toolkit_carries_files(toolkit: MCUmgrClient, tmp_path: Path, wide: bool) -> None:
    if wide:
        toolkit.use_auto_frame_size()
    assert toolkit.os_echo("hello") == "hello"
    assert toolkit.os_mcumgr_parameters().buf_size == 1024
    toolkit.fs_file_upload("/a/b.bin", DATA)
    assert (tmp_path / "files" / "a" / "b.bin").read_bytes() == DATA
    assert toolkit.fs_file_download("/a/b.bin") == DATA
    assert toolkit.fs_file_status("/a/b.bin").length == len(DATA)
    checksum = toolkit.fs_file_checksum("/a/b.bin", "sha256")
    assert bytes(checksum.output) == hashlib.sha256(DATA).digest()
    assert set(toolkit.fs_supported_checksum_types()) == {"crc32", "sha256"}
    toolkit.fs_file_close()


def test_mcumgr_toolkit_reaches_executions(toolkit: MCUmgrClient) -> None:
    assert toolkit.raw_command(False, 65, 0, {})["board"] == "unix"
    for _ in range(3):
        assert toolkit.raw_command(True, 65, 8, {"name": "count", "value": 2}) == {}
    toolkit.raw_command(True, 65, 8, {"name": "count", "value": "end"})
    while (d := toolkit.raw_command(False, 65, 5, {"name": "count"}))["status"] == "running":
        pass
    assert d["output"] == 6
    with pytest.raises(RuntimeError):
        toolkit.raw_command(True, 65, 7, {"name": "count"})
    assert toolkit.raw_command(False, 65, 21, {})["code"] == "TSME-K002"


RESENDS = """
import sys
from mcumgr_toolkit import MCUmgrClient

with MCUmgrClient.serial(sys.argv[1], 115200, 700) as c:
    c.raw_command(True, 65, 8, {"name": "count", "value": 1})
"""


def test_what_mcumgr_toolkit_sends_again_is_done_once(tmp_path: Path) -> None:
    # The board is stopped, and says nothing in time: the client sends it again, several times.
    with cabled(tmp_path, "micropython", "machine=1") as board:
        wire = Wire(board.port)
        wire.read(0)
        board.process.send_signal(signal.SIGSTOP)
        words = [sys.executable, "-c", RESENDS, board.port]
        with subprocess.Popen(words) as client:
            time.sleep(2.5)
            board.process.send_signal(signal.SIGCONT)
            client.wait(60)
        while wire.answer(1.0):
            pass
        wire.write(8, name="count", value="end")
        while (d := wire.read(5, name="count"))["status"] == "running":
            pass
        assert d["output"] == 1
        wire.close()
