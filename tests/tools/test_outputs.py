"""What cannot be written is said as that, and nothing is replaced that a command has not made."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.shell import (
    COMMAND,
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    example,
    need,
    spawn,
    tsme,
)
from tsme_host.tools.outputs import KINDS, Kind


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    example(tmp_path)
    flow = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 41, "End": True}}}
    (tmp_path / "echo.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    test = {"cases": [{"name": "it", "expect": {"output": 41}}]}
    (tmp_path / "echo.test.json").write_text(json.dumps(test), encoding="utf-8")
    assert tsme("run", "echo.asl.json", "-j", "j.bin").exit_code == 0
    return tmp_path


# --- full devices and closed pipes --------------------------------------------------------------

PRINTS = ["--help", "check echo.asl.json", "disasm echo.asl.json", "graph echo.asl.json",
          "compile echo.asl.json -o -", "journal", "journal show j.bin", "journal export j.bin",
          "history j.bin --program echo.asl.json", "replay j.bin --program echo.asl.json",
          "test", "test-state echo.asl.json --state A"]  # fmt: skip


def into(folder: Path, target: str, *args: str) -> subprocess.CompletedProcess[str]:
    with Path(target).open("w", encoding="utf-8") as full:
        return subprocess.run(
            [COMMAND, *args],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


@pytest.mark.parametrize("command", PRINTS)
def test_a_full_device_is_said_as_that(folder: Path, command: str):
    done = into(folder, "/dev/full", *command.split())
    assert done.returncode == 2
    line = "tsme: error TSME-H004: the output cannot be written: No space left on device\n"
    assert done.stderr.endswith(line)
    assert "Traceback" not in done.stderr
    assert "TSME-H099" not in done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_the_output_of_a_run_that_cannot_be_written_is_not_lost(folder: Path, on: str):
    done = into(folder, "/dev/full", "run", "echo.asl.json", "--on", need(on))
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[0] == "tsme: execution 1 succeeded: 41"
    assert said[1].endswith(
        "the output cannot be written: No space left on device; it stands above"
    )


def test_a_reader_that_has_gone_is_told_by_a_run_and_does_not_disturb_others(folder: Path):
    for command, said in (("run echo.asl.json", "execution 1 succeeded: 41"), ("--help", "")):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [COMMAND, *command.split()], cwd=folder, stdout=writer, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
        os.close(writer)
        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_closed_output_is_refused_before_anything_happens(folder: Path):
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{COMMAND}" run echo.asl.json -j k.bin >&-'], cwd=folder,
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H004")
    assert not (folder / "k.bin").exists()


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_closed_standard_streams_are_no_place_for_what_is_opened_next(folder: Path, on: str):
    """The journal would get the number 2, and what handlers print."""
    run = f'"{COMMAND}" run echo.asl.json -j k.bin --fast --on {need(on)}'
    done = subprocess.run(
        ["/bin/sh", "-c", f"{run} -i 1 2>&- <&-"], cwd=folder, stdout=subprocess.PIPE, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert spawn("replay", "k.bin", "--program", "echo.asl.json", cwd=folder).returncode == 0


def test_an_input_that_is_closed_is_empty(folder: Path):
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{COMMAND}" run echo.asl.json -i - <&-'], cwd=folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "H099" not in done.stderr


# --- what the system refuses --------------------------------------------------------------------


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))


def no_file_grows() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_too_few_files_are_no_mistake_of_tsme(folder: Path):
    done = subprocess.run(
        [COMMAND, "run", "echo.asl.json"], cwd=folder, preexec_fn=few_files,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H005")
    assert "Too many open files; allow more open files: ulimit -n 1024" in done.stderr


def test_a_file_that_cannot_grow_is_no_mistake_of_tsme(folder: Path):
    done = subprocess.run(
        [COMMAND, "compile", "echo.asl.json"], cwd=folder, preexec_fn=no_file_grows,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H013")
    assert '"echo.tsm" cannot be written: File too large' in done.stderr
    assert not [*folder.glob("*.part")]
    assert not [*folder.glob(".*.part")]


def test_a_folder_that_is_gone_is_named(folder: Path):
    script = f'mkdir gone; cd gone; rmdir ../gone; "{COMMAND}" sim ../flow.asl.json --seeds 1'
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "TSME-H099" not in done.stderr
    assert "Traceback" not in done.stderr


# --- what would be lost -------------------------------------------------------------------------

WRITES: dict[str, tuple[str, Kind]] = {
    "compile echo.asl.json -o": ("out.tsm", "program"),
    "graph echo.asl.json -o": ("out.mmd", "drawing in Mermaid"),
    "journal export j.bin -o": ("out.json", "export of a journal"),
    "journal export  j.bin -o": ("out.cborseq", "CBOR sequence of records"),
    "test --junit": ("out.xml", "JUnit XML"),
    "graph  echo.asl.json -o": ("out.svg", "drawing by Graphviz"),
    "sim echo.asl.json --seeds 2 --jobs 1 --graph": ("out.mmd", "drawing in Mermaid"),
}


@pytest.mark.parametrize("command", WRITES)
def test_a_command_replaces_only_what_it_would_have_written(folder: Path, command: str):
    name, kind = WRITES[command]
    target = folder / name
    given = [*command.split(), name]
    for foreign in (folder / "flow.asl.json", folder / "tasks.py", folder / "j.bin"):
        shutil.copy(foreign, target)
        done = tsme(*given)
        assert done.exit_code == 2
        assert_one_clear_line(done.stderr, "TSME-H013")
        assert f'"{name}" cannot be written: it is there and is no {kind}' in done.stderr
        assert target.read_bytes() == foreign.read_bytes()
    target.write_bytes(b"")
    assert tsme(*given).exit_code == 0
    first = target.read_bytes()
    assert KINDS[kind](first)
    assert tsme(*given).exit_code == 0  # its own, of another run


def test_an_export_does_not_replace_the_workflow(folder: Path):
    before = (folder / "flow.asl.json").read_bytes()
    done = tsme("journal", "export", "j.bin", "-o", "flow.asl.json")
    assert_one_clear_line(done.stderr, "TSME-H013")
    assert (folder / "flow.asl.json").read_bytes() == before


def test_a_failure_of_a_simulation_is_shown_though_it_cannot_be_saved(folder: Path):
    (folder / "sim.py").write_text(
        "from tsme.testing import Simulation\nclass Bad(Simulation):\n"
        "    program = 'echo.asl.json'\n"
        "    def check(self, device):\n        assert False, 'bad'\n",
        encoding="utf-8",
    )
    (folder / "Bad-0.sim.json").write_text("mine", encoding="utf-8")
    done = tsme("sim", "sim.py", "--seeds", "1", "--jobs", "1")
    assert done.exit_code == 2
    assert "AssertionError: bad" in done.stdout
    assert '"Bad-0.sim.json" cannot be written: it is there and is no failure' in done.stderr
    assert (folder / "Bad-0.sim.json").read_text(encoding="utf-8") == "mine"
