"""What a machine writes is what comes out, however it writes it; a step that raises wrote nothing.

The model is plain dicts and lists, on which the very same operations are done.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest
from hypothesis import given

from tests.laws.support import many
from tests.machines import generate
from tests.machines.delta import apply, copied
from tests.machines.ops import Ops, Run, told
from tsme.draft.array_draft import ArrayDraft
from tsme.draft.drafts import ObjectDraft
from tsme.errors import TsmeError
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.machine import Machine
from tsme.values.cbor import encode


class Watched(Machine):
    """A machine that keeps the delta of its last step."""

    seen = b""

    def delta(self, buf: bytearray, d: Any) -> None:
        self.seen = bytes(d.frames or b"")
        super().delta(buf, d)


class Life:
    """A machine that is told one message after the other, and its model."""

    def __init__(self, machine: Any = Ops) -> None:
        self.client = Watched(machine)
        self.kernel = Kernel(self.client)
        start = generate.events(self.client.program.digest, [])[0]
        self.state = self.kernel.step(State(), start).state

    def tell(self, message: Any, now: int = 0) -> Any:
        """One step; Rejected leaves the state as it is."""
        step = self.kernel.step(self.state, (8, generate.NOW + now, message))
        self.state = step.state
        return step


def modelled(state: Any, message: dict[str, Any]) -> tuple[Any, list[Any]]:
    """The state that plain containers come to, and what the operations gave."""
    run = Run(copied(state))
    for op in unshared(message)["ops"]:
        run.do(op)
    return copied(run.state), run.transcript


def unshared(message: dict[str, Any]) -> Any:
    """As a machine is given it."""
    from tsme.draft.drafts import own

    return own(message)


@many(250)
@given(generate.lives)
def test_steps_do_what_they_would_do_to_plain_dicts_and_lists(messages):
    life = Life()
    held = []
    for message in messages:
        before = life.state.client
        model, transcript = modelled(before, message)
        held.append((life.state, encode(before), life.kernel.checkpoint(life.state)))
        try:
            step = life.tell(message)
        except Rejected as e:
            assert message["raise"]
            assert str(e.exception) == "undo it all"
            assert life.state is held[-1][0]
        else:
            assert not message["raise"]
            assert encode(life.state.client) == encode(model)  # members in this order too
            assert apply(before, life.client.seen) == model
            assert encode(apply(before, life.client.seen)) == encode(model)
            assert step.actions[0].payload == told(transcript)
    for state, value, checkpoint in held:  # no state is ever changed
        assert encode(state.client) == value
        assert life.kernel.checkpoint(state) == checkpoint


@many(80)
@given(generate.lives, generate.steps, generate.steps)
def test_the_digest_differs_when_the_state_does(messages, one, other):
    life = Life()
    for message in messages:
        if not message["raise"]:
            life.tell(message)
    before = life.state
    ends = []
    for message in (one, other):
        life.state = before
        step = life.tell(message | {"raise": False})
        ends.append((encode(step.state.client), life.client.seen))
    (a, delta_a), (b, delta_b) = ends
    assert a == b or delta_a != delta_b


@many(60)
@given(generate.lives)
def test_the_delta_is_that_of_the_change_however_large_the_state_is(messages):
    small, large = Life(), Life()
    rest = {f"n{n}": {"rest": [n] * 5} for n in range(40)}
    for life, inner in ((small, {}), (large, rest)):
        life.state.client = {"a": [{"b": Ops.initial}], "rest": inner}
    for message in messages:
        message["ops"] = [[op[0], [0, *op[1]], *op[2:4], [0, *op[4]]] for op in message["ops"]]
        if message["raise"] or any("h" in op[1] or "h" in op[4] for op in message["ops"]):
            continue  # what is held at first is all of the state
        small.tell(message)
        large.tell(message)
        assert small.client.seen == large.client.seen
        assert large.state.client["rest"] is rest  # what was not touched is shared


def calls(life: Life, message: Any) -> int:
    """How many functions a step calls."""
    count = 0

    def profile(*_: Any) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    gc.disable()  # which has functions of others called
    sys.setprofile(profile)
    try:
        life.tell(message)
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


class Deep:
    initial = {"shelves": {str(n): {"cups": [n, [n]], "left": n} for n in range(5)}}

    def stf(state, input, actions):
        shelf = state["shelves"]["3"]
        shelf["left"] -= input.value
        shelf["cups"][1].append(input.value)


def test_the_work_of_a_step_is_that_of_the_change():
    work = []
    for size in (5, 4000):
        life = Life(Deep)
        life.state.client["shelves"] = Deep.initial["shelves"] | {
            str(n): {"cups": [n, [n]], "left": n} for n in range(3, size)
        }
        life.state.bound = 0  # or the state would be measured
        work.append(calls(life, 1))
        assert life.state.client["shelves"]["3"] == {"cups": [3, [3, 1]], "left": 2}
    assert work[0] == work[1]


def test_what_is_appended_in_place_is_not_the_whole_array_again():
    class Log:
        initial = {"log": list(range(500)), "rows": [[1]]}

        def stf(state, input, actions):
            state["log"] += [input.value]
            state["rows"][0] += [input.value]
            state["rows"][0].append(1)
            state["new"] = [1]
            state["new"] += [2]
            state["new"].append(3)

    life = Life(Log)
    life.tell(7)
    assert len(life.client.seen) < 50
    assert life.state.client["log"][499:] == [499, 7]
    assert life.state.client["rows"] == [[1, 7, 1]]
    assert life.state.client["new"] == [1, 2, 3]


# --- what plain code may call ---

OBJECT = {"clear", "copy", "get", "items", "keys", "pop", "setdefault", "update", "values"}
ARRAY = {"append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove"} | {
    "reverse",
    "sort",
}


@pytest.mark.parametrize(
    ("plain", "kind", "has"), [({"a": 1}, ObjectDraft, OBJECT), ([1], ArrayDraft, ARRAY)]
)
def test_what_drafts_do_not_have_is_missing_and_not_wrong(plain, kind, has):
    draft = kind(plain)
    there = {name for name in dir(plain) if not name.startswith("_")}
    assert {name for name in there if hasattr(draft, name)} == has


@pytest.mark.parametrize(
    "change",
    [
        "state['o'] |= {'q': 1}",
        "state['l'] *= 2",
        "state['l'] < [3]",
        "state['l'] * 2",
        "[1] + state['l']",
        "state['o'] | {'q': 1}",
        "state['l']['a']",
        "state['l'][0.5] = 1",
        "state['l'].sort(key=lambda v: {}[v])",
        "state['l'].sort(1)",
        "hash(state)",
        "{state['l']}",
        "state['o'].missing()",
        "state.o",
        "state['l'] + 1",
        "del state['l'][7]",
        "state['l'].update({})",
    ],
)
def test_other_operators_fail_loudly(change):
    class Plain:
        initial = {"l": [2, 1], "o": {"z": 1}}

        def stf(state, input, actions):
            exec(change, {"state": state})

    life = Life(Plain)
    before = life.kernel.checkpoint(life.state)
    with pytest.raises(Rejected) as rejected:
        life.tell(1)
    wrong = (TypeError, AttributeError, IndexError, KeyError)
    assert isinstance(rejected.value.exception, wrong)
    assert life.kernel.checkpoint(life.state) == before


def test_an_operator_that_fails_halfway_leaves_what_was_there():
    class Halfway:
        initial = {"l": [{"n": 2}, {"n": 1}, 3], "o": {}}

        def stf(state, input, actions):
            first = state["l"][0]
            first["n"] = 20
            for fail in (
                lambda: state["l"].sort(key=lambda v: v["n"]),
                lambda: state["l"].append({1, 2}),
                lambda: state["l"].insert(0, b"bytes"),
                lambda: state["l"].extend([object]),
                lambda: state["o"].update({"a": float("nan")}),
                lambda: state["o"].setdefault("b", 1 << 64) and state["o"].__setitem__(7, 1),
            ):
                with pytest.raises((TypeError, TsmeError)):
                    fail()
            state["o"].pop("b", None)
            first["n"] += 1

    life = Life(Halfway)
    life.tell(1)
    assert life.state.client == {"l": [{"n": 21}, {"n": 1}, 3], "o": {}}
    assert apply(Machine(Halfway).initial, life.client.seen) == life.state.client


def test_an_array_is_sorted_alike_where_sorting_is_not_stable():
    class Sorts:
        initial = {"l": [[n % 3, n] for n in range(40)]}

        def stf(state, input, actions):
            state["l"].sort(key=lambda v: v[0], reverse=input.value)

    for reverse in (False, True):
        life = Life(Sorts)
        life.tell(reverse)
        assert life.state.client["l"] == sorted(
            Sorts.initial["l"], key=lambda v: v[0], reverse=reverse
        )


def test_integers_and_floats_are_compared_exactly_everywhere():
    near = [2**53 + 1, 2.0**53, 2**53, 16777217, 16777216.0, True, 1.0, 1, False, -0.0, 0]

    class Sorts:
        initial = {"l": near}

        def stf(state, input, actions):
            rows = state["l"]
            found = [2.0**53 in rows, rows.count(2**53), rows.index(2**53), rows.index(16777216)]
            assert found == [True, 2, 1, 4]
            assert [rows.index(1), rows.index(0), rows.count(True)] == [5, 8, 3]
            assert [rows.index(1, 6), rows.index(1, -4, -3)] == [6, 7]
            assert rows != [2**53, *near[1:]]
            assert rows == [*near]
            rows.sort(key=input.value and (lambda v: (v, 0)))

    for key in (False, True):
        life = Life(Sorts)
        life.tell(key)
        state = life.state.client["l"]
        assert [repr(v) for v in state] == [repr(v) for v in sorted(near)]


def test_a_plain_dict_is_sorted_and_other_orders_are_kept():
    from collections import OrderedDict

    class Orders:
        initial = {"z": 1, "a": {"y": 1, "b": 2}}

        def stf(state, input, actions):
            state["plain"] = {"y": 1, "b": {"z": 1, "a": 2}}
            state["ordered"] = OrderedDict((("y", 1), ("b", 2)))
            state["given"] = input.value
            state.update({"later": 1, "earlier": 2})

    life = Life(Orders)
    life.tell({"y": 1, "b": 2})
    state = life.state.client
    assert list(state) == ["a", "z", "plain", "ordered", "given", "earlier", "later"]
    assert [list(state[k]) for k in ("a", "plain", "ordered", "given")] == [
        ["b", "y"], ["b", "y"], ["y", "b"], ["y", "b"]
    ]  # fmt: skip
    assert list(state["plain"]["b"]) == ["a", "z"]
