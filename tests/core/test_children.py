"""Parallel and Map in the C core: the records that the Python kernel writes, byte for byte.

The programs are trees of Parallel and Map from the laws' generator, and some made by hand for
what trees seldom have; their tasks end in any order, fail, and time out.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conformance.definitions import text_of
from tests.conformance.driver import drive
from tests.conformance.suite import cases
from tests.interpreters import ROOT
from tests.laws.test_trees import Runner
from tests.laws.trees import Forest, text
from tsme.errors import LimitError, TsmeError
from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import (
    CONTINUE,
    FAILED,
    HEARTBEAT,
    SLEEP,
    STARTED,
    STOP,
    SUCCEEDED,
    TIMER,
    WAKE,
)
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError

from . import kernel, machine, tsm
from .played import LARGE, Played, flow, mapped, played, task

CASES = ROOT.parent / "shared" / "conformance"
LEAST = 12_000  # most trees have to
MIGRATE = 10  # the kind of input that moves an execution to another program
TREES = 80
CHANGED = 250  # programs with wrong bytes


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()
    machine.make()


def grown(seed: int) -> tuple[bytes, list[Any], bytes] | None:
    """A tree's program, its inputs and records; None if it is too large for the kernel."""
    runner = Runner(text(Forest(seed).tree()), seed, (1, 2, 7, 256)[seed % 4])
    try:
        runner.run()
    except LimitError:
        return None
    return runner.program, runner.events, kernel.framed_all(s[0] for s in runner.steps)


@pytest.mark.parametrize("memory", [LARGE, LEAST])
def test_trees_give_the_records_of_the_kernel(memory: int, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(TREES):
        tree = grown(seed)
        if tree is None:
            continue
        ran = played("host", tree[0], tree[1], tmp_path, memory)
        seen[ran.error or "same"] += 1
        if ran.error == "memory":
            assert memory == LEAST
            assert tree[2].startswith(ran.records), seed
        else:
            assert (ran.error, ran.records) == ("", tree[2]), seed
            seen["collected"] += ran.numbers["collections"] > 0
    assert seen["same"] > TREES / 2
    assert (seen["collected"] > 10) == (memory == LEAST)


@pytest.mark.parametrize("target", ["host-stress", "m3-stress"])
def test_a_collection_at_any_place_changes_nothing(target: str, tmp_path: Path) -> None:
    for seed in range(0, TREES, 5 if target.startswith("host") else 20):
        tree = grown(seed)
        if tree:
            ran = played(target, tree[0], tree[1], tmp_path)
            assert ran.error in ("", "unsupported"), seed
            assert ran.error or ran.records == tree[2], seed


def test_conformance_programs_give_the_records_of_the_kernel(tmp_path: Path) -> None:
    """Those with children, as far as the core has what they need."""
    if not CASES.is_dir():
        pytest.skip("../shared/conformance is not here")
    seen: Counter[str] = Counter()
    for case in cases(CASES):
        text = json.dumps(case.get("definition"))
        if case["kind"] != "execution" or not ('"Map"' in text or '"Parallel"' in text):
            continue
        try:
            compiled = compile_text(text_of(case))
        except CompileError:
            continue
        run = drive(case, compiled)
        if run.inputs:
            ran = played("host", compiled.program, run.inputs, tmp_path, 2 * LARGE)
            seen[ran.error] += 1
            assert ran.error in ("", "unsupported"), (case["id"], ran.error)
            assert ran.error or ran.records == kernel.framed_all(run.records), case["id"]
    assert seen[""] > 20, seen


def test_trees_give_the_same_records_on_the_board(tmp_path: Path) -> None:
    for seed in range(0, TREES, 8):
        tree = grown(seed)
        if tree:
            ran = played("m3", tree[0], tree[1], tmp_path, LEAST)
            assert ran.error in ("", "unsupported"), seed
            assert ran.error or ran.records == tree[2], seed


ITEM = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "in.$": "$"}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


@pytest.mark.parametrize("budget", [1, 3, 256])
@pytest.mark.parametrize(
    "items", [[], [1], {"a": 1, "b": {"c": [2]}}, {}, [[], {}, None, "x" * 300]]
)
def test_items_of_arrays_and_objects(items: Any, budget: int, tmp_path: Path) -> None:
    each = mapped(flow(("T", task(ResultPath="$.out"))), ItemSelector=ITEM)
    run = Played(flow(("M", each), ("N", mapped(flow(("P", {"Type": "Pass"}))))), items, budget)
    run.rest()
    assert run.state.status == 1
    run.same(tmp_path)


