"""Items of Maps in Maps wait for a place; nothing fails, and nothing waits for ever."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tsme_host.compiler.compile import compile_text

SCRIPT = Path(__file__).with_name("places_device.py")
NUMBER = itertools.count()
PLACES = 128


def one(**state: Any) -> dict[str, Any]:
    name = f"S{next(NUMBER)}"
    return {"StartAt": name, "States": {name: {**state, "End": True}}}


def wait() -> dict[str, Any]:
    return one(Type="Wait", Seconds=1)


def task() -> dict[str, Any]:
    return one(Type="Task", Resource="t")


def mapped(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return one(Type="Map", ItemProcessor=body, **more)


def parallel(*branches: dict[str, Any]) -> dict[str, Any]:
    return one(Type="Parallel", Branches=list(branches), ResultPath=None)


# The workflow, its input, and the most seconds and frames that it may take.
FLOWS: dict[str, tuple[dict[str, Any], Any, int, int]] = {
    "five rooms of thirty": (mapped(mapped(wait())), [[0] * 30] * 5, 3, PLACES),
    "forty of forty": (mapped(mapped(wait())), [[0] * 40] * 40, 20, PLACES),
    "three deep": (mapped(mapped(mapped(wait()))), [[[0] * 12] * 12] * 12, 90, PLACES + 40),
    "a hundred at a time": (mapped(wait(), MaxConcurrency=100), [0] * 200, 2, PLACES),
    "two hundred at a time": (mapped(wait(), MaxConcurrency=200), [0] * 200, 2, PLACES),
    "Parallel in Map in Parallel": (
        parallel(mapped(parallel(mapped(wait()), mapped(task()))), mapped(mapped(task()))),
        [[0] * 20] * 30,
        30,
        PLACES + 40,
    ),
    "more branches than places": (parallel(*[wait() for _ in range(140)]), 1, 1, 141),
    "Parallel of many in a Map": (
        mapped(parallel(*[wait() for _ in range(9)])), [0] * 40, 1, 401
    ),
}  # fmt: skip


def played(board: str, case: str, folder: Path) -> str:
    if board != "cpython":
        interpreters.require(board)
    (folder / "p.tsm").write_bytes(compile_text(json.dumps(FLOWS[case][0])).program)
    (folder / "i.json").write_text(json.dumps(FLOWS[case][1]), encoding="utf-8")
    done = interpreters.run(board, SCRIPT, [folder / "p.tsm", folder / "i.json"], heap="4M")
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("case", FLOWS)
def test_items_wait_for_a_place_and_all_of_them_run(case: str, tmp_path: Path) -> None:
    told = played("cpython", case, tmp_path)
    ended, figures = told.splitlines()
    assert ended == "succeeded None True"
    seconds, frames, _ = map(int, figures.split())
    assert seconds <= FLOWS[case][2]
    assert frames <= FLOWS[case][3]


@pytest.mark.parametrize("case", ["five rooms of thirty", "three deep"])
@pytest.mark.parametrize("board", ["micropython", "micropython32"])
def test_who_waits_is_the_same_everywhere(board: str, case: str, tmp_path: Path) -> None:
    assert played(board, case, tmp_path) == played("cpython", case, tmp_path)
