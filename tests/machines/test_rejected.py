"""A step that raises, or would make what is no state, has not happened: nothing is left of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.machines import generate
from tests.machines.ops import Ops
from tests.machines.test_drafts import Life
from tsme.engine.engine import Engine
from tsme.errors import LimitError, TsmeError
from tsme.journal import Journal
from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.rejected import Rejected
from tsme.machine import Machine


def machine(function: Any, initial: Any = None) -> Any:
    """A machine with this stf()."""
    return type("M", (), {"stf": staticmethod(function), "initial": initial or {"a": {"b": [1]}}})


def refused(function: Any, initial: Any = None) -> Any:
    """The exception that its step ends with, of which nothing is left."""
    life = Life(machine(function, initial))
    old = life.state
    before = life.kernel.checkpoint(old)
    with pytest.raises((Rejected, LimitError, MemoryError)) as info:
        life.tell(1)
    assert life.state is old
    assert life.kernel.checkpoint(old) == before
    return getattr(info.value, "exception", info.value)


def deep(levels: int) -> Any:
    v: Any = 1
    for _ in range(levels):
        v = [v]
    return v


def cycle(state, input, actions):
    state["a"]["self"] = state["a"]


def long_cycle(state, input, actions):
    x = {"x": [state["a"]["b"]]}
    state["a"]["b"].append({"x": x})


def own_cycle(state, input, actions):
    x: list[Any] = []
    x.append(x)
    state["x"] = x


def cycle_given_away(state, input, actions):
    state["a"]["self"] = [state["a"]]
    actions.log(state["a"])


def nested_by_drafts(state, input, actions):
    box = state
    for _ in range(40):
        box["a"] = {}
        box = box["a"]


def nested_by_moving(state, input, actions):
    state["deep"] = deep(20)
    state["other"] = {"x": deep(15)}
    box = state["deep"]
    while isinstance(box[0], list):
        box = box[0]
    box.append(state["other"])


class Odd:
    pass


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda s, i, a: s.__setitem__("x", 1 << 63), "TSME-V002"),
        (lambda s, i, a: s["a"]["b"].append(-(1 << 63) - 1), "TSME-V002"),
        (lambda s, i, a: s.__setitem__("x", float("nan")), "TSME-V003"),
        (lambda s, i, a: s.__setitem__("x", [[float("inf")]]), "TSME-V003"),
        (lambda s, i, a: s.__setitem__("x", "\ud800"), "TSME-V004"),
        (lambda s, i, a: s.__setitem__("x", {1, 2}), "TSME-V001"),
        (lambda s, i, a: s["a"]["b"].append(b"bytes"), "TSME-V001"),
        (lambda s, i, a: s.update(x=[Odd()]), "TSME-V001"),
        (lambda s, i, a: s.__setitem__("x", s.keys), "TSME-V001"),
        (lambda s, i, a: s.__setitem__(1, 2), "TSME-M001"),
        (lambda s, i, a: s.__setitem__("x", {None: 2}), "TSME-M001"),
        (lambda s, i, a: s["a"]["b"].append({"y": {(1, 2): 2}}), "TSME-M001"),
        (lambda s, i, a: s.__setitem__("\ud800", 2), "TSME-V004"),
        (lambda s, i, a: s.__setitem__("x", deep(32)), "TSME-V006"),
        (lambda s, i, a: s["a"]["b"].__setitem__(slice(None, None, 2), [1]), "TSME-M004"),
        (cycle, "TSME-M003"),
        (long_cycle, "TSME-M003"),
        (own_cycle, "TSME-V006"),
        (cycle_given_away, "TSME-V006"),
        (nested_by_drafts, "TSME-V006"),
        (nested_by_moving, "TSME-V006"),
        (lambda s, i, a: a.task("t", {1, 2}), "TSME-V001"),
        (lambda s, i, a: a.task("t", {"x": [float("nan")]}), "TSME-V003"),
        (lambda s, i, a: a.task("t", {"x": 1 << 70}), "TSME-V002"),
        (lambda s, i, a: a.task("\udfff"), "TSME-V004"),
        (lambda s, i, a: a.log(Odd()), "TSME-V001"),
        (lambda s, i, a: a.publish({1: 2}), "TSME-M001"),
        (lambda s, i, a: a.end(object), "TSME-V001"),
        (lambda s, i, a: a.end({"x": float("-inf")}), "TSME-V003"),
        (lambda s, i, a: a.fail("\ud800"), "TSME-V004"),
        (lambda s, i, a: a.timer(-1), "TSME-M011"),
        (lambda s, i, a: a.timer(1.5), "TSME-M011"),
        (lambda s, i, a: a.timer(1 << 62), "TSME-M011"),
        (lambda s, i, a: a.task("t", None, "1 s"), "TSME-M011"),
        (lambda s, i, a: a.cancel(7), "TSME-M005"),
        (lambda s, i, a: (a.end(), a.task("t")), "TSME-M010"),
        (lambda s, i, a: (a.fail("E"), a.timer(5)), "TSME-M010"),
        (lambda s, i, a: (a.end(), a.end()), "TSME-M010"),
        (lambda s, i, a: [a.timer(1) for _ in range(4000)], "TSME-L001"),
        (lambda s, i, a: s.update(x="x" * 20000), "TSME-L001"),
    ],
)
def test_what_cannot_be_is_refused_by_its_code(change, code):
    def stf(state, input, actions):
        state["a"]["b"].append("a write before it")
        actions.log("an action before it")
        change(state, input, actions)

    assert refused(stf).code == code


def test_what_was_mutated_deep_down_is_undone_when_the_method_raises():
    def stf(state, input, actions):
        i = actions.task("t", state["a"])
        state["a"]["b"][0] = i
        state["a"]["b"].insert(0, {"x": state["a"].pop("c")})
        del state["a"]["b"][1:]
        state.clear()
        actions.cancel(i)
        actions.random(6)
        raise LookupError("unlucky")

    assert str(refused(stf, {"a": {"b": [1, 2], "c": {}}})) == "unlucky"


def test_nothing_of_the_input_can_be_changed():
    def stf(state, input, actions):
        state["kept"] = input.value["x"]
        input.value["x"].append(1)
        input.value.clear()

    life = Life(machine(stf))
    message = {"x": [0]}
    step = life.tell(message)
    assert message == {"x": [0]}
    assert life.state.client["kept"] == [0, 1]
    again = Life(machine(stf))
    assert again.tell({"x": [0]}).record == step.record


def test_actions_get_what_was_there_when_they_were_asked_for():
    def stf(state, input, actions):
        mine = {"x": [1]}
        state["mine"] = mine
        actions.task("t", state["a"])
        actions.log(mine)
        state["a"]["b"].append(2)
        mine["x"].append(2)
        actions.log(state["a"])
        state["a"]["b"].append(3)

    life = Life(machine(stf))
    step = life.tell(1)
    assert step.actions[0].payload == {"b": [1]}
    assert [a.payload for a in step.actions[1:]] == [{"x": [1]}, {"b": [1, 2]}]
    assert life.state.client == {"a": {"b": [1, 2, 3]}, "mine": {"x": [1, 2]}}


def test_who_keeps_a_draft_or_the_actions_cannot_use_them_later():
    kept: list[Any] = []

    def stf(state, input, actions):
        mine = {"x": []}
        state["mine"] = mine
        state["n"] = 1
        kept[:] = [state, state["a"], state["a"]["b"], actions, mine]

    life = Life(machine(stf))
    life.tell(1)
    before = life.kernel.checkpoint(life.state)
    state, a, b, actions, mine = kept
    for late in (
        lambda: state.__setitem__("n", 2),
        lambda: state.__setitem__("new", 2),
        lambda: state.__delitem__("n"),
        lambda: state.update(a=1),
        lambda: a.clear(),
        lambda: a.__setitem__("b", 1),
        lambda: b.append(1),
        lambda: b.sort(),
        lambda: b.__setitem__(0, 7),
        lambda: b.pop(),
        lambda: actions.task("t"),
        lambda: actions.timer(1),
        lambda: actions.log(1),
        lambda: actions.random(6),
        lambda: actions.end(),
        lambda: actions.cancel(1),
    ):
        with pytest.raises(TsmeError) as info:
            late()
        assert info.value.code == "TSME-M002"
    mine["x"].append(1)  # its own, and the state's no more
    assert life.kernel.checkpoint(life.state) == before
    assert life.state.client["mine"] == {"x": []}


def test_a_draft_that_is_written_in_the_next_step_is_refused_there():
    class Keeps:
        initial = {"a": {"n": 0}}
        kept: Any = None

        def stf(state, input, actions):
            if Keeps.kept is not None:
                Keeps.kept["n"] = 5
            Keeps.kept = state["a"]

    life = Life(Keeps)
    life.tell(1)
    with pytest.raises(Rejected) as info:
        life.tell(1)
    assert info.value.exception.code == "TSME-M002"
    assert life.state.client == {"a": {"n": 0}}


def test_a_number_of_another_type_is_kept_as_the_number_it_is():
    from enum import IntEnum

    class Colour(IntEnum):
        RED = 3

    class Text(str):
        pass

    def stf(state, input, actions):
        state["colour"] = Colour.RED
        state["list"] = [Colour.RED, Text("x")]
        actions.log({"c": Colour.RED})

    life = Life(machine(stf))
    step = life.tell(1)
    state = life.state.client
    assert [type(v) for v in (state["colour"], *state["list"])] == [int, int, str]
    assert type(step.actions[0].payload["c"]) is int


@pytest.mark.parametrize("seed", range(40))
def test_a_journal_has_nothing_of_rejected_steps(seed):
    from tsme.journal.ram_flash import RamFlash

    messages = generate.life(seed)
    images = []
    for raising in (True, False):
        flash = RamFlash(4096, 16)
        engine = Engine(Ops, Journal(flash), clock=lambda: generate.NOW, seed=lambda: 5)
        engine.recover()
        engine.feed((1, generate.NOW, 1, engine.program.digest, 5, None, None, 1))
        for message in messages:
            if message["raise"]:
                if raising:
                    with pytest.raises(Rejected):
                        engine.feed((8, generate.NOW, message))
                continue
            engine.feed((8, generate.NOW, message))
        images.append(bytes(flash.data))
    assert images[0] == images[1]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (type("NoStf", (), {}), "TSME-M008"),
        (object(), "TSME-M008"),
        (machine(lambda s, i, a: None, [1]), "TSME-M009"),
        (machine(lambda s, i, a: None, {"x": {1: 2}}), "TSME-M001"),
        (machine(lambda s, i, a: None, {"x": {1, 2}}), "TSME-V001"),
    ],
)
def test_what_is_no_machine_is_refused_when_it_is_loaded(kind, code):
    with pytest.raises(TsmeError) as info:
        Machine(kind)
    assert info.value.code == code


def test_a_workflow_takes_no_signals_and_a_machine_does_not_wait_to_go_on():
    life = Life(Ops)
    for event, code in (((0, 5), "TSME-K004"), ((4, 5, 9), None)):
        if code is None:
            assert life.kernel.step(life.state, event) is None
            continue
        with pytest.raises(TsmeError) as info:
            life.kernel.step(life.state, event)
        assert info.value.code == code
    with pytest.raises(TsmeError) as info:
        Kernel(Machine(Ops)).step(State(), (8, 5, 1))
    assert info.value.code == "TSME-K002"


def test_limits_are_those_of_the_device():
    before = LIMITS["state_bytes"]
    life = Life(machine(lambda s, i, a: s.__setitem__("x", "x" * i.value)))
    life.tell(15000)
    with pytest.raises(LimitError) as info:
        life.tell(17000)
    assert info.value.limit == before
    assert len(life.state.client["x"]) == 15000
    life.tell(10)
    assert life.state.bound > 15000  # a bound, and never too small
