"""What the C core tells an observer is what the Python interpreter tells (SPEC 3.6)."""

from __future__ import annotations

import ctypes
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.golden.test_golden import FILES, bodies, read, recorded
from tests.laws.drive import start_event
from tests.laws.test_trees import Runner
from tests.laws.trees import Forest, text
from tsme import core
from tsme.errors import LimitError
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import EMITS, TRACED
from tsme.program import Program, opcodes
from tsme.program.interpreter import Interpreter
from tsme.program.trace import Tracer
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

from . import engine, machine, tsm
from .played import Played, flow, mapped, task

ERROR = TRACED.index("error")
CALL = opcodes.NUMBER["CALL"]
ROOM = 1 << 16
CALL_FAILED = -10


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()


class Event(ctypes.Structure):
    """struct tsme_event."""

    _fields_ = (
        ("kind", ctypes.c_uint8),
        ("frame", ctypes.c_uint32),
        ("pc", ctypes.c_uint32),
        ("number", ctypes.c_uint32),
    )


Told = list[tuple[int, int, int, int, bytes, bytes]]
SEE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(Event))


def by_python(program: bytes, events: Sequence[Any]) -> Told:
    """Each event, and its frame as it is then."""
    told: Told = []
    client = Interpreter(Program(program))

    def sink(kind: int, frame: int, pc: int, number: int, data: bytes) -> None:
        told.append((kind, frame, pc, number, bytes(data), bytes(tracer.frame(frame))))

    tracer = Tracer(client, sink)
    kernel, state = Kernel(client), State()
    for event in events:
        step = kernel.step(state, tuple(event))
        state = step.state if step else state
    return told


def by_core(program: bytes, events: Sequence[Any], kinds: int = 0xFFFF) -> Told:
    told: Told = []
    made = engine.Engine(program)
    library = made.library
    out = ctypes.create_string_buffer(ROOM)

    def see(_: Any, at: int, event: Any) -> int:
        of = ctypes.c_void_p(at)
        e = event.contents
        size = library.tsme_event_data(of, event, out, ROOM)
        data = ctypes.string_at(out, size)
        size = library.tsme_event_frame(of, e.frame, out, ROOM)
        frame = ctypes.string_at(out, size)
        told.append((e.kind, e.frame, e.pc, e.number, data, frame))
        return 0

    kept = SEE(see)
    library.tsme_watch(made.at, kept, None, ctypes.c_uint32(kinds))
    for event in events:
        made.step(event)
    return told


def known(program: bytes, told: Told) -> Told:
    """Without the value of an error of CALL, for which the core has its arguments."""
    code = tsm.parts(program)[4]
    out = []
    for event in told:
        kind, _, pc, _, data, _ = event
        if kind == ERROR and code[2 * pc - 2] == CALL:
            item = cbor.decode(data, 0, True)[0]
            data = cbor.encode([*item[:2], None, item[3]], True)
        out.append((*event[:4], data, event[5]))
    return out


def same(program: bytes, events: Sequence[Any]) -> Counter[str]:
    want, got = (
        known(program, by_python(program, events)),
        known(program, by_core(program, events)),
    )
    for expected, made in zip(want, got, strict=False):
        assert made == expected, TRACED[expected[0]]
    assert len(got) == len(want)
    return Counter(TRACED[event[0]] for event in want)


def test_every_kind_of_event_of_the_golden_corpus_and_of_trees() -> None:
    seen: Counter[str] = Counter()
    for path in FILES:
        (program, *_), moves, image, _ = read(path)
        events = [tuple(move) for move in moves if isinstance(move, list)]
        if isinstance(program, bytes) and "migrat" not in path.stem:
            events = recorded(bodies(image)) or events
            try:
                seen += same(program, events)
            except engine.Refused as e:  # for want of a function that the caller has
                assert e.error == CALL_FAILED, path.stem
                assert by_client(program, events) == by_python(program, events), path.stem
    for seed in range(30):
        runner = Runner(text(Forest(seed).tree()), seed, (1, 2, 7, 256)[seed % 4])
        try:
            runner.run()
            seen += same(runner.program, runner.events)
        except (LimitError, engine.Refused):
            continue
    assert set(seen) == set(TRACED), seen


