"""How many slots the frames of programs with Map or Parallel have.

Measured over the recorded definitions of ../shared/conformance: of each program its kinds of
frames, which are frame 0 and each entry of a FORK or MAP.  A program of before FRAME gives all of
them `limits.slots`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.bench.speeds import SHARED
from tests.interpreters import ROOT
from tsme.values import cbor

_EXT, _FORK, _MAP, _FRAME = 0, 34, 35, 37
# Runs on another tree, too, whose modules may be elsewhere.
_COMPILE = """
import json, sys
from tsme_host.compiler.compile import compile_text
for text in json.load(sys.stdin):
    try:
        print(compile_text(text).program.hex())
    except Exception as error:
        if type(error).__name__ != "CompileError":
            raise
        print()
"""


def definitions() -> Iterator[str]:
    """Recorded definitions that may have a Map or a Parallel."""
    for path in sorted((SHARED / "conformance" / "aws").glob("*.json")):
        machine = json.loads(path.read_text()).get("definition")
        text = json.dumps(machine)
        if isinstance(machine, dict) and ('"Map"' in text or '"Parallel"' in text):
            yield text


def compiled(root: Path) -> list[bytes]:
    """What the compiler of a working tree makes of them; nothing of what it refuses."""
    texts = json.dumps(list(definitions()))
    words = [str(root / ".venv" / "bin" / "python"), "-c", _COMPILE]
    done = subprocess.run(words, input=texts, capture_output=True, text=True, check=True, cwd=root)
    return [bytes.fromhex(line) for line in done.stdout.splitlines()]


def slots(program: bytes) -> tuple[int, int]:
    """Slots of all kinds of frames of a program, and how many kinds there are."""
    limits, code = cbor.decode(program, 0, True)[0][3:5]
    kinds, found, high = 1, [], 0
    for op, low in zip(code[::2], code[1::2], strict=True):
        operand = high << 8 | low
        high = low if op == _EXT else 0
        if op in (_FORK, _MAP):
            kinds += operand if op == _FORK else 1
        elif op == _FRAME:
            found.append(operand)
    return limits[0] + sum(found) if found else limits[0] * kinds, kinds


def measure(root: Path = ROOT) -> dict[str, float]:
    """Sums over all programs with children; beside another tree's, if TSME_PARENT names one."""
    parent = os.environ.get("TSME_PARENT")
    if parent is None:
        pairs = [(program, program) for program in compiled(root)]
    else:
        pairs = list(zip(compiled(root), compiled(Path(parent)), strict=True))
    both = [(slots(one), slots(other)) for one, other in pairs if one and other]
    both = [(one, other) for one, other in both if one[1] > 1]
    kinds, mine = sum(one[1] for one, _ in both), sum(one[0] for one, _ in both)
    out: dict[str, float] = {
        "program.frames.kinds": kinds,
        "program.frames.slots": mine,
    }
    if parent is not None:
        theirs = sum(other[0] for _, other in both)
        out["program.frames.slots_ratio"] = round(mine / theirs, 3)
        out["program.frames.slots_beyond_data_ratio"] = round((mine - kinds) / (theirs - kinds), 3)
    return out