@pytest.mark.parametrize("seed", range(6))
def test_outputs_come_in_any_order(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    at_once = random.choice([0, 1, 3, 60])
    run = Played(
        flow(("M", mapped(flow(("T", task())), MaxConcurrency=at_once))), list(range(90)), 40
    )
    while not run.state.status:
        if run.kernel.client.runnable(run.state.client):
            run.feed((CONTINUE, run.state.now))
        else:
            result = random.choice([1, "text", [1, 2], {"k": None}, "long" * 30])
            run.answer(SUCCEEDED, result, which=random.choice([0, -1, random.randrange(99)]))
    run.same(tmp_path)
    run.same(tmp_path, 20_000)


@pytest.mark.parametrize("tolerated", [{}, {"Count": 1}, {"Percentage": 34}, {"Count": 9}])
@pytest.mark.parametrize("error", ["Boom", "States.Runtime", "States.DataLimitExceeded"])
def test_errors_rise_or_are_tolerated(
    error: str, tolerated: dict[str, int], tmp_path: Path
) -> None:
    more = {f"ToleratedFailure{k}": v for k, v in tolerated.items()}
    inner = mapped(flow(("T", task())), Catch=[], **more)
    outer = flow(("M", mapped(flow(("I", inner)), ItemsPath="$") | {"Catch": CATCH}))
    outer["States"]["Caught"] = {"Type": "Pass", "End": True}
    run = Played(outer, [[1, 2, 3], [4, 5, 6], []])
    run.answer(SUCCEEDED, 1, which=3)
    run.answer(FAILED, error, "why", which=1)
    for _ in range(2):
        if not run.state.status and run.state.pending:
            run.answer(FAILED, error, None, which=0)
    run.rest()
    run.same(tmp_path)


def test_retries_in_children(tmp_path: Path) -> None:
    retry = [
        {"ErrorEquals": ["A"], "IntervalSeconds": 3, "MaxAttempts": 9, "BackoffRate": 1.7},
        {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2, "MaxDelaySeconds": 2},
    ]
    counted = task(Retry=retry, Parameters={"n.$": "$$.State.RetryCount"})
    run = Played(flow(("M", mapped(flow(("T", counted)), MaxConcurrency=2))), [1, 2, 3])
    for n in range(26):
        if run.state.status:
            break
        first = run.state.pending[min(run.state.pending)]
        if first[1] == WAKE:
            run.feed((TIMER, first[3], first[0]))
        else:
            run.answer(FAILED, "AB"[n % 7 == 3], f"try {n}")
    run.rest()
    ran = run.same(tmp_path)
    assert ran.numbers["steps"] > 12


def test_heartbeats_timeouts_and_the_end_of_all(tmp_path: Path) -> None:
    beats = task(TimeoutSeconds=60, HeartbeatSeconds=7)
    both = {"Type": "Parallel", "Branches": [flow(("A", beats)), flow(("B", beats))]}
    caught = flow(("P", both | {"Catch": CATCH}))
    caught["States"]["Caught"] = task(TimeoutSeconds=5, End=True)
    caught["TimeoutSeconds"] = 40
    run = Played(caught, {})
    run.answer(STARTED, which=1)
    run.answer(HEARTBEAT, which=1, later=4000)
    run.answer(HEARTBEAT, which=2, later=2000)
    run.feed((SLEEP, run.state.now + 1))
    run.feed((SUCCEEDED, run.state.now + 1, 99, "late"))  # no such action
    run.answer(TIMER, which=1, later=7000)
    run.answer(TIMER, which=0, later=40_000)
    assert run.state.result == ["States.Timeout", ""]
    run.same(tmp_path)


def test_a_migration_is_refused_by_name(tmp_path: Path) -> None:
    run = Played(flow(("T", task())), {})
    events = [*run.events, (MIGRATE, run.state.now + 1, bytes(8), [])]
    ran = played("host", run.program, events, tmp_path)
    assert (ran.error, ran.refused) == ("unsupported", "migrate")
    assert ran.records == kernel.framed_all(run.records)


def test_a_stop_ends_everything(tmp_path: Path) -> None:
    run = Played(flow(("M", mapped(flow(("T", task()))))), [1, 2, 3])
    run.answer(SUCCEEDED, 1)
    run.feed((STOP, run.state.now + 1, "Stopped", None))
    run.same(tmp_path)


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        ({"items": 5}, None),
        ({"items": 4}, "the items of a Map are more than its limit, items"),
        ({"step_bytes": 1600}, None),
        ({"step_bytes": 1000}, "a state makes values of more bytes than step_bytes"),
        ({"largest": 1000}, "a value is larger or deeper than the limit"),
    ],
)
@pytest.mark.parametrize("budget", [2, 256])
def test_limits_of_memory_are_errors_of_the_map(
    budget: int, limits: dict[str, int], cause: str | None, tmp_path: Path
) -> None:
    """Five outputs of 302 bytes: an array of 1,511 bytes."""
    each = mapped(flow(("T", task()))) | {"Catch": CATCH}
    caught = flow(("M", each))
    caught["States"]["Caught"] = {"Type": "Pass", "End": True}
    run = Played(caught, [1, 2, 3, 4, 5], budget, **limits)
    while not run.state.status:
        if run.kernel.client.runnable(run.state.client):
            run.feed((CONTINUE, run.state.now + 1))
        else:
            run.answer(SUCCEEDED, "x" * 299, which=1)
    assert (run.state.result["Cause"] if cause else None) == cause
    assert cause or run.state.result == ["x" * 299] * 5
    run.same(tmp_path)


