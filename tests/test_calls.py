"""The check that follows the calls of the C core finds what takes stack, and what has no end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters

CHECK = interpreters.ROOT / "setup" / "calls.py"


@pytest.fixture(autouse=True, scope="module")
def compiler() -> None:
    interpreters.require("arm-none-eabi-gcc")


def check(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECK), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_core_keeps_within_its_stack_and_every_cycle_has_a_bound(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = check()
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    told = [line.partition(" > ")[0] for line in done.stdout.splitlines()]
    assert [line.split(":")[0] for line in told] == ["cortex-m3", "cortex-m0plus"]
    with capsys.disabled():
        print("\nthe C core:", "; ".join(told))


STEP = "int step(int n);\n"
TABLE = """
typedef int (*operation)(int n);
int first(int n);
int second(int n);
int first(int n) { return n + 1; }
int second(int n) { return n + 2; }
static const operation operations[2] = {
    first,
    second,
};
"""
# What is planted in a file, and what must be said of it.
WRONG = {
    "itself": (
        STEP + "int step(int n)\n{\n    return n > 0 ? 1 + step(n - 1) * step(n - 2) : 0;\n}\n",
        "recursion without a bound: step",
    ),
    "one another": (
        STEP + "int other(int n);\nint step(int n)\n{\n    return n * other(n);\n}\n"
        "int __attribute__((noinline)) other(int n)\n{\n    return 1 + step(n - 1);\n}\n",
        "recursion without a bound: ",
    ),
    "through a table": (
        STEP + TABLE.replace("second,", "step,") + "int step(int n)\n{\n"
        "    return 3 * operations[n & 1](n); // calls: operations\n}\n",
        "recursion without a bound: step",
    ),
    "a large frame": (
        "void fill(char *to);\nint step(int n)\n{\n    char room[1600];\n"
        "    for (int i = 0; i < n; i++) {\n        ((volatile char *)room)[i] = 1;\n    }\n"
        "    return room[n];\n}\n",
        "at most 1536 may be",
    ),
    "a frame that grows": (
        "int step(int n)\n{\n    volatile char room[n];\n    room[n - 1] = 1;\n"
        "    return room[0];\n}\n",
        "has a frame that grows",
    ),
    "a pointer that nobody explains": (
        TABLE + "int step(int n)\n{\n    return 3 * operations[n & 1](n);\n}\n",
        "which functions?",
    ),
    "a function that no list has": (
        TABLE + "int third(int n)\n{\n    return n;\n}\nconst operation more = third;\n"
        "int step(int n)\n{\n    return 3 * operations[n & 1](n); // calls: operations\n}\n",
        "third is used as a value",
    ),
    "a function that is not there": (
        TABLE + "int step(int n)\n{\n    // calls: first seconds\n"
        "    return 3 * operations[n & 1](n);\n}\n",
        "there is no function seconds",
    ),
    "a library": (
        "void *malloc(unsigned n);\nvoid *step(int n)\n{\n    return malloc(n);\n}\n",
        "calls malloc, which is not of the core",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told(what: str, tmp_path: Path) -> None:
    text, told = WRONG[what]
    (tmp_path / "tsme_planted.c").write_text(text, encoding="utf-8")
    done = check(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert told in done.stdout


def test_a_bound_counts_as_often_as_it_says(tmp_path: Path) -> None:
    text = WRONG["itself"][0].replace("return", "// recursion: at most 5, a test\n    return")
    (tmp_path / "tsme_planted.c").write_text(text, encoding="utf-8")
    done = check(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    first = done.stdout.splitlines()[0].split()
    assert first.count("step") == 5
    assert int(first[1]) == 5 * int(first[-1])


def test_a_table_and_the_callers_functions_are_followed(tmp_path: Path) -> None:
    text = TABLE.replace("{ return n + 2; }", "{ volatile char room[300]; return room[n]; }")
    text += (
        "int step(operation call, int n)\n{\n"
        "    int all = 3 * operations[n & 1](n); // calls: operations\n"
        "    // What the caller has handed over.\n    // calls: the caller\n"
        "    return 2 * call(all);\n}\n"
    )
    (tmp_path / "tsme_planted.c").write_text(text, encoding="utf-8")
    done = check(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r": step \d+ > second 3\d\d$", done.stdout, re.M)
