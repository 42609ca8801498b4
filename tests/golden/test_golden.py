"""The golden corpus: (program, inputs, journal bytes) that every interpreter reproduces.

It is kept as it is: whoever changes what these inputs lead to has made another engine, which
needs a behaviour number of its own (docs/SPEC.md, 3.5).
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import pytest

import tsme
from tests import interpreters, native_core
from tests.core import functions, kernel, machine, outside
from tests.golden.device import BLOCK, BLOCKS, difference
from tests.golden.make import FOLDER
from tests.spec.test_second_reader import read as read_by_specification
from tsme.errors.causes import ERRORS
from tsme.journal.records import STEP
from tsme.kernel.protocol import INPUTS, START
from tsme.kernel.replay import read_step
from tsme.program import Program, opcodes
from tsme.values import cbor

DEVICE = Path(__file__).with_name("device.py")
FILES = sorted(FOLDER.glob("*.cbor"))
ENGINES = ("cpython", "cpython without its core", *list(interpreters.INTERPRETERS)[1:])


@functools.cache
def read(path: Path) -> list[Any]:
    item: list[Any] = cbor.decode(path.read_bytes(), 0, True)[0]
    return item


def inputs() -> list[Any]:
    return [move for path in FILES for move in read(path)[1]]


def test_there_are_enough_and_the_manifest_tells_of_each():
    assert len(FILES) >= 60
    lines = (FOLDER / "manifest.txt").read_text(encoding="utf-8").splitlines()
    told = dict(line.split()[:2] for line in lines)
    checks = {p.stem: hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in FILES}
    assert told == checks
    assert max(path.stat().st_size for path in FILES) < 5000


@pytest.mark.parametrize("engine", ENGINES)
def test_every_interpreter_writes_these_very_bytes(engine: str):
    name = engine.partition(" ")[0]
    interpreters.require(name)
    mode = "plain" if " " in engine else "core" if name == "core" else "as-is"
    done = interpreters.run(name, DEVICE, [mode, *FILES], timeout=240, heap="4m")
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    all_the_same(done.stdout.decode())


@pytest.mark.parametrize("engine", native_core.ON_MICROPYTHON)
def test_the_core_on_micropython_writes_these_very_bytes(engine: str):
    done = native_core.run(engine, DEVICE, ["core", *map(str, FILES)])
    assert done.returncode == 0, done.stdout + done.stderr
    all_the_same(done.stdout)


def all_the_same(text: str) -> None:
    said = text.splitlines()
    assert [line for line in said if not line.endswith(" same")] == []
    assert len(said) == len(FILES)


@pytest.mark.parametrize("what", ["program", "input", "journal", "end"])
def test_a_file_with_anything_else_in_it_is_told(what: str, tmp_path: Path):
    program, moves, image, end = read(FOLDER / "retry.cbor")
    moves, image = [list(move) for move in moves], [list(run) for run in image]
    match what:
        case "program":
            at = program[0].index(b"Late")
            program = [program[0][:at] + b"Lost" + program[0][at + 4 :]]
        case "input":
            moves[2][1] += 1
        case "journal":
            image[0][1] = image[0][1][:-1] + bytes([image[0][1][-1] ^ 1])
        case "end":
            end = end[:-1] + bytes([end[-1] ^ 1])
    path = tmp_path / "retry.cbor"
    path.write_bytes(cbor.encode([program, moves, image, end], True))
    if what == "program":  # its digest is of its bytes
        with pytest.raises(tsme.TsmeError, match="TSME-P"):
            difference(path)
    else:
        assert difference(str(path)).startswith("another ")


def test_every_instruction_and_every_kind_of_input_is_in_it():
    met = set()
    for path in FILES:
        for program in read(path)[0]:
            if isinstance(program, bytes):
                met |= set(Program(program).code[::2])
    numbers = set(range(len(opcodes.NAMES))) | {n for n, _ in enumerate(opcodes.RESERVED, 64)}
    assert met == numbers
    kinds = {INPUTS[move[0]] for move in inputs() if isinstance(move, list)}
    assert kinds == set(INPUTS)
    assert {"checkpoint", "reset"} <= {move for move in inputs() if isinstance(move, str)}


def test_every_error_of_the_engine_is_in_it():
    causes = [*ERRORS[:-1], (ERRORS[-1][0], "T2001")]  # the last has a cause for each error
    ends = [cbor.encode(list(cause), True) for cause in causes]
    written = [b"".join(data for _, data in read(path)[2]) + read(path)[3] for path in FILES]
    missing = [n for n, end in enumerate(ends, 1) if not any(end[1:] in one for one in written)]
    assert not missing


def of_the_core(program: Any, moves: list[Any]) -> bool:
    """Whether it is a program, whose steps come one after the other."""
    return isinstance(program, bytes) and "checkpoint" not in moves and moves[0][0] == START


def has_expressions(program: bytes) -> bool:
    return bool(Program(program).needs & opcodes.NEEDS_EXPRESSION)


def flash_of(image: list[Any]) -> tsme.RamFlash:
    flash = tsme.RamFlash(BLOCK, BLOCKS)
    for at, data in image:
        flash.data[at : at + len(data)] = data
    return flash


def test_a_reader_written_from_the_specification_alone_agrees():
    partly = []
    for path in FILES:
        (program, *more), _, image, _ = read(path)
        if isinstance(program, bytes) and not more:
            found = read_by_specification(program, bytes(flash_of(image).data))
            assert found.records > 0
            partly += [path.stem] if found.unread else []
    assert all(name.startswith(("distributed", "error-13", "jsonata")) for name in partly), partly


def bodies(image: list[Any]) -> list[bytes]:
    """The bodies of the steps in an image."""
    journal = tsme.Journal(flash_of(image))
    journal.recover()
    return [bytes(body) for _, kind, body, *_ in journal.records() if kind == STEP]


def recorded(told: list[bytes]) -> list[tuple[Any, ...]]:
    """The inputs of steps from a start on; none if the start is gone."""
    events: list[tuple[Any, ...]] = []
    for body in told:
        events.append(read_step(body, events[-1][1] if events else 0)[1])
    return events if events[0][0] == START else []


def written(records: bytes) -> list[bytes]:
    """The same of what the core writes, in slots of 32 bytes."""
    out, at = [], 0
    while at < len(records):
        size = int.from_bytes(records[at : at + 3], "little")
        out.append(records[at + 8 : at + 8 + size])
        at += (8 + size + 31) // 32 * 32
    return out


def test_the_c_core_writes_the_records_of_what_it_can_run(tmp_path: Path):
    machine.require()
    machine.make()
    same, refused = [], {}
    for path in FILES:
        (program, *_), moves, image, _ = read(path)
        if not of_the_core(program, moves):
            continue
        told = bodies(image)
        events = recorded(told) or [tuple(move) for move in moves if isinstance(move, list)]
        ran = machine.run(
            "host",
            program,
            kernel.fields_of(events[0]),
            tmp_path,
            200_000,
            start=events[0][1],
            then=kernel.packed(events[1:]),
            calls=outside.Caller(program) if has_expressions(program) else functions.Caller(),
        )
        if ran.error == "unsupported":
            refused[path.stem] = ran.refused
        else:
            # those before a checkpoint may be gone, but digests know of them
            assert (ran.error, written(ran.records)[-len(told) :]) == ("", told), path.stem
            same.append(path.stem)
    assert len(same) >= 70, (len(same), refused)
    assert set(refused.values()) <= {"QUERY", "an intrinsic function", "migrate"}, refused
