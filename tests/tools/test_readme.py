"""What the READMEs say can be typed as it stands there, and does what they say."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tests.tools.shell import COMMAND, CPYTHON_AND_MICROPYTHON, need, spawn

README = (ROOT / "README.md").read_text(encoding="utf-8")
# Those of machines: tests/examples/test_machines.py
EXAMPLES = sorted({path.parent.name for path in (ROOT / "examples").glob("*/*.asl.json")})


def blocks(*languages: str) -> list[str]:
    """The code blocks of README.md in these languages; "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name in languages]


def commands(text: str) -> list[list[str]]:
    """The words of each `tsme` command in a text, without the remarks."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    split = [shlex.split(line, comments=True) for line in lines if re.match(r"\S*tsme ", line)]
    return [words[1:] for words in split]


def first_workflow() -> list[list[str]]:
    return commands(
        next(
            text for text in blocks("", "sh", "console") if re.search(r"^\S*tsme run", text, re.M)
        )
    )


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of README's first workflow, by the names that its commands give them."""
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    run = next(words for words in first_workflow() if words[0] == "run")
    folder = tmp_path / "garden"
    assert (folder / run[1]).read_text(encoding="utf-8") == blocks("json")[0]
    tasks = next(text for text in blocks("python") if "tsme.Tasks()" in text)
    assert (folder / option(run, "--tasks")).read_text(encoding="utf-8") == tasks
    return folder


def until_it_waits(words: list[str], folder: Path) -> None:
    """Ctrl-C as soon as nothing but a Wait is under way."""
    process = subprocess.Popen(
        [COMMAND, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    show = ["journal", "show", option(words, "--journal"), "--program", words[1]]
    while process.poll() is None and "waits" not in spawn(*show, cwd=folder).stdout:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=120)[1]
    assert process.returncode == 130, stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_the_first_workflow_runs_as_readme_has_it(folder: Path, on: str):
    lines = first_workflow()
    runs = [words for words in lines if words[0] == "run"]
    assert len(runs) == 2
    assert {"check", "run", "journal", "replay"} <= {words[0] for words in lines}
    for words in lines:
        if words is runs[0]:
            until_it_waits([*words, "--on", need(on)], folder)
            continue
        more = ["--fast", "--on", on] if words[0] == "run" else []
        done = spawn(*words, *more, cwd=folder)
        assert done.returncode == 0, (words, done.stderr)
        if words is runs[1]:
            assert "going on with it" in done.stderr
        if words[0] == "replay":
            assert done.stdout.startswith("identical: ")


def test_every_python_block_of_readme_is_python():
    for number, text in enumerate(blocks("python")):
        compile(text, f"README.md block {number}", "exec")


def test_the_makefile_has_every_target_that_readme_names():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", README))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_its_readme_has_it(tmp_path: Path, name: str):
    folder = tmp_path / name
    shutil.copytree(ROOT / "examples" / name, folder)
    text = (folder / "README.md").read_text(encoding="utf-8")
    lines = [words for words in commands(text) if words[0] in ("run", "test")]
    assert lines
    for words in lines:
        if "--on" in words:
            need(option(words, "--on"))
        done = spawn(*words, cwd=folder)
        assert done.returncode == 0, (words, done.stderr)
