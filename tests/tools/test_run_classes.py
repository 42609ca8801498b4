"""`tsme run FILE.py:CLASS`: machines in a process of their own, as workflows are."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.shell import (
    COMMAND,
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    need,
    spawn,
    tsme,
)

PUMP = """
import tsme

tasks = tsme.Tasks()


@tasks.task("open", effect="once")
async def open_valve(payload):
    print("valve", payload["which"])


class Pump:
    states = [("Start", {}), ("On", {"require": ["Start"]}), ("Open", {"require": ["On"]})]
    tasks = ("open",)
    initial = {"litres": 0}

    def start(m):
        m.data["most"] = m.args.get("most", 2)
        m.add("Start")
        if m.args.get("at once"):
            m.add("On")

    def OnState(m):
        m.task("open", {"which": "A"}, add=["Open"])

    def OpenState(m):
        m.timer(60000, remove=["Open"])

    def OpenEnd(m):
        m.data["litres"] += 1
        if m.data["litres"] >= m.data["most"]:
            m.end({"litres": m.data["litres"]})
        else:
            m.add("Open")

    def finish(m):
        m.end("done")

    def broken(m):
        raise ValueError("no such thing")

    def lost(m):
        m.add("Opne")
"""
COUNTER = """
class Counter:
    version = 1
    initial = {"n": 0}
    tasks = ("double",)

    def stf(state, input, actions):
        if input.kind == "signal":
            actions.task("double", input.value)
        elif input.kind == "succeeded":
            state["n"] += input.value
            if state["n"] > 10:
                actions.end(state["n"])
        elif input.kind == "failed":
            actions.fail(input.error, input.cause)
"""
DOUBLE = """
import tsme

tasks = tsme.Tasks()


@tasks.task("double", effect="pure")
def double(n):
    return 2 * n
"""

READING = """
import asyncio
import sys
from types import SimpleNamespace

sys.path += sys.argv[1:]
import unixclasses


class Buffer:
    reads = 0

    def readline(self):
        self.reads += 1
        if self.reads > 2:
            raise OSError("it is gone")
        return b"one"


async def main():
    sys.stdin = SimpleNamespace(buffer=Buffer())
    lines = unixclasses.read_lines()
    for _ in range(2):
        assert await lines.readline() == b"one"
    print(sys.stdin.buffer.reads)
    await unixclasses.signals(None)


asyncio.run(main())
"""
FIRMWARE = Path(__file__).parents[2] / "firmware"
PATHS = (str(FIRMWARE / "boards/unix"), str(FIRMWARE / "lib"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("pump.py", PUMP), ("counter.py", COUNTER), ("double.py", DOUBLE)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


class Told:
    """A run that is told what to do, a line at a time; what it says is heard."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [COMMAND, "run", *words], cwd=folder, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def tell(self, value: object) -> None:
        assert self.process.stdin
        print(json.dumps(value), file=self.process.stdin, flush=True)

    def hear(self, clue: str) -> str:
        """The next line with this in it."""
        assert self.process.stderr
        heard = []
        for line in self.process.stderr:
            heard.append(line)
            if clue in line:
                return line
        raise AssertionError(heard)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate()
        return self.process.returncode, out, err


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_relational_machine_runs_and_its_result_is_the_output(folder: Path, on: str) -> None:
    given = '{"most": 3, "at once": true}'
    run = ("run", "pump.py:Pump", "--fast", "--on", need(on), "-i", given)
    done = spawn(*run, "-j", "j.bin", cwd=folder)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"litres": 3})
    assert done.stderr.count("valve A") == 1
    assert tsme("replay", "j.bin", "--program", "pump.py:Pump").exit_code == 0
    ran = tsme("journal", "effects", "j.bin", "--program", "pump.py:Pump", "--json")
    assert '"at_least": 1' in ran.stdout
    again = spawn(*run, "-j", "j.bin", cwd=folder)
    assert "starting execution 2" in again.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_lines_are_signals_and_what_is_killed_goes_on(folder: Path, on: str) -> None:
    words = ("pump.py:Pump", "--on", need(on), "-j", "j.bin")
    one = Told(folder, *words)
    one.tell({"add": "On"})
    assert "executed -> Start On" in one.hear("->")
    one.tell({"add": "Nobody"})
    one.hear("no: TSME-M017")
    one.tell({"eval": "broken"})
    at = PUMP.split("\n").index('        raise ValueError("no such thing")') + 1
    one.hear(f'tsme: handler "broken" raised at pump.py:{at}: ValueError: no such thing')
    one.tell({"eval": "lost"})
    assert "no state Opne; did you mean" in one.hear(f'"lost" raised at pump.py:{at + 3}: ')
    one.tell({"eval": "lots"})
    one.hear('tsme: TSME-M021: Pump has no function lots; did you mean "lost"?')
    one.process.send_signal(signal.SIGKILL)
    one.process.communicate()
    two = Told(folder, *words)
    two.hear("going on with it")
    two.tell({"remove": "Exception"})
    line = two.hear("executed ->")
    assert "On" in line
    assert "Exception" not in line
    two.process.send_signal(signal.SIGTERM)
    assert "the same command goes on" in two.end()[2]
    done = tsme("journal", "effects", "j.bin", "--program", "pump.py:Pump")
    assert "exactly once" in done.stdout or "once or never" in done.stdout
    fast = spawn("resume", "j.bin", "--program", "pump.py:Pump", "--fast", cwd=folder)
    assert "going on with it" in fast.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_line_of_any_length_is_a_signal_and_so_is_the_next(folder: Path, on: str) -> None:
    signals = ({"add": "Nobody", "args": {"text": "x" * 100_000}}, {"eval": "finish"})
    given = "".join(json.dumps(one) + "\n" for one in signals)
    words = (COMMAND, "run", "pump.py:Pump", "--on", need(on))
    done = subprocess.run(
        words, input=given, cwd=folder, text=True, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, '"done"\n'), done.stderr
    assert "no: TSME-M017" in done.stderr


