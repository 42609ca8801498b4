"""An emulated board has one line: who comes second is told so at once, and by whom it is taken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.shell import tsme
from tsme_host.tools.boards import running

_CLIENT = """
import socket, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("there", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def port() -> Iterator[str]:
    """A board that is silent: nobody accepts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def other(port: str) -> Iterator[int]:
    """Another process that has the line."""
    command = [sys.executable, "-c", _CLIENT, port.rpartition(":")[2]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process.pid
        process.communicate()


@pytest.mark.parametrize("known", [True, False])
def test_a_second_command_is_told_which_process_has_the_board(
    port: str, other: int, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with running.announced("unix" if known else "esp32", port if known else "tcp://none:1"):
        done = tsme("ps", "--port", port)
    assert done.exit_code == 2
    assert done.stderr.startswith(f'tsme: error TSME-N032: the port "{port}" is in use by ')
    assert f"(process {other}); " in done.stderr
    assert "reset" not in done.stderr


def test_a_silent_board_that_nobody_else_has_is_said_to_be_silent(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done = tsme("ps", "--port", port)
    assert done.stderr.startswith("tsme: error TSME-N034: nothing answers at ")
    assert not done.stderr.partition("; ")[2].startswith("reset")
    assert str(os.getpid()) not in done.stderr


@pytest.mark.parametrize("port", ["socket://127.0.0.1", "tcp://board.local"])
def test_an_address_without_a_port_is_said(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    done = tsme("ps", "--port", port)
    kind = port.partition(":")[0]
    text = f'"{port}" is no port: it names no port of that host; {kind}://HOST:PORT, say'
    assert done.stderr == f"tsme: error TSME-N040: {text}\n"
