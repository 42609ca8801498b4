"""`tsme ports`: emulated boards that run, and all that there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import spawn, tsme
from tsme_host.tools.boards import board_file, ports, running


def test_an_emulated_board_that_runs_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with running.announced("qemu_mps2", "socket://127.0.0.1:2"):
        listed = json.loads(spawn("ports", "--json", cwd=tmp_path).stdout)
        (one,) = [port for port in listed if port["emulated"]]
        assert (one["port"], one["boards"]) == ("socket://127.0.0.1:2", ["qemu_mps2"])
        shown = spawn("ports", cwd=tmp_path)
        assert shown.returncode == 0
        assert "socket://127.0.0.1:2" in shown.stdout
        assert "qemu_mps2" in shown.stdout


def test_without_any_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ports, "listed", list)
    done = tsme("ports")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "tsme emulate NAME" in done.stderr


def test_what_keeps_a_port_from_being_used_is_said_with_it(monkeypatch: pytest.MonkeyPatch):
    found = [ports.Port("/dev/ttyX", "CP210x", ("esp32",), ("esp32",), problem="you may not open")]
    monkeypatch.setattr(ports, "listed", lambda: found)
    done = tsme("ports")
    assert done.exit_code == 1
    assert "you may not open" in done.stdout


def test_all_boards_are_listed_with_the_way_to_each(tmp_path: Path):
    told = json.loads(spawn("ports", "--boards", "--json", cwd=tmp_path).stdout)
    assert [one["board"] for one in told] == board_file.names()
    shown = spawn("ports", "--boards", cwd=tmp_path).stdout
    assert "tsme emulate qemu_mps2" in shown
    assert "tsme flash esp32" in shown
