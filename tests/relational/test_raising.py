"""Law 1 where handlers raise: a journal comes to the same on every interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests import interpreters
from tests.relational.raising import RAISES
from tsme.journal import Journal
from tsme.journal.ram_flash import RamFlash
from tsme.kernel.replay import read_step
from tsme_host.compiler.compile import compile_text

SCRIPT = Path(__file__).with_name("raising_device.py")
CASES = {"own", "odd", "till", "tasks", "program"}
ON = ("cpython", "core", "micropython", "micropython32", "micropythonf32")
CATCHES = {
    "T": {
        "Type": "Task",
        "Resource": "raise",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}],
        "End": True,
    },
    "P": {"Type": "Pass", "End": True},
}
EACH = {"Type": "Map", "ItemProcessor": {"StartAt": "T", "States": CATCHES}, "End": True}


@pytest.fixture(scope="module", autouse=True)
def folder() -> Iterator[Path]:
    """Where each interpreter has a folder with its journals."""
    with TemporaryDirectory() as path:
        yield Path(path)


def run(on: str, how: str, folder: Path) -> dict[str, str]:
    """What each case came to: steps, digest, checkpoint."""
    interpreters.require(on)
    done = interpreters.run(on, SCRIPT, [how, str(folder)], heap="4m", timeout=600)
    assert done.stderr.decode() == ""
    return dict(line.split(" ", 1) for line in done.stdout.decode().splitlines())


@lru_cache
def written(on: str, folder: Path) -> tuple[Path, dict[str, str]]:
    """The journals that an interpreter writes, and what it says of them."""
    there = folder / on
    there.mkdir()
    workflow = {"StartAt": "Each", "States": {"Each": {**EACH, "MaxConcurrency": 1}}}
    (there / "program.tsm").write_bytes(compile_text(json.dumps(workflow)).program)
    return there, run(on, "write", there)


@pytest.mark.parametrize("on", ["micropython", "micropython32", "micropythonf32"])
def test_a_journal_of_a_device_whose_handlers_raise_replays_on_the_laptop(
    on: str, folder: Path
) -> None:
    there, told = written(on, folder)
    assert set(told) > CASES
    laptop = "cpython" if on == "micropython" else "core"
    assert run(laptop, "read", there) == told


@pytest.mark.parametrize("on", ["micropython", "micropython32"])
def test_a_journal_of_the_laptop_whose_handlers_raise_replays_on_a_device(
    on: str, folder: Path
) -> None:
    there, told = written("core", folder)
    assert run(on, "read", there) == told


def test_what_users_raise_leads_to_the_same_bytes_everywhere(folder: Path) -> None:
    for name in ("own", "odd"):
        told = {on: written(on, folder)[1][name] for on in ON}
        assert set(told.values()) == {told["cpython"]}
        images = {on: (written(on, folder)[0] / f"{name}.bin").read_bytes() for on in ON}
        assert [on for on in ON if images[on] != images["cpython"]] == []


def test_the_machines_of_these_tests_raise_in_every_way(folder: Path) -> None:
    """Else the tests above would compare nothing."""
    mine, its = (_said(written(on, folder)[0]) for on in ("cpython", "micropython"))
    assert len(mine) == len(its) > 6 * len(RAISES)
    other = sum(a != b for a, b in zip(mine, its, strict=True))
    assert other > 2 * len(RAISES)
    names = {name for name, _ in mine}
    assert {"ZeroDivisionError", "TypeError", "RecursionError", "Empty", "OSError"} <= names
    assert ["ValueError", "tank is empty"] in mine
    assert ["ValueError", "tank is empty"] in its


def _said(there: Path) -> list[list[str]]:
    """What handlers of relational machines have raised, as the records have it."""
    out: list[list[str]] = []
    for path in sorted(there.glob("tank*.bin")):
        flash = RamFlash(4096, 16)
        flash.data[:] = path.read_bytes()
        journal = Journal(flash)
        journal.recover()
        journal.reread(lambda body: None, lambda body: out.extend(_more(read_step(body, 0)[1])))
    return out


def _more(event: tuple[Any, ...]) -> list[list[str]]:
    last = event[-1]
    if not (isinstance(last, list) and last and isinstance(last[0], list)):
        return []
    return [last[one] if isinstance(one, int) else one for one in last]
