"""How a command ends that somebody ends: in one line, and nothing that it began goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.alive import of_group
from tests.interpreters import ROOT
from tests.tools.shell import COMMAND, CPYTHON_AND_MICROPYTHON, example, need, spawn
from tsme_host.tools.commands.run import board, environment

FLOW = '{"StartAt": "Water", "States": {"Water": {"Type": "Task", "Resource": "w", "End": true}}}'
TASKS = """import time
import tsme
tasks = tsme.Tasks()
@tasks.task("w", effect="%s")
def water(payload):
    open("here", "w").close()
    time.sleep(60)
"""
RUN = ("run", "w.asl.json", "-t", "tasks.py", "-j", "j.bin")
ONCE = (
    '"Water" was under way, a once task, which the same command will not run again: '
    "it fails with TSME.Interrupted unless its check knows better"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.asl.json").write_text(FLOW, encoding="utf-8")
    (tmp_path / "tasks.py").write_text(TASKS % "idempotent", encoding="utf-8")
    return tmp_path


def begin(folder: Path, *args: str, until: Callable[[int], bool]) -> subprocess.Popen[str]:
    """The command in a group of its own, as soon as it has come so far."""
    process = subprocess.Popen(
        [COMMAND, *args], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    while not until(process.pid):
        time.sleep(0.02)
        if process.poll() is not None:
            pytest.fail(process.communicate()[1])
    return process


def nothing_is_left(group: int) -> bool:
    """Has all of a group of processes ended, within a minute?"""
    until = time.monotonic() + 60
    while of_group(group):
        if time.monotonic() > until:
            os.killpg(group, signal.SIGKILL)
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL", "SIGINT"])
@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_who_ends_the_command_ends_the_workflow(folder: Path, name: str, on: str):
    here = folder / "here"
    process = begin(folder, *RUN, "--on", need(on), until=lambda _: here.exists())
    process.send_signal(signal.Signals[name])
    said = process.communicate(timeout=120)[1]
    assert nothing_is_left(process.pid)
    goes_on = "; the same command goes on from the journal\n"
    if name == "SIGKILL":
        assert (process.returncode, said) == (-signal.SIGKILL, "")
    elif name == "SIGINT":
        assert (process.returncode, said) == (130, f"\ntsme: interrupted{goes_on}")
    else:
        number = 128 + signal.Signals[name]
        assert (process.returncode, said) == (number, f"tsme: ended by {name}{goes_on}")


def test_after_a_kill_the_same_command_goes_on_at_once(folder: Path):
    process = begin(folder, *RUN, until=lambda _: (folder / "here").exists())
    process.kill()
    (folder / "tasks.py").write_text(TASKS.replace("60", "0") % "pure", encoding="utf-8")
    done = spawn(*RUN, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "execution 1 was interrupted" in done.stderr
    process.communicate()


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_ctrl_c_in_a_once_task_says_what_becomes_of_it(folder: Path, on: str):
    (folder / "tasks.py").write_text(TASKS % "once", encoding="utf-8")
    here = folder / "here"
    process = begin(folder, *RUN, "-i", "{}", "--on", need(on), until=lambda _: here.exists())
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=120)[1] == f"\ntsme: interrupted; {ONCE}\n"
    done = spawn(*RUN, "-i", "{}", "--on", on, cwd=folder)
    assert done.returncode == 1
    assert "TSME.Interrupted" in done.stderr
    assert "input is not used" not in done.stderr  # it is the same
    assert "Traceback" not in done.stderr


AGAIN = json.dumps({"StartAt": "Water", "States": {"Water": {
    "Type": "Task", "Resource": "w", "TimeoutSeconds": 1, "End": True,
    "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1}]}}})  # fmt: skip


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("known", ["None", "tsme.Done(7)"])
def test_a_once_task_that_was_interrupted_has_not_timed_out_meanwhile(
    folder: Path, known: str, on: str
):
    """Else a Retry of States.Timeout would open the valve a second time."""
    (folder / "w.asl.json").write_text(AGAIN, encoding="utf-8")
    (folder / "tasks.py").write_text(TASKS % "once", encoding="utf-8")
    here = folder / "here"
    process = begin(folder, *RUN, "--on", need(on), until=lambda _: here.exists())
    process.kill()
    process.communicate()
    here.unlink()
    time.sleep(1.1)  # its time is up
    tasks = TASKS.replace("60", "0").replace('="%s"', f'="once", check=lambda p: {known}')
    (folder / "tasks.py").write_text(tasks, encoding="utf-8")
    done = spawn(*RUN, "--on", on, cwd=folder)
    if known == "None":
        assert done.returncode == 1
        assert "execution 1 failed: TSME.Interrupted" in done.stderr
    else:
        assert done.stdout == "7\n", done.stderr
    assert not here.exists()


def test_a_journal_in_use_names_the_process_that_has_it(folder: Path):
    process = begin(folder, *RUN, until=lambda _: (folder / "here").exists())
    done = spawn(*RUN, cwd=folder)
    assert done.returncode == 2
    text = f'"j.bin" is in use by another tsme run, process {process.pid}; wait for it, end it '
    assert f"{text}with kill {process.pid}, or name another journal" in done.stderr
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()


# --- Ctrl-C while modules are read --------------------------------------------------------------

PRESSED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
import tsme_host.start
sys.meta_path.insert(0, Finder())
tsme_host.start.main()
"""
MODULES = ("click", "tsme_host.tools.cli", "tsme_host.tools.commands.check",
           "tsme_host.compiler.backend.lower",
           "hashlib", "tsme_host.compiler.frontend.report")  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_ctrl_c_while_modules_are_read_is_one_line(tmp_path: Path, name: str):
    example(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(name=name), "check", "flow.asl.json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\ntsme: interrupted\n"


def held_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_before_the_interpreter_can_say_something_is_quiet():
    done = subprocess.run(
        [sys.executable, board(), "none.tsm"], env=environment("core"), preexec_fn=held_back,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


# --- simulations --------------------------------------------------------------------------------


BEGUN = """
import os, sys
if sys.argv[0] == "-c":  # a process for seeds, and not the command itself
    open(f"begun-{os.getpid()}", "w").close()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_simulation_ends_with_its_workers(folder: Path, name: str):
    for file in ("counter.py", "sim.py"):
        shutil.copy(ROOT / "examples" / "counter" / file, folder)
    with (folder / "sim.py").open("a", encoding="utf-8") as file_:
        file_.write(BEGUN)
    given = ["sim", "sim.py", "--jobs", "2", "--seconds", "60"]
    process = begin(folder, *given, until=lambda _: len([*folder.glob("begun-*")]) == 2)
    if name == "SIGINT":  # as a terminal does it
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.Signals[name])
    said = process.communicate(timeout=120)[1]
    assert nothing_is_left(process.pid)
    if name == "SIGKILL":  # Python itself says that it tidies up
        assert "Traceback" not in said
    else:
        assert said == {"SIGINT": "\ntsme: interrupted\n"}.get(name, "tsme: ended by SIGTERM\n")
