"""The native core of CPython writes and measures what the code of boards does."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from sim.nor import Nor
from tests import interpreters
from tests.laws.support import drive, many, show
from tests.laws.workflows import Case, cases
from tsme import core as engines
from tsme import kernel
from tsme.errors import TsmeError
from tsme.journal import Journal
from tsme.kernel import protocol
from tsme.program import Program, interpreter
from tsme.values import MISSING, cbor, native
from tsme_host.compiler.compile import compile_text

core: Any = getattr(native, "core")  # noqa: B009
if not core and not interpreters.strict():
    pytest.skip("setup could not build the native core", allow_module_level=True)


class Text(str):
    """A text that is none quite."""


class Number(int):
    """A number that is none quite."""


class Members(OrderedDict[Any, Any]):
    """An object with an order of its own."""


class Items(list[Any]):
    """An array that is none quite."""


NUMBERS = st.integers(-(1 << 66), 1 << 66) | st.integers(-300, 70000)
LEAVES = (
    st.none()
    | st.booleans()
    | NUMBERS
    | st.floats()
    | st.text(st.characters(), max_size=40)
    | st.text("aé\ud800", max_size=5)
    | st.binary(max_size=30)
    | st.sampled_from([MISSING, Text("t" * 30), Number(7), object(), bytearray(3)])
)
KEYS = st.text(max_size=30) | st.sampled_from([Text("k"), "k" * 300, 7, None, "\udfff"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=30)
        | st.dictionaries(KEYS, inner, max_size=30)
        | st.lists(inner, max_size=5).map(tuple)
        | st.lists(inner, max_size=5).map(Items)
        | st.dictionaries(KEYS, inner, max_size=5).map(lambda v: Members(v.items()))
    ),
    max_leaves=40,
)


def outcome(function: Any, *args: Any) -> Any:
    """What it gives, or how it fails."""
    try:
        return function(*args)
    except (TsmeError, UnicodeError) as e:
        return type(e).__name__, str(e)


def encoded(encode: Any, items: Any, container: bool) -> Any:
    buf = bytearray(b"before")
    return outcome(encode, buf, items, container), bytes(buf)


def test_the_core_is_in_use() -> None:
    for module, name in (
        (cbor, "encode_all"),
        (cbor, "measure"),
        (kernel, "put_step"),
        (Journal, "commit"),
    ):
        used = vars(module)[name]
        assert used is getattr(core, name)
        assert native.slow[name] is not getattr(core, name)


@many(600)
@given(st.lists(VALUES, max_size=4), st.booleans())
def test_it_encodes_the_same_bytes_and_refuses_the_same(items: list[Any], container: bool) -> None:
    slow = encoded(native.slow["encode_all"], items, container)
    assert encoded(core.encode_all, items, container) == slow
    if slow[0] is not None:
        assert slow[1] == b"before"


@many(300)
@given(VALUES, st.integers(0, 300))
def test_it_measures_the_same(value: Any, most: int) -> None:
    slow = outcome(native.slow["measure"], value)
    assert outcome(core.measure, value) == slow
    if isinstance(slow[0], int):
        assert (core.measure(value, most)[0] > most) == (slow[0] > most)


@pytest.mark.parametrize("deep", [31, 32, 33, 40, 41, 199, 200, 201, 5000])
def test_it_knows_how_deep_a_value_is(deep: int) -> None:
    value: Any = 7
    for k in range(deep):
        value = [value] if k % 2 else {"a": value}
    assert core.measure(value) == native.slow["measure"](value)
    for container in (False, True):
        slow = encoded(native.slow["encode_all"], [value], container)
        assert encoded(core.encode_all, [value], container) == slow


@many(100)
@given(cases())
def test_steps_and_frames_are_written_the_same(case: Case) -> None:
    """Records, and digests of all that a step has changed."""
    note(show(case))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "core", None)  # the C core writes steps of its own
        quick = [step and bytes(step.record) for step in drive(case).steps]
        patch.setattr(kernel, "put_step", native.slow["put_step"])
        patch.setattr(kernel, "encode_all", native.slow["encode_all"])
        slow = [step and bytes(step.record) for step in drive(case).steps]
    assert quick == slow


def test_steps_leave_no_references() -> None:
    """Thousands of transitions keep nothing of theirs."""
    again = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Pass",
                "Parameters": {"n.$": "$.n", "o": {"k.$": "$.o.k"}},
                "Next": "B",
            },
            "B": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "C"}],
                "Default": "A",
            },
            "C": {"Type": "Succeed"},
        },
    }
    program: Any = Program(compile_text(json.dumps(again)).program)
    machine = kernel.Kernel(interpreter.Interpreter(program))
    value = {"n": 1, "o": {"k": "leaf"}}
    start = (protocol.START, 0, 1, program.digest, 1, value, None, 1)
    state = machine.step(kernel.State(), start).state
    held = []
    tracemalloc.start()
    try:
        for _ in range(3):
            for _ in range(20):
                state = machine.step(state, (protocol.CONTINUE, 0)).state
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[2] - held[1] < 500  # bytes, of 5,000 transitions


class Flaky(Nor):
    """Fails as it is told to: at the n-th call of a method, in one of four ways."""

    def __init__(self, program_once: bool, plan: dict[tuple[str, int], str]) -> None:
        super().__init__(1024, 8, program_once=program_once)
        self.plan = plan
        self.calls: list[tuple[str, int, int]] = []

    def told(self, what: str, n: int, off: int) -> Any:
        self.calls.append((what, n, off))
        how = self.plan.get((what, sum(call[0] == what for call in self.calls)))
        if how == "raises":
            raise OSError(5)
        if how == "breaks":
            raise ZeroDivisionError
        return {None: None, "tells": 5, "lies": 0}[how]

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        told = self.told("write", n, off)
        return told if told is not None else super().writeblocks(n, buf, off)

    def readblocks(self, n: int, buf: Any, off: int = 0) -> Any:
        super().readblocks(n, buf, off)
        return self.told("read", n, off)

    def ioctl(self, op: int, arg: int) -> int:
        told = self.told("sync", arg, op) if op == 3 else None
        return told if told is not None else super().ioctl(op, arg)


def committed(commit: Any, once: bool, slot: int, sizes: list[Any], plan: Any) -> list[Any]:
    """What commits give or how they fail, what the device was asked, and all that is left."""
    device = Flaky(once, {})
    live: Any = Journal(device, slot, 256)
    live.format()
    live.recover()
    device.plan = plan
    device.calls.clear()
    out = []
    for n, (size, kind, make) in enumerate(sizes):
        body = make(bytes([n % 251]) * size)
        try:
            out.append(commit(live, kind, body))
        except (TsmeError, OSError, ZeroDivisionError) as e:
            out.append((type(e).__name__, str(e), type(e.__context__).__name__))
        fields = {k: v for k, v in vars(live).items() if isinstance(v, int | bytearray)}
        out.append((fields, live.retired))
        if live._live is False:
            break
    return [out, device.calls, bytes(device.data)]


@many(300)
@given(
    st.booleans(),
    st.sampled_from([32, 64, 128]),
    st.lists(
        st.tuples(
            st.integers(0, 90) | st.integers(90, 400),
            st.sampled_from([1, 1, 1, 1, 1, 2]),
            st.sampled_from([bytes, bytearray, memoryview]),
        ),
        max_size=40,
    ),
    st.dictionaries(
        st.tuples(st.sampled_from(["write", "read", "sync"]), st.integers(1, 40)),
        st.sampled_from(["raises", "breaks", "tells", "lies"]),
        max_size=3,
    ),
)
def test_a_commit_does_the_same(once: bool, slot: int, sizes: list[Any], plan: Any) -> None:
    """The same operations of the device in the same order, whatever of them fails."""
    slow = committed(native.slow["commit"], once, slot, sizes, plan)
    assert committed(Journal.commit, once, slot, sizes, plan) == slow


def test_a_commit_keeps_nothing_alive() -> None:
    live: Any = Journal(Nor(1024, 8))
    live.format()
    live.recover()
    body, tag = bytes(bytearray(40)), bytearray(3)
    before = sys.getrefcount(body), sys.getrefcount(live), sys.getrefcount(live._blocks)
    for _ in range(200):
        live.commit(1, body)
        if live.needs_checkpoint():
            live.checkpoint(tag)
    after = sys.getrefcount(body), sys.getrefcount(live), sys.getrefcount(live._blocks)
    assert before == after
