"""Checkpoints, limits, actions and executions of the C core: those of the Python kernel."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.laws.drive import start_event
from tests.laws.test_trees import Runner
from tests.laws.trees import Forest, text
from tests.tools.test_redriven import World
from tsme.errors import LimitError, TsmeError
from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, FAILED, START, STOP, SUCCEEDED, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

from . import engine, machine, programs, tsm
from .engine import Engine, Refused


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()


def compiled(states: dict[str, Any], budget: int = 256) -> bytes:
    first = next(iter(states))
    return compile_text(json.dumps({"StartAt": first, "States": states}), budget=budget).program


def python(program: bytes) -> Any:
    return Kernel(Interpreter(Program(program)))


def listed(state: State) -> list[list[Any]]:
    """Pending actions as SPEC 3.2 has them."""
    found = [state.pending[i] for i in sorted(state.pending)]
    return [list(a[: 4 if a.kind else 9]) for a in found]


class Watched(Runner):
    """A tree whose every checkpoint, and what is pending, is kept beside the steps."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.whole: list[bytes] = []
        self.lists: list[Any] = []

    def feed(self, event: Any) -> None:
        super().feed(event)
        self.whole.append(self.kernel.checkpoint(self.state))
        self.lists.append((self.state.bound, listed(self.state), self.state.result))


TREES = range(60)


def trees() -> Any:
    for seed in TREES:
        tree = Watched(text(Forest(seed).tree()), seed, (1, 2, 7, 256)[seed % 4])
        try:
            tree.run()
            yield seed, tree, Engine(tree.program)
        except (LimitError, Refused):
            continue


def test_every_checkpoint_is_the_kernels_and_goes_on_from_there() -> None:
    seen = 0
    for seed, tree, core in trees():
        chance = random.Random(seed)
        for event, (record, _), whole in zip(tree.events, tree.steps, tree.whole, strict=True):
            assert core.make(event) == 0
            assert core.checkpoint() == whole, "of the step that is made"
            assert core.record() == record
            core.adopt()
            assert core.checkpoint() == whole
            if chance.random() < 0.4:
                assert core.restore(whole) == 0, (seed, whole.hex())
                assert core.checkpoint() == whole
                seen += 1
    assert seen > 100


def test_what_is_pending_and_what_it_ended_with_are_the_kernels() -> None:
    for _, tree, core in trees():
        for event, lists in zip(tree.events, tree.lists, strict=True):
            core.step(event)
            _, pending, result = lists
            assert core.value("write_pending") == pending
            assert core.value("write_result") == result
            numbers = core.numbers()
            assert numbers["runnable"] == any(
                frame and not frame[6]
                for frame in cbor.decode(core.checkpoint(), 0, True)[0][14] or ()
            )


