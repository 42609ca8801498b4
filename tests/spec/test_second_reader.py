"""A reader that was written from docs/SPEC.md alone understands what the engine writes.

The engine is used to make files, here; the reader itself uses nothing of it.  It checks every
checksum, chain and head, decodes every record, and computes every digest and checkpoint again.
Executions that use what it lacks (some intrinsic functions) are checked for structure only, and
`Read.unread` says so.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from sim.nor import Nor
from tests.interpreters import ROOT
from tests.laws import drive
from tests.laws.support import many
from tests.laws.workflows import Case, cases
from tests.spec.second_machine import CONTINUE, FAILED, START, SUCCEEDED, TIMER, Machine
from tests.spec.second_reader import STEP, Bad, Image, Program, decode, encode, sequence
from tests.spec.second_values import OutOfScope
from tsme.journal import Journal
from tsme.kernel import Kernel
from tsme.kernel.limits import LIMITS
from tsme.program import Program as EngineProgram
from tsme.program.interpreter import Interpreter
from tsme.program.state_failure import entering
from tsme_host.compiler.compile import compile_text

BENCH = ROOT.parent / "shared" / "bench"
EXAMPLES = sorted((ROOT / "examples").glob("*/*.asl.json"))
BUDGETS = [1, 3, 256]
EXPRESSIONS = 128  # a capability (2.4); the second reader has no machine for them
SEED = 0x9E3779B97F4A7C15
NAMES = ["id", "", "rôle", None, "machine"]  # of the start input (2.7)

Move = tuple[str, Any, int]
Run = tuple[Any, Sequence[Move], dict[str, Any]]  # input, moves, results of tasks


@dataclass
class Read:
    """What the second reader made of a journal."""

    records: int = 0
    digests: int = 0
    checkpoints: int = 0
    unread: str = ""  # what it lacks


_KERNEL: Any = Kernel  # device code has no types


class Parts(_KERNEL):  # type: ignore[misc]
    """A kernel whose steps are made in parts, and whose states fail, by chance (3.1)."""

    def __init__(self, client: Any, chance: random.Random) -> None:
        super().__init__(client)
        self.chance = chance

    def step(self, state: Any, event: Any) -> Any:
        fails = event[0] != START and self.chance.random() < 0.1
        bound = ["Refused", "c"] if fails else self.chance.choice([0, 0, 1, 2, 5, 256])
        if event[0] not in (CONTINUE, START, SUCCEEDED, FAILED, TIMER):
            return super().step(state, event)
        if event[0] == CONTINUE and not bound and entering(self.client, state.client):
            bound = 1
        return super().step(state, (*event, bound))


def write(
    program: bytes,
    runs: Sequence[Run],
    blocks: int = 16,
    size: int = 4096,
    every: int | None = None,
    failing: Sequence[int] = (),
    chance: random.Random | None = None,
) -> bytes:
    """The image of a journal with executions: input, moves and results of each."""
    flash = Nor(size, blocks)
    journal = Journal(flash)
    journal.recover()
    client = Interpreter(EngineProgram(program))
    kernel = Parts(client, chance) if chance else Kernel(client)
    state: Any = None

    def look(event: Any, step: Any) -> None:
        if step is None:
            return
        for block in failing if journal.number == 5 else ():
            flash.failing[block] = ("none", "half", False)
        journal.commit(STEP, step.record)
        if journal.needs_checkpoint() or every and step.state.steps % every == 0:
            journal.checkpoint(kernel.checkpoint(step.state))

    for number, (value, moves, results) in enumerate(runs, 1):
        start = drive.start_event(
            kernel.client.program, value, SEED * number % (1 << 64), NAMES, number
        )
        run = drive.Drive(kernel, start, moves, results, look)
        run.state = state or run.state
        state = run.run().state
    journal.checkpoint(kernel.checkpoint(state))
    return bytes(flash.data)


def read(program: bytes, data: bytes) -> Read:
    """Check all of an image."""
    second = Program(program)
    image = Image(data)
    found = Read()
    machine = Machine(second)
    live = False  # `machine` is where the journal is
    for record in image.records():
        found.records += 1
        if record.kind != STEP:
            item, end = decode(record.body)
            assert end == len(record.body)
            assert encode(item) == record.body
            assert len(item) == 15
            if live:
                assert machine.checkpoint() == record.body
                found.checkpoints += 1
            machine, live = Machine(second), True
            machine.restore(item)
            assert machine.checkpoint() == record.body
            continue
        kind, dt, *fields = sequence(record.body[4:])
        live = live or kind == START
        try:
            digest = machine.step(kind, dt, fields) if live else None
        except OutOfScope as lacking:
            found.unread = str(lacking)
            machine, live = Machine(second), False
            continue
        if digest is not None:
            assert digest.to_bytes(4, "little") == record.body[:4], (record.number, kind, fields)
            found.digests += 1
    assert not image.torn
    return found


def all_read(program: bytes, data: bytes) -> Read:
    """All of an image, but for steps that evaluate expressions (2.16)."""
    found = read(program, data)
    assert found.unread == ("expressions" if Program(program).needs & EXPRESSIONS else "")
    assert found.digests > 0
    return found


def compiled(path: Path, budget: int) -> bytes:
    return compile_text(path.read_text(encoding="utf-8"), budget=budget).data


# What the tasks of the examples answer.
ANSWERS = {
    "read_probe": 52,
    "read_sensors": {"soil": 150, "high": 31, "low": 17, "rain": 0, "date": "2015-07-18"},
    "read_meter": 400,
    "close_pump": 60,
    "moisture": 250,
    "level": 20,
    "pump": None,
    "tank_level": {"tank": "north", "litres": 2400},
}
TROUBLE: list[Move] = [
    ("ok", drive.SAMPLE, 900),
    ("fail", ("Jammed", "it does not move"), 10),
    ("begun", None, 1),
    ("beat", None, 2),
    ("fail", ("NoAnswer", None), 10),
    ("due", None, 0),
    ("late", 3, 1),
    ("fail", ("States.Timeout", ""), 10),
    ("ok", drive.SAMPLE, 60000),
    ("due", None, 0),
]


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.parent.name)
def test_examples(path: Path, budget: int):
    program = compiled(path, budget)
    given = path.parent / "input.json"
    value = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    runs = [(value, [], ANSWERS), (value, TROUBLE, ANSWERS), (value, TROUBLE[1:], ANSWERS)]
    found = all_read(program, write(program, runs, every=7))
    assert found.digests > 5


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e", "e0"])
def test_workloads_of_the_bench(name: str, budget: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(LIMITS, "state_bytes", 1 << 20)
    if not BENCH.is_dir():
        pytest.skip("../shared/bench is not here")
    program = compiled(BENCH / f"{name}.asl.json", budget)
    value = json.loads((BENCH / f"{name}.input.json").read_text(encoding="utf-8"))
    data = write(program, [(value, [], {})], size=65536)
    assert all_read(program, data).checkpoints > 0


RETRY = [{"ErrorEquals": ["E"], "BackoffRate": 1.5, "JitterStrategy": "FULL"}]
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "After"}]
FAIL = {"Type": "Fail", "Error": "E", "Cause": "of a branch"}
TIMES = {"TimeoutSeconds": 9, "HeartbeatSeconds": 4}
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


def states(*parts: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A machine of states one after the other."""
    names = [name for name, _ in parts]
    out = {}
    for i, (name, state) in enumerate(parts):
        after = {"Next": names[i + 1]} if i + 1 < len(names) else {"End": True}
        out[name] = state if state["Type"] in ("Fail", "Choice") else state | after
    return {"StartAt": names[0], "States": out}


