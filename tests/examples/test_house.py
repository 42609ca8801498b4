"""Two workflows on one board: killed in the middle, each goes on, whatever became of the other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests import interpreters
from tsme_host.compiler.compile import compile_text

HOUSE = Path(__file__).resolve().parents[2] / "examples" / "house"
ON = ["cpython", "micropython", "micropython32"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("main.py", "tasks.py"):
        shutil.copy(HOUSE / name, tmp_path)
    for name in ("garden", "tank"):
        text = (HOUSE / f"{name}.asl.json").read_text()
        text = text.replace('"Seconds": 4', '"Seconds": 2').replace('"Seconds": 3', '"Seconds": 1')
        tmp_path.joinpath(f"{name}.tsm").write_bytes(compile_text(text).program)
    return tmp_path


def command(on: str) -> list[str]:
    return interpreters.command(on, "main.py")


def killed(folder: Path, on: str, after: str) -> str:
    """What the board prints until it says that; then it is killed."""
    with subprocess.Popen(
        command(on),
        cwd=folder,
        env=interpreters.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        out = ""
        while after not in out:
            line = process.stdout.readline()
            assert line, out
            out += line
        process.kill()
    return out


def done(folder: Path, on: str) -> str:
    run = subprocess.run(
        command(on),
        cwd=folder,
        env=interpreters.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return run.stdout


@pytest.mark.parametrize("on", ON)
def test_both_go_on_where_they_were(folder: Path, on: str) -> None:
    interpreters.require(on)
    first = killed(folder, on, "tank: pump off")
    rest = done(folder, on)
    assert "garden: goes on with execution 1\ntank: goes on with execution 2\n" in rest
    assert 'garden: execution 1 succeeded: {"soil":' in rest
    assert 'tank: execution 2 succeeded: {"level":' in rest
    assert (first + rest).count("garden: watered") <= 3


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_a_damaged_journal_stops_its_own_workflow_alone(folder: Path, on: str) -> None:
    interpreters.require(on)
    killed(folder, on, "tank: pump off")
    flash = bytearray(folder.joinpath("house.flash").read_bytes())
    flash[4 * 4096 : 20 * 4096] = b"\x5b" * (16 * 4096)
    folder.joinpath("house.flash").write_bytes(flash)
    with subprocess.Popen(
        [*command(on), "tank"],
        cwd=folder,
        env=interpreters.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        out = process.communicate(timeout=60)[0]
    assert 'tank: execution 2 succeeded: {"level":' in out
    assert "garden:" not in out
