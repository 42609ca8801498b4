"""Numbers that no machine word holds meet every intrinsic function, and all is as elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import interpreters

SCRIPT = Path(__file__).with_name("extremes_device.py")


def told(board: str) -> list[str]:
    if board != "cpython":
        interpreters.require(board)
    done = interpreters.run(board, SCRIPT, [], heap="8M")
    assert not done.returncode, done.stderr.decode()
    return done.stdout.decode().splitlines()


@pytest.mark.parametrize("board", ["micropython", "micropython32"])
def test_no_function_raises_what_nobody_expects(board: str) -> None:
    lines = told("cpython")
    assert [line.split()[0] for line in lines].count("ArrayPartition") == 1
    assert all(len(line.split()) == 3 for line in lines), lines
    assert told(board) == lines
