"""Every comparison, test, time, limit and part of `$$` in C is that of the Python engine."""

from __future__ import annotations

import ctypes
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tsme.kernel import rng
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, FAILED, SUCCEEDED, TIMER, WAKE
from tsme.program.compare import matches
from tsme.values import cbor, timestamp
from tsme_host.compiler.compile import compile_text

from . import functions, kernel, library, machine, model, tsm
from .played import Played, flow, mapped, task

TIMES = (machine.START, machine.BETWEEN)


@pytest.fixture(autouse=True, scope="module")
def built() -> Iterator[None]:
    machine.require()
    machine.make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LIMITS, "state_bytes", 1 << 18)  # that of the core
        yield


# Values of each kind, those that are nearly others among them.
ODD: list[Any] = [
    *(
        None,
        True,
        False,
        [],
        {},
        [1],
        {"a": 1},
        "",
        "a",
        "b",
        "ab",
        "é",
        "\U0001f600",
        "1",
        "null",
    ),
    *(0, -0.0, 0.0, 1, 1.0, -1, 1.5, 0.1, 5e-324, -5e-324, 2.0**-1074 * 3, 65504.0, 255, 256),
    *(2**53, 2.0**53, 2**53 + 1, 2**63 - 1, 2.0**63, -(2**63), -(2.0**63), 1.7976931348623157e308),
    *("2016-03-14T01:59:00Z", "2016-03-14T01:59:00.000Z", "2016-03-14T02:59:00+01:00"),
    *("2016-03-14T01:59:00.0001Z", "2016-03-13T20:59:00.1-05:00", "2016-02-30T00:00:00Z"),
    *("2016-03-14t01:59:00Z", "null", "true", "x" * 300),
]
RELATIONS = [*range(5), *range(8, 13), 16, *range(24, 29), 5]
COMPARES = "\n".join(f"LOAD 0\nINDEX 0\nLOAD 0\nINDEX 2\nCOMPARE {k}" for k in RELATIONS)
ALL = f"""
    ENTER 0
    LOAD 0
    MAP 0
    FRAME 1
    JUMP Body
    STORE 0
    END
    Body: ENTER 1
    {COMPARES}
    ARRAY {len(RELATIONS)}
    LOAD 0
    INDEX 0
    TEST 5
    LOAD 0
    INDEX 0
    TEST 3
    ARRAY 3
    STORE 0
    END
"""


def start_fields(program: bytes, value: Any) -> bytes:
    parts = (1, tsm.parts(program)[1], 7, value, None, 1)
    return b"".join(cbor.encode(part, True) for part in parts)


@pytest.mark.parametrize("target", ["host", "m3"])
def test_all_comparisons_of_all_kinds_of_values(target: str, tmp_path: Path) -> None:
    program = tsm.assemble(ALL, stack=32, budget=4096)
    pairs = [list(pair) for pair in itertools.product(ODD, ODD)]
    for first in range(0, len(pairs), 950):
        some = pairs[first : first + 950] if target == "host" else pairs[first : first + 950 : 19]
        fields = start_fields(program, some)
        expected, state = kernel.records(program, fields, *TIMES)
        assert state.status == 1
        ran = machine.run(target, program, fields, tmp_path, 400_000)
        assert (ran.error, ran.records) == ("", expected)


texts = st.text("ab*\\é", max_size=8)


@given(texts, texts)
@example("", "*")
@example("a*", "a\\*")
@example("a\\", "a\\")
@example("abab", "*ab")
@example("aab", "a*ab*")
def test_patterns_match_as_in_python(text: str, pattern: str) -> None:
    call = library.load().tsme_string_matches
    call.restype = ctypes.c_bool
    assert call(cbor.encode(text), cbor.encode(pattern)) == matches(text, pattern)


class Time(ctypes.Structure):
    """struct tsme_time."""

    _fields_ = (
        ("seconds", ctypes.c_int64),
        ("digits", ctypes.c_void_p),
        ("count", ctypes.c_uint32),
    )


two = st.integers(0, 99).map("{:02d}".format)
zones = st.sampled_from(["Z", "z", "+00:00", "-23:59", "+24:00", "+1:00", "", "+01:0é"])
fractions = st.sampled_from(["", ".", ".0", ".5", ".500", ".0009", ".12345678901234567890", ".é"])
years = st.sampled_from(
    ["0000", "0001", "0004", "0100", "0400", "1900", "1970", "2000", "9999", "999"]
)
stamps = st.builds(
    "{}-{}-{}T{}:{}:{}{}{}".format, years, two, two, two, two, two, fractions, zones
)
good = st.datetimes().map(lambda t: t.strftime("%Y").zfill(4) + t.strftime("-%m-%dT%H:%M:%S"))
good = st.builds("{}{}{}".format, good, fractions, zones)


