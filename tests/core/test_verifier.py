"""The C core takes the programs that the Python verifier takes, and no others."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.laws.support import compiled
from tests.laws.trees import Forest, text
from tsme.errors import LimitError, TsmeError
from tsme.program import Program, opcodes
from tsme.values import cbor

from . import engine, machine, programs, tsm
from .engine import Engine, Refused

CHANGED = 4000


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    machine.require()


def stripped(program: bytes) -> bytes:
    return program[: cbor.decode(program, 0, True)[1]]


def changed_bytes(program: bytes, chance: Random) -> bytes:
    """Any byte behind the digest."""
    body = bytearray(program[11:])
    for _ in range(chance.choice((1, 1, 2, 4))):
        body[chance.randrange(len(body))] = chance.choice(
            (chance.randrange(256), chance.randrange(40))
        )
    return tsm.signed(bytes(body))


def changed_code(program: bytes, chance: Random) -> bytes:
    """Operations and operands, instructions more and less, limits."""
    items = tsm.parts(program)
    code = bytearray(items[4])
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(code))
        kind = chance.random()
        if kind < 0.7:
            code[at] = chance.choice(
                (chance.randrange(256), chance.randrange(40), chance.randrange(8))
            )
        elif kind < 0.85:
            code[at & ~1 : at & ~1] = bytes((chance.randrange(40), chance.randrange(16)))
        elif len(code) > 4:
            del code[at & ~1 : (at & ~1) + 2]
    items[4] = bytes(code)
    if chance.random() < 0.2:
        most = (0, 1, 2, 3, 255, 256, 65535, 65536, 10**8 - 1, 10**8)
        items[3][chance.randrange(8)] = chance.choice(most)
    return tsm.signed(b"".join(map(tsm.encode, items[2:])))


def python(program: bytes) -> str:
    try:
        Program(program)
    except LimitError:
        return "limit"
    except TsmeError:
        return "bad"
    return "taken"


def core(program: bytes) -> str:
    try:
        Engine(program)
    except Refused as refused:
        kinds = {engine.LIMIT: "limit", engine.MEMORY: "memory", engine.UNSUPPORTED: "unsupported"}
        return kinds.get(refused.error, "bad")
    return "taken"


def test_the_programs_that_are_taken_are_the_same() -> None:
    trees = [stripped(compiled(text(Forest(seed).tree()), 256)) for seed in range(30)]
    given = [stripped(programs.small(name, 3)[0]) for name in programs.SMALL] + trees
    seen: Counter[tuple[str, str]] = Counter()
    chance = Random(1010)
    for program in given:
        seen[python(program), core(program)] += 1
    assert list(seen) == [("taken", "taken")]
    for _ in range(CHANGED):
        program = chance.choice(given)
        change = changed_code if chance.random() < 0.4 else changed_bytes
        program = change(program, chance)
        answers = python(program), core(program)
        assert answers[0] == answers[1] or "taken" not in answers, (answers, program.hex())
        seen[answers] += 1
    assert seen["taken", "taken"] > 300
    assert seen["bad", "bad"] > 2000
    assert seen["limit", "limit"] > 50


def test_instructions_of_expressions_need_their_capability() -> None:
    for number, row in enumerate(opcodes.RESERVED, 64):
        body = tsm.encode(0) + tsm.encode([1, 8, 0, 0, 0, 0, 0, 0])
        body += tsm.encode(bytes((17, 0, number, 0, 33, 0))) + tsm.encode(b"") + tsm.encode(b"")
        program = tsm.signed(body)
        name = row.split(b":")[0].decode()
        with pytest.raises(TsmeError, match=name):
            Program(program)
        assert core(program) == "bad", name
    last = 63 + len(opcodes.RESERVED)
    for number in (38, 63, last + 1, 255):
        program = tsm.signed(body.replace(bytes((last, 0, 33)), bytes((number, 0, 33))))
        assert (python(program), core(program)) == ("bad", "bad")
