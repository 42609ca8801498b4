"""Bodies of expressions on the core: what is sound, and what comes of it, is as in Python."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import tsme_core

from tests.expressions.generated import INPUT, generated
from tests.expressions.running import packed
from tests.expressions.running import program as listed
from tests.expressions.test_hostile import changed
from tests.spec.test_expressions import EXPECTED, listing
from tsme import core
from tsme.core.client import Client
from tsme.errors import TsmeError
from tsme.kernel import BEHAVIOUR, Kernel, State
from tsme.kernel.protocol import START
from tsme.program import Program

SOUND, CHANGED = 1200, 2500


class Counting(Client):
    """A program on the core, and how often it asked Python."""

    asked = 0

    def call(self, number: int, args: bytes) -> Any:
        self.asked += 1
        return super().call(number, args)


def records(program: Program, data: Any) -> tuple[bytes | None, bytes | None, int]:
    """The record that the core makes, that of Python, and how often the core asked Python."""
    client: Any = Counting(program)
    event = (START, 1000, 1, program.digest, 7, data, None, BEHAVIOUR)
    made = core.kernel(client).step(State(), event)
    assert client.lacks is None
    expected = Kernel(client.python()).step(State(), event)
    assert made is not None
    assert expected is not None
    return made.record, expected.record, client.asked


def test_sound_bodies_make_the_same_records() -> None:
    """What they take of a step is in the record, too."""
    alone = 0
    for seed in range(SOUND):
        made, expected, asked = records(Program(packed(generated(Random(seed)))), INPUT)
        assert made == expected, seed
        alone += not asked
    assert alone > SOUND // 2


def test_the_same_bodies_are_sound() -> None:
    chance = Random(2017)
    codes = [generated(Random(seed), 20) for seed in range(200)]
    seen: Counter[bool] = Counter()
    for _ in range(CHANGED):
        data = packed(changed(chance.choice(codes), chance))
        try:
            program = Program(data)
        except TsmeError:
            program = None
        taken = tsme_core.install(data)
        assert (isinstance(taken, int) and taken >= 0) == (program is not None), data.hex()
        seen[program is not None] += 1
        if program is not None:
            made, expected, _ = records(program, INPUT)
            assert made == expected, data.hex()
    assert min(seen.values()) > CHANGED // 20


def test_the_listings_of_the_page_need_python_for_matchers_and_order_alone() -> None:
    asked = {
        title: records(Program(listed(listing(title))), {"input": 5})[2]
        for title, _, _ in EXPECTED
    }
    assert {title for title, count in asked.items() if count} <= {
        "A regular expression, replaced by a function",
        "Order by a key",
    }
