"""Distributed Maps: readers, batches, writers, tolerated failures."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import tsme
from tests import interpreters
from tests.laws.support import BOARDS, actions_bytes, on_device
from tsme import kernel
from tsme.engine import item_files
from tsme.engine.tasks import TaskError
from tsme.errors import StatesError
from tsme.kernel import protocol
from tsme.program import Program, interpreter
from tsme.program.functions import map_batches
from tsme.values import cbor
from tsme_host.compiler.backend.disasm import disassemble, to_text
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.aws.history import replay_history

GET = "arn:aws:states:::s3:getObject"
PUT = "arn:aws:states:::s3:putObject"
MODE = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
PASS = {"P": {"Type": "Pass", "End": True}}
CHECK = {
    "P": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericGreaterThan": 2, "Next": "Bad"}],
        "Default": "Good",
    },
    "Good": {"Type": "Succeed"},
    "Bad": {"Type": "Fail", "Error": "TooLarge", "Cause": "more than two"},
}
MACHINE = "arn:aws:states:eu-1:1:stateMachine:m"
NAMES = [MACHINE.replace("stateMachine", "execution") + ":e", "e", "role", MACHINE, "m"]
THRESHOLD = "The specified tolerated failure threshold was exceeded"


def workflow(states: dict[str, Any], then: dict[str, Any] | None = None, **fields: Any) -> Any:
    body = {"ProcessorConfig": MODE, "StartAt": "P", "States": states}
    each = {"Type": "Map", "ItemProcessor": body, "End": True, **fields}
    return compile_text(json.dumps({"StartAt": "Each", "States": {"Each": each, **(then or {})}}))


class Run:
    """An execution whose tasks are answered from a list, to its end or that of the list."""

    def __init__(self, compiled: Any, value: Any, *answers: Any) -> None:
        program: Any = Program(compiled.program)
        core: Any = kernel.Kernel(interpreter.Interpreter(program))
        self.state: Any = kernel.State()
        self.events: list[Any] = []
        self.steps: list[Any] = []
        self.tasks: list[Any] = []
        left = list(answers)
        event: Any = (protocol.START, 1000, 1, program.digest, 7, value, NAMES, 1)
        while event:
            step = core.step(self.state, event)
            self.events.append(list(event))
            self.steps.append([bytes(step.record), actions_bytes(step)])
            self.state = step.state
            self.tasks += [
                [a.resource, a.payload] for a in step.actions if a.kind == protocol.TASK
            ]
            event = None
            if left and not self.state.status:
                number = min(self.state.pending)
                answer = left.pop(0)
                event = (protocol.SUCCEEDED, 1000, number, answer)
                if isinstance(answer, Exception):
                    event = (protocol.FAILED, 1000, number, *answer.args)
        self.checkpoint = core.checkpoint(self.state)
        self.history = replay_history(
            compiled.program, compiled.debug, [record for record, _ in self.steps]
        )

    @property
    def result(self) -> Any:
        return self.state.result

    @property
    def kinds(self) -> list[str]:
        return [e["type"] for e in self.history.events]


# --- tolerated failures ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "items", "fails"),
    [
        ({}, [1, 2], False),
        ({}, [1, 3], True),
        ({"ToleratedFailureCount": 1}, [3, 1], False),
        ({"ToleratedFailureCount": 1}, [3, 4, 1], True),
        ({"ToleratedFailurePercentage": 50}, [3, 1], False),
        ({"ToleratedFailurePercentage": 50}, [3, 1, 3], True),
        ({"ToleratedFailurePercentage": 33.4}, [3, 1, 1], False),
        ({"ToleratedFailurePercentage": 33.3}, [3, 1, 1], True),
        ({"ToleratedFailurePercentage": 100}, [3, 4, 5], False),
        ({"ToleratedFailureCount": 2, "ToleratedFailurePercentage": 10}, [3, 1, 1], True),
        ({"ToleratedFailureCount": 0, "ToleratedFailurePercentage": 100}, [3], True),
    ],
)
def test_so_many_items_may_fail(fields: Any, items: list[int], fails: bool) -> None:
    run = Run(workflow(CHECK, **fields), items)
    failed = {"Error": "TooLarge", "Cause": "more than two", "Status": "FAILED"}
    if fails:
        assert run.result == ["States.ExceedToleratedFailureThreshold", THRESHOLD]
        assert run.kinds[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    else:
        assert run.result == [failed if n > 2 else n for n in items]
        assert run.kinds[2:5] == ["MapStateStarted", "MapRunStarted", "MapRunSucceeded"]


def test_exceeding_can_be_caught_and_tried_again() -> None:
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "After"}]
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    after = {"After": {"Type": "Pass", "End": True}}
    run = Run(workflow(CHECK, after, Catch=catch), [3])
    assert run.result == {"Error": "States.ExceedToleratedFailureThreshold", "Cause": THRESHOLD}
    assert "MapStateFailed" in run.kinds
    compiled = workflow(CHECK, Retry=retry)
    program: Any = Program(compiled.program)
    core: Any = kernel.Kernel(interpreter.Interpreter(program))
    step = core.step(kernel.State(), (protocol.START, 0, 1, program.digest, 7, [3], None, 1))
    [(number, timer)] = step.state.pending.items()
    step = core.step(step.state, (protocol.TIMER, timer[3], number))
    assert step.state.result[0] == "States.ExceedToleratedFailureThreshold"


def test_a_fatal_error_of_an_item_is_a_failed_item() -> None:
    states = {"P": {"Type": "Pass", "InputPath": "$.a", "End": True}}
    run = Run(workflow(states, ToleratedFailureCount=1), [{"a": 1}, {}])
    assert run.result[0] == 1
    assert run.result[1]["Error"] == "States.Runtime"


def test_items_see_no_variables_from_outside() -> None:
    start = {"Type": "Pass", "Assign": {"v": 1}, "Next": "Each"}
    inner = {
        "P": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Set"}],
            "Default": "Get",
        },
        "Set": {"Type": "Pass", "Assign": {"v": 2}, "Next": "Get"},
        "Get": {"Type": "Pass", "Parameters": {"v.$": "$v"}, "End": True},
    }
    body = {"ProcessorConfig": MODE, "StartAt": "P", "States": inner}
    each = {"Type": "Map", "ItemProcessor": body, "End": True, "ToleratedFailureCount": 1}
    text = json.dumps({"StartAt": "S", "States": {"S": start, "Each": each}})
    run = Run(compile_text(text), [1, 5])
    assert run.result[0] == {"v": 2}
    assert run.result[1]["Status"] == "FAILED"


# --- readers --------------------------------------------------------------------------------

READER = {"Resource": GET, "Parameters": {"Bucket": "b", "Key.$": "$.key"}}


def test_a_reader_is_a_task() -> None:
    reader = READER | {"ReaderConfig": {"InputType": "JSONL", "MaxItemsPath": "$.most"}}
    run = Run(workflow(PASS, ItemReader=reader), {"key": "k", "most": 2}, '1\n\n{"a":2}\n3\n')
    config = {"InputType": "JSONL", "MaxItems": 2}
    assert run.tasks == [[GET, {"Bucket": "b", "Key": "k", "ReaderConfig": config}]]
    assert run.result == [1, {"a": 2}]
    assert run.kinds[2:4] == ["MapStateStarted", "MapRunStarted"]
    assert "TaskScheduled" not in run.kinds


@pytest.mark.parametrize("answer", ["{", 5, '"text"', RuntimeError("OSError", "gone")])
def test_a_reader_fails_with_the_error_of_readers(answer: Any) -> None:
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "After"}]
    after = {"After": {"Type": "Pass", "End": True}}
    program = workflow(PASS, after, ItemReader=READER, Catch=catch)
    run = Run(program, {"key": "k"}, answer)
    assert run.result["Error"] == "States.ItemReaderFailed"
    assert run.history.events[4]["type"] == "MapRunFailed"
    if isinstance(answer, Exception):
        assert run.result["Cause"] == "gone"


@pytest.mark.parametrize("most", [2.5, "2.5", "", True, None, [], {}])
def test_a_max_items_path_that_names_no_whole_number_is_seen_before_reading(most: Any) -> None:
    reader = READER | {"ReaderConfig": {"MaxItemsPath": "$.most"}}
    run = Run(workflow(PASS, ItemReader=reader), {"key": "k", "most": most})
    assert run.kinds[2:] == ["MapStateStarted", "ExecutionFailed"]
    shown = most if isinstance(most, str) else json.dumps(most)
    why = f'The MaxItemsPath field refers to value "{shown}" which is not a valid integer: $.most'
    where = "An error occurred while executing the state 'Each' (entered at the event id #2)."
    assert (run.history.error, run.history.cause) == ("States.Runtime", f"{where} {why}")


def test_an_items_pointer_that_leads_nowhere_is_told_with_its_state() -> None:
    config = {"InputType": "JSON", "ItemsPointer": "/missing"}
    run = Run(workflow(PASS, ItemReader=READER | {"ReaderConfig": config}), {"key": "k"}, "{}")
    why = "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON "
    why += "structure."
    where = "An error occurred while executing the state 'Each' (entered at the event id #2)."
    assert (run.history.error, run.history.cause) == ("States.ItemReaderFailed", f"{where} {why}")
    assert run.history.events[4]["details"]["cause"] == f"{where} {why}"
    scalar = Run(workflow(PASS, ItemReader=READER), {"key": "k"}, "123")
    assert scalar.history.cause == "Attempting to map over non-iterable node."


def test_a_max_items_path_that_names_a_negative_number_is_the_readers_failure() -> None:
    reader = READER | {"ReaderConfig": {"MaxItemsPath": "$.most"}}
    run = Run(workflow(PASS, ItemReader=reader), {"key": "k", "most": -1}, "[1]")
    assert run.kinds[2:5] == ["MapStateStarted", "MapRunStarted", "MapRunFailed"]
    assert run.result == ["States.ItemReaderFailed", "field MaxItems must be positive"]


# --- batches and writers --------------------------------------------------------------------


def test_items_are_batched() -> None:
    batch = {"MaxItemsPerBatch": 2, "BatchInput": {"who.$": "$.who"}}
    selector = {"n.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "who.$": "$.who"}
    value = {"who": "me", "items": [7, 8, 9]}
    fields: Any = {"ItemsPath": "$.items", "ItemBatcher": batch}
    run = Run(workflow(PASS, **fields), value)
    assert run.result == [
        {"BatchInput": {"who": "me"}, "Items": [7, 8]},
        {"BatchInput": {"who": "me"}, "Items": [9]},
    ]
    assert run.history.events[2]["details"] == {"length": 3}
    run = Run(workflow(PASS, ItemSelector=selector, **fields), value)
    selected = [{"n": 7 + i, "i": i, "who": "me"} for i in range(3)]
    assert [each["Items"] for each in run.result] == [selected[:2], selected[2:]]
    assert run.kinds.count("MapStateStarted") == 1


def test_batches_have_so_many_bytes() -> None:
    assert [b["Items"] for b in map_batches.batch(None, ["ab", "cd", "e"], 0, 21, None)] == [
        ["ab", "cd"],
        ["e"],
    ]
    assert len(json.dumps({"Items": ["ab", "cd"]}, separators=(",", ":"))) == 21
    assert len(map_batches.batch(None, ["ab", "cd"], 0, 20, None)) == 2
    assert map_batches.batch(None, ["a long one"], 0, 5, None) == [{"Items": ["a long one"]}]
    assert map_batches.batch(None, [], 1, 0, None) == []
    with pytest.raises(StatesError):
        map_batches.batch(None, [], {}, 0, None)


def test_results_are_written_by_a_task() -> None:
    writer = {"Resource": PUT, "Parameters": {"Bucket": "b", "Prefix.$": "$.to"}}
    details = {"Bucket": "b", "Key": "r/manifest.json"}
    program = workflow(PASS, ItemsPath="$.items", ResultWriter=writer, Label="run")
    run = Run(program, {"items": [1, 2], "to": "r"}, details)
    arn = "arn:aws:states:eu-1:1:mapRun:m/run:1-1"
    payload = {"Bucket": "b", "Prefix": "r", "MapRunArn": arn, "Results": [1, 2]}
    assert run.tasks == [[PUT, payload]]
    assert run.result == {"MapRunArn": arn, "ResultWriterDetails": details}
    assert run.history.events[3]["details"] == {"mapRunArn": arn}
    assert run.kinds[4:6] == ["MapRunSucceeded", "MapStateSucceeded"]
    run = Run(program, {"items": [], "to": "r"}, RuntimeError("OSError", "full"))
    assert run.result == ["States.ResultWriterFailed", "full"]
    assert run.kinds[4:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_results_are_flattened() -> None:
    writer = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    assert Run(workflow(PASS, ResultWriter=writer), [[1, 2], 3, []]).result == [1, 2, 3]


# --- everything, on a device and on every interpreter ----------------------------------------


def everything() -> Any:
    return workflow(
        PASS,
        InputPath="$.in",
        ItemReader=READER
        | {"ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}},
        ItemSelector={"row.$": "$$.Map.Item.Value", "k.$": "$.key"},
        ItemBatcher={"MaxInputBytesPerBatchPath": "$.bytes", "BatchInput": {"ü": 1.5}},
        ToleratedFailurePercentagePath="$.part",
        MaxConcurrencyPath="$.at_once",
        ResultWriter={"Resource": PUT, "Parameters": {"Bucket": "b"}},
        ResultSelector={"where.$": "$.ResultWriterDetails.Key"},
        ResultPath="$.out",
    )


VALUE: dict[str, Any] = {"in": {"key": "k", "bytes": 90, "part": 12.5, "at_once": 2}}
CSV = 'a,ü\n"x ""y""",é\n1\n\n2,3,4\n'


