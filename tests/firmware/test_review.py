"""What a review of the core found: each test failed before."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, note

import tsme
from tests.laws.drive import Drive, start_event
from tests.laws.support import kernel_of, many, show, start_of
from tests.laws.workflows import Case, cases
from tsme.kernel import Kernel
from tsme.kernel.protocol import TRACED
from tsme.program import opcodes
from tsme.program.interpreter import Interpreter
from tsme.program.trace import Tracer
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError

TASK = {"Type": "Task", "Resource": "a"}


def compiled(states: dict[str, Any], **how: Any) -> tsme.Program:
    text = json.dumps({"StartAt": next(iter(states)), "States": states})
    return tsme.Program(compile_text(text, **how).program)


def state(**fields: Any) -> dict[str, Any]:
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Pass", **fields, **end}


def each(**fields: Any) -> dict[str, Any]:
    """A Map whose items only pass."""
    body = {"StartAt": "Item", "States": {"Item": state()}}
    return state(Type="Map", ItemProcessor=body, **fields)


# --- bounded ---


@many(60)
@given(cases())
def test_the_bound_of_a_state_is_never_too_small(case: Case) -> None:
    note(show(case))
    kernel = kernel_of(case)

    def look(event: Any, step: Any) -> None:
        if step:
            assert len(kernel.checkpoint(step.state)) <= step.state.bound

    Drive(kernel, start_of(kernel, case), case.moves, case.results, look).run()


def test_long_names_count_as_state() -> None:
    """PUT may make names that stand in no delta: 30 KB of state went unnoticed."""
    states = {}
    for n in range(20):
        name = f"n{n}" + "x" * 1400
        states[f"P{n}"] = state(Result=1, ResultPath=f"$.{name}", Next=f"W{n}")
        states[f"W{n}"] = {"Type": "Wait", "Seconds": 1, "Next": f"P{n + 1}"}
    states["P20"] = state()
    kernel = Kernel(Interpreter(compiled(states)))
    with pytest.raises(tsme.LimitError, match="bytes of the state"):
        Drive(kernel, start_event(kernel.client.program, {})).run()


def test_a_state_that_no_checkpoint_could_hold_is_refused_before_it_is_durable() -> None:
    """It was committed, and a later step's timer stopped the execution for it."""
    states = {
        "A": state(Type="Task", Resource="a", ResultPath="$.a", Next="B"),
        "B": state(Type="Task", Resource="a", Parameters={}, ResultPath="$.b", Next="C", Catch=[
            {"ErrorEquals": ["States.DataLimitExceeded"], "ResultPath": "$.e", "Next": "C"}
        ]),
        "C": {"Type": "Wait", "Seconds": 0, "End": True},
    }  # fmt: skip
    journal = tsme.Journal(tsme.RamFlash(4096, 3))
    engine = tsme.Engine(compiled(states), journal)

    @engine.task("a")
    def a(payload: Any) -> str:
        return "x" * 2200

    outcome = engine.run_sync({})
    assert outcome.status == "succeeded", outcome.cause
    assert "TSME-J007" in outcome.output["e"]["Cause"]
    assert len(engine.kernel.checkpoint(engine.state)) <= journal.most


def raw(code: list[tuple[str, int]], consts: list[Any], limits: list[int]) -> tsme.Program:
    index, data = b"", b""
    for value in consts:
        index += len(data).to_bytes(1, "little")
        data += cbor.encode(value)
    assert len(data) < 256
    packed = b"".join(bytes((opcodes.NUMBER[name], a)) for name, a in code)
    parts = [opcodes.NEEDS_MAP, limits, packed, index, data]
    body = b"".join(cbor.encode(part, True) for part in parts)
    digest = hashlib.sha256(body).digest()[:8]
    return tsme.Program(b"\x87\x02" + cbor.encode(digest, True) + body)


def test_children_without_a_state_are_bounded_too() -> None:
    """A hostile program could run items ** depth of them in one step."""
    code: list[tuple[str, int]] = [("ENTER", 0)]
    for _ in range(5):
        at = len(code)
        code += [("INT", 1), ("CONST", 0), ("MAP", 1), ("FRAME", 1), ("JUMP", at + 7)]
        code += [("STORE", 0), ("END", 0)]
    code += [("END", 0)]
    kernel = Kernel(Interpreter(raw(code, [list(range(12))], [1, 4, 0, 8, 0, 262144, 0, 0])))
    spawned = []
    Tracer(kernel.client, lambda *event: spawned.append(event), (TRACED.index("spawn"),))
    kernel.step(tsme.kernel.State(), start_event(kernel.client.program, {}))
    assert len(spawned) < 20


