"""A second relational machine, written from its description, does what the engine does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT, require
from tests.relational import vectors
from tests.relational.generate import vector
from tests.relational.test_vectors import known
from tests.spec.second_relational import Model

COUNT = 500
SOME = 300  # enough to find each mutant
FEW = 60
FIRMWARE = ROOT / "firmware" / "lib"
# Rules of the engine, each broken in one place.
MUTANTS = {
    "whoever is blocked blocks": (
        "resolve.py",
        "                    there &= ~(1 << i)\n",
        "                    pass\n",
    ),
    "an active owner adds again": (
        "resolve.py",
        "once = before & ~s.multi",
        "once = before & 0",
    ),
    "AnyState takes ticks back": (
        "failing.py",
        "(0 if sort > _STATE else 2)",
        "2",
    ),
    "a refusal of one pair hides the others": (
        "turn.py",
        "if sort == _ENTER:",
        "if sort:",
    ),
    "a trial is as good as a mutation": (
        "moment.py",
        "not q[3] & _CHECK and ",
        "",
    ),
    "a full queue takes no error": (
        "seldom.py",
        "there == (kind == _REMOVE)",
        "False",
    ),
    "a context ends late": (
        "turn.py",
        "self.expire(applied.changed)",
        "pass",
    ),
    "who asks for what is so waits": (
        "subscriptions.py",
        "kind in (_ACTIVE, _INACTIVE, _TIME, _QUEUE)",
        "kind in (_ACTIVE, _TIME)",
    ),
}


@lru_cache(maxsize=1)
def made() -> list[vectors.Vector]:
    return [vector(seed) for seed in range(COUNT)]


@lru_cache(maxsize=1)
def expected() -> list[list[vectors.Told]]:
    return [Model(one).play() for one in made()]


def differences(told: list[list[vectors.Told]]) -> list[str]:
    """What an engine says otherwise: at most one line for each machine."""
    out = []
    for one, mine, its in zip(made(), expected(), told, strict=False):
        traced = (one.get("handlers") or {}).get("trace")
        for number, (want, got) in enumerate(zip(mine, its, strict=True)):
            names = [n for n in want if want[n] != got[n] and (traced or n != "calls")]
            if names:
                name = names[0]
                out.append(f"{one['name']}, step {number}: {name}: {want[name]}, not {got[name]}")
                break
    return out


def test_the_second_machine_does_what_is_known_of_the_original() -> None:
    verdicts = [vectors.judge(one, Model(one).play()) for one in known()]
    assert [v for v in verdicts if v.verdict != "passed"] == []


def test_both_machines_do_the_same() -> None:
    assert differences(vectors.outcomes(made(), "cpython")) == []


@pytest.mark.parametrize("on", ["micropython", "micropython32"])
def test_both_machines_do_the_same_on_boards_and_after_any_checkpoint(on: str) -> None:
    require(on)
    assert differences(vectors.outcomes(made()[:FEW], on, restore=True)) == []


def test_what_seldom_happens_happens() -> None:
    seen: dict[str, int] = {}
    for machine in expected():
        for told in machine:
            happened = {told["result"]} | {one["op"] for one in told["nested"]}
            happened |= {"fired"} if told["fired"] else set()
            happened |= {one["result"] + " inside" for one in told["nested"]}
            for t in told["transitions"]:
                sort = "auto" if t.get("auto") else t["type"]
                happened.add(sort + (" accepted" if t["accepted"] else " refused"))
            for name in happened:
                seen[name] = seen.get(name, 0) + 1
    results = {"executed", "canceled", "none", "error"}
    inside = {"executed inside", "canceled inside", "queued inside", "prepend_add", "can_remove"}
    sorts = {f"{a} {b}" for a in ("auto", "add", "remove", "set") for b in ("accepted", "refused")}
    assert results | inside | sorts | {"fired"} <= seen.keys()


@pytest.mark.parametrize("name", MUTANTS)
def test_an_engine_with_a_rule_broken_is_found_out(name: str, tmp_path: Path) -> None:
    module, old, new = MUTANTS[name]
    shutil.copytree(FIRMWARE, tmp_path / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "lib" / "tsme" / "relational" / module
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    given = tmp_path / "vectors.json"
    given.write_text(json.dumps(made()[:SOME]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(vectors.SCRIPT), str(given)],
        env={"PYTHONPATH": str(tmp_path / "lib"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    told: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    assert told, done.stderr.decode()
    assert differences(told)