@given(stamps | good | st.text(max_size=24))
@example("0000-01-01T00:00:00Z")
@example("2024-02-29T23:59:59.9999-23:59")
@example("2023-02-29T23:59:59Z")
@example("1900-02-29T00:00:00Z")
@example("9999-12-31T23:59:59Z")
def test_timestamps_are_read_as_in_python(text: str) -> None:
    time = Time()
    call = library.load()
    call.tsme_timestamp.restype = ctypes.c_bool
    call.tsme_milliseconds.restype = ctypes.c_int64
    encoded = ctypes.create_string_buffer(cbor.encode(text))
    expected = timestamp.parse(text)
    assert call.tsme_timestamp(encoded, ctypes.byref(time)) == (expected is not None)
    if expected:
        digits = ctypes.string_at(time.digits, time.count).decode() if time.count else ""
        assert (time.seconds, digits) == expected
        assert call.tsme_milliseconds(ctypes.byref(time)) == timestamp.ms(text)


@given(st.integers(0, 253402300799999) | st.integers(0, 2**63 - 1))
@example(0)
@example(951827696789)  # a 29th of February
@example(4107542400000)
def test_times_are_written_as_in_python(ms: int) -> None:
    call = library.load().tsme_write_time
    call.restype = ctypes.c_void_p
    out = ctypes.create_string_buffer(64)
    end = call(out, ctypes.c_uint64(ms))
    text = timestamp.text(ms)
    assert out.raw[: end - ctypes.addressof(out)] == b"\x78" + bytes([len(text)]) + text.encode()


@given(st.integers(0, 2**64 - 1))
def test_random_numbers_are_drawn_as_in_python(seed: int) -> None:
    state, x = ctypes.c_uint64(seed), seed
    call = library.load().tsme_draw_from
    call.restype = ctypes.c_uint32
    for _ in range(3):
        assert call(ctypes.byref(state)) == rng.output(x)
        x = rng.advance(x)
        assert state.value == x


# --- instructions ---

WAITS: list[Any] = [
    *(0, 1, 2147483647, 2147483648, -1, 2.0, 2.5, -0.0, "3", None, True, []),
    *("2023-11-14T22:13:20Z", "2023-11-14T22:13:20.001Z", "2023-11-14T22:13:20.0000001Z"),
    *("2090-01-01T00:00:00Z", "2091-12-02T01:27:27.000Z", "2091-12-02T01:27:27.001Z"),
    *("1969-12-31T23:59:59Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59.9Z"),
    "2023-11-14 22:13:20Z",
]


@pytest.mark.parametrize("kind", [0, 1])
def test_waits_of_seconds_and_until_times(kind: int, tmp_path: Path) -> None:
    program = tsm.assemble(f"ENTER 0\nLOAD 0\nWAIT {kind}\nENTER 1\nEND")
    for value in WAITS:
        run = Played.of(program, value)
        run.rest()
        run.same(tmp_path, targets=("host",))


OPTIONS: list[Any] = [
    *(0, 1, 100, 101, -1, 99999999, 100000000, 2**63 - 1, None, True, []),
    *(0.0, -0.0, 5e-324, -5e-324, 33.3, 1.5, 100.0, 100.00000000000001, 99.9999995, 0.00000000005),
    *("1", "100", "101", "00000001", "000000001", "1.5", "", "-1", "é"),
]


@pytest.mark.parametrize("kind", range(5))
def test_limits_of_tasks_and_maps(kind: int, tmp_path: Path) -> None:
    program = tsm.assemble(
        f"ENTER 0\nCATCH H\nLOAD 0\nLIMIT {kind}\nSTORE 0\nEND\nH: ERROR\nSTORE 0\nEND"
    )
    for value in OPTIONS:
        fields = start_fields(program, value)
        expected, _ = kernel.records(program, fields, *TIMES)
        assert machine.run("host", program, fields, tmp_path).records == expected, value


def test_retries_with_jitter_draw_from_the_seed(tmp_path: Path) -> None:
    retry = [
        {"ErrorEquals": ["A"], "IntervalSeconds": 3, "MaxAttempts": 9, "JitterStrategy": "FULL"},
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 99999999,
            "MaxAttempts": 40,
            "BackoffRate": 1.7,
            "JitterStrategy": "FULL",
        },
    ]
    run = Played(flow(("T", task(Retry=retry))), [1])
    for n in range(20):
        first = run.state.pending[min(run.state.pending)]
        if first[1] == WAKE:
            run.feed((TIMER, first[3], first[0]))
        else:
            run.answer(FAILED, "ABB"[n % 3], f"try {n}")
    run.rest()
    run.same(tmp_path)


