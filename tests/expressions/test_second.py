"""An interpreter written from docs/SPEC.md, 2.16, alone takes and does what the device does.

Both are given the listings of docs/EXPRESSIONS.md with some bytes changed.
"""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

from tests.expressions.running import program
from tests.spec.expression_code import INSTRUCTIONS, Checked, Code, Refused
from tests.spec.expression_machine import Machine
from tests.spec.expression_values import Failed
from tests.spec.test_expressions import EXPECTED, SECTIONS, listing
from tsme.errors import TsmeError
from tsme.kernel import State, StepBuilder
from tsme.program import Program
from tsme.program.expressions.evaluation import Evaluation
from tsme.program.expressions.leaving import left
from tsme.program.expressions.values import ExpressionError
from tsme.program.frames import Frame
from tsme.program.interpreter import Interpreter

CHANGES = 2500
FUEL = 3000
# What either leaves open: fuel, which the second counts in part; its functions, of which it has
# some, and which ask less of their arguments.
OPEN = {"D1012", "not in this interpreter", "T0410", "T0411", "T0412", "D2015"}


def changed(code: Code, chance: Random) -> Code:
    numbers = sorted(number for number, _ in INSTRUCTIONS.values())
    data = bytearray(code.code)
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(2, len(data))  # the parameters stay: the workflow gives one
        operand = chance.choice([chance.randrange(8), chance.randrange(256)])
        data[at] = operand if at % 2 else chance.choice([*numbers, 0, 1, 2, 3])
    return Code(bytes(data), code.consts)


def sound(code: Code) -> bool:
    try:
        Checked(code)
    except Refused:
        return False
    return True


def taken(data: bytes) -> bool:
    try:
        Program(data)
    except TsmeError:
        return False
    return True


def second(code: Code, value: Any) -> tuple[str, str]:
    try:
        return "value", json.dumps(Machine(code, fuel=FUEL).run(value), sort_keys=True)
    except Failed as failure:
        return "cause", str(failure)


def device(data: bytes, value: Any) -> tuple[str, str]:
    frame = Frame(1, 0)
    frame.slots[0] = value
    m = Evaluation(Interpreter(Program(data)), StepBuilder(State(), 1000), frame, FUEL)
    try:
        return "value", json.dumps(left(m, m.evaluated(5, [value])), sort_keys=True)
    except ExpressionError as error:
        return "cause", error.code


def test_both_take_the_same_code_and_give_the_same() -> None:
    chance = Random(21)
    codes = [listing(title) for title in SECTIONS]
    inputs = [json.loads(given) for _, given, _ in EXPECTED]
    seen = Counter[str]()
    for _ in range(CHANGES):
        code = changed(chance.choice(codes), chance)
        value = {"input": chance.choice(inputs)}
        try:
            data = program(code)
        except (AssertionError, ValueError):
            continue  # it cannot be moved behind a workflow
        assert sound(code) is taken(data), code.code.hex()
        if not sound(code):
            seen["refused"] += 1
            continue
        one, other = second(code, value), device(data, value)
        if one != other:
            assert {one[1], other[1]} & OPEN, (one, other, code.code.hex())
            seen["open"] += 1
        else:
            seen[one[0]] += 1
    assert seen["refused"] > CHANGES // 2
    assert seen["value"] > CHANGES // 100
    assert seen["cause"] > CHANGES // 50
    assert seen["open"] < (seen["value"] + seen["cause"]) // 4, seen
