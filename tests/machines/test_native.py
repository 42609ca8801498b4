"""In C, machines make the very same steps as in Python: records, states, actions, errors."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tsme.draft import native as _native
from tsme.kernel import Kernel, State
from tsme.machine import Machine
from tsme_host.tools.limits import no_limits

native: Any = _native  # device code has no types
STEPS = 1500


class Everything:
    """Does with its state what a machine may do, as its signals say."""

    initial = {"n": 0, "o": {}, "l": []}

    def stf(state, input, actions):
        if input.kind != "signal":
            state["l"].append([input.kind, input.id, input.task, input.payload, input.error])
            if len(state["l"]) > 5:
                state["l"].clear()
            return
        v = input.value
        if type(v) is dict:
            state["o"].update(v)
            state["o"]["é"] = {"b": [v], "a": (1, 2.5)}
        elif v is None:
            actions.end({"b": 1, "a": state["o"]})
        elif v < 0:
            state["n"] = v
            raise ValueError(f"{v} is none")
        else:
            numbers(state, v, actions)


def numbers(state, v, actions):
    state["n"] += v
    if v % 3 == 0:
        actions.task("x", {"b": v, "a": [1, {"z": 2}]}, timeout=v * 10, heartbeat=v % 2 * 50)
    if v % 5 == 0:
        actions.timer(v)
        actions.log({"v": v})
    if v % 7 == 0:
        state["o"][str(v)] = {"q": v, "c": [v]}
    names = [k for k in sorted(state["o"]) if hasattr(state["o"][k], "keys")]
    if v % 11 == 0 and names:
        state["o"][names[0]]["q"] = state["o"][names[0]].get("q", 0) + 1
        state["o"][names[0]].setdefault("c", []).append(v)
    if v % 13 == 0 and names:
        del state["o"][names[0]]
    if v % 17 == 0:
        state["l"].append(v)
        state["r"] = actions.random(9)
    if v % 19 == 0 and state["l"]:
        state["l"].pop(0)
    if v % 23 == 0:
        actions.publish(state["o"])
        state["n"] = str(state["n"]) if v % 2 else 1 << 70


class Run:
    """What a kernel makes of some thousand events that a seed decides."""

    def __init__(self, kernel: Any, seed: int) -> None:
        self.machine = Machine(Everything)
        self.kernel = kernel(self.machine)
        self.dice = random.Random(seed)
        self.state: Any = State()
        self.now = 1000
        self.told: list[Any] = []

    def step(self, *event: Any) -> None:
        try:
            step = self.kernel.step(self.state, event)
        except Exception as e:
            self.told.append((repr(e), self.kernel.work))
            return
        if step is None:
            self.told.append(None)
            return
        s = self.state = step.state
        whole = s.digest, s.bound, s.status, repr(s.client), s.rng, self.kernel.checkpoint(s)
        self.told.append((bytes(step.record), [repr(a) for a in step.actions], whole))

    def start(self) -> None:
        digest = self.machine.program.digest
        self.step(1, self.now, self.state.execution + 1, digest, 77, {"k": [1]}, None, 1)

    def any(self) -> None:
        dice, state = self.dice, self.state
        self.now += dice.randrange(-5, 50)
        ids, x = sorted(state.pending), dice.random()
        if state.status:
            self.start()
        elif x < 0.02:
            self.step(8, self.now, dice.choice([None, {"b": 1, "a": [True]}, "text", 1 << 70]))
        elif x < 0.6 or not ids:
            self.step(8, self.now, dice.randrange(-3, 200))
        else:
            self.answer(state.pending[dice.choice(ids)], x)

    def answer(self, action: Any, x: float) -> None:
        if x < 0.7:
            self.step(5, max(self.now, action.due or 0) - (x < 0.61), action.id)
        elif x < 0.8:
            self.step(2, self.now, action.id, {"ok": [1, "é", 2.5]})
        elif x < 0.9:
            self.step(3, self.now, action.id, "Wrong", None)
        elif x < 0.95:
            self.step(4, self.now, action.id)  # a heartbeat
        else:
            self.step(2, self.now, 7_000_000, None)


def told(kernel: Any, seed: int) -> list[Any]:
    run = Run(kernel, seed)
    run.start()
    with no_limits():
        for _ in range(STEPS):
            run.any()
    return run.told


@pytest.mark.skipif(native.core is None, reason="the extension is not built here")
@pytest.mark.parametrize("seed", range(4))
def test_steps_are_the_same(seed):
    slow, fast = told(Kernel, seed), told(native.MachineKernel, seed)
    for n, (one, other) in enumerate(zip(slow, fast, strict=True)):
        assert one == other, n
    assert sum(type(one) is tuple and len(one) == 3 for one in slow) > STEPS // 5
    assert any(one and len(one) == 2 and "ValueError" in one[0] for one in slow)


@pytest.mark.skipif(native.core is None, reason="the extension is not built here")
def test_a_state_that_is_too_large_is_refused_by_both():
    class Grows:
        initial = {"x": ""}

        def stf(state, input, actions):
            state["x"] += input.value

    found = []
    for kernel in (Kernel, native.MachineKernel):
        machine = Machine(Grows)
        made = kernel(machine, 300)
        state = made.step(State(), (1, 5, 1, machine.program.digest, 7, None, None, 1)).state
        errors = []
        for n in (100, 100, 30, 100):
            try:
                state = made.step(state, (8, 9, "y" * n)).state
            except Exception as e:
                errors.append(str(e))
        found.append((errors, state.bound, state.digest, len(state.client["x"])))
    assert found[0] == found[1]
    assert "TSME-J007" in found[0][0][0]
