"""A minute of each fuzz target; `make fuzz SECONDS=3600` for longer ones."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests import interpreters

from . import differential, fuzz, machine

SECONDS = 60
SEED = 20_260
PROGRAMS = 10_000  # for the differential one, at most: the same on every computer that is fast
# A check that a target has to miss, if it is left out: what is taken away, from which file.
PLANTED = {
    "value": ("tsme_check.c", "*n > (uint64_t)(end - *at) || !tsme_is_utf8", "!tsme_is_utf8"),
    "run": ("tsme_verify.c", "if (c >= p->const_count) {", "if (c > 0xFFFF) {"),
}


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()
    interpreters.require("clang")
    machine.make("fuzzers")
    machine.make("batch")


@pytest.mark.parametrize("target", fuzz.LIBFUZZER)
def test_nothing_breaks_in_a_minute(target: str, tmp_path: Path) -> None:
    assert fuzz.fuzz(target, tmp_path / target, SECONDS, SEED) == ""


def test_python_and_the_core_agree_for_a_minute() -> None:
    assert differential.fuzz(SECONDS, SEED, PROGRAMS) == ""


def test_every_target_begins_with_what_is_good() -> None:
    for target in fuzz.LIBFUZZER:
        assert sum(1 for _ in fuzz.seeds(target)) > 60, target


@pytest.mark.parametrize("target", PLANTED)
def test_a_check_that_is_left_out_is_found(target: str, tmp_path: Path) -> None:
    name, check, without = PLANTED[target]
    source = tmp_path / "native" / "tsme_core"
    shutil.copytree(machine.SOURCE, source)
    for header in ("opcodes.h", "natives.h"):
        shutil.copy2(machine.SOURCE.parent / header, source.parent)
    text = (source / name).read_text("utf-8")
    assert text.count(check) == 1
    (source / name).write_text(text.replace(check, without), "utf-8")
    build = tmp_path / "build"
    # What was compiled of the other files is newer than they, and taken as it is.
    shutil.copytree(machine.BUILD / "fuzz", build / "fuzz")
    line = ["make", "-s", "-C", str(source), f"BUILD={build}", str(build / f"fuzz-{target}")]
    subprocess.run(line, check=True)
    told = fuzz.fuzz(target, tmp_path / "found", 300, SEED, build, tmp_path)
    assert "ERROR: " in told
    assert "make fuzz REPRO=" in told