@pytest.mark.parametrize("name", ["state_bytes", "record_bytes"])
def test_a_state_that_is_too_large_is_refused_where_the_kernel_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each limit around the largest checkpoint; what is asked, of which limit, is the same."""
    refused = 0
    for _, tree, _ in trees():
        most = max(map(len, tree.whole))
        for limit in (most + 1, most, most - 1, most // 2):
            core, kernel_ = Engine(tree.program, **{name: limit}), python(tree.program)
            if name == "state_bytes":
                monkeypatch.setitem(LIMITS, name, limit)
            else:
                kernel_.room = limit
            state: Any = State()
            for event in tree.events:
                before = core.checkpoint()
                try:
                    step = kernel_.step(state, tuple(event))
                except LimitError as e:
                    assert core.make(event) == engine.LIMIT
                    passed = core.limit_passed()
                    assert passed[2] == limit
                    assert passed[0] == name
                    assert passed[1] == e.asked
                    assert core.checkpoint() == before
                    refused += 1
                    break
                assert core.step(event) == step.record
                state = step.state
            monkeypatch.undo()
    assert refused > 50


def test_the_bound_is_never_below_the_bytes() -> None:
    for _, tree, core in trees():
        for event in tree.events:
            core.step(event)
            assert core.numbers()["bound"] >= len(core.checkpoint())


def ended(core: Engine, program: bytes, execution: int) -> list[bytes]:
    """Checkpoints of an execution from its start to its end."""
    start = start_event(Program(program), {"i": execution}, execution=execution)
    core.step(start)
    found = [core.checkpoint()]
    while core.numbers()["status"] == 0:
        core.step((CONTINUE, core.numbers()["now"] + 1))
        found.append(core.checkpoint())
    return found


def test_executions_follow_each_other_also_of_another_program() -> None:
    one, _ = programs.small("put", 1)
    value = {"x": [None, "e", 3], "o": {}, "s": "abc", "n": 1}
    other = compiled({"A": {"Type": "Pass", "Result": [1] * 9, "ResultPath": "$.r", "End": True}})
    core = Engine(one)
    crc = {one: core.crc.value, other: Engine(other).crc.value}
    kernel_ = python(one)
    kernel_.find = lambda digest: Interpreter(
        Program(one if digest == Program(one).digest else other)
    )
    state: Any = State()
    assert core.checkpoint() == kernel_.checkpoint(state)
    for execution, program in enumerate((one, one, other, one, other), 1):
        start = start_event(Program(program), value, seed=execution, execution=execution)
        core.use(program, crc[program])
        for event in (start, *[(CONTINUE, start[1] + n) for n in range(1, 99)]):
            before = core.checkpoint()
            assert core.make(event) == 0
            core.undo()
            assert core.checkpoint() == before
            step = kernel_.step(state, tuple(event))
            assert core.step(event) == step.record
            state = step.state
            assert core.checkpoint() == kernel_.checkpoint(state)
            if state.status:
                break
        assert core.restore(core.checkpoint()) == 0
        assert core.checkpoint() == kernel_.checkpoint(state)
        assert core.make((CONTINUE, state.now)) == engine.INPUT
    with pytest.raises(Refused):
        core.use(one, crc[one] ^ 1)
    assert core.program == other


def test_a_start_of_another_program_is_refused_until_it_is_used() -> None:
    one, _ = programs.small("end")
    other = tsm.assemble("ENTER 0\nINT 7\nSTORE 0\nEND")
    core = Engine(one)
    start = start_event(Program(other), 1)
    assert core.make(start) == engine.DIGEST
    core.use(other, Engine(other).crc.value)
    core.step(start)
    assert core.value("write_result") == 7
    running = compiled({"W": {"Type": "Wait", "Seconds": 5, "End": True}})
    core.use(running, Engine(running).crc.value)
    core.step(start_event(Program(running), 1))
    with pytest.raises(Refused) as refused:
        core.use(one, 0)
    assert refused.value.error == engine.INPUT


def test_what_has_ended_is_restored_whatever_it_was() -> None:
    """Of another program, of a behaviour that no engine has, retired."""
    program, _ = programs.small("end")
    core = Engine(program)
    step = python(program).step(State(), start_event(Program(program), [1, {"a": None}]))
    items = cbor.decode(python(program).checkpoint(step.state), 0, True)[0]
    items[13] = b"another."
    for behaviour in (0, 1, 9):
        items[0] = behaviour
        assert core.restore(cbor.encode(items, True)) == 0
        assert core.checkpoint() == cbor.encode(items, True)
    items[0] = 0
    assert core.restore(cbor.encode(items[1:], True)) == 0  # before there were numbers
    assert core.checkpoint() == cbor.encode(items, True)
    items[3], items[12] = 3, ["TSME.Retired", "gone"]
    assert core.restore(cbor.encode(items, True)) == 0
    assert core.value("write_result") == ["TSME.Retired", "gone"]
    assert core.step(start_event(Program(program), 5, execution=2))


def test_what_has_not_ended_is_refused_of_another_program_or_behaviour() -> None:
    program = compiled({"W": {"Type": "Wait", "Seconds": 5, "End": True}})
    core = Engine(program)
    step = python(program).step(State(), start_event(Program(program), 1))
    items = cbor.decode(python(program).checkpoint(step.state), 0, True)[0]
    for at, value, error in ((13, b"another.", engine.DIGEST), (0, 2, engine.UNSUPPORTED)):
        changed = list(items)
        changed[at] = value
        assert core.restore(cbor.encode(changed, True)) == error
        assert core.checkpoint() == python(program).checkpoint(State())
    assert core.restore(cbor.encode(items[1:], True)) == engine.UNSUPPORTED
    assert core.restore(cbor.encode(items, True)) == 0


def test_hostile_checkpoints_are_refused_or_run() -> None:
    """Whatever is accepted is a state that goes on without harm, and is written as it was read."""
    accepted = refused = 0
    for seed, tree, core in trees():
        chance = random.Random(seed)
        for whole in tree.whole[:-1]:
            for _ in range(12):
                changed = bytearray(whole)
                for _ in range(chance.choice((1, 1, 2, 5))):
                    at = chance.randrange(len(changed))
                    changed[at] = chance.choice((chance.randrange(256), changed[at] ^ 1, 0xF6))
                if chance.random() < 0.1:
                    del changed[chance.randrange(len(changed)) :]
                if core.restore(bytes(changed)):
                    refused += 1
                    continue
                accepted += 1
                again = core.checkpoint()
                assert core.restore(again) == 0
                assert core.checkpoint() == again
                go_on(core)
    assert accepted > 500
    assert refused > 500


def go_on(core: Engine) -> None:
    """Some inputs, whatever the state is."""
    for _ in range(6):
        numbers = core.numbers()
        now = numbers["now"] + 1
        if numbers["runnable"]:
            event: Any = (CONTINUE, now)
        else:
            pending = core.value("write_pending")
            if not pending:
                break
            action = pending[0]
            event = (
                (TIMER, max(now, action[3]), action[0])
                if action[1]
                else (SUCCEEDED, now, action[0], 1)
            )
        if core.make(event) == 0:
            core.adopt()
        else:
            break


def test_no_checkpoint_is_read_beyond_its_end() -> None:
    program = compiled({"W": {"Type": "Wait", "Seconds": 5, "End": True}})
    core = Engine(program)
    step = python(program).step(State(), start_event(Program(program), {"a": ["b" * 30, {}]}))
    whole = python(program).checkpoint(step.state)
    for size in range(len(whole)):
        assert core.restore(whole[:size]) == engine.FORMAT, size
    assert core.restore(whole + b"\0") == engine.FORMAT
    assert core.restore(whole) == 0


@pytest.mark.parametrize(
    "context",
    [7, {}, [], [None] * 4, [None] * 6, [None, 3, None, None, None]]
    + [[None] * 5 + [times] for times in (0, 65_536, -1, 2.0, "2", [1])],
)
def test_a_checkpoint_with_a_context_that_no_start_has_is_refused(context: Any) -> None:
    program = compiled({"W": {"Type": "Wait", "Seconds": 5, "End": True}})
    core = Engine(program)
    kernel_ = python(program)
    step = kernel_.step(State(), start_event(Program(program), 1))
    for names, answer in (([None, "n", None, None, None], 0), (context, engine.FORMAT)):
        step.state.origin = [*step.state.origin[:2], names, *step.state.origin[3:]]
        assert core.restore(kernel_.checkpoint(step.state)) == answer, names


@pytest.mark.parametrize("times", [1, 23, 24, 255, 256, 65_535])
def test_a_checkpoint_says_how_often_its_execution_was_redriven(times: Any) -> None:
    program = compiled({
        "W": {"Type": "Wait", "Seconds": 5, "Next": "P"},
        "P": {"Type": "Pass", "Parameters": {"n.$": "$$.Execution.RedriveCount"}, "End": True},
    })  # fmt: skip
    core = Engine(program)
    kernel_ = python(program)
    begun = start_event(Program(program), 1)
    state = kernel_.step(State(), begun).state
    state.origin = [*state.origin[:2], [None] * 5 + [times], *state.origin[3:]]
    whole = kernel_.checkpoint(state)
    assert core.restore(whole) == 0
    assert core.checkpoint() == whole
    woken = (TIMER, begun[1] + 5000, 1)
    step = kernel_.step(kernel_.restore(cbor.decode(whole, 0, True)[0], len(whole)), woken)
    assert step.state.result == {"n": times}
    core.step(woken)
    assert core.checkpoint() == kernel_.checkpoint(step.state)
    assert core.make((*begun[:6], [None] * 5 + [times], *begun[7:])) == engine.INPUT


class Both(World):
    """Executions that are redriven: from then on the core makes each step, too."""

    core_: Engine | None = None
    steps = 0

    def step(self, event: Any) -> None:
        super().step(event)
        if self.core_:
            self.core_.step(event)
            self.steps += 1
            if not self.state.status:
                assert self.core_.checkpoint() == self.core.checkpoint(self.state)

    def redrive(self) -> None:
        super().redrive()
        self.core_ = Engine(self.compiled.program, 1 << 20)
        whole = self.records[-1].checkpoint
        assert self.core_.restore(whole) == 0
        assert self.core_.checkpoint() == whole


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_an_execution_that_was_redriven_goes_on_in_the_core(kind: str) -> None:
    for seed in range(2):
        both = Both(seed, kind)
        both.finish()
        assert both.redrives
        assert both.steps > 10


def test_little_memory_leaves_all_as_it_was() -> None:
    """Whatever the memory: a step is the kernel's, or nothing has changed."""
    failed = 0
    for seed, tree, _ in trees():
        for memory in range(1200, 6000, 900):
            try:
                core = Engine(tree.program, memory)
            except Refused:
                continue
            for event, (record, _) in zip(tree.events, tree.steps, strict=True):
                before = core.checkpoint()
                made = core.make(event)
                if made:
                    assert made == engine.MEMORY, seed
                    assert core.limit_passed()[0] == "arena_bytes"
                    assert core.limit_passed()[1] > core.limit_passed()[2] == memory
                    assert core.checkpoint() == before
                    assert core.make(event) == engine.MEMORY, "the same again"
                    failed += 1
                    break
                assert core.record() == record
                core.adopt()
    assert failed > 20