def task(name: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return name, {"Type": "Task", "Resource": "t", **TIMES, **more}


def passed(name: str) -> tuple[str, dict[str, Any]]:
    return name, {"Type": "Pass", "Parameters": {"v.$": "$"}}


def wait(name: str, seconds: int) -> tuple[str, dict[str, Any]]:
    return name, {"Type": "Wait", "Seconds": seconds}


def parallel(name: str, *branches: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return name, {"Type": "Parallel", "Branches": list(branches), **more}


def mapped(name: str, body: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return name, {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body, **more}


CHOICE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}],
    "Default": "F",
}
TREES = {
    "nested": states(
        parallel(
            "P",
            states(mapped("M", states(task("T", Retry=RETRY)))),
            states(parallel("Q", states(task("U")), states(wait("W", 3)))),
            states(passed("A"), passed("B")),
            Catch=CATCH,
        ),
        passed("After"),
    ),
    "fails": states(
        parallel(
            "P",
            states(
                mapped(
                    "M",
                    states(parallel("Q", states(task("T")), states(task("U")))),
                    MaxConcurrency=2,
                )
            ),
            states(task("V")),
            states(wait("W", 1), ("F", FAIL)),
            states(passed("A")),
            Catch=CATCH,
        ),
        passed("After"),
    ),
    "item fails": states(
        mapped(
            "M",
            states(task("T"), ("C", CHOICE), ("F", {"Type": "Fail"})),
            MaxConcurrency=1,
            Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
        )
    ),
    "empty": states(mapped("M", states(passed("D")), ItemsPath="$.none")),
    "no array": states(mapped("M", states(passed("D")), ItemsPath="$.items[0]")),
    "tolerant": states(
        mapped(
            "M",
            states(passed("A"), ("F", FAIL)) | DISTRIBUTED,
            ToleratedFailureCount=3,
            ToleratedFailurePercentage=50,
            Catch=CATCH,
        ),
        passed("After"),
    ),
    "all tolerated": states(
        mapped("M", states(task("T"), ("F", FAIL)) | DISTRIBUTED, ToleratedFailureCount=9)
    ),
    "time is up": states(wait("W", 99)) | {"TimeoutSeconds": 7},
}


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", TREES)
def test_parallel_and_map(name: str, budget: int):
    program = compile_text(json.dumps(TREES[name]), budget=budget).data
    value = {"items": [1, 2, 3, 4, 5], "none": []}
    runs: list[Run] = [
        (value, [], {"t": 2}),
        (value, TROUBLE, {"t": 1}),
        (value, [("ok", drive.SAMPLE, 5), ("fail", ("E", "c"), 5), *TROUBLE], {"t": [1]}),
        (value, [("ok", 1, 0), ("fail", ("States.Runtime", "of a task"), 0)], {"t": 1}),
        (value, [("due", None, 0)] * 9, {"t": 1}),
        (value, [("ok", 7, 0), ("stop", None, 3)], {"t": 1}),
    ]
    all_read(program, write(program, runs, every=3))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", TREES)
