"""`tsme init`: README's first workflow in a folder of its own, ready to run and to test."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters
from tests.tools.shell import assert_one_clear_line, spawn, tsme
from tests.tools.test_readme import README, blocks
from tsme import public
from tsme_host.tools.boards import project
from tsme_host.tools.commands.init import FILES


def test_the_folder_holds_what_readme_shows(tmp_path: Path):
    done = spawn("init", "my garden", cwd=tmp_path)
    assert done.returncode == 0
    assert "cd 'my garden'" in done.stderr
    folder = tmp_path / "my garden"
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert done.stdout.splitlines() == [f"my garden/{name}" for name in FILES]
    shown = blocks("json", "python")
    for name in ("soil.asl.json", "tasks.py"):
        assert (folder / name).read_text(encoding="utf-8") in shown
    assert "tsme init ../garden" in README


def test_what_is_in_the_folder_works_as_it_is(tmp_path: Path):
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    folder = tmp_path / "garden"
    assert spawn("check", "soil.asl.json", cwd=folder).returncode == 0
    assert "3 passed" in spawn("test", cwd=folder).stdout
    seen = spawn("sim", "sim.py", "--seeds", "50", cwd=folder)
    assert (seen.returncode, seen.stdout.partition(",")[0]) == (0, "GardenSim: 50 seeds")
    done = spawn("run", "soil.asl.json", "-t", "tasks.py", "-j", "j.bin", "--fast", cwd=folder)
    assert json.loads(done.stdout) == {"soil": 250}
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    seen = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=folder,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {line[3:] for line in seen.stdout.splitlines()} == set(FILES)


def test_the_board_that_it_is_for_stands_in_tsme_toml(tmp_path: Path):
    done = spawn("init", "plain", cwd=tmp_path)
    assert "tsme ports" in done.stderr
    done = spawn("init", "garden", "--board", "qemu_mps2", cwd=tmp_path)
    assert "tsme emulate qemu_mps2" in done.stderr
    found = [project.found(tmp_path / name) for name in ("plain", "garden")]
    assert [(one.board, one.tasks, one.workflows) for one in found if one] == [
        ("", "tasks.py", {"soil": "soil.asl.json"}),
        ("qemu_mps2", "tasks.py", {"soil": "soil.asl.json"}),
    ]
    done = spawn("init", "other", "--board", "esp23", cwd=tmp_path)
    assert_one_clear_line(done.stderr, "TSME-B001")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("there", ["file", "folder with a file"])
def test_nothing_that_is_there_is_touched(tmp_path: Path, there: str):
    target = tmp_path / "garden"
    if there == "file":
        target.write_text("mine", encoding="utf-8")
    else:
        target.mkdir()
        (target / "tasks.py").write_text("mine", encoding="utf-8")
    done = spawn("init", "garden", cwd=tmp_path)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H013")
    mine = target if there == "file" else target / "tasks.py"
    assert mine.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["garden"]


def test_an_empty_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert tsme("init", ".").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


def test_a_folder_that_cannot_be_made_leaves_nothing(tmp_path: Path):
    done = spawn("init", "no/garden", cwd=tmp_path)
    assert_one_clear_line(done.stderr, "TSME-H013")
    assert not [*tmp_path.iterdir()]


def own_main(folder: Path) -> str:
    """README's main.py for those who write their own, beside the files of the first workflow."""
    main = next(text for text in blocks("python") if "tsme.Engine(" in text)
    (folder / "main.py").write_text(main, encoding="utf-8")
    return main


MACHINE = """
import time
def deepsleep(ms):
    assert ms <= 3600000
    time.sleep(ms / 1000)
"""


def test_a_main_py_of_one_s_own_tells_an_outcome_once_more_after_a_reset(tmp_path: Path):
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    folder = tmp_path / "garden"
    own_main(folder)
    flow = FILES["soil.asl.json"].replace('"Seconds": 10', '"Seconds": 0')
    (folder / "soil.asl.json").write_text(flow, encoding="utf-8")
    (folder / "machine.py").write_text(MACHINE, encoding="utf-8")
    assert spawn("compile", "soil.asl.json", "--no-debug", cwd=folder).returncode == 0
    environment = os.environ | interpreters.environment()
    said = [
        subprocess.run(
            [sys.executable, "main.py"], cwd=folder, env=environment,
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()
        for _ in range(2)
    ]  # fmt: skip
    first = 'execution 1 succeeded: {"soil":250}'
    assert said == [["water!", first], [first, "water!", first.replace("1", "2", 1)]]
    (kept,) = (folder / "programs").iterdir()  # with the CRC in its name: verified once
    assert kept.read_bytes() == (folder / "soil.tsm").read_bytes()


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_a_main_py_of_one_s_own_says_why_a_journal_is_refused_and_lets_it_be(
    tmp_path: Path, on: str
):
    interpreters.require(on)
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    folder = tmp_path / "garden"
    (folder / "machine.py").write_text(MACHINE, encoding="utf-8")
    assert spawn("compile", "soil.asl.json", "--no-debug", cwd=folder).returncode == 0
    before = (interpreters.ROOT / "tests" / "releases" / "0" / "retry.bin").read_bytes()
    (folder / "journal.bin").write_bytes(before)
    main = own_main(folder)
    assert "count=16" in main
    (folder / "main.py").write_text(main.replace("count=16", "512, 16"), encoding="utf-8")
    done = subprocess.run(
        interpreters.command(on, "main.py"), cwd=folder, env=interpreters.environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("TSME-K007: the execution began with behaviour 0 of the engine")
    assert done.stdout.count("\n") == 1
    assert not done.stderr
    assert (folder / "journal.bin").read_bytes() == before


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_the_api_page_says_how_values_of_others_are_imported(tmp_path: Path, on: str):
    interpreters.require(on)
    page = (interpreters.ROOT / "docs" / "API.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(from tsme\.values import (\w+))` \| `(\w+)\(", page, re.MULTILINE)
    assert [name for _, name, _ in lines] == ["json", "msgpack", "cbor"]
    text = "".join(f"{line}\nassert callable({name}.{call})\n" for line, name, call in lines)
    (tmp_path / "page.py").write_text(text, encoding="utf-8")
    done = interpreters.run(on, tmp_path / "page.py")
    assert done.returncode == 0, done.stderr.decode()


def test_the_api_page_names_everything_that_the_package_has():
    page = (interpreters.ROOT / "docs" / "API.md").read_text(encoding="utf-8")
    names = [pair.partition(":")[0] for pair in public.HOMES.split()]
    assert not [name for name in names if f"`{name}" not in page and f"tsme.{name}" not in page]
    for member in ("clock", "sleep", "seed", "context.heartbeat()", "context.attempt"):
        assert f"`{member}" in page
