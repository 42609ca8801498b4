"""What is nested deeply takes no stack: a program that is verified runs on any of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests import interpreters
from tsme.program import opcodes
from tsme.values import cbor

SCRIPT = Path(__file__).with_name("deep_device.py")
LEVELS = 220
SMALL = 32768  # bytes of C stack that the whole engine gets


def packed(code: list[tuple[str, int]]) -> bytes:
    out = b""
    for name, a in code:
        out += bytes((opcodes.NUMBER["EXT"], a >> 8)) if a > 255 else b""
        out += bytes((opcodes.NUMBER[name], a & 255))
    return out


def nested_maps(levels: int) -> bytes:
    """Each Map tolerates one failure, and its outputs are larger than a value may be."""
    starts = [0] * (levels + 1)
    while True:
        code = b""
        before = list(starts)
        for n in range(levels):
            starts[n] = len(code) // 2
            code += packed([("ENTER", n), ("CONST", 0), ("INT", 1), ("MAP", 2), ("FRAME", 1)])
            code += packed([("JUMP", starts[n + 1]), ("STORE", 0), ("END", 0)])
        starts[levels] = len(code) // 2
        code += packed([("ENTER", levels), ("CONST", 1), ("STORE", 0), ("END", 0)])
        if starts == before:
            break
    consts = [cbor.encode([1]), cbor.encode("x" * 99)]
    index = b"\0" + bytes((len(consts[0]),))
    limits = [1, 4, 0, 4096, 0, 64, 0, 0]
    parts = [opcodes.NEEDS_MAP, limits, code, index, b"".join(consts)]
    body = b"".join(cbor.encode(part, True) for part in parts)
    digest = hashlib.sha256(body).digest()[:8]
    return b"\x87\x02" + cbor.encode(digest, True) + body


def played(board: str, stack: int, folder: Path) -> str:
    if board != "cpython":
        interpreters.require(board)
    (folder / "p.tsm").write_bytes(nested_maps(LEVELS))
    done = interpreters.run(board, SCRIPT, [folder / "p.tsm", str(stack)], heap="4M")
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    assert not done.stderr, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("board", ["micropython", "micropython32"])
def test_nested_maps_that_tolerate_failures_end_alike_on_any_stack(
    board: str, tmp_path: Path
) -> None:
    told = played("cpython", 0, tmp_path)
    assert told.startswith("failed States.DataLimitExceeded a value is larger or deeper")
    assert played(board, 0, tmp_path) == told
    assert played(board, SMALL, tmp_path) == told
