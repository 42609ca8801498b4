"""Whatever the code of a body: it is refused, or it ends with a value or an error by name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests import interpreters
from tests.expressions import device
from tests.expressions.generated import CONSTS, INPUT, NUMBERS, generated
from tests.expressions.running import packed
from tests.spec.expression_code import Code
from tsme import core
from tsme.errors import StatesError, TsmeError
from tsme.kernel import BEHAVIOUR, State, StepBuilder
from tsme.kernel.protocol import CONTINUE, RUNNING, START
from tsme.program import Program
from tsme.program.expressions.evaluation import Evaluation
from tsme.program.expressions.leaving import left
from tsme.program.expressions.values import ExpressionError
from tsme.program.frames import Frame
from tsme.program.interpreter import Interpreter
from tsme.values import cbor

SOUND, CHANGED, ON_DEVICE, ON_CORE = 3000, 6000, 120, 600
FUEL = 3000


def ended(data: bytes) -> str:
    """How the body of a program ends: `value`, an error's cause, or `refused`."""
    try:
        vm = Interpreter(Program(data))
    except TsmeError as error:
        assert error.code in ("TSME-P002", "TSME-P004"), str(error)
        return "refused"
    d = StepBuilder(State(), 1000)
    d.rng = 7
    d.execution = 1
    d.origin = [0, None, None]
    frame = Frame(1, 0)
    frame.slots[0] = INPUT
    m = Evaluation(vm, d, frame, FUEL, 24576)
    try:
        cbor.encode(left(m, m.evaluated(5, [INPUT])))
    except ExpressionError as error:
        assert error.instruction is None or vm.program.code[2 * error.instruction]
        return str(error.code)
    except StatesError as error:
        assert error.number == 11
        return error.name
    return "value"


def test_sound_code_runs_and_ends() -> None:
    seen = Counter(ended(packed(generated(Random(seed)))) for seed in range(SOUND))
    assert not seen["refused"]
    assert seen["value"] > SOUND // 8
    assert len(seen) > 20, seen


def changed(code: Code, chance: Random) -> Code:
    data = bytearray(code.code)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        at = chance.randrange(len(data))
        if at % 2:
            data[at] = chance.choice([chance.randrange(8), chance.randrange(256)])
        else:
            data[at] = chance.choice([*NUMBERS.values(), chance.randrange(256)])
    return Code(bytes(data), code.consts)


def test_changed_code_is_refused_or_runs() -> None:
    chance = Random(2016)
    codes = [generated(Random(seed), 20) for seed in range(400)]
    seen = Counter(ended(packed(changed(chance.choice(codes), chance))) for _ in range(CHANGED))
    assert seen["refused"] > CHANGED // 3
    assert CHANGED - seen["refused"] > CHANGED // 10
    assert len(seen) > 15, seen


def on_the_core(data: bytes) -> str:
    """As device.told() says it of Python."""
    try:
        program = Program(data)
    except TsmeError as error:
        return f"refused {error.code}"
    kernel = core.kernel(core.runs(program))
    state: Any = State()
    event: tuple[Any, ...] = (START, 1000, 1, program.digest, 7, INPUT, None, BEHAVIOUR)
    records = b""
    while not records or state.status == RUNNING:
        step = kernel.step(state, event)
        state, event = step.state, (CONTINUE, 1000)
        records += bytes(step.record)
    return f"{state.status} {(records + b' ' + cbor.encode(state.result)).hex()}"


def test_the_core_makes_the_same_records_of_it() -> None:
    interpreters.require("core")
    assert core.core is not None
    for seed in range(ON_CORE):
        data = packed(generated(Random(seed), 30))
        assert on_the_core(data) == device.told(data, INPUT), seed


@pytest.mark.parametrize("name", ["micropython", "micropython32", "micropythonf32"])
def test_the_same_records_come_of_it_on_each_interpreter(name: str, tmp_path: Path) -> None:
    """Values, causes, and what it took: transitions are in the records."""
    interpreters.require(name)
    programs = [packed(generated(Random(seed), 25)) for seed in range(ON_DEVICE)]
    given = cbor.encode(INPUT)
    cases = tmp_path / "cases"
    cases.write_text("".join(f"{data.hex()} {given.hex()}\n" for data in programs))
    made = interpreters.run(name, Path(device.__file__), [cases], heap="16m")
    assert not made.stderr, made.stderr.decode()
    expected = [device.told(data, INPUT) for data in programs]
    assert made.stdout.decode().split("\n")[:-1] == expected
    assert len(CONSTS) > 20
    assert len({text[:4] for text in expected}) > 1
