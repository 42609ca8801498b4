"""What runs does to the stack what the table of instructions says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.laws.support import many
from tests.laws.workflows import Case, cases
from tests.spec.test_second_reader import TREES, TROUBLE, Run, write
from tsme.program import instructions, interpreter, verify
from tsme_host.compiler.compile import compile_text


class Seen:
    """The operations of the interpreter, each held against the depths that the verifier found."""

    depth: list[int | None]

    def __init__(self) -> None:
        self.count = 0

    def __getitem__(self, op: int) -> Any:
        function: Any = instructions.OPERATIONS[op] or instructions.rare(op)

        def checked(vm: Any, d: Any, number: int, f: Any, stack: list[Any], a: int) -> Any:
            pc = f.pc
            assert len(stack) == self.at(pc - (2 if a > 255 else 1)), op
            stops = function(vm, d, number, f, stack, a)
            if not stops:
                assert len(stack) == self.at(pc), op
            self.count += 1
            return stops

        return checked

    def at(self, pc: int) -> int:
        """Values on the stack before the instruction that begins there."""
        found = self.depth[pc]
        assert found is not None
        return found >> 16


@pytest.fixture(scope="module")
def seen() -> Any:
    """Every program's depths are kept when it is verified; what runs is looked at."""
    seen = Seen()
    run = verify._Verifier.run

    def keep(verifier: Any) -> None:
        run(verifier)
        seen.depth = verifier.depth

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify._Verifier, "run", keep)
        patch.setattr(interpreter, "OPERATIONS", seen)
        yield seen


@pytest.mark.parametrize("name", TREES)
def test_the_stack_is_as_deep_as_the_verifier_says(name: str, seen: Seen) -> None:
    program = compile_text(json.dumps(TREES[name])).program
    value = {"items": [1, 2, 3, 4, 5], "none": []}
    runs: list[Run] = [(value, [], {"t": 2}), (value, TROUBLE, {"t": [1]})]
    before = seen.count
    write(program, runs)
    assert seen.count > before


@given(cases())
@many(100)
def test_the_stack_of_generated_workflows(seen: Seen, case: Case) -> None:
    program = compile_text(case.text).program
    write(program, [(case.value, case.moves, case.results)])