def test_steps_that_are_made_in_parts(name: str, seed: int):
    program = compile_text(json.dumps(TREES[name])).data
    value = {"items": [1, 2, 3, 4, 5], "none": []}
    runs: list[Run] = [(value, TROUBLE[seed % 5 :], {"t": [1]})] * 3
    all_read(program, write(program, runs, every=3, chance=random.Random(seed)))


def test_items_that_wait_for_a_number():
    """Maps in Maps and Parallels in them, beyond 128 frames; some items fail."""
    body = states(parallel("P", states(task("T", Retry=RETRY)), states(wait("W", 3))))
    inner = states(mapped("I", body | DISTRIBUTED, ToleratedFailureCount=9, ItemsPath="$"))
    value = {"items": [list(range(25)), list(range(17)), list(range(35)), [], [1]]}
    for budget in (7, 256):
        program = compile_text(json.dumps(states(mapped("O", inner))), budget=budget).data
        data = write(program, [(value, TROUBLE * 5, {"t": 1})], blocks=64, every=9)
        all_read(program, data)


WORKING = [
    "States.ArrayUnique(States.ArrayRange(1, 1000, 1))",
    "States.ArrayContains($.items, 7)",
    "States.StringSplit($.text, ',')",
    "States.StringToJson($.json)",
    "States.Base64Decode($.base)",
    "States.Hash($.text, 'MD5')",
    "States.Format('{}{}{}', $.text, $.text, $.items)",
    "States.ArrayPartition($.items, 3)",
    "States.JsonToString($.items)",
    "$..items[?(@.d)]",
    "$.items[*].b.c",
    "$.items[7:90]",
]