@pytest.mark.parametrize("board", BOARDS)
def test_boards_write_the_same_bytes(board: str) -> None:
    program = everything()
    runs = [Run(program, VALUE, CSV, {"Key": "m"}), Run(program, VALUE, 'a\n"')]
    assert runs[0].result == VALUE | {"out": {"where": "m"}}
    answered = on_device(board, "replay", [[program.program, run.events] for run in runs])
    for run, got in zip(runs, answered, strict=True):
        assert got == [*run.steps, run.checkpoint]


def test_a_board_gives_reader_and_writer() -> None:
    engine = tsme.Engine(Program(everything().program))
    written: list[Any] = []

    @engine.task(GET, effect="pure")
    def read(where: Any) -> str:
        assert where["Key"] == "k"
        return CSV

    @engine.task(PUT)
    def write(what: Any) -> Any:
        written.extend(what["Results"])
        return {"Bucket": what["Bucket"], "Key": "m"}

    outcome = engine.run_sync(VALUE)
    assert outcome.output["out"] == {"where": "m"}
    rows = [item["row"] for each in written for item in each["Items"]]
    assert rows == [{"a": 'x "y"', "ü": "é"}, {"a": "1", "ü": ""}, {"a": "2", "ü": "3"}]
    assert cbor.decode(cbor.encode(written))[0] == written