@pytest.mark.parametrize("budget", [7, 256])
def test_items_wait_for_numbers(budget: int, tmp_path: Path) -> None:
    """Maps in Maps, and Parallels in them, beyond 128 frames; some items fail."""
    both = {"Type": "Parallel", "Branches": [flow(("T", task())), flow(("P", {"Type": "Pass"}))]}
    inner = mapped(flow(("B", both)), ToleratedFailureCount=9)
    value = [list(range(25)), list(range(17)), list(range(35)), [], [1]]
    run = Played(flow(("O", mapped(flow(("I", inner))))), value, budget)
    while not run.state.status:
        if run.kernel.client.runnable(run.state.client):
            run.feed((CONTINUE, run.state.now + 1))
        elif len(run.events) % 11 == 0:
            run.answer(FAILED, "Boom", "c", which=3)
        else:
            run.answer(SUCCEEDED, len(run.events), which=len(run.events) % 5)
    run.same(tmp_path, 60_000)


def test_maps_in_maps_do_not_wait_for_one_another(tmp_path: Path, monkeypatch: Any) -> None:
    """All numbers are taken by Maps that have no item under way."""
    monkeypatch.setitem(LIMITS, "state_bytes", 1 << 20)
    leaf = mapped(flow(("L", {"Type": "Pass"})), ItemsPath="$")
    inner = mapped(flow(("I", leaf)), ItemsPath="$", MaxConcurrency=60)
    outer = mapped(flow(("O", inner)), ItemsPath="$", MaxConcurrency=60)
    run = Played(flow(("A", outer)), [[[1, 2]] * 30] * 60, 500)
    run.rest()
    assert run.state.status == 1
    run.same(tmp_path, 100_000)


def changed(program: bytes, random: Random) -> bytes:
    """A program with a few bytes of its code changed, and signed again."""
    items = tsm.parts(program)
    code = bytearray(items[4])
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(code)) | (random.random() < 0.8)  # mostly an operand
        other = code[2 * random.randrange(len(code) // 2) + at % 2]
        code[at] = random.choice((random.randrange(40), other, code[at] ^ 1))
    items[4] = bytes(code)
    head, rest = program[: program.index(tsm.encode(tsm.parts(program)[4]))], items[4:]
    return tsm.signed(head[11:] + b"".join(map(tsm.encode, rest)))


def test_changed_programs_with_children_are_refused_or_agree(tmp_path: Path) -> None:
    """Both loaders, and both engines, as far as the same inputs go."""
    random = Random(4711)
    seen: Counter[str] = Counter()
    trees = [tree for tree in map(grown, range(TREES)) if tree]
    for _ in range(CHANGED):
        original, events, _ = random.choice(trees)
        program = changed(original, random)
        events = [(*events[0][:3], program[3:11], *events[0][4:]), *events[1:]]
        ran = played("host", program, events, tmp_path)
        try:
            core = Kernel(Interpreter(Program(program)))
        except LimitError:  # the kernel's own, of slots
            continue
        except TsmeError:
            assert ran.error in ("code", "unsupported", "limit"), program.hex()
            seen["refused"] += 1
            continue
        if ran.error == "unsupported":
            continue
        assert ran.error in ("", "input"), (ran.error, program.hex())
        state: Any = State()
        bodies = []
        for event in events:
            try:
                step = core.step(state, tuple(event))
            except TsmeError:  # an input that cannot come now
                break
            if step is not None:
                state = step.state
                bodies.append(bytes(step.record))
        want = kernel.framed_all(bodies)
        assert ran.records.startswith(want) or want.startswith(ran.records), program.hex()
        assert len(want) == len(ran.records) or ran.error == "", program.hex()
        seen["same"] += 1
    assert min(seen.values()) > 30, seen