EVERYTHING = {
    "id.$": "$$.Execution.Id",
    "name.$": "$$.Execution.Name",
    "input.$": "$$.Execution.Input",
    "start.$": "$$.Execution.StartTime",
    "role.$": "$$.Execution.RoleArn",
    "redrives.$": "$$.Execution.RedriveCount",
    "entered.$": "$$.State.EnteredTime",
    "machine.$": "$$.StateMachine.Id",
    "named.$": "$$.StateMachine.Name",
}


@pytest.mark.parametrize(
    "names",
    [
        None,
        [None] * 5,
        ["i", "n", "r", "m", "s"],
        ["", "", "", "", ""],
        [None, "n", None, None, None],
    ],
)
@pytest.mark.parametrize("budget", [1, 256])
def test_the_context_object_is_that_of_the_kernel(
    names: list[str | None] | None, budget: int, tmp_path: Path
) -> None:
    more = {"token.$": "$$.Task.Token", "tries.$": "$$.State.RetryCount"}
    token = task(Parameters=EVERYTHING | more)
    token["Resource"] = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    each = mapped(flow(("T", token)), ItemSelector=EVERYTHING | {"item.$": "$$.Map.Item.Value"})
    passes = {"Type": "Pass", "Parameters": EVERYTHING, "ResultPath": "$.p"}
    states = flow(
        ("P", passes),
        ("W", {"Type": "Wait", "Seconds": 3}),
        ("Q", passes),
        ("M", each | {"ItemsPath": "$.l"}),
    )
    program = compile_text(json.dumps(states), budget=budget).program
    run = Played.of(program, {"l": [1, {"a": 2}], "f": 1.5}, names)
    run.rest()
    assert run.state.status == 1, run.state.result
    run.same(tmp_path)
    run.same(tmp_path, 20_000, targets=("host-stress",))


def test_what_is_emitted_is_in_no_record(tmp_path: Path) -> None:
    program = tsm.assemble("ENTER 0\n" + "LOAD 0\nEMIT 1\nEMIT 0\nEMIT 2\nSTORE 0\n" * 5 + "END")
    fields = model.start_fields(program, {"a": 1})
    expected, _ = kernel.records(program, fields, *TIMES)
    for target in ("host", "host-stress", "m3"):
        assert machine.run(target, program, fields, tmp_path).records == expected


def test_a_cause_that_is_too_deep_for_a_value_makes_no_step(tmp_path: Path) -> None:
    """No compiler writes such a program; the Python kernel is asked for this step then."""
    source = 'ENTER 0\nCATCH H\nCONST "E"\nLOAD 0\nFAIL 3\nH: ERROR\nCALL 13\nSTORE 0\nEND'
    program = tsm.assemble(source)
    for depth, error in ((31, ""), (32, "limit")):
        value: Any = 1
        for _ in range(depth):
            value = [value]
        fields = start_fields(program, value)
        ran = machine.run("host", program, fields, tmp_path, 16384, calls=functions.Caller())
        assert ran.error == error
        assert ran.records == (b"" if error else kernel.records(program, fields, *TIMES)[0])


# --- steps in parts ---


@pytest.mark.parametrize(
    "bound", [0, 1, 2, 300, ["States.DataLimitExceeded", "no memory"], ["X", None]]
)
@pytest.mark.parametrize("catch", [False, True])
def test_bounded_inputs_are_steps_in_parts(bound: Any, catch: bool, tmp_path: Path) -> None:
    states = flow(
        ("A", {"Type": "Pass"}),
        ("T", task(Catch=[{"ErrorEquals": ["X" if catch else "Other"], "Next": "Z"}])),
        ("B", {"Type": "Pass"}),
        ("M", mapped(flow(("U", task()), ("C", {"Type": "Pass"})), ItemsPath="$.l")),
        ("D", {"Type": "Pass"}),
    )
    states["States"]["Z"] = {"Type": "Pass", "End": True}
    program = compile_text(json.dumps(states), budget=256).program
    for at in range(8):
        run = Played.of(
            program, {"l": [1, 2]}, bound=bound if at == 0 and isinstance(bound, int) else None
        )
        step = 0
        while not run.state.status:
            step += 1
            more = (bound,) if step == at else ()
            if run.kernel.client.runnable(run.state.client):
                run.feed((CONTINUE, run.state.now + 1, *more))
            elif step % 4 == 3:
                run.answer(FAILED, "X", "y", *more)
            else:
                run.answer(SUCCEEDED, {"l": [step, 2]}, *more)
        run.same(tmp_path, targets=("host",))
