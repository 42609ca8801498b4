"""Whatever a native function is given, it gives a value or an error of JSONata, everywhere."""

from __future__ import annotations

import pytest

from tests import interpreters
from tests.expressions.calling import NAMES

SCRIPT = interpreters.ROOT / "tests" / "expressions" / "any_call_device.py"


@pytest.mark.parametrize("seed", [1, 20260828])
def test_no_call_ends_in_anything_but_an_error_with_a_code(seed: int) -> None:
    told = set()
    for name in NAMES:
        interpreters.require(name)
        run = interpreters.run(name, SCRIPT, [str(seed)], timeout=300, heap="8m")
        assert run.returncode == 0, (name, run.stderr.decode()[-2000:])
        told.add(run.stdout.decode())
    assert len(told) == 1, told
    (codes,) = told
    assert {"-", "T0410", "T0411", "T0412", "D3137"} <= {
        line.split()[0] for line in codes.splitlines()
    }
