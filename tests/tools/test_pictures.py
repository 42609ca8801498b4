"""A drawing tells Map from Parallel, and counts the states that are within."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tests.tools.shell import assert_one_clear_line, tsme
from tsme_host.compiler.frontend.check import check
from tsme_host.tools.commands.graph import mermaid
from tsme_host.tools.diagram import diagram

PUMPS = ROOT / "examples" / "pumps" / "pumps.asl.json"


def test_states_of_branches_and_bodies_are_counted(tmp_path: Path):
    done = tsme("graph", PUMPS, "-o", tmp_path / "pumps.mmd")
    text = (tmp_path / "pumps.mmd").read_text(encoding="utf-8")
    states = [line for line in text.splitlines() if ":::" in line]
    inner = [line for line in states if ":::start" not in line and ":::finish" not in line]
    assert f": {len(inner)} states" in done.stderr
    assert len(inner) > 3


def test_a_map_looks_other_than_a_parallel():
    text = mermaid(diagram(check(PUMPS.read_text(encoding="utf-8"))))
    kinds = {kind: next(line for line in text.splitlines() if line.endswith(f":::{kind}"))
             for kind in ("map", "parallel")}  # fmt: skip
    assert "for each item" in kinds["map"]
    assert "branches at once" in kinds["parallel"]
    shapes = {line.strip().lstrip("s0123456789")[:2] for line in kinds.values()}
    assert len(shapes) == 2
    fills = {line.split("fill:")[1][:7] for line in text.splitlines()
             if line.strip().startswith(("classDef map", "classDef parallel"))}  # fmt: skip
    assert len(fills) == 2


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_another_format_says_how_to_come_by_it(tmp_path: Path, ending: str):
    done = tsme("graph", PUMPS, "-o", tmp_path / f"pumps.{ending}")
    assert_one_clear_line(done.stderr, "TSME-H003")
    assert "any browser shows an .svg" in done.stderr
