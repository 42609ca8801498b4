"""Findings have the form that findings/README.md gives them.  Running them needs the network."""

import os
import re
from pathlib import Path

import pytest

from tests.interpreters import ROOT

FINDINGS = sorted((ROOT / "findings").glob("*.sh"))


def test_there_are_findings_and_nothing_else():
    others = {path.name for path in (ROOT / "findings").iterdir()} - {p.name for p in FINDINGS}
    assert len(FINDINGS) >= 3
    assert others == {"README.md"}


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_says_version_behaviour_and_what_was_seen(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert os.access(path, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash"
    head = [line for line in lines[1:] if line.startswith("#")]
    kinds = [found[1] for line in head if (found := re.match(r"# ([A-Z]\w+):", line))]
    assert kinds == ["Version", "Behaviour", "Seen"]


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_finding_pins_what_it_runs_and_does_without_this_product(path: Path):
    text = path.read_text(encoding="utf-8")
    assert "set -euo pipefail\nfolder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n" in text
    assert "tsme" not in text.lower()
    installed = re.findall(r"(?:pip\"|npm) .*install (.*)", text)
    packages = [
        word
        for line in installed
        for word in line.split()
        if word[0] not in "->" and "/" not in word
    ]
    packages = [word for word in packages if word != '"$folder"']
    assert packages
    assert all(re.fullmatch(r"'?[\w-]+(\[\w+\])?(==|@)[\d.]+'?", word) for word in packages), (
        packages
    )
    assert re.search(r"\ndiff - \"\$folder/seen\" <<'EOF'\n(.+\n)+EOF\n$", text)  # its exit code
