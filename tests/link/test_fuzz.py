"""A million frames of garbage, of broken, replayed, mixed and hostile requests.

Error or silence; never a crash, a leak, or a write outside the folder that the board gives.
"""

from __future__ import annotations

import hashlib
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.link.test_executions import ASKS, GREET, LOOP, WAITS, program
from tests.link.wire import OWN, lines, message
from tests.relational.machines import Lamp
from tsme.relational import Relational

SCRIPT = Path(__file__).with_name("fuzz_device.py")
LAMP = Relational(Lamp).program.digest.hex()
LEAK = 32768  # bytes: a program that is half there, an upload, a place in a journal
TEXTS = ["", "a", "pump", "lamp", "lib/a", "..", "../secret", "/../../secret", "~", "secret~"]
TEXTS += ["x" * 60, "1-1", "\0"]


def value(dice: random.Random, deep: int = 0) -> Any:
    kind = dice.randrange(9 if deep < 3 else 6)
    if kind == 0:
        return dice.choice([0, 1, -1, 23, 256, 65535, 2**31, 2**63 - 1, -(2**63)])
    if kind == 1:
        return dice.choice(TEXTS)
    if kind == 2:
        return dice.randbytes(dice.randrange(40))
    if kind == 3:
        return dice.choice([None, True, False, 1.5, float("inf")])
    if kind < 6:
        return dice.randrange(300)
    if kind == 6:
        return [value(dice, deep + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(NAMES): value(dice, deep + 1) for _ in range(dice.randrange(4))}


NAMES = "off len sha data name digest from program input file blocks error cause token".split()
NAMES += "output skip now proof value plan type d id to do keys states every time".split()
WANTED = {
    (8, 0): "off name data len",
    (8, 1): "name",
    (8, 2): "name type off len",
    (OWN, 2): "off len sha data",
    (OWN, 5): "name",
    (OWN, 6): "name program input",
    (OWN, 7): "name",
    (OWN, 8): "name value",
    (OWN, 9): "token output",
    (OWN, 13): "name from skip",
    (OWN, 14): "name off",
    (OWN, 20): "name program plan",
    (OWN, 23): "to name program states every execution time",
    (OWN, 24): "to do keys",
    (OWN, 25): "name off",
}


def request(dice: random.Random, digests: list[str]) -> bytes:
    group = dice.choice([0, 8, OWN, OWN, OWN, OWN, dice.randrange(65536)])
    command = dice.randrange(27 if group == OWN else 8)
    names = WANTED.get((group, command), "name off").split() if dice.randrange(8) else NAMES[:3]
    body = {name: value(dice) for name in names}
    for name in body:
        if name in ("off", "from", "len", "skip") and dice.randrange(4):
            body[name] = dice.choice([0, 0, 1, 10, 100])
        if name in ("name", "token", "file") and dice.randrange(4):
            body[name] = dice.choice(TEXTS)
        if name in ("program", "digest") and dice.randrange(4):
            body[name] = dice.choice(digests)
        if name == "to" and dice.randrange(4):
            body[name] = dice.randrange(3)
        if name == "do" and dice.randrange(4):
            body[name] = [
                dice.choice([value(dice), [dice.randrange(7), dice.randrange(5), value(dice)]])
                for _ in range(dice.randrange(4))
            ]
        if name == "data" and dice.randrange(4):
            body[name] = dice.randbytes(dice.randrange(80))
    sent = bytearray(message(group, command, body, dice.randrange(2) > 0, dice.randrange(4)))
    if not dice.randrange(6):
        sent[dice.randrange(len(sent))] = dice.randrange(256)  # with a CRC that fits
    if not dice.randrange(12):
        del sent[dice.randrange(8, len(sent) + 1) :]
    return lines(bytes(sent), dice.choice([93, 93, 3, 300]))


def hostile(dice: random.Random) -> bytes:
    kind = dice.randrange(40)
    if kind < 15:
        return dice.randbytes(dice.randrange(1, 30))
    if kind < 30:
        return b"\x06\x09" + dice.randbytes(dice.randrange(30)) + b"\n"
    if kind == 30:
        return b"\x06\x09" + b"A" * dice.randrange(2000) + b"\n"
    if kind == 31:  # more than a packet may have
        return lines(message(0, 0, {"d": "x" * dice.randrange(900, 1400)}, True))
    return b"\x04\x14" + lines(message(0, 0, {"d": "y"}, True))[2:]


def fine(programs: list[bytes]) -> list[bytes]:
    """Requests that do something."""
    reads: list[tuple[int, int, dict[str, Any]]] = []
    bodies: list[tuple[int, int, dict[str, Any]]] = [
        (8, 0, {"off": 0, "name": "ok", "len": 4, "data": b"abcd"}),
        (8, 0, {"off": 0, "name": "../secret", "len": 4, "data": b"abcd"}),
        (OWN, 8, {"name": "pump", "value": 1}),
        (OWN, 7, {"name": "pump"}),
        (OWN, 22, {"name": "pump"}),
        (OWN, 15, {"name": "pump"}),
        (OWN, 9, {"token": "1-1", "output": 1}),
    ]
    for to in range(3):
        lamp = {"to": to, "name": "lamp", "program": LAMP, "every": 0}
        bodies.append((OWN, 24, {"to": to, "do": [[3, 0], [0, [2], {"raise": True}]]}))
        bodies.append((OWN, 24, {"to": to, "do": [[0, [1]], {"eval": "nothing"}, [5, [1]]]}))
        reads.append((OWN, 23, lamp))
        reads.append((OWN, 23, lamp | {"states": b"\x05", "execution": 1, "time": [0, 3]}))
        bodies.append(
            (OWN, 24, {"to": to, "do": [{"when_queue_ends": {"key": "k"}}, {"seen": "k"}]})
        )
        reads.append((OWN, 24, {"to": to}))
        reads.append((OWN, 24, {"to": to, "keys": ["k", "none"]}))
    for p in programs:
        sha = hashlib.sha256(p).hexdigest()
        bodies.append((OWN, 2, {"off": 0, "len": len(p), "sha": sha, "data": p}))
        bodies.append((OWN, 2, {"off": len(p), "sha": sha}))
        start = {"name": "pump", "program": p[3:11].hex(), "input": {"n": 390}}
        bodies.append((OWN, 6, start))
    writes = [lines(message(*one, True, n % 7)) for n, one in enumerate(bodies)]
    return writes + [lines(message(*one, False, n % 7)) for n, one in enumerate(reads)]


def corpus(path: Path) -> None:
    dice = random.Random(9)
    programs = [program(p) for p in (GREET, WAITS, ASKS, LOOP)]
    frames = [request(dice, [p[3:11].hex() for p in programs]) for _ in range(1500)]
    frames += fine(programs) * 4
    frames.sort(key=lambda frame: frame[2:14])  # by group, nearly
    for n in range(1600):  # between them
        frames.insert(2 * n % len(frames), hostile(dice))
    path.write_bytes(b"".join(struct.pack("<H", len(f)) + f for f in frames))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a board has it, whose parts are loaded fast."""
    interpreters.require("mpy-cross")
    folder = tmp_path_factory.mktemp("mpy")
    script = interpreters.ROOT / "setup" / "package.py"
    subprocess.run([sys.executable, script, "--mpy", folder], check=True)
    return folder


@pytest.mark.parametrize(
    ("interpreter", "count", "seed"),
    [
        ("micropython", 200_000, 12),
        ("micropython", 100_000, 13),  # with a key
        ("micropython32", 100_000, 14),
        ("cpython", 300_000, 16),
        ("cpython", 300_000, 17),  # with a key
    ],
)
def test_nobody_brings_a_link_down(
    tmp_path: Path, compiled: Path, interpreter: str, count: int, seed: int
) -> None:
    interpreters.require(interpreter)
    board = tmp_path / "board"
    for name in ("files", "programs"):
        (board / name).mkdir(parents=True)
    (tmp_path / "secret").write_text("of somebody else")
    (board / "secret").write_text("of the board")
    corpus(tmp_path / "corpus")
    before = set(tmp_path.iterdir()) | set(board.iterdir())
    words: list[str | Path] = [board, tmp_path / "corpus", str(count), str(seed)]
    done = subprocess.run(
        interpreters.command(interpreter, SCRIPT, words, heap="4m"),
        capture_output=True,
        env=interpreters.environment()
        | {"MICROPYPATH": f"{compiled}:{interpreters.ROOT}:.frozen"},
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:] + done.stdout.decode()[-2000:]
    answers, wrong, grown, alive = map(int, done.stdout.split()[-4:])
    assert answers > count // 20
    assert wrong == 0
    assert grown < LEAK
    assert alive
    assert set(tmp_path.iterdir()) | set(board.iterdir()) == before
    assert (tmp_path / "secret").read_text() == "of somebody else"
    assert (board / "secret").read_text() == "of the board"
    if seed % 2:  # it has a key, and nobody has it
        assert not list((board / "files").iterdir())
        assert not list((board / "programs").iterdir())
    else:
        assert (board / "files" / "ok").read_bytes() == b"abcd"
        assert list((board / "programs").iterdir())
