"""The greenhouse: the same month everywhere, whenever the power fails."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.nor import Nor, PowerLoss
from tests import interpreters
from tsme.journal import STEP, Journal
from tsme.kernel import Kernel
from tsme.kernel.replay import Replay
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

HERE = interpreters.ROOT / "examples" / "greenhouse"
EXPECTED = json.loads((HERE / "expected.json").read_text())
SIZE = {"block": 4096, "count": 8}
# A program operation that is cut off: nothing of it done, half of it, all of it.
SHAPES = (("none", None), ("first", None), ("all", None))


@pytest.fixture(scope="module")
def program():
    name = "greenhouse.asl.json"
    return compile_text((HERE / name).read_text(), name).data


@pytest.fixture(scope="module")
def device():
    """The board's main.py, and with it tasks.py, under their own names for this module alone."""
    before = dict(sys.modules)
    sys.path.insert(0, str(HERE))
    try:
        return importlib.import_module("device")
    finally:
        sys.path.remove(str(HERE))
        for name in ("device", "tasks"):
            sys.modules.pop(name, None)
            if name in before:
                sys.modules[name] = before[name]


def live(device, program, flash, folder):
    """Power the board up until the month is over."""
    return device.run(device.board(program, flash, str(folder)))


def away(folder):
    clock = folder / "clock.txt"
    if clock.exists():
        clock.write_text(str(int(clock.read_text()) + 47 * 60000))


def read(folder, name):
    return (folder / name).read_text().splitlines()


def replayed(program, flash):
    """Replay the journal from its first record, every digest compared."""
    replay = Replay(Kernel(Interpreter(Program(program))))
    records = 0
    for _, kind, body, _, _ in Journal(flash).records():
        (replay.step if kind == STEP else replay.checkpoint)(body)
        records += 1
    assert records == replay.number + replay.checkpoints
    assert replay.checkpoints <= 1, "of the end, unless the power failed right before"
    return replay.state


@pytest.fixture(scope="module")
def month(device, program, tmp_path_factory):
    """An undisturbed month: number of flash operations, image, openings, reports."""
    folder = tmp_path_factory.mktemp("month")
    flash = Nor(**SIZE, strict=True)
    outcome = live(device, program, flash, folder)
    assert (outcome.status, outcome.output) == ("succeeded", EXPECTED)
    return flash.ops, bytes(flash.data), read(folder, "valve.txt"), read(folder, "report.txt")


def test_the_month_is_dry_and_jams_happen(month):
    _, _, valve, report = month
    assert [line.split(",")[0] for line in valve] == [
        f"2015-{day} 150 litres"
        for day in "07-18 07-21 07-25 07-29 07-31 08-02 08-07 08-10".split()
    ]
    assert [line[:10] for line in report][:: len(report) - 1] == ["2015-07-18", "2015-08-16"]
    assert len(report) == EXPECTED["days"]
    assert sum("jammed" in line for line in report) == 1
    assert sum("too wet" in line for line in report) == 1


def test_the_program_is_small(program):
    small = json.dumps(
        json.loads((HERE / "greenhouse.asl.json").read_text()), separators=(",", ":")
    )
    assert Program(program).size <= 0.4 * len(small)


@pytest.mark.parametrize("name", [n for n in interpreters.INTERPRETERS if n != "cpython"])
def test_same_bytes_on_micropython(month, program, tmp_path, name):
    interpreters.require(name)
    (tmp_path / "p.tsm").write_bytes(program)
    args = [tmp_path / "p.tsm", tmp_path / "flash.bin", tmp_path]
    done = interpreters.run(name, HERE / "device.py", args)
    assert done.returncode == 0, done.stderr
    status, output, *_ = json.loads(done.stdout.splitlines()[-1].split(b" ", 1)[1])
    assert (status, output) == ("succeeded", EXPECTED)
    assert (tmp_path / "flash.bin").read_bytes() == month[1]
    assert read(tmp_path, "valve.txt") == month[2]
    assert read(tmp_path, "report.txt") == month[3]


def cut_month(device, program, folder, cuts):
    """A month in which the power fails at each of `cuts`: (operations from power-up, shape, n)."""
    flash = Nor(**SIZE, strict=True)
    for at, shape, amount in cuts:
        flash.cut_at(at, shape, amount)
        with pytest.raises(PowerLoss):
            live(device, program, flash, folder)
        flash.power_on()
        away(folder)
    return flash, live(device, program, flash, folder)