def test_steps_are_made_in_parts_as_the_kernel_makes_them() -> None:
    """Inputs with a bound: fewer transitions, or the failure of a state."""
    for seed, tree, core in trees():
        chance = random.Random(seed)
        kernel_ = python(tree.program)
        state: Any = State()
        for given in tree.events:
            event = given
            if state.status or (
                event[0] not in (CONTINUE, START) and event[2] not in state.pending
            ):
                break
            if event[0] == CONTINUE and not kernel_.client.runnable(state.client):
                break
            if event[0] in (CONTINUE, SUCCEEDED, FAILED, TIMER) and chance.random() < 0.3:
                bound: Any = chance.choice(
                    (0, 1, 3, ["States.DataLimitExceeded", "no"], ["X", None])
                )
                if event[0] == CONTINUE and isinstance(bound, list):
                    bound = bound if core.numbers()["entering"] else 1
                event = [*event, bound]
            step = kernel_.step(state, tuple(event))
            assert core.step(event) == step.record, (seed, event)
            state = step.state
            assert core.checkpoint() == kernel_.checkpoint(state)
            assert core.numbers()["transitions"] == kernel_.work


def test_work_beyond_a_limit_says_so() -> None:
    big = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": True}
    program = compiled({"A": big}, budget=1)
    core = Engine(program, work=4)
    event = start_event(Program(program), ["x" * 3000])
    with pytest.raises(Refused) as refused:
        core.step(event)
    assert refused.value.error == engine.LIMIT
    assert core.limit_passed() == ("work", 23, 4)
    core.limit("work", 23)
    assert core.step(event)


