"""`@simulate` makes a class a test: which classes, for how long, and what a failure shows."""

import json
import re
import subprocess
import sys

import pytest

import tsme.testing  # noqa: F401
import tsme_sim.summary  # noqa: F401  # before pytester looks at which modules there are
from tests.tools.shell import tsme as command

pytest_plugins = ["pytester"]

HEAD = """
import pytest
from tsme.testing import Simulation, replay, simulate

class Counter:
    initial = {"count": 0}

    def stf(state, input, actions):
        state["count"] += input.value

class Base(Simulation):
    machine = Counter
    steps = 60
    faults = ("reset", "twice", "clock")

    def signal(self, dice, device):
        return 1 + dice.below(9)
"""
GOOD = """
@simulate(seeds=5)
class Counts(Base):
    pass
"""
BAD = """
@simulate(seeds=30)
class Overflows(Base):
    def check(self, device):
        assert device.value["count"] < 50, "it is full"
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on a module of the given text."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "")

    def run(text, *options):
        pytester.makepyfile(test_it=HEAD + text)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)

    return run


def test_a_marked_class_is_one_test_whatever_its_name_and_others_are_none(run):
    text = GOOD + "class TestHeirOf(Counts):\n    pass\n\nclass Unmarked(Base):\n    pass\n"
    result = run(text, "-v", "-W", "error")
    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines([r"test_it.py::Counts PASSED \(5 seeds, \d+ steps, \d+ faults\)"])


def test_a_summary_of_what_was_covered_comes_with_ra(run):
    result = run(GOOD, "-rA")
    result.stdout.re_match_lines(
        [r"Counts: 5 seeds, 300 moves, \d+ steps.*", r"  faults    .*", r"  inputs    signal .*"]
    )


def test_the_options_say_how_many_seeds_and_how_long(run):
    run(GOOD, "-v", "--sim-seeds", "2").stdout.re_match_lines([r".* PASSED \(2 seeds, .*"])
    run(GOOD, "-v", "--sim-minutes", "0").stdout.re_match_lines([r".* PASSED \(1 seed, .*"])
    run(GOOD, "--help").stdout.re_match_lines([r".*--sim-seeds=N.*"])


def test_a_failure_shows_the_story_the_test_to_paste_and_where_it_is_saved(run, pytester):
    result = run(BAD)
    result.assert_outcomes(failed=1)
    out = str(result.stdout)
    seed = re.search(r"✗ seed (\d+): AssertionError: it is full", out)[1]
    assert re.search(r"at test_it.py:\d+; \d+ moves, shrunk from \d+", out)
    assert re.search(r"^ +0\.000  start null$", out, re.MULTILINE)
    assert re.search(r"^ +[\d.]+  signal \d$", out, re.MULTILINE)
    file = pytester.path / f"Overflows-{seed}.sim.json"
    assert f"Saved as {file.name} in {pytester.path} (tsme sim --replay {file})" in out
    assert "Traceback" not in out
    assert "\x1b" not in out
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert saved["simulation"] == "test_it.py:Overflows"
    assert saved["message"] == "AssertionError: it is full"


def test_the_pasted_test_fails_until_it_is_mended(run, pytester):
    out = str(run(BAD).stdout)
    pasted = re.search(r"^    def test_seed_\d+.*?\n\n", out, re.MULTILINE | re.DOTALL)[0]
    test = "\n".join(line[4:] for line in pasted.splitlines())
    unmarked = BAD.replace("@simulate(seeds=30)\n", "")
    again = run(unmarked + test)
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["*it is full*", "*start null*"])
    run(unmarked.replace("< 50", "< 5000") + test).assert_outcomes(passed=1)


def test_the_saved_file_is_replayed_by_the_command(run, pytester):
    run(BAD)
    (file,) = pytester.path.glob("*.sim.json")
    done = command("sim", "--replay", file)
    assert done.exit_code == 1, done.stderr
    assert "it is full" in done.stdout


def test_marks_of_pytest_work(run):
    result = run('@pytest.mark.skip(reason="later")' + GOOD, "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*later*"])
    run("@pytest.mark.skip" + GOOD, "-m", "not skip").assert_outcomes(deselected=1)


def test_what_runs_nothing_is_one_line(run):
    result = run("@simulate()\nclass Empty(Simulation):\n    pass\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["TSME-S001: Empty says nothing of what runs*"])
    assert "Traceback" not in str(result.stdout)


def test_it_runs_in_workers_of_xdist(run):
    result = run(GOOD + BAD, "-n", "2", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([r".*PASSED \(5 seeds.*"])


def test_it_can_be_switched_off(run):
    run(GOOD, "-p", "no:tsme").assert_outcomes()


def test_loading_it_imports_nothing_but_itself():
    code = (
        "import sys, pytest; before = set(sys.modules); import tsme_sim.plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['tsme_sim', 'tsme_sim.plugin']"
