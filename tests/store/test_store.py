"""A store gives back the programs that were put into it, on every interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import interpreters
from tsme.journal.records import crc32
from tsme_host.compiler.compile import compile_text

HERE = Path(__file__).parent
BOARDS = ["cpython", "micropython", "micropython32"]


def flow(names: str) -> str:
    """A workflow with a Pass of each of these names."""
    states = {
        n: {"Type": "Pass", "Result": {"text": f"{n} is here"}, "ResultPath": f"$.{n}", "Next": m}
        for n, m in zip(names, names[1:] + "#", strict=True)
    }
    return json.dumps({"StartAt": names[0], "States": {**states, "#": {"Type": "Succeed"}}})


@pytest.mark.parametrize("board", BOARDS)
def test_stores_keep_whole_programs_alone(board: str, tmp_path: Path) -> None:
    interpreters.require(board)
    paths = [tmp_path / "a.tsm", tmp_path / "b.tsm"]
    programs = [compile_text(flow(names)).program for names in ("abc", "abcdefghijklmnopqrst")]
    for path, program in zip(paths, programs, strict=True):
        path.write_bytes(program)
    assert len(programs[1]) > 512
    done = interpreters.run(board, HERE / "device.py", [tmp_path, *paths])
    assert (done.returncode, done.stderr) == (0, b"")
    used = [
        "True True True",
        *(f"True True {crc32(program)}" for program in programs),
        "True 2 None",
        "True 2 True",
        "None True",
        "TSME-P005: the program is damaged: its digest does not fit True",
        "TSME-P001: not a TSME program: the item before 1 is not in its shortest form",
    ]
    told = done.stdout.decode().splitlines()
    assert told[: len(used) - 1] == used[:-1]
    assert told[len(used) - 1].startswith("TSME-P001: not a TSME program")
    assert told[len(used) :][:2] == ["None True True", "1"]
    rest = told[len(used) + 2 :]
    assert rest[: len(used)] == told[: len(used)]
    assert rest[len(used)].startswith("TSME-P009: bytes of a program in this store: ")
    assert rest[len(used)].endswith("; give it more blocks, or drop() a program")
    assert rest[len(used) + 1] == (
        "TSME-P007: block 5 holds a journal or a file system: a store of programs needs a region "
        "of its own"
    )
