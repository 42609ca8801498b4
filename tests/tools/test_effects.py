"""`tsme journal effects`: what a journal proves of how often each task ran."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT
from tests.tools.recorded import Device
from tests.tools.shell import DATA, assert_one_clear_line, tsme
from tests.tools.test_journal import place
from tsme.journal import CHECKPOINT
from tsme.kernel.protocol import FAILED, HEARTBEAT, STARTED, STOP, SUCCEEDED, TIMER

TASKS = DATA / "tasks.py"
INTERRUPTED = "TSME.Interrupted"


def told(device: Device, *args: str | Path) -> dict[str, Any]:
    result = tsme(
        "journal", "effects", device.save(), "--program", "flow.asl.json", *args, "--json"
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def watering(device: Device) -> None:
    """An execution up to where the valve, action 2, is to be opened."""
    device.start({"day": 1})
    device.feed(SUCCEEDED, 250, 1, {"moisture": 12.5})


def bounds(item: dict[str, Any]) -> tuple[int, int | None]:
    return item["at_least"], item["at_most"]


def valve(device: Device, *args: str | Path) -> tuple[str, int, int | None]:
    item = told(device, *args)["actions"][1]
    assert (item["resource"], item["state"]) == ("open_valve", "Water")
    return (item["end"], *bounds(item))


def test_it_reads_like_an_account(device: Device):
    watering(device)
    device.feed(STARTED, 0, 2)
    device.feed(SUCCEEDED, 20000, 2, "opened")
    device.feed(TIMER, 60000, 3)
    watering(device)
    device.feed(STARTED, 0, 2)
    device.feed(FAILED, 5, 2, INTERRUPTED, "")
    result = tsme("journal", "effects", device.save(), "--program", "flow.tsm", "-t", TASKS)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{device.path}: 4 tasks of 2 executions",
        "execution 1",
        "  0  action 1  Measure  read_soil   pure                at least once  "
        'succeeded: {"moisture": 12.5}',
        "  1  action 2  Water    open_valve  once, started in 2  exactly once   "
        'succeeded: "opened"',
        "execution 2",
        "  5  action 1  Measure  read_soil   pure                at least once  "
        'succeeded: {"moisture": 12.5}',
        "  6  action 2  Water    open_valve  once, started in 7  once or never  interrupted",
        "in all",
        "  read_soil   pure  at least 2 times  2 succeeded",
        "  open_valve  once  1 to 2 times      1 succeeded, 1 interrupted",
    ]
    assert "no record" not in result.stdout
    assert "as far as records prove it" in result.stderr


def test_a_start_on_record_makes_it_once(device: Device):
    watering(device)
    assert valve(device) == ("pending", 0, None)
    assert valve(device, "-t", TASKS) == ("pending", 0, 0)  # no start on record: it never ran
    device.feed(STARTED, 0, 2)
    assert valve(device) == valve(device, "-t", TASKS) == ("pending", 0, 1)
    device.feed(SUCCEEDED, 5, 2, "opened")
    assert valve(device) == ("succeeded", 1, 1)
    item = told(device)["actions"][1]
    assert (item["effect"], item["handed_out"], item["started"]) == ("once", 1, 2)
    assert (item["ended"], item["result"]) == (3, "opened")


def test_an_interrupted_task_ran_once_or_never(device: Device):
    watering(device)
    device.feed(STARTED, 0, 2)
    device.feed(FAILED, 5, 2, INTERRUPTED, "why")
    assert valve(device) == ("interrupted", 0, 1)
    item = told(device)["actions"][1]
    assert (item["error"], item["cause"]) == (INTERRUPTED, "why")


def test_a_failure_proves_a_run_unless_a_check_may_have_failed(device: Device, tmp_path: Path):
    watering(device)
    device.feed(STARTED, 0, 2)
    device.feed(FAILED, 5, 2, "Jammed", "rust")
    assert valve(device, "-t", TASKS) == ("failed", 1, 1)
    assert valve(device) == ("failed", 0, 1)
    checked = TASKS.read_text().replace('effect="once"', 'effect="once", check=print')
    (tmp_path / "checked.py").write_text(checked)
    assert valve(device, "-t", "checked.py") == ("failed", 0, 1)


def test_a_handler_that_was_not_there_never_ran(device: Device):
    watering(device)
    device.feed(STARTED, 0, 2)
    device.feed(FAILED, 5, 2, "TSME.NoHandler", "no handler for open_valve")
    assert valve(device, "-t", TASKS) == ("failed", 0, 1)


def test_without_a_start_on_record_a_result_proves_at_least_one_run(device: Device):
    watering(device)
    soil = told(device)["actions"][0]
    assert (soil["effect"], soil["end"], *bounds(soil)) == (None, "succeeded", 1, None)
    assert told(device, "-t", TASKS)["actions"][0]["effect"] == "pure"
    result = tsme("journal", "effects", device.path, "--program", "flow.tsm")
    assert "read_soil   not once  at least once" in result.stdout
    assert "open_valve  ?" in result.stdout


def flow(tmp_path: Path, device: Device, states: dict[str, Any], first: str) -> Device:
    text = json.dumps({"StartAt": first, "States": states})
    (tmp_path / "flow.asl.json").write_text(text)
    return Device(device.path, text)


def branches(tmp_path: Path, device: Device, resources: list[str]) -> Device:
    both = [
        {"StartAt": n, "States": {n: {"Type": "Task", "Resource": r, "End": True}}}
        for n, r in zip("AB", resources, strict=True)
    ]
    states = {"Both": {"Type": "Parallel", "Branches": both, "End": True}}
    return flow(tmp_path, device, states, "Both")


def test_a_task_that_a_sibling_ended_is_given_up(tmp_path: Path, device: Device):
    device = branches(tmp_path, device, ["left", "right"])
    device.start(None)
    device.feed(STARTED, 0, 2)
    device.feed(FAILED, 5, 1, "Broken", "")
    left, right = told(device)["actions"]
    assert (left["state"], left["end"], left["ended"]) == ("A", "failed", 2)
    assert (right["state"], right["end"], right["ended"]) == ("B", "given up", 2)
    assert bounds(right) == (0, 1)


def test_a_stop_gives_up_what_is_pending(device: Device):
    watering(device)
    device.feed(STOP, 1, "Enough", "")
    assert valve(device) == ("given up", 0, None)
    assert told(device)["resources"][1]["given_up"] == 1


def test_a_timeout_proves_no_run(tmp_path: Path, device: Device):
    states = {"T": {"Type": "Task", "Resource": "slow", "TimeoutSeconds": 1, "End": True}}
    device = flow(tmp_path, device, states, "T")
    device.start(None)
    device.feed(HEARTBEAT, 5, 1)
    device.feed(STARTED, 5, 1)
    device.feed(TIMER, 1000, 1)
    (item,) = told(device)["actions"]
    assert (item["end"], *bounds(item)) == ("timed out", 0, 1)


def test_a_result_from_outside_proves_nothing_of_a_handler(tmp_path: Path, device: Device):
    worker = "arn:aws:states:eu-west-1:123456789012:activity:pick"
    token = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    states = {
        "W": {"Type": "Task", "Resource": worker, "Next": "C"},
        "C": {
            "Type": "Task",
            "Resource": token,
            "Parameters": {"FunctionName": "ask", "Payload": {"t.$": "$$.Task.Token"}},
            "End": True,
        },
    }
    device = flow(tmp_path, device, states, "W")
    device.start({})
    device.feed(SUCCEEDED, 5, 1, {})
    device.feed(STARTED, 0, 2)
    device.feed(SUCCEEDED, 5, 2, 1)
    pick, ask = told(device)["actions"]
    assert (pick["end"], *bounds(pick)) == ("succeeded", 0, None)
    assert (ask["end"], *bounds(ask)) == ("succeeded", 0, 1)


def test_what_is_emitted_is_counted(tmp_path: Path, device: Device):
    states = {
        "L": {"Type": "Task", "Resource": "tsme:log", "Next": "M"},
        "M": {"Type": "Task", "Resource": "tsme:log", "End": True},
    }
    device = flow(tmp_path, device, states, "L")
    device.start("hello")
    assert told(device)["emitted"] == {"log": 2}
    result = tsme("journal", "effects", device.path, "--program", "flow.asl.json")
    assert "log  emitted at most 2 times" in result.stdout


def test_records_that_do_not_fit_the_tasks_file_are_told(device: Device, tmp_path: Path):
    watering(device)
    device.feed(STARTED, 0, 2)
    swapped = TASKS.read_text().replace('"once"', '"x"').replace('"pure"', '"once"')
    (tmp_path / "swapped.py").write_text(swapped.replace('"x"', '"pure"'))
    answer = told(device, "-t", "swapped.py")
    assert answer["not_as_declared"] == ["read_soil", "open_valve"]
    assert answer["actions"][1]["effect"] == "once", "the journal knows"
    assert told(device, "-t", TASKS)["not_as_declared"] == []


def test_what_is_older_than_the_journal_is_not_made_up(device: Device):
    watering(device)
    device.feed(STARTED, 0, 2)
    device.journal.commit(CHECKPOINT, device.kernel.checkpoint(device.state))
    while next(device.journal.records())[0] < 4:
        device.feed(HEARTBEAT, 1, 2)
        if device.journal.room < 1000:
            device.journal.commit(CHECKPOINT, device.kernel.checkpoint(device.state))
    device.feed(SUCCEEDED, 1, 2, "opened")
    answer = told(device)
    (item,) = answer["actions"]
    assert answer["complete"] is False
    assert (item["handed_out"], item["begun"], item["started"]) == (None, True, None)
    assert (item["state"], item["effect"], *bounds(item)) == ("Water", "once", 1, 1)
    result = tsme("journal", "effects", device.path, "--program", "flow.tsm")
    assert "is gone from the journal" in result.stderr
    assert "once, started  exactly once" in result.stdout


def test_behind_damage_nothing_is_claimed(device: Device):
    watering(device)
    device.feed(STARTED, 0, 2)
    device.feed(SUCCEEDED, 5, 2, "opened")
    path = device.save()
    device.save({place(path, 2) + 5: 0x10})
    args = ["journal", "effects", str(path), "--program", "flow.tsm", "-t", str(TASKS)]
    result = tsme(*args)
    assert result.exit_code == 1
    assert "damaged: record 2" in result.stdout
    assert "once or never  not known" in result.stdout
    answer = json.loads(tsme(*args, "--json").stdout)
    assert answer["complete"] is False
    assert answer["actions"][1]["end"] == "not known"
    assert [item["number"] for item in answer["damage"]] == [2]


def test_a_journal_without_records_is_no_mistake(device: Device):
    result = tsme("journal", "effects", device.save(), "--program", "flow.tsm")
    assert (result.exit_code, result.stdout) == (
        0,
        f"{device.path}: nothing was committed yet\n",
    )
    assert told(device)["actions"] == []


def test_what_a_tasks_file_prints_is_no_part_of_the_answer(device: Device, tmp_path: Path):
    watering(device)
    (tmp_path / "noisy.py").write_text('print("hello")\n' + TASKS.read_text())
    assert len(told(device, "-t", "noisy.py")["actions"]) == 2


MISTAKES = {
    "no program": ("", "TSME-H043", "--program"),
    "another program": ("--program other.asl.json", "TSME-H043", "another program"),
    "no tasks file": ("--program flow.tsm -t no.py", "TSME-H010", "no.py"),
    "a workflow as tasks file": (
        "--program flow.tsm -t flow.asl.json", "TSME-H014", "JSON, not Python"),
    "tasks that are no Python": ("--program flow.tsm -t bad.py", "TSME-H021", "bad.py:1:"),
    "tasks that cannot be loaded": (
        "--program flow.tsm -t raises.py", "TSME-H021", "raises.py:2: ZeroDivisionError"),
    "a file without tasks": ("--program flow.tsm -t none.py", "TSME-H022", "tsme.Tasks()"),
    "an effect that is none": ("--program flow.tsm -t twice.py", "TSME-T001", "twice.py:3: "),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_one_clear_line(device: Device, tmp_path: Path, mistake: str):
    line, code, clue = MISTAKES[mistake]
    watering(device)
    other = (tmp_path / "flow.asl.json").read_text().replace("60", "61")
    (tmp_path / "other.asl.json").write_text(other)
    (tmp_path / "bad.py").write_text("tasks = (\n")
    (tmp_path / "raises.py").write_text("x = 0\n1 / x\n")
    (tmp_path / "none.py").write_text("import tsme\n")
    twice = 'import tsme\ntasks = tsme.Tasks()\ntasks.task("x", effect="twice")(print)\n'
    (tmp_path / "twice.py").write_text(twice)
    result = tsme("journal", "effects", device.save(), *line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert_one_clear_line(result.stderr, code)
    assert clue in result.stderr


def test_a_result_without_a_run_is_no_success_of_the_handler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    shop = ROOT / "examples" / "loyalty"
    journal = tmp_path / "loyalty.bin"
    subprocess.run([sys.executable, shop / "demo.py", journal], check=True, capture_output=True)
    program = f"{shop / 'loyalty.py'}:Loyalty"
    result = tsme("journal", "effects", journal, "--program", program, "-t", shop / "tasks.py")
    lines = result.stdout.splitlines()
    (void,) = [line for line in lines if "action 3" in line]
    assert re.search(r"\bnever +answered without it: false$", void)
    (total,) = [line for line in lines if line.startswith("  print_voucher")]
    assert total.endswith("at most 3 times  2 succeeded, 1 failed, 1 answered without it")