# Code that fails with {"a": 1, "b": [two texts of 99 letters]}, and how many values it leaves.
ERRORS = (
    ('FIELD "x"', 1),
    ('LOAD 0\nKEY "x"', 1),
    ("LOAD 0\nINDEX 0", 1),
    ("LOAD 1", 1),
    ('INT 1\nPUT ["a", "b"]', 0),
    ('LOAD 0\nPUT ["b"]', 0),
    ("LOAD 0\nLIMIT 0", 1),
    ("LOAD 0\nWAIT 0", 0),
    ("LOAD 0\nWAIT 1", 0),
    ('CONST "x"\nINT 1\nLOAD 0\nCONST "r"\nTASK 3', 1),
    ('INT 0\nINT 1\nLOAD 0\nCONST "r"\nTASK 3', 1),
    ('INT 0\nLOAD 0\nCONST "r"\nTASK 2', 1),
    ('LOAD 0\nFIELD "b"\nOBJECT ["one", "two"]', 1),
    ('FIELD "b"\nFIELD "b"\nARRAY 2', 1),
    ('CONST "a"\nQUERY [[2, "a", "b"]]', 1),
    ("CONST 1\nLOAD 0\nCALL 1", 1),
)


@pytest.mark.parametrize("under", ["", "INT 7\n"])
def test_errors_tell_what_they_are_about_and_what_is_on_the_stack(under: str) -> None:
    seen: Counter[str] = Counter()
    for body, leaves in ERRORS:
        # The stack is empty behind what waits.
        stores = leaves + (bool(under) and not ("TASK" in body or "WAIT" in body))
        source = f"ENTER 0\nCATCH H\n{under}{body}\n" + "STORE 1\n" * stores
        source += "END\nH: ERROR\nSTORE 0\nEND"
        program = tsm.assemble(source, slots=2, stack=12, largest=100)
        event = start_event(Program(program), {"a": 1, "b": ["y" * 99] * 2})
        seen += same(program, [event])
    assert seen["error"] == len(ERRORS)


def test_options_of_tasks_and_maps_that_are_none() -> None:
    each = flow(("T", task(TimeoutSecondsPath="$.t", HeartbeatSecondsPath="$.h")))
    tolerant = {"ToleratedFailureCountPath": "$.c", "ToleratedFailurePercentagePath": "$.p"}
    states = flow(("M", mapped(each, ItemsPath="$.l", MaxConcurrencyPath="$.m", **tolerant)))
    program = compile_text(json.dumps(states)).program
    good = {"t": 9, "h": 5}
    seen: Counter[str] = Counter()
    for change in ({}, {"l": 1}, {"m": -1}, {"c": "x"}, {"p": 101}, {"l": [good] * 1001}):
        value = {"l": [good, {"t": 0, "h": 1}, {"t": 3, "h": None}, 7], "m": 2, "c": 2, "p": 50.5}
        run = Played.of(program, value | change)
        if not run.state.status:
            run.rest()
        seen += same(program, run.events)
    assert seen["tolerated"], seen
    assert seen["exceeded"], seen


def by_client(program: bytes, events: Sequence[Any]) -> Told:
    """What a Tracer tells of the module of CPython."""
    told: Told = []
    client: Any = core.runs(Program(program))
    assert core.core, "the core is not here"

    def sink(kind: int, frame: int, pc: int, number: int, data: bytes) -> None:
        told.append((kind, frame, pc, number, bytes(data), bytes(tracer.frame(frame))))

    tracer = Tracer(client, sink)
    kernel, state = core.kernel(client), State()
    for event in events:
        step = kernel.step(state, tuple(event))
        state = step.state if step else state
    assert client.lacks is None
    return told


CALLED = (
    ("CONST 1\nCONST null\nCALL 1", 3),
    ('CONST "{} {}"\nCONST [1]\nCALL 0', 3),
    ("CONST [1]\nCONST 5\nCALL 6", 3),
    ('CONST "x"\nINT 0\nCALL 21', 1),
    ('CONST {"Headers": {"a": 1}}\nCALL 22', 10),
    ("CONST 5\nCONST 1\nCONST null\nCALL 14", 3),
    ("CONST [1, 2]\nCONST [7]\nINT 0\nCONST null\nCALL 18", 6),
    ('CONST ["' + "y" * 90 + '", 1]\nCONST ["z"]\nARRAY 2\nCALL 20', 7),
)


