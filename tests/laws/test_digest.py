"""The digest differs when the state does, and costs what the step changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from tests.laws.drive import Drive, start_event
from tests.laws.smallest import must
from tests.laws.support import drive, many, program_of, show, start_of
from tests.laws.values import Source
from tests.laws.workflows import Case, cases, write
from tsme import kernel
from tsme.kernel import Kernel, checkpoints
from tsme.kernel.protocol import FAILED, STOP, SUCCEEDED
from tsme.program import Program, frames, opcodes
from tsme.program.interpreter import Interpreter
from tsme.values import cbor, native
from tsme_host.compiler.compile import compile_text


def without_digest(kernel: Kernel, state: Any) -> bytes:
    """Everything of a state that may not differ where the digests are equal."""
    item = cbor.decode(kernel.checkpoint(state), 0, True)[0]
    item[6] = 0
    return cbor.encode(item, True)


@many(150)
@given(cases())
def test_another_result_gives_another_digest(case: Case) -> None:
    """Single inputs and values are changed: where the states differ the digests do."""
    must(altered, case, show)


def altered(case: Case) -> None:
    d = drive(case)
    source = Source(case.seed)
    differing = 0
    state = kernel.State()
    for event, step in zip(d.events, d.steps, strict=True):
        if step is None:
            continue
        for other in variants(event, source):
            got = d.kernel.step(state, other)
            if without_digest(d.kernel, got.state) != without_digest(d.kernel, step.state):
                differing += 1
                assert got.state.digest != step.state.digest, (event, other)
        state = step.state


def variants(event: Any, source: Source) -> list[Any]:
    kind, now = event[:2]
    out: list[Any] = [(kind, now + 1, *event[2:])]
    if kind == SUCCEEDED:
        out += [(kind, now, event[2], source.value()), (kind, now, event[2], [event[3]])]
        out.append((FAILED, now, event[2], "E9", ""))
    elif kind == FAILED:
        out += [(kind, now, event[2], event[3], event[4] + "!"), (kind, now, event[2], "E9", "")]
    elif kind == STOP:
        out.append((kind, now, event[2], "another cause"))
    elif kind == 1:
        out += [(*event[:4], event[4] ^ 1, *event[5:])]
        out += [(*event[:5], value, *event[6:]) for value in (source.value(), {"k": event[5]})]
    return out


class Skipping(Interpreter):
    """Runs code that the program does not have."""

    def __init__(self, program: Program, code: bytes) -> None:
        super().__init__(program)
        self.code = code


def patched(program: Program, wanted: str, change: Callable[[int], tuple[int, int]]) -> Any:
    """Interpreters of the same program with one instruction changed."""
    number = opcodes.NUMBER[wanted]
    code: bytes = vars(program)["code"]
    for pc in range(0, len(code), 2):
        if code[pc] == number and (pc == 0 or code[pc - 2] != 0):
            op, operand = change(code[pc + 1])
            yield Skipping(program, code[:pc] + bytes((op, operand)) + code[pc + 2 :])


@many(60)
@given(cases())
def test_an_interpreter_that_skips_a_store_is_found_out(case: Case) -> None:
    must(skipped, case, show)


def skipped(case: Case) -> None:
    program = program_of(case)
    want = drive(case)
    kinds = [
        ("STORE", lambda operand: (opcodes.NUMBER["DROP"], 1)),
        ("PUT", lambda operand: (opcodes.NUMBER["DROP"], 1)),
        ("INT", lambda operand: (opcodes.NUMBER["INT"], operand ^ 1)),
    ]
    for name, change in kinds:
        for client in patched(program, name, change):
            compare(want, Kernel(client))


def compare(want: Drive, other: Kernel) -> None:
    """Feed the same inputs: the first state that differs has another digest."""
    state = kernel.State()
    for event, step in zip(want.events, want.steps, strict=True):
        if step is None:
            continue
        try:
            got = other.step(state, event)
        except Exception:
            return  # it went another way altogether
        if got is None:
            return
        same = without_digest(other, got.state) == without_digest(want.kernel, step.state)
        if not same:
            assert got.state.digest != step.state.digest, event
            return
        state = got.state


class Meter:
    """Counts the bytes that the kernel encodes for digests."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bytes = 0
        for module in (kernel, frames):
            monkeypatch.setattr(module, "encode_into", self.encode_into)
            monkeypatch.setattr(module, "encode_all", self.encode_all)
        # As boards have it: what the native core writes is not seen from here.
        monkeypatch.setattr(kernel, "put_step", native.slow["put_step"])
        monkeypatch.setattr(checkpoints, "encode", self.encode)

    def encode_into(self, buf: bytearray, v: Any, container: bool = False) -> None:
        before = len(buf)
        cbor.encode_into(buf, v, container)
        self.bytes += len(buf) - before

    def encode_all(self, buf: bytearray, items: Any, container: bool = False) -> None:
        before = len(buf)
        cbor.encode_all(buf, items, container)
        self.bytes += len(buf) - before

    def encode(self, v: Any, container: bool = False) -> bytes:
        data = cbor.encode(v, container)
        self.bytes += len(data)
        return data

    def taken(self) -> int:
        n, self.bytes = self.bytes, 0
        return n


SMALL = {
    "StartAt": "Sense",
    "States": {
        "Sense": {"Type": "Task", "Resource": "t", "ResultPath": "$.now", "Next": "Count"},
        "Count": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.MathAdd($.now, 1)"},
            "ResultPath": "$.count",
            "Next": "Again",
        },
        "Again": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.now", "NumericLessThan": 9, "Next": "Sense"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


def test_a_small_change_in_a_large_document_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(compile_text(json.dumps(SMALL)).program)
    k = Kernel(Interpreter(program))
    document = {"large": ["some text of a document"] * 200, "now": 0}
    large = len(cbor.encode(document))
    assert large > 4000
    d = Drive(k, start_event(program, document))
    meter = Meter(monkeypatch)
    # A payload is part of its action, so of the change; a task that gets nothing of the document
    # must not pay for it.
    d.feed(d.start)
    assert meter.taken() > large
    task = SMALL["States"]["Sense"]  # type: ignore[index]
    small = {**SMALL, "States": {**SMALL["States"], "Sense": {**task, "InputPath": "$.now"}}}  # type: ignore[dict-item]
    program = Program(compile_text(json.dumps(small)).program)
    d = Drive(Kernel(Interpreter(program)), start_event(program, document))
    d.feed(d.start)
    meter.taken()
    for n in range(1, 9):
        d.feed((SUCCEEDED, d.state.now + 5, n, n))
        assert meter.taken() < 120, "the delta and the record"
    assert d.state.pending


def test_what_the_digest_covers_is_complete() -> None:
    """Two states with the same digest came the same way: their checkpoints are equal too."""
    seen: dict[int, bytes] = {}
    for seed in range(150):
        case = write(seed % 15, 3)
        case.seed = seed
        case.moves = Source(seed).moves(False)
        k = Kernel(Interpreter(program_of(case)))

        def look(event: Any, step: Any, k: Kernel = k) -> None:
            if step:
                data = without_digest(k, step.state)
                assert seen.setdefault(step.state.digest, data) == data

        Drive(k, start_of(k, case), case.moves, case.results, look).run()
    assert len(seen) > 200