@pytest.mark.parametrize("board", ["cpython", *BOARDS])
def test_files_stand_in_for_s3(board: str, tmp_path: Path) -> None:
    writer = {
        "Resource": PUT,
        "Parameters": {"Bucket": "b", "Prefix.$": "$.to"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
    }
    reader = {"Resource": GET, "Parameters": {"Bucket": "b", "Key": "in/n.json"}}
    listing: dict[str, Any] = {"Resource": GET.replace("getObject", "listObjectsV2")}
    listing |= {"Parameters": {"Bucket": "b", "Prefix": "in/"}}
    read = workflow(
        CHECK, ItemReader=reader, ResultWriter=writer, ToleratedFailureCount=1, Label="l"
    )
    tmp_path.joinpath("read.tsm").write_bytes(read.data)
    tmp_path.joinpath("list.tsm").write_bytes(workflow(PASS, ItemReader=listing).data)
    tmp_path.joinpath("b", "in", "deep").mkdir(parents=True)
    tmp_path.joinpath("b", "in", "n.json").write_text("[1, 3, 2]")
    tmp_path.joinpath("b", "in", "deep", "x").write_text("ü", encoding="utf-8")
    if board != "cpython":
        interpreters.require(board)
    script = Path(__file__).with_name("objects_device.py")
    done = interpreters.run(board, script, [tmp_path])
    assert not done.returncode, done.stderr.decode()
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    run = "out/1-1"
    assert first[1]["ResultWriterDetails"] == {"Bucket": "b", "Key": f"{run}/manifest.json"}
    assert [[o["Key"], o["Size"]] for o in second[1]] == [["in/deep/x", 2], ["in/n.json", 9]]
    when = tmp_path.joinpath("b", "in", "n.json").stat().st_mtime
    assert [*second[1][1]] == ["Etag", "Key", "LastModified", "Size", "StorageClass"]
    assert second[1][1]["LastModified"] == int(when)
    assert b'"LastModified":1.' in done.stdout
    assert b'E9,"Size"' in done.stdout
    assert tmp_path.joinpath("b", run, "SUCCEEDED_0.jsonl").read_text() == "1\n2"
    failed = json.loads(tmp_path.joinpath("b", run, "FAILED_0.jsonl").read_text())
    assert failed["Error"] == "TooLarge"
    manifest = json.loads(tmp_path.joinpath("b", run, "manifest.json").read_text())
    assert manifest["ResultFiles"]["SUCCEEDED"] == [{"Key": f"{run}/SUCCEEDED_0.jsonl", "Size": 3}]


@pytest.mark.parametrize(
    "where",
    [
        {"Bucket": "..", "Key": "x"},
        {"Bucket": "b", "Key": "../x"},
        {"Bucket": "b", "Key": "/etc/x"},
        {"Bucket": "b"},
        {"Bucket": "none", "Key": "x"},
    ],
)
def test_files_outside_are_no_objects(where: Any, tmp_path: Path) -> None:
    tmp_path.joinpath("x").write_text("secret")
    folder = tmp_path / "store"
    folder.mkdir()
    with pytest.raises(TaskError):
        item_files.get(str(folder), where)


def test_it_can_be_listed() -> None:
    listing = to_text(disassemble(everything().data))
    for name in ("ToleratedFailurePercentage", "Items", "Batch", "MapRun"):
        assert name in listing


def test_a_failing_branch_cancels_the_handlers_of_the_others() -> None:
    branches: list[Any] = [
        {"StartAt": n, "States": {n: {"Type": "Task", "Resource": n, "End": True}}}
        for n in ("stay", "leave", "nest")
    ]
    nest: Any = {"Type": "Map", "ItemProcessor": {"StartAt": "N", "States": {}}, "End": True}
    nest["ItemProcessor"]["States"]["N"] = {"Type": "Task", "Resource": "stay", "End": True}
    branches[2]["States"]["nest"] = nest
    states: Any = {
        "All": {
            "Type": "Parallel",
            "Branches": branches,
            "Catch": [{"ErrorEquals": ["Gone"], "Next": "After"}],
            "End": True,
        },
        "After": {"Type": "Pass", "Result": "over", "End": True},
    }
    compiled = compile_text(json.dumps({"StartAt": "All", "States": states}))
    engine = tsme.Engine(Program(compiled.program))
    said: list[str] = []

    @engine.task("stay")
    async def stay(payload: Any) -> None:
        said.append("begun")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            said.append("cancelled")
            raise

    @engine.task("leave")
    async def leave(payload: Any) -> None:
        while len(said) < 3:
            await asyncio.sleep(0)
        raise TaskError("Gone")

    assert engine.run_sync([1, 2]).output == "over"
    assert sorted(said) == ["begun"] * 3 + ["cancelled"] * 3
    assert not engine.running
