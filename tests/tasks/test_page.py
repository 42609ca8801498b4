"""docs/TASKS.md says of each task what it takes and what a crash means, and its examples run."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tsme.sim
from tests import interpreters
from tests.interpreters import ROOT
from tsme import TaskError, Tasks

PAGE = (ROOT / "docs" / "TASKS.md").read_text(encoding="utf-8")
GIVEN: dict[str, list[Any]] = {"i2c": [None], "wifi": [{}], "mqtt": ["broker"]}
PARTS = [
    path.stem
    for path in sorted((ROOT / "firmware" / "lib" / "tsme" / "tasks").glob("*.py"))
    if "def register(" in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def tasks() -> Tasks:
    tsme.sim.install()
    found = Tasks()
    for part in PARTS:
        module = importlib.import_module(f"tsme.tasks.{part}")
        module.register(found, *GIVEN.get(part, []))
    return found


def row(name: str) -> str:
    """The line of the page's tables that has this Resource."""
    rows = [line for line in PAGE.splitlines() if re.match(rf"\| [^|]*`{name}`", line)]
    assert len(rows) == 1, f"{name} is in {len(rows)} rows"
    return rows[0]


def section(part: str) -> str:
    at = PAGE.index(f"\n## {part}\n")
    end = PAGE.find("\n## ", at + 4)
    return PAGE[at:end]


def test_each_part_has_a_section_that_says_how_to_register_it(tasks: Tasks):
    assert len(PARTS) >= 12
    for part in PARTS:
        assert f"`{part}.register(tasks" in section(part), part
    assert {name.split(":")[0] for name in tasks.handlers} == set(PARTS)


def test_each_task_has_a_row_with_its_effect(tasks: Tasks):
    for name, task in tasks.handlers.items():
        told = row(name)
        if name.startswith("signal:"):
            assert "Everything is pure" in section("signal")
            assert task.effect == "pure"
        else:
            cells = [cell.strip() for cell in told.strip("|").split("|")]
            assert re.match(task.effect + r"\b", cells[-1]), name


def test_each_member_of_a_payload_is_told(tasks: Tasks):
    class Context:
        execution, action, attempt = 1, 1, 1

    for name, task in tasks.handlers.items():
        given = ({"nothing like it": 1}, *([Context] if task.context else []))
        with pytest.raises(TaskError) as refused:
            task.function(*given)
        takes = refused.value.cause.rpartition("it takes ")[2]
        service = name.split(":")[0]
        for member in takes.split(", ") if takes != "nothing" else []:
            assert f"`{member}`" in section(service), (name, member)


def test_what_the_page_has_is_there(tasks: Tasks):
    named = set(re.findall(r"^\| ((?:`[a-z0-9]+:[a-z_]+`(?:, )?)+)", PAGE, re.M))
    names = {name for cell in named for name in re.findall(r"`([^`]+)`", cell)}
    names -= {name for name in names if name.split(":")[0] not in PARTS}
    worlds = {"onewire:4", "wifi:home", "i2c:0"}  # of the table of what a world has
    assert names - worlds == set(tasks.handlers)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_of_the_page_run(tmp_path: Path):
    (first, _, own) = blocks("python")
    (tmp_path / "tasks.py").write_text(first, encoding="utf-8")
    (tmp_path / "own.py").write_text(own, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "own.py"],
        cwd=tmp_path,
        env=interpreters.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
