"""Whatever keeps records keeps them alike: flash, a file, a region, memory, a table in SQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.interpreters import require, run
from tests.journal import contract
from tsme_host.compiler.compile import compile_text

SCRIPT = Path(contract.__file__)
STORES = ("ram", "file", "region", "memory")
BOARDS = ("micropython", "micropython32")
TASK = {"Type": "Task", "Resource": "add"}
FLOW = {
    "StartAt": "A",
    "States": {"A": TASK | {"Next": "B"}, "B": TASK | {"Next": "C"}, "C": TASK | {"End": True}},
}


@pytest.mark.parametrize(
    ("store", "board"),
    [
        *((store, "cpython") for store in (*STORES, "sql")),
        *((store, "core") for store in STORES[:3]),
        *((store, board) for store in STORES for board in BOARDS),
    ],
)
def test_a_store_keeps_the_contract(store: str, board: str, tmp_path: Path) -> None:
    require(board)
    program = tmp_path / "program.tsm"
    program.write_bytes(compile_text(json.dumps(FLOW)).program)
    (tmp_path / "again").mkdir()
    done = run(board, SCRIPT, [store, tmp_path, program])
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    names = [promise.__name__ for promise in contract.CONTRACT]
    assert done.stdout.decode().split() == [*names, "takes_executions_to_their_ends"]
