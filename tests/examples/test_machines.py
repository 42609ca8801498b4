"""The machines among the examples: their demos and boards print what the READMEs show."""

from __future__ import annotations

import copy
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests import interpreters
from tests.tools.shell import COMMAND, tsme
from tsme.kernel import Kernel, State
from tsme.machine import Machine

EXAMPLES = interpreters.ROOT / "examples"
CLASSES = {"counter": "Counter", "loyalty": "Loyalty", "dentist": "Dentist"}
BOARDS = ["micropython", "micropython32", "micropythonf32"]


def blocks(name: str) -> list[str]:
    """What stands between fences in an example's README."""
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def load(name: str) -> Any:
    """The module of a machine."""
    spec = importlib.util.spec_from_file_location(
        f"machine_{name}", EXAMPLES / name / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", CLASSES)
def test_the_demo_prints_what_its_readme_shows(name, tmp_path):
    image = tmp_path / "flash.bin"
    done = subprocess.run(
        [sys.executable, EXAMPLES / name / "demo.py", image],
        capture_output=True,
        check=False,
        timeout=300,
        env=interpreters.environment(),
    )
    assert done.stderr == b""
    assert done.stdout.decode() == blocks(name)[0]
    program = f"{EXAMPLES / name / name}.py:{CLASSES[name]}"
    replayed = tsme("replay", image, "--program", program)
    assert replayed.exit_code == 0
    assert replayed.stdout.startswith("identical: ")


def sessions(text: str) -> list[tuple[str, list[str]]]:
    """What is typed on a board's console in a README, and what comes then."""
    out: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            typed = re.search(r"'(.*)'", line)
            out.append((typed[1].replace("\\n", "\n") if typed else "", []))
        elif line.startswith("{"):
            out[-1] = (out[-1][0] + line + "\n", out[-1][1])
        else:
            out[-1][1].append(line)
    return out


@pytest.mark.parametrize("name", CLASSES)
def test_the_commands_of_a_readme_can_be_typed(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    ((?:python|tsme) .*)$", text, re.MULTILINE)
    assert {"python", "tsme"} == {line.split()[0] for line in lines}
    assert any(line.startswith("tsme sim ") for line in lines)
    for line in lines:
        command, *words = shlex.split(line, comments=True)
        more = ["--seeds", "3", "--jobs", "1"] if words[0] == "sim" else []
        start = [sys.executable] if command == "python" else [COMMAND]
        done = subprocess.run(
            [*start, *words, *more],
            capture_output=True,
            check=False,
            timeout=300,
            cwd=folder,
            env=interpreters.environment(),
        )
        assert done.returncode == 0, (line, done.stderr.decode())
        expected = line.partition("# ")[2]
        assert expected in done.stdout.decode()


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("board", BOARDS)
def test_a_board_says_what_the_readme_shows_and_its_journal_is_that_of_the_laptop(
    name, board, tmp_path
):
    interpreters.require(board)
    for typed, expected in sessions(blocks(name)[1]):
        done = subprocess.run(
            interpreters.command(board, EXAMPLES / name / "main.py", heap="300k"),
            input=typed.encode(),
            capture_output=True,
            check=False,
            timeout=300,
            cwd=tmp_path,
            env=interpreters.environment(),
        )
        assert done.stderr == b""
        said = done.stdout.decode().splitlines()
        assert [line for line in said if not line.startswith("{")] == expected
    program = f"{EXAMPLES / name / name}.py:{CLASSES[name]}"
    replayed = tsme("replay", tmp_path / f"{name}.flash", "--program", program)
    assert replayed.exit_code == 0
    assert replayed.stdout.startswith("identical: ")


class Told:
    """A machine of an example, told signals and results without a device."""

    def __init__(self, name: str) -> None:
        self.module = load(name)
        client = Machine(getattr(self.module, CLASSES[name]))
        self.kernel = Kernel(client)
        self.state = State()
        self.feed(1, 1, client.program.digest, 1, None, None, 1)

    def feed(self, kind: int, *fields: Any) -> Any:
        step = self.kernel.step(self.state, (kind, self.state.now + 1, *fields))
        self.state = step.state
        self.module.check(self.state.client)
        return step.actions


def loyal() -> Told:
    shop = Told("loyalty")
    shop.feed(8, {"till": "bar", "number": 1, "do": "buy", "card": "ada", "cents": 1000})
    shop.feed(8, {"till": "bar", "number": 2, "do": "redeem", "card": "ada", "reward": "coffee"})
    return shop


def booked() -> Told:
    practice = Told("dentist")
    message = {"do": "book", "patient": "ada", "kind": "filling", "slot": ["mon", 540]}
    practice.feed(8, message | {"number": 1})
    practice.feed(2, 1, "hold-1")
    practice.feed(8, message | {"number": 2, "slot": ["tue", 540]})
    return practice


@pytest.mark.parametrize(
    ("make", "spoil"),
    [
        (loyal, lambda s: s.update(earned=101)),
        (loyal, lambda s: s["cards"].update(ada=54)),
        (loyal, lambda s: s["cards"].update(ada=100, bob=-45)),
        (loyal, lambda s: s["open"].clear()),
        (loyal, lambda s: s["later"].update({"9": 5})),
        (booked, lambda s: s.update(mon=0)),
        (booked, lambda s: s.update(wed=1)),
        (booked, lambda s: s["requests"]["1"].update(hold=None)),
        (booked, lambda s: s["requests"]["1"].update(at=555)),
        (booked, lambda s: s["requests"]["1"].update(day="tue")),
        (booked, lambda s: s["requests"]["1"].update(kind="root canal")),
        (booked, lambda s: s["requests"]["1"]["wishes"].update(mon=0)),
        (booked, lambda s: s["requests"].update({"2": s["requests"]["1"]})),
        (booked, lambda s: s["requests"].update({"3": s["requests"]["1"]})),
        (booked, lambda s: s["requests"].pop("1")),
        (booked, lambda s: s["later"].update({"9": "1"})),
        (lambda: Told("counter"), lambda s: s.update(count=-1)),
        (lambda: Told("counter"), lambda s: s.update(count=0.5)),
        (lambda: Told("counter"), lambda s: s.update(more=1)),
    ],
)
def test_the_checks_see_what_must_not_be(make, spoil):
    told = make()
    state = copy.deepcopy(told.state.client)
    told.module.check(state)
    spoil(state)
    with pytest.raises(AssertionError):
        told.module.check(state)


def test_a_check_of_what_has_changed_is_as_good_as_one_of_everything():
    practice = booked()
    before = practice.state.client
    state = copy.copy(before)
    state["requests"] = before["requests"] | {"2": before["requests"]["2"] | {"phase": "booked"}}
    state["requests"]["2"] |= {"day": "mon", "at": 540, "hold": "hold-2"}
    with pytest.raises(AssertionError, match="two patients mon at 540"):
        practice.module.check(state, before)
    practice.module.check(before, before)


def test_the_paths_that_a_demo_does_not_take():
    shop = loyal()
    shop.feed(3, 1, "States.Timeout", "")
    assert [a.resource for a in shop.state.pending.values()] == ["settle_voucher"]
    shop.feed(3, 2, "States.Timeout", "")  # the till is off
    assert shop.state.client["later"] == {"3": 1}
    shop.state.now += 60000
    shop.feed(5, 3)
    shop.feed(2, 4, False)
    assert shop.state.client["cards"] == {"ada": 100}

    practice = booked()
    practice.feed(8, {"do": "cancel", "number": 2})  # while it is paying
    practice.feed(3, 3, "Offline", "")
    assert practice.state.client["later"] == {"4": 2}
    practice.state.now += 60000
    practice.feed(5, 4)
    practice.feed(2, 5, None)
    assert list(practice.state.client["requests"]) == ["1"]