LIMITED = {
    "slots": ("slots", 3),
    "stack": ("stack", 5),
    "budget": ("budget", 300),
    "value_bytes": ("largest", 5000),
}


@pytest.mark.parametrize("name", LIMITED)
def test_limits_of_programs_are_the_packages(name: str) -> None:
    argument, asked = LIMITED[name]
    program = tsm.assemble("ENTER 0\nEND", **{argument: asked})
    Engine(program, **{name: asked})
    with pytest.raises(LimitError):
        Program(program, limits={**LIMITS, name: asked - 1})
    with pytest.raises(Refused) as refused:
        Engine(program, **{name: asked - 1})
    assert refused.value.error == engine.LIMIT


def test_actions_come_in_the_order_of_the_kernels() -> None:
    seen = 0
    for _, tree, core in trees():
        kernel_ = python(tree.program)
        state: Any = State()
        for event in tree.events:
            step = kernel_.step(state, tuple(event))
            assert core.make(event) == 0
            state = step.state
            want = [list(a[: 4 if a.kind else 9]) for a in step.actions if a.id in state.pending]
            assert core.value("write_actions") == want
            core.adopt()
            assert core.value("write_actions") == want
            seen += len(want)
    assert seen > 200


def test_a_stop_is_the_kernels() -> None:
    program = compiled({"W": {"Type": "Wait", "Seconds": 5, "End": True}})
    core, kernel_ = Engine(program), python(program)
    state: Any = State()
    for event in (start_event(Program(program), 1), (STOP, 0, "Stopped", None)):
        step = kernel_.step(state, tuple(event))
        assert core.step(event) == step.record
        state = step.state
    assert core.checkpoint() == kernel_.checkpoint(state)


def test_what_a_program_that_python_refuses_says() -> None:
    with pytest.raises(TsmeError):
        Program(b"\x80")
    with pytest.raises(Refused):
        Engine(b"\x80")
