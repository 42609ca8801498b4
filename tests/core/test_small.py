"""Builds without TSME_ALL_NATIVES evaluate what they can and ask for the rest: equal records."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from tests.jsonata import expressions as programs
from tests.jsonata import generator
from tsme.kernel import BEHAVIOUR
from tsme.kernel.protocol import START
from tsme.program import Program
from tsme_host.compiler.jsonata.tree import JsonataError

from . import bars, engine, expressions, outside

COUNT = 1500
SIZE = 14 * 1024  # bytes that expressions add on armv6m, at most
# What is typical of small boards: integers, texts, paths, filters.
SIMPLE = (
    "$.n + 1",
    "$.n - $.k * 2",
    "-$.n",
    '$.s & "-" & $.n',
    "$sum($.xs)",
    "$count($.os)",
    "$exists($.nope)",
    "$.os[on].name",
    "$.n > 3 and $.b",
    "$.n = 1 or $.k != 2",
    '{"a": $.n, "b": [$.s, $.k]}',
    "$.os[0].price",
    "$not($.b)",
    "$boolean($.ts)",
    "$string($.n)",
    "$.b ? $.s : $.t",
    "$.os.(price * 2)",
    "($v := $.n; $v + $v)",
    "$.n & null",
    "true & $.n",
    '$.nope & "x"',
    "$.n + $.nope",
    "-$.s",
    "$.s + 1",
    "1 + $.s",
    "4503599627370496 * 4",
    "$sum([9007199254740991, 1])",
    "3037000500 * 3037000500",
    "$sum([])",
    "$string($.nope)",
    "$not($.nope)",
    "0.5 + 0.5",
    "7 / 2",
    "8 % 3",
    '[1, 0.1] & ""',
    "$string([1])",
    "$count($.n)",
    '$sum("x")',
    "$string(1.5)",
)


def same(text: str, data: Any) -> int:
    """Asserts that the smallest build makes Python's record; how often it has asked."""
    program = programs.compile_expression(text, {}, True, 0).program
    event: list[Any] = [START, programs.NOW, 1, Program(program).digest]
    event += [programs.SEED, data, None, BEHAVIOUR]
    caller = outside.Listening(Program(program))

    def answer(number: int, args: bytes) -> tuple[int, bytes]:
        told = caller.call(number, args)
        return (told, b"") if isinstance(told, int) else (0, told)

    made = engine.Small(program)
    made.listen(answer)
    assert made.step(event) == expressions.recorded(program, event), text
    return len(caller.heard)


def test_random_expressions_give_the_records_of_python():
    left = 0
    for seed in range(COUNT):
        made = generator.made(seed)
        with contextlib.suppress(JsonataError):
            left += same(made.text, made.data) > 0
    assert left < COUNT * 0.8


def test_simple_ones_are_evaluated_in_c():
    data = {"n": 5, "k": 2, "s": "a", "t": "b", "b": True, "xs": [1, 2, 3], "ts": ["x"]}
    data["os"] = [{"name": "p", "price": 3, "on": True}, {"name": "q", "price": 4, "on": False}]
    left = [text for text in SIMPLE if same(text, data)]
    assert len(SIMPLE) > 35
    assert len(left) <= 14, left


def test_expressions_add_no_more_code_than_they_may(tmp_path: Path):
    found = {
        source: bars.size_of("armv6m", source, tmp_path) for source in bars.sources("jsonata")
    }
    assert 10_000 < sum(found.values()) <= SIZE, found