def check(month, program, folder, flash, outcome):
    assert (outcome.status, outcome.output) == ("succeeded", EXPECTED)
    # the action ids may differ, the openings not
    valve = [line.split(",")[0] for line in read(folder, "valve.txt")]
    assert valve == [line.split(",")[0] for line in month[2]]
    assert [line[:10] for line in read(folder, "report.txt")] == [line[:10] for line in month[3]]
    assert replayed(program, flash).result == EXPECTED


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("first", range(1, 4))
def test_a_cut_at_every_operation(month, device, program, tmp_path, first, shape):
    for at in range(first, month[0] + 1, 3 if shape[0] == "first" else 9):
        folder = tmp_path / str(at)
        folder.mkdir()
        flash, outcome = cut_month(device, program, folder, [(at, *shape)])
        check(month, program, folder, flash, outcome)


@pytest.mark.parametrize("second", range(1, 9))
def test_a_second_cut_soon_after_the_first(month, device, program, tmp_path, second):
    for at in range(second, month[0] - 10, 11):
        folder = tmp_path / str(at)
        folder.mkdir()
        cuts = [(at, "first", None), (second, "random", None)]
        flash, outcome = cut_month(device, program, folder, cuts)
        check(month, program, folder, flash, outcome)


def run_demo(folder, *args):
    demo = HERE / "demo.py"
    return subprocess.run(
        [sys.executable, demo, "--folder", folder, *args],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONUTF8": "1"},
    )


def test_demo(tmp_path):
    interpreters.require("micropython")
    done = run_demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    text = done.stdout
    for part in ("The power fails", "a torn tail", "TSME.Interrupted", "identical: 129 steps"):
        assert part in text
    assert text.count("\u2713") == 8
    readme = (interpreters.ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```\n")[2].partition("```")[0].splitlines()
    assert len(shown) > 10
    assert not [line for line in shown if line.strip() not in ("", "...") and line not in text]
    assert "\u2717" not in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("cut", [1, 7, 91])
def test_demo_with_the_cut_elsewhere(tmp_path, cut):
    interpreters.require("micropython")
    done = run_demo(tmp_path, "--cut", str(cut))
    assert done.returncode == 0, done.stdout + done.stderr


def test_demo_says_what_is_not_as_it_must_be(tmp_path):
    interpreters.require("micropython")
    done = run_demo(tmp_path, "--cut", "9999")
    assert done.returncode == 1
    assert "not as it must be: the power failed" in done.stdout


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_tsme_run(tmp_path, on):
    interpreters.require(on)
    files = ["greenhouse.asl.json", "--input", "input.json", "--tasks", "tasks.py"]
    command = [Path(sys.executable).with_name("tsme"), "run", *files, "--on", on, "--fast"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == EXPECTED


def test_a_winter_month(device, program, tmp_path, monkeypatch):
    winter = {"start": "2013-12-01", "days": 30, "soil": 100, "capacity": 400, "dry": 200}
    monkeypatch.setattr(device.json, "load", lambda _: winter | {"dose": 150})
    assert live(device, program, Nor(**SIZE), tmp_path).status == "succeeded"
    report = read(tmp_path, "report.txt")
    assert sum("frost" in line for line in report) > 10
    watered = {line.split()[0] for line in read(tmp_path, "valve.txt")}
    assert not watered & {line[:10] for line in report if "frost" in line}


def test_the_end_of_the_record_fails_the_execution(device, program, tmp_path, monkeypatch):
    late = {"start": "2015-12-30", "days": 30, "soil": 300, "capacity": 400, "dry": 0, "dose": 1}
    monkeypatch.setattr(device.json, "load", lambda _: late)
    (tmp_path / "clock.txt").write_text("1451505600000")  # 2015-12-30T20:00:00Z
    outcome = live(device, program, Nor(**SIZE), tmp_path)
    assert (outcome.status, outcome.error) == ("failed", "NoRecord")


def test_weather_is_evenly_spaced():
    rows = (HERE / "seattle-weather.csv").read_text().splitlines()
    assert {len(row) for row in rows} == {25}
    dates = [row[:10] for row in rows[1:]]
    assert dates == sorted(set(dates))
    assert len(dates) == 1461
