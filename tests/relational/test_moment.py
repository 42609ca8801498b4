"""What handlers of a relational machine may ask for, and what comes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.relational.test_laws import started
from tsme.errors import TsmeError
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.relational import Relational

AB: Any = [("A", {}), ("B", {"multi": True}), ("C", {"require": ["A"]})]


def machine(states: Any = AB, **members: Any) -> Any:
    return type("Machine", (), {"states": states, **members})


def told(kernel: Kernel, state: State, value: Any, ms: int = 1) -> Any:
    """The state after a signal."""
    return kernel.step(state, (8, state.now + ms, value)).state


def seen(function: Any, **members: Any) -> list[Any]:
    """What `function(m)` gives in the final handler of A."""
    out: list[Any] = []
    kernel, state = started(machine(AState=lambda m: out.append(function(m)), **members))
    state = told(kernel, state, {"add": ["A"], "args": {"k": [1]}})
    assert state.client.error is None
    return out


def test_a_machine_begins_with_its_start_function_or_the_state_start() -> None:
    _, state = started(machine([("Start", {}), ("B", {})]))
    assert state.client.node.active == (0,)
    _, state = started(machine([("Start", {}), ("B", {})], start=lambda m: m.set(["B"])))
    assert state.client.node.active == (1,)
    _, state = started(machine([("A", {}), ("B", {})]))
    assert state.client.node.active == ()


def test_a_contradiction_is_an_exception_from_the_beginning() -> None:
    _, state = started(machine([("A", {"require": ["B"], "remove": ["B"]}), ("B", {})]))
    assert state.client.queue_tick == 2
    assert state.client.error == ["Schema", "the state A both requires and removes B"]


def test_args_are_the_handlers_own_and_never_none() -> None:
    def change(m: Any) -> Any:
        m.args["k"].append(2)
        return dict(m.args)

    assert seen(change) == [{"k": [1, 2]}]
    out: list[Any] = []
    kernel, state = started(machine(BState=lambda m: out.append(m.args)))
    told(kernel, state, {"add": "B"})
    assert out == [{}]


def test_clocks_tell_and_compare() -> None:
    def look(m: Any) -> Any:
        assert m.is_time([1, 0, 0, 0]) and m.was_time([0, 0]) and not m.was_time([2], ["A"])
        assert m.is_clock({"A": 1}) and m.was_clock({"A": 0, "B": 0}) and not m.is_clock({"B": 1})
        assert m.after([0], ["A"]) and not m.after([0, 0], ["A", "B"])
        assert m.before([2, 1], ["A", "B"]) and not m.before([1], ["A"])
        assert m.diff([0, 0, 0, 0]) == [1, 0, 0, 0] and m.distance([3, 1, 0, 0]) == 3
        assert m.next_active("A") == 2 and m.next_active("B") == 1
        assert m.clock(["A", "B"]) == {"A": 1, "B": 0} and m.time_sum() == 1
        assert m.active_states() == ["A"] and m.is_active("A") and not m.is_active(["A", "B"])
        return m.time()

    assert seen(look) == [[1, 0, 0, 0]]


def test_the_queue_can_be_looked_into() -> None:
    def look(m: Any) -> Any:
        m.add("B", {"n": 1})
        m.remove("A")
        return [
            m.is_queued("add", "B"),
            m.is_queued("add", "B", {"n": 2}),
            m.will_be("B"),
            m.will_be("C"),
            m.will_be_removed("A"),
            m.queued,
        ]

    assert seen(look) == [[True, False, True, False, True, 4]]


def test_a_function_is_called_by_its_name_before_what_waits() -> None:
    order: list[Any] = []

    def ask(m: Any) -> Any:
        m.add("B")
        return m.eval("named", {"x": 1})

    def named(m: Any) -> Any:
        order.append((dict(m.args), m.is_active("B")))
        return 7

    assert seen(ask, named=named) == ["queued"]
    assert order == [({"x": 1}, False)]
    kernel, state = started(machine(named=lambda m: m.args["x"] + 1))
    assert told(kernel, state, {"eval": "named", "args": {"x": 4}}).client.result == 5
    state = told(kernel, state, {"eval": "nobody"})
    assert state.client.error == ["TSME-M021", "Machine has no function nobody"]
    assert state.client.node.active == (3,)


@pytest.mark.parametrize("name", ["__init__", "_own", "mro"])
def test_a_name_that_python_may_give_a_class_is_none_of_its_functions(name: Any) -> None:
    kernel, state = started(machine(_own=lambda m: 1))
    state = told(kernel, state, {"eval": name})
    assert state.client.error == ["TSME-M021", f"Machine has no function {name}"]
    assert state.client.result == "canceled"
    with pytest.raises(Rejected, match="TSME-M021"):
        told(kernel, state, {"when_query": {"query": name}})


def test_a_query_that_raises_is_given_up_and_becomes_exception() -> None:
    def hot(clock: dict[str, int], n: int) -> bool:
        return 1 // (clock["A"] - n) > 0

    kernel, state = started(
        machine(
            hot=hot,
            ExceptionState=lambda m: m.add("B"),  # which asks again whoever was not given up
            BState=lambda m: m.data.__setitem__("n", m.data.get("n", 0) + 1),
        )
    )
    state = told(kernel, state, {"when_query": {"query": "hot", "values": [1], "key": "k"}})
    state = told(kernel, state, {"when_not": {"states": ["C"], "key": "other"}})
    effect = {"query": "hot", "values": [1], "key": "e"}
    state = told(kernel, state, {"when_query": effect})
    state = told(kernel, state, {"add": ["A"]})
    part = state.client
    assert part.result == "executed"
    assert part.node.mask & 1
    assert part.error[0] == "ZeroDivisionError"
    assert (part.ticks[3], part.data) == (3, {"n": 2})  # Exception for each, and no end to it
    assert [(sub[0], sub[4]) for sub in part.subs] == [("k", 3), ("other", 1), ("e", 3)]
    state = told(kernel, state, {"remove": "Exception"})
    assert (state.client.result, state.client.ticks[3]) == ("executed", 4)


@pytest.mark.parametrize("value", [{"eval": 5}, {"when_query": {"query": 5}}])
def test_what_is_no_name_is_refused(value: Any) -> None:
    kernel, state = started(machine())
    with pytest.raises(Rejected, match="TSME-M021: Machine has no function 5"):
        told(kernel, state, value)


def test_what_a_handler_raises_becomes_exception_with_details() -> None:
    details: list[Any] = []

    def fail(m: Any) -> None:
        m.data["n"] = 1
        raise KeyError("hot")

    kernel, state = started(
        machine(BState=fail, ExceptionState=lambda m: details.append(dict(m.args)))
    )
    state = told(kernel, state, {"add": ["A"]})
    state = told(kernel, state, {"add": ["B", "A"]})
    assert state.client.result == "canceled"
    assert details == [
        {
            "error": "KeyError",
            "cause": "'hot'",
            "handler": "BState",
            "called": ["B", "A"],
            "before": ["A"],
        }
    ]
    assert state.client.data == {"n": 1}  # what it changed before is changed


def test_an_error_in_the_handling_of_an_error_ends_there() -> None:
    def fail(m: Any) -> None:
        raise ValueError("again")

    kernel, state = started(machine(ExceptionState=fail))
    state = told(kernel, state, {"add_err": "first"})
    assert state.client.error == ["ValueError", "again"]
    assert state.client.queue == []
    auto = [("A", {"auto": True}), ("B", {})]
    kernel, state = started(machine(auto, AEnter=fail))
    state = told(kernel, state, {"add": ["B"]})
    assert state.client.queue == []
    assert state.client.ticks == [0, 1, 1]


def test_a_handler_beyond_its_deadline_is_taken_back_without_exception() -> None:
    def long(m: Any) -> None:
        try:
            for n in range(20):
                m.log(n)
        except Exception:
            pass

    kernel, state = started(machine(BState=long, deadline=8))
    step = kernel.step(state, (8, 2000, {"add": ["B"]}))
    part = step.state.client
    assert part.result == "canceled"
    assert (part.ticks[1], part.error) == (2, None)
    assert step.actions[-1].payload == "the deadline of BState is over"
    kernel, state = started(machine(BEnter=lambda m: m.spend(9), deadline=8))
    assert told(kernel, state, {"add": ["B"]}).client.ticks[1] == 0


def test_nothing_can_be_asked_for_once_the_step_is_over() -> None:
    kept: list[Any] = []
    kernel, state = started(machine(BState=lambda m: kept.append((m, m.data))))
    told(kernel, state, {"add": ["B"]})
    m, data = kept[0]
    for wrong in (lambda: m.add("A"), lambda: m.timer(5), lambda: data.update({"a": 1})):
        with pytest.raises(TsmeError, match="TSME-M002"):
            wrong()


def test_tasks_and_timers_end_with_the_state_they_were_begun_under() -> None:
    def begin(m: Any) -> None:
        m.task("t", 1, add=["B"])
        m.timer(50, add=["B"], under=False)
        m.task("t", 2, under="B")
        m.timer(70, under="C")

    kernel, state = started(machine(AState=begin, tasks=("t",)))
    state = told(kernel, state, {"add": ["A"]})
    assert sorted(state.pending) == [1, 2, 3, 4]
    state = told(kernel, state, {"add": ["B"]})
    assert sorted(state.pending) == [1, 2, 4]
    state = told(kernel, state, {"add": ["B", "C"]})
    assert sorted(state.pending) == [1, 2]
    state = told(kernel, state, {"remove": ["A"]})
    assert sorted(state.pending) == [2]
    assert sorted(state.client.acts) == [2]
    state = kernel.step(state, (5, state.now + 100, 2)).state
    assert state.client.ticks[1] == 5


def test_what_came_of_a_task_adds_states_with_its_value() -> None:
    got: list[Any] = []
    kernel, state = started(
        machine(
            AState=lambda m: m.task("t", 1, add=["B"], failed=["D"], timeout=100),
            BState=lambda m: got.append(dict(m.args)),
            DState=lambda m: got.append(dict(m.args)),
            states=[*AB, ("D", {})],
            tasks=("t",),
        )
    )
    state = told(kernel, state, {"add": ["A"]})
    done = kernel.step(state, (2, state.now, 1, {"x": 1})).state
    assert done.client.node.active == (1, 0)
    failed = kernel.step(state, (3, state.now, 1, "Hot", "70")).state
    assert failed.client.error == ["Hot", "70"]
    assert sorted(failed.client.node.active) == [0, 3, 4]
    kernel.step(state, (5, state.now + 100, 1))
    assert got == [
        {"value": {"x": 1}, "task": "t", "id": 1},
        {"error": "Hot", "cause": "70", "task": "t", "id": 1},
        {"error": "States.Timeout", "cause": "", "task": "t", "id": 1},
    ]


def test_a_subscription_may_go_on_with_a_mutation() -> None:
    got: list[Any] = []

    def begin(m: Any) -> None:
        m.when(["C", "B"], key="k", remove=["A"], add=["B"], then={"why": "both"})
        m.when("B", key="k")  # the same key is the same subscription

    kernel, state = started(machine(AState=begin, BState=lambda m: got.append(dict(m.args))))
    state = told(kernel, state, {"add": ["A", "C"]})
    assert len(state.client.subs) == 1
    state = told(kernel, state, {"add": ["B"]})
    assert state.client.node.active == (1,)
    assert got == [{}, {"why": "both"}]
    assert state.client.subs == []


def test_a_new_version_keeps_what_the_old_one_was_by_the_names_of_states() -> None:
    old = machine(AState=lambda m: m.task("t", 1, add=["C"]), tasks=("t",), name="M")
    new = machine(
        [("Z", {}), ("MachineRestored", {}), ("C", {"require": ["A"]}), ("A", {})],
        name="M",
        version=2,
        before=old,
        migrate=lambda data, version: data.update({"was": version}),
        tasks=("t",),
    )
    kernel, state = started(old)
    state = told(kernel, state, {"add": ["A", "B", "C"]})
    client = Relational(new)
    by = {c.program.digest: c for c in (client, Relational(old))}
    kernel.find = by.get
    step = kernel.step(state, (10, state.now, client.program.digest, None))
    part = step.state.client
    assert part.ticks == [0, 0, 1, 1, 0]
    assert part.data == {"was": 1}
    assert part.machine_tick == 1
    state = kernel.step(step.state, (0, state.now)).state
    assert state.client.ticks[1] == 1
    state = kernel.step(state, (2, state.now, 1, None)).state
    assert state.client.result == "executed"


def test_a_wait_for_ticks_that_are_not_one_for_each_state_ends_in_exception() -> None:
    def ask(m: Any) -> None:
        assert m.when_time(["A", "B"], times=[1], key="inside") is False
        assert m.when_time(["B"], times=[], key="goes on", add="C") is False

    for value, keys in (({"add": "A"}, ["inside"]), ({"add": "B"}, [])):
        kernel, state = started(machine(AState=ask))
        before = state.client.queue_tick
        state = told(kernel, state, value)
        part = state.client
        assert [[s[0], s[4]] for s in part.subs] == [[key, 3] for key in keys]
        assert bool(part.ticks[3] % 2) is bool(keys)
        assert part.queue_tick == before + 1 + 2 * len(keys)
        state = told(kernel, state, {"when_time": {"states": "A", "times": [1, 2], "key": "out"}})
        part = state.client
        assert part.error == ["TSME-M020", "when_time() has 2 ticks for 1 states"]
        assert part.subs[-1][0::4] == ["out", 3]
        assert part.ticks[2:] == [0, 1 + 4 * len(keys)]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"ad": ["A"]}, "TSME-M019: Machine cannot take the signal ad: it is none"),
        (5, "TSME-M019: Machine cannot take the signal int"),
        ({"when_query": {"query": "none"}}, "TSME-M021: Machine has no function none"),
        ({"when": {"states": ["X"]}}, "TSME-M017: Machine has no state X"),
    ],
)
def test_a_signal_that_makes_no_sense_is_refused(value: Any, error: str) -> None:
    kernel, state = started(machine())
    with pytest.raises(Rejected, match=re.escape(error)):
        told(kernel, state, value)


def test_a_schema_of_another_format_is_refused() -> None:
    with pytest.raises(TsmeError, match="TSME-M016"):
        Relational(machine(schema=b"\x80"))


def test_a_class_may_name_a_compiled_schema_or_inherit(tmp_path: Any) -> None:
    data = Relational(machine(name="M")).data
    file = tmp_path / "m.tsr"
    file.write_bytes(data)
    for schema in (data, str(file)):
        compiled = type("Other", (), {"schema": schema})
        assert Relational(compiled).program.digest == Relational(machine(name="M")).program.digest
    basic = Relational(machine([("Door", {"require": ["Ready"]})], inherit=["basic"]))
    assert basic.schema.names[0] == "Door"
    assert "Heartbeat" in basic.schema.names
    below = Relational(machine([("X", {})], inherit=[machine([("Y", {})], name="Base")]))
    assert below.schema.names == ["X", "Y", "Exception"]
    assert sorted(below.schema.groups) == ["Base", "self"]
    with pytest.raises(TsmeError, match="TSME-M023"):
        Relational(machine(inherit=["nothing"]))
    endless = machine()
    endless.inherit = [endless]
    with pytest.raises(TsmeError, match="TSME-M022"):
        Relational(endless)
