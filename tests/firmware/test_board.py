"""Several executions on one board, on every interpreter: by name, in one loop, each for itself."""

import json
from pathlib import Path

import pytest

from tests.interpreters import INTERPRETERS, ROOT, require, run
from tsme.values.cbor import encode
from tsme_host.compiler.compile import compile_text

CASES = Path(__file__).parent / "board_cases.py"
OTHERS = [name for name in INTERPRETERS if name != "cpython"]


def then(**state: object) -> dict[str, object]:
    return {"Type": "Task", "Resource": "add", **state}


FLOWS = {
    "long": {
        "Wait": {"Type": "Wait", "Seconds": 100, "Next": "Add"},
        "Add": then(ResultPath="$.n", Next="Rest"),
        "Rest": {"Type": "Wait", "Seconds": 50, "End": True},
    },
    "short": {"Wait": {"Type": "Wait", "Seconds": 30, "Next": "Add"}, "Add": then(End=True)},
    "add": {"Add": then(End=True)},
    "silent": {"Wait": {"Type": "Wait", "Seconds": 5, "End": True}},
    "asks": {
        "Ask": then(
            Resource="ask.waitForTaskToken", Parameters={"token.$": "$$.Task.Token"}, End=True
        )
    },
    "unhandled": {"A": then(Resource="nobody", End=True)},
}


# As workload e of the bench: a task that is tried three times, and one that is caught.
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
RETRIES = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Task",
            "Resource": ARN + "flaky",
            "Retry": [{"ErrorEquals": ["FlakyError"], "IntervalSeconds": 1, "MaxAttempts": 3}],
            "ResultPath": "$.flaky",
            "Next": "B",
        },
        "B": {
            "Type": "Task",
            "Resource": ARN + "boom",
            "Catch": [{"ErrorEquals": ["BoomError"], "ResultPath": "$.err", "Next": "C"}],
            "End": True,
        },
        "C": {"Type": "Pass", "Parameters": {"error.$": "$.err.Error"}, "End": True},
    },
}


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flows")
    for name, states in FLOWS.items():
        text = json.dumps({"StartAt": next(iter(states)), "States": states})
        folder.joinpath(f"{name}.tsm").write_bytes(compile_text(text).program)
    return folder


@pytest.fixture(scope="module")
def said(flows: Path) -> dict[str, list[str]]:
    """What each case prints."""
    done = run("cpython", CASES, [flows])
    assert done.returncode == 0, done.stderr.decode()
    parts = done.stdout.decode().split("-- ")[1:]
    return {part.splitlines()[0]: part.splitlines()[1:] for part in parts}


@pytest.mark.parametrize("name", OTHERS)
def test_a_board_does_the_same_everywhere(
    name: str, flows: Path, said: dict[str, list[str]]
) -> None:
    require(name)
    done = run(name, CASES, [flows], heap="1m")
    assert done.returncode == 0, done.stderr.decode()
    parts = done.stdout.decode().split("-- ")[1:]
    assert {p.splitlines()[0]: p.splitlines()[1:] for p in parts} == said


def test_two_workflows_share_one_sleep_until_the_earliest_is_due(
    said: dict[str, list[str]],
) -> None:
    out = said["side_by_side"]
    assert out[1] == "False [('long', 'running'), ('short', 'running')]"
    assert out[-2].startswith("[30000, 70000, 50000] 150000")
    assert out[-2].endswith(" {}")  # the programs are not kept in memory
    assert out[-1] == "execution 2 succeeded: 6"


def test_after_a_reset_all_go_on_and_one_interpreter_serves_all_of_a_program(
    said: dict[str, list[str]],
) -> None:
    out = said["after_a_reset"]
    assert out[:3] == ["1 True", "True [('a', 'running'), ('b', 'running')] 1", "2 1700000100000"]
    assert out[-1] == "[100000, 50000]"


def test_what_is_wrong_in_one_journal_stops_no_other(said: dict[str, list[str]]) -> None:
    out = said["a_fault_touches_no_other"]
    assert out[0] == "[('a', 'running'), ('b', 'broken'), ('c', 'running')]"
    assert "('status', 'broken')" in out[1]
    assert "TSME-J002" in out[1]
    assert "[('a', 'succeeded'), ('b', 'broken'), ('c', 'succeeded')] ['b: it cannot" in out[4]
    assert out[-1] == "[('a', 'succeeded'), ('c', 'succeeded')] True"


def test_flash_that_fails_under_one_stops_no_other(said: dict[str, list[str]]) -> None:
    out = said["flash_that_fails_under_one"]
    assert out[0] == 'ended b execution 2 succeeded: {"n":3}'
    assert "'a: it cannot go on: TSME-J011: the flash is worn out" in out[1]
    assert out[2] == "[('a', 'running'), ('b', 'succeeded')]"
    assert out[3].startswith("ended a execution 1 succeeded")