@pytest.mark.parametrize("budget", [1, 7, 30, 256])
def test_functions_and_queries_count_as_transitions(budget: int):
    flow = states(
        *[
            (f"{turn}{n}", {"Type": "Pass", "Parameters": {"a.$": how}, "ResultPath": None})
            for turn in "xy"
            for n, how in enumerate(WORKING)
        ],
        wait("W", 1),
    )
    program = compile_text(json.dumps(flow), budget=budget).data
    value = {
        "items": [{"b": {"c": n % 5}, "d": [n]} for n in range(300)],
        "text": "a,b" * 500,
        "json": json.dumps(list(range(600))),
        "base": "QUJD" * 400,
    }
    all_read(program, write(program, [(value, [("due", None, 0)] * 3, {})], every=3))


@pytest.mark.parametrize(("blocks", "size"), [(2, 4096), (3, 1024), (7, 512), (5, 4096)])
def test_a_ring_that_goes_round(blocks: int, size: int):
    text = json.dumps(TREES["item fails"])
    program = compile_text(text, budget=1).program
    value = {"items": [1, 3], "none": []}
    runs: list[Run] = [(value, TROUBLE, {"t": 1})] * (blocks * size // 200)
    data = write(program, runs, blocks, size)
    image = Image(data)
    assert max(image.ring) > blocks
    assert all_read(program, data).checkpoints > 0
    numbers = [record.number for record in image.records()]
    assert all(b == a + 1 for a, b in pairwise(numbers))
    # a ring that was turned, as after a block's place was moved, is the same ring
    turned = data[size:] + data[:size]
    assert [r.body for r in Image(turned).records()] == [r.body for r in image.records()]


@pytest.mark.parametrize("failing", [(0,), (2,), (1, 2), (0, 3, 6), (3, 5)])
def test_a_ring_with_retired_blocks(failing: Sequence[int]):
    program = compile_text(json.dumps(TREES["item fails"]), budget=1).program
    value = {"items": [1, 3], "none": []}
    data = write(program, [(value, TROUBLE, {"t": 1})] * 30, 8, 512, failing=failing)
    image = Image(data)
    assert image.retired == set(failing)
    assert max(image.ring) > 8
    assert all_read(program, data).checkpoints > 0
    numbers = [record.number for record in image.records()]
    assert all(b == a + 1 for a, b in pairwise(numbers))


def test_damage_is_seen():
    program = compile_text(json.dumps(TREES["nested"]), budget=1).program
    value = {"items": [1, 2], "none": []}
    data = write(program, [(value, [], {"t": 2})])
    whole = sum(1 for _ in Image(data).records())
    for at in range(64, 1024, 33):  # in the first block's records
        hurt = bytearray(data)
        hurt[at] ^= 0x10
        image = Image(bytes(hurt))
        changed = sum(1 for _ in image.records()) < whole
        assert changed or data[at] == 0xFF, at  # what fills a slot up is not looked at
    hurt = bytearray(program)
    hurt[40] ^= 1
    with pytest.raises(Bad):
        Program(bytes(hurt))


@given(cases())
@many(150)
def test_generated_workflows(case: Case):
    for budget in (1, 256):
        program = compile_text(case.text, budget=budget).data
        all_read(program, write(program, [(case.value, case.moves, case.results)], every=5))
