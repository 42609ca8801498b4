"""What payload templates find and what services refuse, on every interpreter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.firmware.test_distributed import Run
from tests.laws.support import BOARDS, on_device
from tsme.kernel.limits import LIMITS
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import Limits

INVOKE = "arn:aws:states:::apigateway:invoke"
LIMIT = "The state/task '%s' returned a result with a size exceeding the maximum number of bytes "
LIMIT += "service limit."
LARGEST = Limits.largest
SMALL = 4096  # a limit for values that boards can reach


def compiled(states: dict[str, Any], largest: int = LARGEST) -> Any:
    return compile_text(
        json.dumps({"StartAt": next(iter(states)), "States": states}), largest=largest
    )


def ran(states: dict[str, Any], value: Any, *answers: Any, largest: int = LARGEST) -> Run:
    return Run(compiled(states, largest), value, *answers)


def passed(value: Any, largest: int = LARGEST, **fields: Any) -> Run:
    return ran({"P": {"Type": "Pass", "End": True} | fields}, value, largest=largest)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.items[1]", 2),
        ("$.items[2]", None),
        ("$.items[70000]", None),
        ("$.deep.rows[0][3]", None),
        ("$.items[-1]", 2),
        ("$.items[-3]", None),
        ("$$.Execution.Input.items[5]", None),
        ("$kept[5]", None),
        ("$.items[*]", [1, 2]),
    ],
)
def test_a_template_finds_null_past_the_end_of_an_array(path: str, found: Any) -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"kept.$": "$.items"}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"idx.$": path, "in": [{"it.$": path}]}, "End": True},
    }
    run = ran(states, {"items": [1, 2], "deep": {"rows": [[0]]}})
    assert run.result == {"idx": found, "in": [{"it": found}]}


def test_each_template_finds_null_there() -> None:
    task = {"Type": "Task", "Resource": "t", "End": True}
    task |= {"Parameters": {"v.$": "$[9]"}, "ResultSelector": {"r.$": "$.list[1]"}}
    run = ran({"T": task}, [1], {"list": [7]})
    assert (run.tasks, run.result) == ([["t", {"v": None}]], {"r": None})


@pytest.mark.parametrize(
    "fields",
    [
        {"InputPath": "$.items[5]"},
        {"OutputPath": "$.items[5]"},
        {"Assign": {"v.$": "$.items[5]"}},
        {"Parameters": {"v.$": "$.items[5].x"}},
        {"Parameters": {"v.$": "$.n[0]"}},
        {"Parameters": {"v.$": "States.Format('{}', $.items[5])"}},
        {"Parameters": {"v.$": "States.Array($.items[5])"}},
    ],
)
def test_nothing_else_finds_anything_there(fields: dict[str, Any]) -> None:
    assert passed({"items": [1, 2], "n": 5}, **fields).result[0] == "States.Runtime"


# --- what apigateway:invoke is started with ----------------------------------------------------


def invoked(parameters: dict[str, Any], value: Any = None, resource: str = INVOKE) -> Run:
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return ran({"Ask": task}, value, "answer")


@pytest.mark.parametrize(
    "v",
    [{"a": "text"}, {"a": [1]}, {"a": ["x"], "b": None}, {"a": {"b": ["x"]}}, ["a"], "a", 5, True]
    + [{"a": [["x"]]}, {"a": ["x", None]}],
)
@pytest.mark.parametrize("name", ["Headers", "QueryParameters"])
def test_headers_and_query_parameters_are_arrays_of_texts(name: str, v: Any) -> None:
    for parameters in ({name: v, "Path": "p"}, {name + ".$": "$.v"}):
        run = invoked(parameters, {"v": v})
        assert run.kinds == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
        where = "An error occurred while executing the state 'Ask' (entered at the event id #2)."
        given = json.dumps(
            {name: v} | ({"Path": "p"} if name in parameters else {}), separators=(",", ":")
        )
        what = f"The Parameters '{given}' could not be used to start the Task: "
        what += f"[The value of the field '{name}' has an invalid format]"
        assert (run.history.error, run.history.cause) == ("States.Runtime", f"{where} {what}")


@pytest.mark.parametrize("v", [{}, {"a": []}, {"a": ["x", ""], "b": ["y"]}, None])
def test_what_has_the_right_form_is_called(v: Any) -> None:
    for parameters in ({"Headers": v}, {"Headers.$": "$.v", "QueryParameters.$": "$.v"}):
        run = invoked(parameters, {"v": v})
        assert run.result == "answer"
        assert run.tasks[0][1]["Headers"] == v


def test_other_members_and_services_are_not_looked_at() -> None:
    assert invoked({"RequestBody": {"a": "b"}}).result == "answer"
    other = {"Headers": {"a": "text"}}
    assert invoked(other, resource="arn:aws:states:::http:invoke").result == "answer"
    token = invoked(other, resource=INVOKE + ".waitForTaskToken")
    assert token.result[0] == "States.Runtime"


# --- results that are too large ------------------------------------------------------------


def large(run: Run, name: str) -> bool:
    told = (run.history.error, run.history.cause)
    return told == ("States.DataLimitExceeded", LIMIT % name)


def test_a_state_whose_result_is_too_large_is_named() -> None:
    text = "x" * (SMALL // 2 + 9)
    twice = {"a.$": "$.t", "b.$": "$.t"}
    assert large(passed({"t": text}, SMALL, Parameters=twice), "P")
    assert large(passed({"t": text}, SMALL, Parameters={"a.$": "States.Array($.t, $.t)"}), "P")
    assert large(
        passed({"t": text}, SMALL, Parameters={"a.$": "States.Format('{}{}', $.t, $.t)"}), "P"
    )
    assert large(passed({"t": text}, SMALL, InputPath="$.t", ResultPath="$.u"), "P")
    split: dict[str, Any] = {"Type": "Parallel", "End": True, "Branches": []}
    for n in range(2):
        only = {f"B{n}": {"Type": "Pass", "End": True}}
        split["Branches"].append({"StartAt": f"B{n}", "States": only})
    assert large(ran({"Both": split}, text, largest=SMALL), "Both")
    assert passed({"t": text}, SMALL, Parameters={"a.$": "$.t"}).result == {"a": text}


@pytest.mark.parametrize(
    "literal", ["y" * LARGEST, ["y" * 1000] * 300, {"a": {"b": "y" * LARGEST}}]
)
def test_a_literal_that_is_too_large_fails_when_it_is_come_to(literal: Any) -> None:
    run = passed(1, Result=literal)
    assert large(run, "P")
    assert run.kinds == ["ExecutionStarted", "PassStateEntered", "ExecutionFailed"]
    assert large(passed(1, Parameters={"deep": [literal]}), "P")
    never = {"Type": "Pass", "Result": literal, "End": True}
    rule = {"Variable": "$", "NumericEquals": 1, "Next": "Good"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Never"}
    states = {"C": choice, "Never": never, "Good": {"Type": "Succeed"}}
    assert ran(states, 1).result == 1


def test_an_error_of_size_can_be_caught() -> None:
    task = {"Type": "Task", "Resource": "t", "Parameters": {"v": "y" * LARGEST}, "End": True}
    task["Catch"] = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "A"}]
    run = ran({"T": task, "A": {"Type": "Pass", "End": True}}, 1)
    assert run.result["Error"] == "States.DataLimitExceeded"


def test_a_literal_may_be_longer_than_64_kib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("program_bytes", "state_bytes"):
        monkeypatch.setitem(LIMITS, name, 1 << 20)
    literal = {"unit": "kPa", "rows": [f"{n:05}" for n in range(12000)]}
    assert passed(1, Result=literal).result == literal
    second = {"Type": "Pass", "Result": "after", "ResultPath": "$.more", "End": True}
    states = {"A": {"Type": "Pass", "Result": literal, "Next": "B"}, "B": second}
    assert ran(states, 1).result == literal | {"more": "after"}


@pytest.mark.parametrize("board", BOARDS)
def test_boards_do_all_of_it_with_the_same_bytes(board: str) -> None:
    text = "ü" * (SMALL // 4 + 9)
    end = {"Type": "Pass", "End": True}
    ask = {"Type": "Task", "Resource": INVOKE, "End": True}
    twice = {"a.$": "$.t", "b.$": "$.t"}
    samples: list[tuple[dict[str, Any], Any]] = [
        (
            end | {"Parameters": {"a.$": "$.l[1]", "b.$": "$.l[9]", "c.$": "$.l[-9]"}},
            {"l": [1, 2]},
        ),
        (end | {"Parameters": {"a.$": "$.l[9]"}}, {"l": 5}),
        (ask | {"Parameters": {"Headers.$": "$.h"}}, {"h": {"a": ["b"]}}),
        (ask | {"Parameters": {"Headers.$": "$.h"}}, {"h": {"a": "b"}}),
        (ask | {"Parameters": {"QueryParameters": {"a": [1]}}}, {}),
        (end | {"Parameters": twice}, {"t": text}),
        (end | {"InputPath": "$.t", "ResultPath": "$.u"}, {"t": text}),
        (end | {"Parameters": {"a.$": "States.Array($.t, $.t)"}}, {"t": text}),
        (end | {"Parameters": twice}, {"t": "ü" * 127}),
        (end | {"Result": "z" * SMALL}, 1),
    ]
    jobs, wanted = [], []
    for state, value in samples:
        program = compiled({"S": state}, SMALL)
        run = Run(program, value, "answer")
        jobs.append([program.program, run.events])
        wanted.append([*run.steps, run.checkpoint])
    assert on_device(board, "replay", jobs) == wanted
