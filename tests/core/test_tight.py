"""What takes all of the stack or of the memory, or comes when it cannot, changes nothing else."""

from pathlib import Path
from typing import Any

import pytest

from tests.laws.drive import start_event
from tsme.kernel.protocol import CONTINUE, STOP, SUCCEEDED
from tsme.program import Program

from . import engine, kernel, machine, model, tsm
from .engine import Engine

CAUGHT = """
    ENTER 0
    CATCH H
    CONST "Boom"
    FAIL 1
H:  ERROR
    STORE 0
    END
"""
TIMES = (machine.START, machine.BETWEEN)


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()


@pytest.mark.parametrize("event", [(CONTINUE, 1), (SUCCEEDED, 1, 1, None), (STOP, 1, "E", "C")])
def test_an_input_behind_the_end_leaves_the_result(event: Any) -> None:
    program = tsm.assemble("ENTER 0\nEND")
    core = Engine(program)
    core.step(start_event(Program(program), {"a": 1}))
    before = core.checkpoint()
    assert core.value("write_result") == {"a": 1}
    assert core.make(event) == engine.INPUT
    assert core.value("write_result") == {"a": 1}
    assert core.checkpoint() == before


def test_error_needs_one_operand_alone(tmp_path: Path) -> None:
    program = tsm.assemble(CAUGHT, stack=1)
    fields = model.start_fields(program, 5)
    expected, state = kernel.records(program, fields, *TIMES)
    assert state.result == {"Error": "Boom", "Cause": ""}
    for target in ("host", "host-stress"):
        machine.make(str(machine.BUILD / f"core-{target}"))
        assert machine.run(target, program, fields, tmp_path).records == expected, target