def test_a_token_finds_its_execution(said: dict[str, list[str]]) -> None:
    out = said["tokens_find_their_execution"]
    assert out[0] == "1-1 2-1"
    assert out[1:3] == [
        "ended a execution 1 failed: Refused: for a",
        'ended b execution 2 succeeded: "for b"',
    ]
    assert all("TSME-T003" in line for line in out[3:5])


def test_more_is_started_while_the_board_runs(said: dict[str, list[str]]) -> None:
    assert said["started_by_a_coroutine"] == [
        "True",
        "ended b execution 2 succeeded: 2",
        "ended a execution 1 stopped: TSME.Stopped: ",
        "ended b execution 3 succeeded: 3",
    ]


def test_a_stopped_one_is_durable_and_its_number_never_comes_again(
    said: dict[str, list[str]],
) -> None:
    out = said["stopped_and_numbered"]
    assert out[0] == "refused TSME-K001: execution 1 is still running"
    assert out[2] == "ended a execution 1 stopped: Enough: of it"
    assert out[3:5] == ["execution 1 stopped: Enough: of it False", "2 2"]


def test_what_has_no_handler_stays_as_it_is_and_the_others_run(
    said: dict[str, list[str]],
) -> None:
    out = said["a_handler_that_is_missing"]
    assert out[1] == "ended b execution 3 succeeded: {}"
    assert "[('a', 'broken'), ('b', 'succeeded')] a: it cannot go on: TSME-T002" in out[2]
    assert out[3] == "True"  # nothing was written to its region
    assert out[4] == 'ended a execution 1 succeeded: {"n":2}'


def test_a_missing_program_is_named_and_mended_by_giving_it(said: dict[str, list[str]]) -> None:
    out = said["a_program_that_is_missing"]
    assert out[0] == "broken"
    assert out[1].startswith("refused TSME-K005: an execution in the journal needs the program ")
    assert out[2:] == [
        "False [('a', 'running')]",
        'ended a execution 1 succeeded: {"n":2}',
    ]


def test_a_region_takes_another_program_and_another_size(said: dict[str, list[str]]) -> None:
    out = said["another_program_in_the_same_region"]
    assert out[1] == "[('a', 'running')]"
    assert out[-1] == "[('a', 'succeeded')] 9 execution 2 succeeded: {\"n\":3}"


def test_a_start_that_is_refused_leaves_no_execution(said: dict[str, list[str]]) -> None:
    out = said["a_start_that_is_refused"]
    assert [line.split(":")[0] for line in out[:4]] == [
        "refused TSME-T002",
        "refused TSME-J015",
        "[]",
        "refused TSME-J007",
    ]
    assert out[4] == "[('a', 'new')] True"


def test_programs_live_in_a_region_of_the_same_partition(said: dict[str, list[str]]) -> None:
    out = said["programs_in_a_region_of_the_same_partition"]
    assert out[0] == "[('a', 'running')] 1"
    assert out[2] == "1 ['programs', 'a']"  # that of the execution before is gone
    assert [line.split(":")[0] for line in out[3:5]] == ["refused TSME-J014"] * 2
    assert out[-1] == 'ended a execution 2 succeeded: {"n":3}'


def test_machines_and_workflows_live_on_one_board(said: dict[str, list[str]]) -> None:
    out = said["a_machine_beside_a_workflow"]
    assert out[-1] == "[('count', 'succeeded'), ('flow', 'succeeded')]"


def test_a_machine_that_has_ended_does_not_need_its_class_for_the_next_one_to_begin(
    said: dict[str, list[str]],
) -> None:
    out = said["an_ended_machine_needs_its_class_no_more"]
    assert [line for line in out if not line.startswith("ended ")] == [
        "[('count', 'stopped')]",
        "[('count', 'succeeded')]",
        "[('count', 'succeeded')] 12",
        "True [('count', 'running')]",
    ]


@pytest.mark.parametrize("name", ["micropython32", "micropythonf32"])
def test_eight_workflows_run_in_a_heap_of_256_kb(name: str, flows: Path, tmp_path: Path) -> None:
    """Started, and after a reset, with the package as source, which the board compiles itself."""
    require(name)
    done = run(name, CASES, [flows, tmp_path / "flash.bin"], heap="256k")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().count("succeeded: ") == 8


def test_another_execution_takes_little_heap(tmp_path: Path) -> None:
    """What is shared is there once: at most 2.5 KB for each beyond the first."""
    require("micropython32")
    tmp_path.joinpath("e.tsm").write_bytes(compile_text(json.dumps(RETRIES)).program)
    tmp_path.joinpath("e.cbor").write_bytes(encode({"id": 1}))
    used = []
    for count in (1, 8):
        script = ROOT / "tests" / "bench" / "heap_board.py"
        files = [tmp_path / name for name in ("e.tsm", "e.cbor", f"{count}.bin")]
        done = run("micropython32", script, [*files, str(count)], heap="512k")
        assert done.returncode == 0, done.stderr.decode()
        used.append(int(done.stdout))
    assert (used[1] - used[0]) / 7 <= 2560
