"""docs/EXPRESSIONS.md is true: its listings are sound, and give what it says."""

from __future__ import annotations

import json
import random
import re
from collections import Counter

import pytest

from tests.laws.mutants import Parts, program
from tests.spec.expression_code import (
    DOCS,
    FUNCTIONS,
    INSTRUCTIONS,
    Checked,
    Code,
    Refused,
    assemble,
    pattern,
)
from tests.spec.expression_machine import Machine
from tests.spec.expression_values import NATIVE, Failed
from tsme.errors import TsmeError
from tsme.program import Program, opcodes
from tsme_host.compiler.backend.disasm import disassemble

PAGE = (DOCS / "EXPRESSIONS.md").read_text(encoding="utf-8")
PATTERN = r"(\w+)@(\w+)"
PATTERNS = {PATTERN: pattern(re.findall(r"```pattern\n(.*?)```", PAGE, re.DOTALL)[0])}
SECTIONS = {part.splitlines()[0]: part for part in PAGE.split("\n## ")[1:]}
EXPECTED = [
    (title, given, wanted)
    for title, part in SECTIONS.items()
    for given, wanted in re.findall(
        r"[iI]nput `([^`]*)`\s+gives (?:the error )?`([^`]*)`", part[part.rindex("```") :]
    )
]


def listing(title: str) -> Code:
    (text,) = re.findall(r"```tsme\n(.*?)```", SECTIONS[title], re.DOTALL)
    return assemble(text.rstrip("\n"), PATTERNS)


def test_there_are_listings_of_each_kind() -> None:
    assert len(SECTIONS) == 9
    assert {title for title, *_ in EXPECTED} == set(SECTIONS)


@pytest.mark.parametrize(("title", "given", "wanted"), EXPECTED)
def test_a_listing_gives_what_the_page_says(title: str, given: str, wanted: str) -> None:
    fuel = {"D1012": 5000}.get(wanted)
    machine = Machine(listing(title), **({"fuel": fuel} if fuel else {}))
    try:
        got = json.dumps(machine.run({"input": json.loads(given)}))
    except Failed as failure:
        assert str(failure) == wanted
    else:
        assert got == json.dumps(json.loads(wanted))


def test_no_way_through_an_expression_is_without_fuel() -> None:
    """A loop without a call counts, too."""
    code = listing("Group by")
    rows = [{"customer": "a", "price": 1, "quantity": 1}] * 3000
    with pytest.raises(Failed, match="D1012"):
        Machine(code, fuel=2000).run({"input": {"orders": rows}})
    assert Machine(code).run({"input": {"orders": rows}}) == {"a": 3000}


UNSOUND = {
    "a jump backward to no NEXT": ("main: BODY 0 1\nback: NONE\nDROP 1\nJUMP back", "backward"),
    "a loop that leaves a value": (
        "main: BODY 0 1\nNONE\nEACH\nagain: NEXT over\nJUMP again\nover: NONE\nRETURN",
        "on another way",
    ),
    "an iterator returned": ("main: BODY 0 1\nNONE\nEACH\nRETURN", "RETURN of i"),
    "an item added to no builder": ("main: BODY 0 1\nNONE\nNONE\nADD 0\nRETURN", "ADD to v"),
    "a member of a sequence": (
        "main: BODY 0 1\nBUILD sequence\nNONE\nNONE\nMEMBER 0\nDONE 0\nRETURN",
        "MEMBER to 0",
    ),
    "a local that is not": ("main: BODY 0 1\nGET 1\nRETURN", "local 1"),
    "a local of no body around": ("main: BODY 0 1\nGET 1:0\nRETURN", "local 256"),
    "more parameters than locals": ("main: BODY 3 3\nNONE\nRETURN", "no body"),
    "a closure of no body": ("main: BODY 0 1\nback: CLOSURE back\nRETURN", "no body"),
    "an answer to nobody": ("main: BODY 0 1\nNONE\nANSWER\nNONE\nRETURN", "ANSWER"),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_is_not_sound_is_refused(name: str) -> None:
    text, why = UNSOUND[name]
    with pytest.raises(Refused, match=why):
        Checked(assemble(text, {}))


CHANCES = 4000


def test_what_is_sound_runs_and_ends() -> None:
    """Listings with some bytes changed: what passes 2.16's rules fails by name, or has a value."""
    chance = random.Random(16)
    codes = [listing(title) for title in SECTIONS]
    inputs = [json.loads(given) for _, given, _ in EXPECTED]
    numbers = sorted(number for number, _ in INSTRUCTIONS.values())
    sound, causes = 0, Counter[str]()
    for _ in range(CHANCES):
        code = chance.choice(codes)
        data = bytearray(code.code)
        for _ in range(chance.choice([1, 1, 2, 3, 6])):
            at = chance.randrange(len(data))
            operand = chance.choice([chance.randrange(8), chance.randrange(256)])
            data[at] = operand if at % 2 else chance.choice([*numbers, 0, 1, 2, 3])
        changed = Code(bytes(data), code.consts)
        try:
            Checked(changed)
        except Refused:
            continue
        sound += 1
        try:
            machine = Machine(changed, fuel=2000)
            json.dumps(machine.run({"input": chance.choice(inputs)}))
        except Failed as failure:
            causes[str(failure)] += 1
    assert sound > CHANCES // 20
    assert len(causes) > 8
    assert causes["D1012"] < sound


def wrapped(code: Code, needs: int) -> bytes:
    """A workflow of one state that evaluates this, as a program."""
    names = {row.split(b":")[0].decode(): n for n, row in enumerate(opcodes.TABLE)}
    head = bytes((names["ENTER"], 0, names["LOAD"], 0, names["LOAD"], 0, 64, 6))
    head += bytes((names["STORE"], 0, names["END"], 0))
    return Parts(needs, program(("ENTER", 0)).limits, head + code.code, ()).build()


def test_a_device_refuses_an_expression_without_the_capability_by_name() -> None:
    code = listing("Group by")
    with pytest.raises(TsmeError, match=r"P004: .*EXPRESSION \(capability 7\) for EVAL"):
        Program(wrapped(code, 0))


def test_the_table_and_the_page_name_the_same_instructions() -> None:
    rows = {row.split(b":")[0].decode(): n for n, row in enumerate(opcodes.RESERVED, 64)}
    assert rows == {name: n for name, (n, _) in INSTRUCTIONS.items() if n >= 64}
    assert len(opcodes.TABLE) <= 64


def test_every_native_function_that_is_called_is_one_of_the_page() -> None:
    assert len(set(FUNCTIONS)) == len(FUNCTIONS) > 60
    assert set(NATIVE) <= set(FUNCTIONS)


def test_the_disassembler_names_them_and_says_why_a_device_refuses() -> None:
    listing_of = disassemble(wrapped(listing("Group by"), 0))
    assert disassemble(wrapped(listing("Group by"), 1 << 7)).needs == ["expressions"]
    assert "EXPRESSION (capability 7)" in listing_of.refusal
    assert [line.op for line in listing_of.lines[6:10]] == ["BODY", "BUILD", "GET", "NAME"]
