"""What is too large, or breaks, is the failure of the state that it is of, and of no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tsme
from tests import interpreters
from tsme_host.compiler.compile import compile_text

SCRIPT = Path(__file__).with_name("refused_device.py")
BOARDS = ["cpython", "micropython", "micropython32"]
EAGER = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2}]
ALWAYS = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Caught"}]
LIMIT = "States.DataLimitExceeded"
CAUGHT = {"Type": "Pass", "Result": "caught", "End": True}
DOUBLE = {"a.$": "$", "b.$": "$"}


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "open", **more}


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def played(
    board: str, folder: Path, source: dict[str, Any], length: int | str, *more: str
) -> list[str]:
    if board != "cpython":
        interpreters.require(board)
    (folder / "p.tsm").write_bytes(compile_text(json.dumps(source)).program)
    arguments: list[str | Path] = [folder / "p.tsm", str(length), *more]
    done = interpreters.run(board, SCRIPT, arguments, heap="2M")
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode().splitlines()


BEGUN = ["start ", "started "]
FLOWS: dict[str, tuple[dict[str, Any], int | str, list[str]]] = {
    "a later Pass": (
        machine(
            Open=task(Retry=EAGER, Catch=CATCH, Next="Copy"),
            Copy={"Type": "Pass", "Parameters": DOUBLE, "End": True},
            Caught=CAUGHT,
        ),
        9000,
        ["succeeded ", f"continue {LIMIT}", f"1 failed {LIMIT}"],
    ),
    "a later state with a Catch of its own": (
        machine(
            Open=task(Retry=ALWAYS, Next="Copy"),
            Copy={
                "Type": "Parallel",
                "Branches": [
                    machine(
                        P={"Type": "Pass", "Parameters": DOUBLE, "Next": "W"}, W=task(End=True)
                    )
                ],
                "Catch": CATCH,
                "End": True,
            },
            Caught=CAUGHT,
        ),
        9000,
        ["succeeded ", f"continue {LIMIT}", "continue ", "1 succeeded", "caught"],
    ),
    "the task's own ResultPath": (
        machine(
            Big={"Type": "Pass", "Result": "x" * 9000, "ResultPath": "$.big", "Next": "Open"},
            Open=task(Parameters={}, ResultPath="$.r", Retry=ALWAYS, Catch=CATCH, End=True),
            Caught=CAUGHT,
        ),
        9000,
        [f"succeeded {LIMIT}", "continue ", "1 succeeded", "caught"],
    ),
    "a result too large for any state": (
        machine(
            Open=task(Retry=ALWAYS, Catch=CATCH, End=True),
            Caught=CAUGHT,
        ),
        17000,
        ["failed ", "1 succeeded", "caught"],
    ),
    "a cause too large for any state": (
        machine(Open=task(Catch=CATCH, End=True), Caught=CAUGHT),
        "fail",
        ["failed ", "1 succeeded", "caught"],
    ),
    "what a Map makes of its items' results": (
        machine(
            Items={"Type": "Pass", "Result": [1, 2], "Next": "M"},
            M={
                "Type": "Map",
                "MaxConcurrency": 1,
                "ItemProcessor": machine(Open=task(Retry=ALWAYS, End=True)),
                "ResultSelector": {"a.$": "$", "b.$": "$"},
                "Retry": [{"ErrorEquals": [LIMIT], "MaxAttempts": 0}],
                "Catch": CATCH,
                "End": True,
            },
            Caught=CAUGHT,
        ),
        4500,
        ["succeeded ", "2 succeeded", "caught"],
    ),
}


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("case", list(FLOWS))
def test_a_result_that_fits_is_on_record_and_its_task_runs_once(
    board: str, case: str, tmp_path: Path
) -> None:
    source, length, lines = FLOWS[case]
    found = played(board, tmp_path, source, length)
    for line in lines:
        at = next((n for n, text in enumerate(found) if text.startswith(line)), None)
        assert at is not None, (line, found)
        found = found[at + 1 :]


@pytest.mark.parametrize("board", BOARDS)
def test_a_limit_met_a_thousand_states_later_costs_few_records(board: str, tmp_path: Path) -> None:
    """A loop that grows: its last turn fails, and all before it stand."""
    source = machine(
        Open=task(Assign={"n": "", "m": "y" * 6000}, Next="Grow"),
        Grow={
            "Type": "Pass",
            "Assign": {"n.$": "States.Format('{}{}', $n, 'xxxxxxxxxxxxxxx')"},
            "Next": "More",
        },
        More={
            "Type": "Choice",
            "Choices": [{"Variable": "$n", "StringEquals": "", "Next": "Done"}],
            "Default": "Grow",
        },
        Done={"Type": "Succeed"},
    )
    found = played(board, tmp_path, source, 10)
    assert found[:2] == BEGUN
    assert found[-2].startswith(f"1 failed {LIMIT} TSME-L001")
    assert len(found) < 300  # of some 1,400 states that make 14 MB, 24 KB a step


@pytest.mark.parametrize("board", BOARDS)
def test_what_nobody_expected_stops_the_execution_with_all_of_it_on_record(
    board: str, tmp_path: Path
) -> None:
    fails = {"Type": "Pass", "Parameters": {"l.$": "States.ArrayLength($)"}, "End": True}
    source = machine(Open=task(Retry=ALWAYS, Next="Break"), Break=fails)
    found = played(board, tmp_path, source, 10, "wrong")
    assert found[:-2] == [*BEGUN, "succeeded ", "stop "]
    assert (
        found[-2]
        == "1 stopped TSME.Internal OverflowError: overflow converting long int to machine word"
    )

    source = machine(Open=task(ResultSelector=fails["Parameters"], Retry=ALWAYS, End=True))
    found = played(board, tmp_path, source, 10, "wrong")
    assert found[:-2] == [*BEGUN, "succeeded TSME.Internal", "stop "]
    assert found[-2].startswith("1 stopped TSME.Internal OverflowError")

    found = played(board, tmp_path, machine(Break=fails), 10, "wrong")
    assert found[:-2] == ["start ", "stop "], "the first state does not fail at every boot again"
    assert found[-2].startswith("0 stopped TSME.Internal")


WILD = ["States.ALL"], ["States.TaskFailed"], ["Other", "States.TaskFailed"]


@pytest.mark.parametrize("names", WILD)
def test_wildcards_of_retry_do_not_run_an_interrupted_once_task_again(names: list[str]) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": None, "Next": "Caught"}]
    retry: list[dict[str, Any]] = [{"ErrorEquals": names, "MaxAttempts": 3}]
    source = machine(Open=task(Retry=retry, Catch=catch, End=True), Caught=CAUGHT)
    assert reset_in_the_middle(source) == (1, "succeeded", "caught")
    named = [{"ErrorEquals": ["TSME.Interrupted"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    source["States"]["Open"]["Retry"] = [*named, *retry]
    assert reset_in_the_middle(source) == (2, "succeeded", "done")
    if "States.ALL" not in names:
        source["States"]["Open"]["Retry"] = [*retry, *named]
        assert reset_in_the_middle(source) == (2, "succeeded", "done")


def reset_in_the_middle(source: dict[str, Any]) -> tuple[int, str, Any]:
    """How often the task ran, and how the execution ended, if the power fails in the first run."""
    program = tsme.Program(compile_text(json.dumps(source)).program)
    flash = tsme.RamFlash(4096, 16)
    images = []
    now = [1700000000000]

    def later(ms: int) -> None:
        now[0] += ms

    for _ in range(2):
        engine = tsme.Engine(program, tsme.Journal(flash), clock=lambda: now[0], sleep=later)

        @engine.task("open", effect="once")
        def open_(payload: Any, flash: Any = flash) -> str:
            images.append(bytes(flash.data))
            return "done"

        outcome = engine.run_sync({})
        flash = tsme.RamFlash(4096, 16)
        flash.data[:] = images[0]
    return len(images), outcome.status, outcome.output
