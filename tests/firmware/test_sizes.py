"""The size of what a PUT writes into is tracked: the limits hold as if it were measured anew."""

from __future__ import annotations

import pytest

from tests import interpreters

DEVICE = interpreters.ROOT / "tests" / "firmware" / "sizes_device.py"


@pytest.mark.parametrize("interpreter", ["cpython", "micropython", "micropython32"])
def test_tracked_sizes_refuse_what_measured_ones_refuse(interpreter: str) -> None:
    """Random values at random paths: same errors, and each size that is known is the true one.

    50 small results beside an array of 1,000 look at it once, scalars between them or not.
    """
    interpreters.require(interpreter)
    done = interpreters.run(interpreter, DEVICE, heap="4m")
    assert not done.returncode, done.stderr.decode()
    counts, looks = done.stdout.decode().splitlines()
    unknown, known, misplaced, too_large = (int(word) for word in counts.split())
    assert unknown > 500
    assert known > 900
    assert misplaced > 100
    assert too_large > 100
    assert looks == "1000"