def test_signals_are_read_once_they_are_asked_for_and_what_cannot_be_read_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READING, *PATHS], capture_output=True, timeout=120, check=False
    )
    said = b"tsme: no more signals are read: it is gone"
    assert (done.stdout.split(), done.stderr.strip()) == ([b"2"], said)


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("how", ["by itself", "interrupted"])
def test_a_run_whose_input_is_still_open_ends_quietly(folder: Path, how: str, on: str) -> None:
    at_once = folder / "at_once.py"
    end = "m.end(1)" if how == "by itself" else "pass"
    states = '{"Start": {}, "On": {}}'
    text = f"class Once:\n    states = {states}\n\n    def OnState(m):\n        {end}\n"
    at_once.write_text(text, encoding="utf-8")
    run = Told(folder, "at_once.py:Once", "--on", need(on))
    run.tell({"add": "On"})
    if how == "interrupted":
        run.hear("executed")
        run.process.send_signal(signal.SIGTERM)
    code = run.process.wait()  # its input stays open
    said = run.end()[2]
    expected = (0, "") if how == "by itself" else (143, "tsme: ended by SIGTERM\n")
    assert (code, said) == expected


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_state_machine_runs_with_the_tasks_of_a_file(folder: Path, on: str) -> None:
    words = ("counter.py:Counter", "--on", need(on))
    done = tsme("run", *words)
    assert_one_clear_line(done.stderr, "TSME-H020")
    one = Told(folder, *words, "--tasks", "double.py")
    one.tell(2)
    one.tell(5)
    assert one.end() == (0, "14\n", "")
    bad = Told(folder, *words, "--tasks", "double.py", "--json")
    bad.tell(None)
    code, out, _ = bad.end()
    assert (code, json.loads(out)["error"]) == (1, "TypeError")


def test_a_compiled_schema_is_found_beside_its_class(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "s.json").write_text('{"name": "s", "states": {"Start": {}}}', "utf-8")
    assert tsme("compile", "sub/s.json").exit_code == 0
    text = 'class S:\n    schema = "s.tsr"\n\n    def StartState(m):\n        m.end(m.args)\n'
    (folder / "sub" / "s.py").write_text(text, encoding="utf-8")
    done = spawn("run", "sub/s.py:S", "-i", '{"a": 1}', cwd=folder)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"a": 1})


def test_a_new_version_goes_on_and_another_class_does_not(folder: Path) -> None:
    one = Told(folder, "pump.py:Pump", "-j", "j.bin")
    one.tell({"add": "Start"})
    one.hear("executed")
    one.process.send_signal(signal.SIGTERM)
    one.end()
    other = tsme("run", "counter.py:Counter", "-j", "j.bin", "--tasks", "double.py")
    assert_one_clear_line(other.stderr, "TSME-H043")
    newer = """
from pump import Pump as Before, tasks


class Pump:
    version = 2
    states = [("Start", {}), ("MachineRestored", {})]
    before = Before
    initial = {}

    def MachineRestoredState(m):
        m.end(sorted(m.active_states()))
"""
    (folder / "newer.py").write_text(newer, encoding="utf-8")
    shutil.copy("j.bin", "moved.bin")
    moved = tsme("migrate", "moved.bin", "newer.py:Pump")
    assert "execution 1 has moved from version 1 to 2" in moved.stderr
    shown = tsme("journal", "show", "moved.bin", "--program", "newer.py:Pump").stdout
    assert "migrate" in shown
    done = spawn("run", "newer.py:Pump", "-j", "j.bin", cwd=folder)
    assert (done.returncode, json.loads(done.stdout)) == (0, ["MachineRestored", "Start"])
    assert tsme("replay", "j.bin", "--program", "newer.py:Pump").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "clue"),
    [
        (["run", "pump.py:Pmup"], "TSME-H023", 'did you mean "Pump"'),
        (["run", "pump.py"], "TSME-H014", "pump.py:Pump"),
        (["run", "a=pump.py:Pump"], "TSME-H002", "by itself"),
        (["test", "pump.py"], "TSME-H014", "tsme sim"),
        (["resume", "none.bin", "--program", "pump.py:Pump"], "TSME-H010", "none.bin"),
    ],
)
def test_what_a_machine_cannot_is_one_line_with_its_cure(
    folder: Path, words: list[str], code: str, clue: str
) -> None:
    done = tsme(*words)
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, code)
    assert clue in done.stderr


def test_commands_that_lack_the_class_of_a_journal_ask_for_a_file_and_its_class(
    folder: Path,
) -> None:
    one = Told(folder, "pump.py:Pump", "-j", "j.bin")
    one.tell({"add": "On"})
    one.hear("executed -> Start On")
    one.process.send_signal(signal.SIGTERM)
    one.end()
    for words, code in (
        (("replay",), "TSME-H043"),
        (("journal", "effects"), "TSME-H043"),
        (("resume",), "TSME-H043"),
        (("stop",), "TSME-K005"),
    ):
        found = tsme(*words, "j.bin")
        assert found.exit_code == 2
        assert_one_clear_line(found.stderr, code)
        assert "FILE.py:CLASS" in found.stderr
