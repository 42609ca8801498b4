"""The check that finds recursion in device code finds every way to recurse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import ROOT

CHECK = ROOT / "setup" / "recursion.py"


def check(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECK), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def planted(folder: Path, **modules: str) -> str:
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    done = check(folder)
    assert not done.stderr
    assert bool(done.returncode) == bool(done.stdout)
    return done.stdout


PLANTED = {
    "itself": {"a": "def f(v):\n    return f(v[0])\n"},
    "in a comprehension": {"a": "def f(v):\n    return [f(x) for x in v]\n"},
    "another": {"a": "def f(v):\n    g(v)\n\ndef g(v):\n    f(v)\n"},
    "another module": {
        "a": "from .b import g\n\ndef f(v):\n    g(v)\n",
        "b": "def g(v):\n    from . import a\n    a.f(v)\n",
    },
    "imported where it is used, by another name": {
        "a": "def f(v):\n    from .b import g as h\n    h(v)\n",
        "b": "from .a import f\n\ndef g(v):\n    f(v)\n",
    },
    "a method": {
        "a": "class A:\n    def f(self):\n        self.g()\n\n    def g(self):\n        self.f()\n"
    },
    "a method of whatever it is": {
        "a": "class A:\n    def walk(self, v):\n        v.step(self)\n",
        "b": "class B:\n    def step(self, a):\n        a.walk(self)\n",
    },
    "an inherited method": {
        "a": "class A:\n    def f(self):\n        self.g()\n",
        "b": "from .a import A\n\nclass B(A):\n    def g(self):\n        super().f()\n",
    },
    "what makes an object": {"a": "class A:\n    def __init__(self, v):\n        self.v = A(v)\n"},
    "what is handed around": {
        "a": "from .b import each\n\ndef f(v):\n    each(v, f)\n",
        "b": "def each(v, do):\n    for x in v:\n        do(x)\n",
    },
    "a method that is handed around": {
        "a": "from .b import each\n\nclass A:\n    def f(self, v):\n        each(v, self.f)\n",
        "b": "def each(v, do):\n    for x in v:\n        do(x)\n",
    },
    "once": {
        "a": 'from . import once\n\ndef f(v):\n    once("b c", "g", v)\n',
        "b": "from .a import f\n\ndef g(v):\n    f(v)\n",
    },
    "a table": {"a": "def f(v):\n    TABLE[v](v)\n\nTABLE = (None, f)\n"},
    "a function within": {"a": "def f(v):\n    def g(x):\n        return g(x)\n    return g(v)\n"},
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_recursion_without_a_bound_is_found(case: str, tmp_path: Path) -> None:
    found = planted(tmp_path, **PLANTED[case])
    assert "recursion without a bound" in found
    assert "a.py:" in found


def test_what_does_not_recurse_is_left_alone(tmp_path: Path) -> None:
    text = """
from .b import other as f

def g(v):
    while v:
        v = h(v)
    return f(v)

def h(v):
    v.append(1)
    return {}.get(v)

class A:
    def append(self, v):
        return h(v)
"""
    assert planted(tmp_path, a=text, b="def other(v):\n    return v\n") == ""


def test_a_bound_is_taken_at_its_word_and_listed(tmp_path: Path) -> None:
    text = "def f(v):\n    # recursion: at most 32, the depth of a value\n    f(v)\n"
    assert planted(tmp_path, a=text) == ""
    assert "a.f: at most 32, the depth of a value" in check("--list", tmp_path).stdout


def test_a_bound_covers_the_cycles_that_go_through_it_alone(tmp_path: Path) -> None:
    text = "def f(v):\n    # recursion: at most 9, it counts\n    g(v)\n"
    text += "\n\ndef g(v):\n    f(v)\n    g(v)\n"
    assert "a.g" in planted(tmp_path, a=text)


def test_a_bound_that_no_board_s_stack_has_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "tsme"
    folder.mkdir()
    text = "def f(v):\n    # recursion: at most 1000, that many frames\n    f(v)\n"
    assert "recurses to 1000" in planted(folder, a=text)


def test_the_package_has_none() -> None:
    done = check()
    assert (done.returncode, done.stdout) == (0, "")