@pytest.mark.parametrize(
    ("op", "flags", "least", "most"),
    [
        ("TASK", 1, 1, 99999999),
        ("TASK", 2, 1, 99999999),
        ("MAP", 1, 0, 99999999),
        ("MAP", 2, 0, 99999999),
        ("MAP", 4, 0, 1000000),
    ],
)
def test_an_option_that_is_out_of_its_range_is_an_error(
    op: str, flags: int, least: int, most: int
) -> None:
    """Whatever pushed it: a program from elsewhere may do without LIMIT."""

    def status(option: Any) -> int:
        code = [("ENTER", 0), ("CONST", int(flags > 1)), ("CONST", int(flags < 2))]
        if op == "TASK":
            code[1:] = [
                ("CONST", 0),
                ("INT", 7),
                ("CONST", 2),
                (op, flags),
                ("DROP", 1),
                ("END", 0),
            ]
        else:
            code += [(op, flags), ("FRAME", 1), ("JUMP", 8)]
            code += [("DROP", 1), ("END", 0), ("END", 0)]
        kernel = Kernel(Interpreter(raw(code, [option, [1], "t"], [1, 4, 0, 0, 0, 1000, 0, 0])))
        step = kernel.step(tsme.kernel.State(), start_event(kernel.client.program, {}))
        if step.state.status == 2:
            assert step.state.result[1] == "seconds or a timestamp is none, or too far away"
        return int(step.state.status)

    for sound in (least, most):
        assert status(sound) != 2
    for wrong in (least - 1, most + 1, 2**63 - 1, "5", 5.0, None, True, [5]):
        assert status(wrong) == 2, wrong


# --- children ---


def test_too_large_outputs_of_children_can_be_caught() -> None:
    """Deeper than 32, they stopped the execution, or run() itself if it was the first step."""
    value: Any = 1
    for _ in range(31):
        value = [value]
    catch = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Small"}]
    inner = {"StartAt": "In", "States": {"In": state(Type="Parallel", Branches=[
        {"StartAt": "P", "States": {"P": state()}}
    ])}}  # fmt: skip
    states = {
        "Out": state(Type="Parallel", Branches=[inner], Catch=catch),
        "Small": state(Result="caught"),
    }
    assert tsme.Engine(compiled(states)).run_sync(value).output == "caught"
    states = {"Out": each(Catch=catch), "Small": state(Result="caught")}
    program = compiled(states, largest=300)
    assert tsme.Engine(program).run_sync(["x" * 200] * 3).output == "caught"


def test_the_selector_of_a_map_sees_when_the_map_was_entered() -> None:
    """It saw 1970."""
    states = {"M": each(ItemSelector={"at.$": "$$.State.EnteredTime"})}
    engine = tsme.Engine(compiled(states), clock=lambda: 1700000000000)
    assert engine.run_sync([1]).output == [{"at": "2023-11-14T22:13:20.000Z"}]


# --- programs ---


@pytest.mark.parametrize(
    ("fields", "floats"),
    [
        ({"Result": 1.5}, True),
        ({"Result": {"a": [1.5]}}, True),
        ({"Parameters": {"a": [1, {"b": 1.5}]}}, True),
        ({**TASK, "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 1.5}]}, False),
        ({**TASK, "Retry": [{"ErrorEquals": ["E"]}]}, False),
        ({"Result": 1}, False),
    ],
)
def test_a_program_says_if_it_needs_floats(fields: dict[str, Any], floats: bool) -> None:
    assert bool(compiled({"A": state(**fields)}).needs & opcodes.NEEDS_FLOAT) == floats


@pytest.mark.parametrize(
    "fields",
    [
        {"Assign": {f"v{n}": n for n in range(256)}},
        {**TASK, "Retry": [{"ErrorEquals": [f"E{n}"]} for n in range(256)]},
    ],
)
def test_the_compiler_makes_no_program_that_none_could_load(fields: dict[str, Any]) -> None:
    with pytest.raises(CompileError) as raised:
        compiled({"A": state(**fields)})
    assert [p.code for p in raised.value.problems] == ["TSME-C091"]
