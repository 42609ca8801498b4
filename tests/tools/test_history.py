"""`tsme history`: a journal as AWS's GetExecutionHistory, finished or not, and what it refuses."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.tools.recorded import PLAIN, TEXT, Device
from tests.tools.shell import assert_one_clear_line, tsme
from tsme.journal import CHECKPOINT
from tsme.kernel import Kernel
from tsme.kernel.protocol import FAILED, HEARTBEAT, STOP, SUCCEEDED, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.commands.history import _details_name as details_name
from tsme_host.tools.journal.image import read_log


def events(device: Device, *args: str) -> list[dict[str, Any]]:
    result = tsme("history", device.save(), "--program", "flow.tsm", *args)
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert list(told) == ["events"]
    return told["events"]


def test_it_is_what_the_aws_cli_prints(device: Device):
    device.run(1)
    told = events(device)
    assert [event["id"] for event in told] == list(range(1, 19))
    assert [event["previousEventId"] for event in told][:4] == [0, 0, 2, 3]
    assert told[0] == {
        "timestamp": "2026-01-01T00:00:00.000000+00:00",
        "type": "ExecutionStarted",
        "id": 1,
        "previousEventId": 0,
        "executionStartedEventDetails": {
            "input": '{"day":1}',
            "inputDetails": {"truncated": False},
        },
    }
    assert told[1]["stateEnteredEventDetails"]["name"] == "Measure"
    [scheduled, _] = [e for e in told if e["type"] == "TaskScheduled"]
    assert scheduled["taskScheduledEventDetails"]["resource"] == "read_soil"
    assert scheduled["taskScheduledEventDetails"]["parameters"] == '{"day":1}'
    output = {"day": 1, "soil": {"moisture": 12.5}, "valve": "opened"}
    done = told[-1]["executionSucceededEventDetails"]
    assert (json.loads(done["output"]), done["outputDetails"]) == (output, {"truncated": False})


def test_times_are_those_of_the_steps(device: Device):
    device.run(1)
    times = [datetime.fromisoformat(event["timestamp"]) for event in events(device)]
    assert times == sorted(times)
    assert (times[-1] - times[0]).total_seconds() == 80.25


def test_the_last_execution_is_shown_unless_another_is_asked_for(device: Device):
    device.run(1)
    device.run(2)
    assert '"day":2' in events(device)[0]["executionStartedEventDetails"]["input"]
    first = events(device, "--execution", "1")
    assert '"day":1' in first[0]["executionStartedEventDetails"]["input"]
    result = tsme("history", device.path, "--program", "flow.tsm")
    assert result.stderr == "this is execution 2; the journal holds 1 and 2\n"


def test_a_running_execution_is_told_as_far_as_it_came(device: Device):
    device.start({"day": 1})
    device.feed(SUCCEEDED, 250, 1, {"moisture": 12.5})
    told = events(device)
    assert told[-1]["type"] == "TaskStarted"
    table = tsme("history", device.path, "--program", "flow.tsm", "--table").stdout
    assert table.splitlines()[-1] == "RUNNING"


def test_a_failed_execution_ends_with_error_and_cause(device: Device):
    device.start({"day": 1})
    device.feed(SUCCEEDED, 250, 1, {"moisture": 12.5})
    device.feed(FAILED, 250, 2, "Jammed", "it does not move")
    assert events(device)[-1]["executionFailedEventDetails"] == {
        "error": "Jammed",
        "cause": "it does not move",
    }
    table = tsme("history", device.path, "--program", "flow.tsm", "--table").stdout
    assert table.splitlines()[-1] == "FAILED  error Jammed, cause it does not move"


def test_the_table_has_a_line_for_each_event(device: Device):
    device.run(1)
    result = tsme("history", device.save(), "--program", "flow.tsm", "--table")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "prev", "time", "(UTC)", "type", "state", "details"]
    assert lines[2].split(maxsplit=6) == [
        "2", "0", "2026-01-01", "00:00:00.000", "TaskStateEntered", "Measure",
        'input {"day": 1}']  # fmt: skip
    assert len(lines) == 1 + 18 + 1
    assert lines[-1].startswith('SUCCEEDED  output {"day": 1')


def test_branches_are_told_with_their_own_chains(device: Device):
    Path("plain.asl.json").write_text(PLAIN, encoding="utf-8")
    other = Device(device.path, PLAIN)
    other.start(None)
    other.feed(TIMER, 1000, 1)
    other.feed(TIMER, 1000, 2)
    told = json.loads(tsme("history", other.save(), "--program", "plain.asl.json").stdout)
    started = next(e for e in told["events"] if e["type"] == "ParallelStateStarted")
    follow = [e for e in told["events"] if e["previousEventId"] == started["id"]]
    assert {e["type"] for e in follow} == {"WaitStateEntered"}
    assert set(started) == {"timestamp", "type", "id", "previousEventId"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ChoiceStateEntered", "stateEnteredEventDetails"),
        ("MapStateExited", "stateExitedEventDetails"),
        ("ExecutionTimedOut", "executionTimedOutEventDetails"),
        ("LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails"),
        ("LambdaFunctionStarted", ""),
        ("ActivityStarted", "activityStartedEventDetails"),
        ("TaskSubmitted", "taskSubmittedEventDetails"),
        ("TaskStateAborted", ""),
        ("MapStateStarted", "mapStateStartedEventDetails"),
        ("MapStateFailed", ""),
        ("MapIterationAborted", "mapIterationAbortedEventDetails"),
        ("MapRunStarted", "mapRunStartedEventDetails"),
        ("MapRunSucceeded", ""),
        ("ParallelStateStarted", ""),
        ("EvaluationFailed", "evaluationFailedEventDetails"),
    ],
)
def test_details_have_the_names_of_the_api(kind: str, name: str):
    assert details_name(kind) == name


def test_an_execution_whose_beginning_is_gone_is_refused(device: Device):
    device.start({"day": 0})
    device.feed(SUCCEEDED, 250, 1, {"moisture": 12.5})
    for _ in range(2000):
        if device.journal.room < 1000:
            device.journal.commit(CHECKPOINT, device.kernel.checkpoint(device.state))
        device.feed(HEARTBEAT, 1, 2)
    assert read_log(str(device.save())).records[0].number > 0
    result = tsme("history", device.path, "--program", "flow.tsm")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-R005")


def test_older_executions_may_be_gone_and_the_others_told(device: Device):
    for day in range(300):
        if device.journal.room < 1000:
            device.journal.commit(CHECKPOINT, device.kernel.checkpoint(device.state))
        device.run(day)
    assert len(events(device)) == 18
    result = tsme("history", device.path, "--program", "flow.tsm", "--execution", "1")
    assert_one_clear_line(result.stderr, "TSME-H044")
    assert "it holds " in result.stderr


def test_what_the_journal_or_the_program_lacks_is_said(device: Device):
    device.run(1)
    args = ["history", str(device.save()), "--program"]
    assert_one_clear_line(tsme(*args, "flow.tsm", "--execution", "9").stderr, "TSME-H044")
    tsme("compile", "flow.asl.json", "-o", "bare.tsm", "--no-debug")
    assert_one_clear_line(tsme(*args, "bare.tsm").stderr, "TSME-H046")
    Path("blank.bin").write_bytes(b"\xff" * 8192)
    result = tsme("history", "blank.bin", "--program", "flow.tsm")
    assert_one_clear_line(result.stderr, "TSME-H044")


def test_an_execution_of_another_program_needs_that_one(device: Device):
    device.run(1)
    Path("other.asl.json").write_text(TEXT.replace('"Seconds": 60', '"Seconds": 61'))
    other = compile_text(Path("other.asl.json").read_text())
    device.kernel = Kernel(Interpreter(Program(other.program)))
    device.start({"day": 2})
    args = ["history", str(device.save()), "--program", "flow.tsm"]
    assert_one_clear_line(tsme(*args).stderr, "TSME-H043")
    result = tsme(*args, "--program", "other.asl.json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["events"][-1]["type"] == "TaskStarted"


def test_what_is_left_before_damage_is_shown_and_the_damage_told(device: Device):
    device.run(1)
    record = next(r for r in read_log(str(device.save())).records if r.number == 2)
    device.save({record.block * 4096 + record.offset + 8: 0x10})
    result = tsme("history", device.path, "--program", "flow.tsm")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["events"][-1]["type"] == "TaskStarted"
    assert "what follows in execution 1 is damaged" in result.stderr


def test_inputs_and_outputs_can_be_left_out(device: Device):
    device.run(1)
    told, bare = events(device), events(device, "--no-include-execution-data")
    assert len(told) == len(bare)
    gone = {"input", "inputDetails", "output", "outputDetails"}
    for event, less in zip(told, bare, strict=True):
        assert less.keys() == event.keys()
        for name, value in event.items():
            kept = value
            if name.endswith("Details"):
                kept = {k: v for k, v in value.items() if k not in gone}
            assert less[name] == kept
    [scheduled, _] = [e for e in bare if e["type"] == "TaskScheduled"]
    assert scheduled["taskScheduledEventDetails"]["parameters"] == '{"day":1}'
    assert bare[-1]["executionSucceededEventDetails"] == {}


def test_an_execution_that_was_stopped_without_a_word_has_empty_details(device: Device):
    device.start({"day": 1})
    device.feed(STOP, 5, None, None)
    last = events(device)[-1]
    assert (last["type"], last["previousEventId"]) == ("ExecutionAborted", 0)
    assert last["executionAbortedEventDetails"] == {}


def test_an_execution_that_was_stopped_with_words_has_them(device: Device):
    device.start({"day": 1})
    device.feed(STOP, 5, "Manual", "probe")
    details = {"error": "Manual", "cause": "probe"}
    assert events(device)[-1]["executionAbortedEventDetails"] == details