def test_a_tracer_tells_the_same_of_the_core_as_of_python() -> None:
    for code, number in CALLED:
        source = f"ENTER 0\nCATCH H\n{code}\nSTORE 0\nEND\nH: ERROR\nSTORE 0\nEND"
        program = tsm.assemble(source, largest=90)
        events = [start_event(Program(program), 1)]
        want = by_python(program, events)
        assert [event[3] for event in want if event[0] == ERROR] == [number], code
        assert by_client(program, events) == want, code
    for seed in (3, 5, 8):
        runner = Runner(text(Forest(seed).tree()), seed, 7)
        runner.run()
        told = by_client(runner.program, runner.events)
        assert told == by_python(runner.program, runner.events)


def test_what_an_observer_raises_ends_the_step() -> None:
    run = Played(flow(("A", {"Type": "Pass"}), ("T", task())), 1)
    client = core.runs(Program(run.program))

    def sink(*_: Any) -> None:
        raise ZeroDivisionError

    Tracer(client, sink, (TRACED.index("task"),))
    kernel = core.kernel(client)
    with pytest.raises(ZeroDivisionError):
        kernel.step(State(), run.events[0])


def test_an_observer_may_ask_for_some_kinds_and_end_a_step() -> None:
    run = Played(flow(("A", {"Type": "Pass"}), ("T", task()), ("B", {"Type": "Pass"})), 1)
    run.rest()
    enter = 1 << TRACED.index("enter")
    told = by_core(run.program, run.events, enter)
    assert [event[3] for event in told] == [0, 1, 2]
    made = engine.Engine(run.program)
    stop = SEE(lambda *_: 1)
    made.library.tsme_watch(made.at, stop, None, ctypes.c_uint32(0xFFFF))
    assert made.make(run.events[0]) == -10
    made.library.tsme_watch(made.at, None, None, ctypes.c_uint32(0))
    assert made.step(run.events[0]) == run.records[0]


def test_what_a_step_emits_and_begins_comes_in_order(tmp_path: Path) -> None:
    body = 'FIELD "x"\nEMIT {}\nDROP 1\nINT {}\nEMIT {}\nCONST "work"\nTASK 0\nSTORE 0\nEND'
    children = "".join(f"B{i}: ENTER {i}\n{body.format(i, i, 2 - i)}\n" for i in range(3))
    entries = "".join(f"FRAME 1\nJUMP B{i}\n" for i in range(3))
    source = f"ENTER 9\nLOAD 0\nEMIT 1\nEMIT 1\nFORK 3\n{entries}EMIT 0\nSTORE 0\nEND\n{children}"
    program = tsm.assemble(source, stack=4)
    run = Played.of(program, {"x": [1.5, "é"]})
    run.rest()
    made = engine.Engine(program)
    kernel, state = Kernel(Interpreter(Program(program))), State()
    for event in run.events:
        step = kernel.step(state, tuple(event))
        assert made.step(event) == step.record
        want = [
            list(a) if a.id else [0, EMITS.index(a.kind), a.payload]
            for a in step.actions
            if not a.id or a.id in step.state.pending
        ]
        assert made.value("write_actions") == want
        state = step.state
    assert state.status == 1


def test_an_observer_cannot_ask_the_core_for_a_state_in_the_middle_of_a_step() -> None:
    run = Played(flow(("A", {"Type": "Pass"}), ("T", task()), ("B", {"Type": "Pass"})), 1)
    run.rest()
    client = core.runs(Program(run.program))
    asked: list[Any] = []
    kernel = core.kernel(client)
    state: Any = State()

    def sink(*_: Any) -> None:
        if state.execution:
            with pytest.raises(RuntimeError, match="a step is being made"):
                print(state.pending, kernel.checkpoint(state))
            asked.append(state.steps)

    Tracer(client, sink, (TRACED.index("enter"),))
    for event in run.events:
        step = kernel.step(state, tuple(event))
        assert step.record
        state = step.state
    assert asked
