"""What a program holds stands in it once, and a device reads the same from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import interpreters
from tests.spec import second_reader
from tsme.engine.engine import Engine
from tsme.program import Program
from tsme.program.words import WORDS, named
from tsme.values import cbor
from tsme_host.compiler.backend.disasm import disassemble
from tsme_host.compiler.backend.ir import Ins, Pooled
from tsme_host.compiler.backend.pool import FIRST_WORD, Pool
from tsme_host.compiler.compile import compile_text

INVOKE = "arn:aws:states:::lambda:invoke"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:"


def machine(**states: Any) -> str:
    return json.dumps({"StartAt": next(iter(states)), "States": states})


def invoke(function: str, **fields: Any) -> dict[str, Any]:
    parameters = {"FunctionName": function, "Payload.$": "$"}
    return {"Type": "Task", "Resource": INVOKE, "Parameters": parameters} | fields


@pytest.mark.parametrize("function", ["ReadMeter", ARN + "ReadMeter"])
def test_a_function_s_name_stands_in_a_program_once(function: str) -> None:
    text = machine(Read=invoke(function, Next="Again"), Again=invoke(function, End=True))
    compiled = compile_text(text)
    assert compiled.program.count(b"ReadMeter") == 1
    assert Program(compiled.program).resources() == [f"{INVOKE} {function}"]
    assert len(compiled.program) < len(json.dumps(json.loads(text), separators=(",", ":")))


def test_functions_share_the_beginning_of_their_arns() -> None:
    names = [f"step_{n}" for n in range(6)]
    states = {
        name: {"Type": "Task", "Resource": ARN + name, "Next": after}
        for name, after in zip(names, [*names[1:], "End"], strict=True)
    }
    compiled = compile_text(machine(**states, End={"Type": "Succeed"}))
    assert compiled.program.count(b"eu-central-1") == 1
    assert Program(compiled.program).resources() == [ARN + name for name in names]


def test_equal_handlers_stand_once() -> None:
    retry = [{"ErrorEquals": ["Busy", "Slow"], "IntervalSeconds": 2, "MaxAttempts": 5}]
    one = compile_text(machine(A=invoke("f", Retry=retry, End=True)))
    two = compile_text(
        machine(A=invoke("f", Retry=retry, Next="B"), B=invoke("f", Retry=retry, End=True))
    )
    count = [sum(line.op == "RETRY" for line in disassemble(c.data).lines) for c in (one, two)]
    assert count == [1, 1]


def test_handlers_that_differ_stay_apart() -> None:
    def retry(n: int) -> list[dict[str, Any]]:
        return [{"ErrorEquals": ["Busy"], "MaxAttempts": n}]

    text = machine(
        A=invoke("f", Retry=retry(1), Next="B"), B=invoke("f", Retry=retry(2), End=True)
    )
    lines = disassemble(compile_text(text).data).lines
    assert [line.meaning[0] for line in lines if line.op == "RETRY"] == ["1", "2"]


LITERALS: dict[str, list[Any]] = {
    "shared": [{"unit": "litre", "place": "garden"}, {"unit": "litre", "place": "roof"}],
    "nested": [{"a": {"b": [1, 2.5, None]}, "c": True}, {"a": {"b": [1, 2.5, None]}, "c": False}],
    "numbers": [{"n": 255, "m": 256, "o": -1}, {"n": 255, "m": 256, "o": 0}],
    "one member": [{"only": "x" * 40}, {"only": "x" * 40, "more": 1}],
    "empty": [{}, {"a": {}}],
}


@pytest.mark.parametrize("name", LITERALS)
def test_a_literal_is_the_same_value_however_it_is_written(name: str) -> None:
    first, second = LITERALS[name]
    text = machine(
        A={"Type": "Pass", "Result": first, "ResultPath": "$.first", "Next": "B"},
        B={"Type": "Pass", "Result": second, "ResultPath": "$.second", "End": True},
    )
    got = Engine(Program(compile_text(text).program)).run_sync({}).output
    assert json.dumps(got) == json.dumps({"first": first, "second": second})


def test_every_word_means_what_the_page_says() -> None:
    words = WORDS.removesuffix("|").split("|")
    assert words == second_reader.WORDS
    assert len(set(words)) == len(words) == 256 - FIRST_WORD
    assert [named(FIRST_WORD + n, []) for n in range(64)] == words


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])
def test_words_reach_the_device(interpreter: str, tmp_path: Any) -> None:
    retry = [{"ErrorEquals": ["Lambda.ServiceException", "Mine"]}]
    text = machine(A=invoke("f", Retry=retry, End=True))
    (tmp_path / "p.tsm").write_bytes(compile_text(text).program)
    script = tmp_path / "load.py"
    script.write_text(
        "import sys\nfrom tsme.program import Program\n"
        "p = Program(open(sys.argv[1], 'rb').read())\n"
        "print(p.resources(), [c for c in p.consts if isinstance(c, list)])\n"
    )
    done = interpreters.run(interpreter, script, [tmp_path / "p.tsm"], timeout=60)
    lists = [
        ["FunctionName", "Payload"],
        ["Lambda.ServiceException", "Mine"],
        [0, 1, 3, 2, 0, 0, 0],
    ]
    assert done.stdout.decode() == f"{[INVOKE + ' f']} {lists}\n", done.stderr


def constants(count: int, size: int = 1) -> list[Ins]:
    return [Ins("CONST", Pooled(f"{n:0{size}}")) for n in range(count)]


def test_a_list_whose_names_a_byte_cannot_number_is_written_whole() -> None:
    names = [f"name {n}" for n in range(4)]
    code = [ins for ins in constants(300, 4) for _ in range(9)]
    code += [Ins("OBJECT", Pooled([*names, str(n)])) for n in range(9)]
    pool = Pool(code)
    at, whole = 0, []
    while at < len(pool.data):
        value, at = cbor.decode(pool.data, at, True)
        whole.append(value)
    assert [*names, "3"] in whole
    assert not any(isinstance(value, bytes) for value in whole)


@pytest.mark.parametrize(("size", "width"), [(255, 1), (256, 2), (65535, 2), (65536, 4)])
def test_offsets_are_as_wide_as_the_constants_need(size: int, width: int) -> None:
    # two texts with heads of one byte and of two, three or five
    head = 2 if size < 300 else 3 if size < 65540 else 5
    pool = Pool([Ins("CONST", Pooled("a")), Ins("CONST", Pooled("b" * (size - 2 - head)))])
    assert len(pool.data) == size
    assert len(pool.index()) == 2 * width


@pytest.mark.parametrize("interpreter", ["cpython", "micropython", "micropython32"])
def test_constants_beyond_64_kib_reach_the_device(interpreter: str, tmp_path: Any) -> None:
    parts = {f"p{n}": f"{n}" * 30000 for n in range(3)}
    states = {
        name: {"Type": "Pass", "Result": text, "ResultPath": f"$.{name}", "Next": f"p{n + 1}"}
        for n, (name, text) in enumerate(parts.items())
    }
    compiled = compile_text(machine(**states, p3={"Type": "Succeed"}))
    (tmp_path / "p.tsm").write_bytes(compiled.program)
    script = tmp_path / "load.py"
    script.write_text(
        "import sys\nfrom tsme.program import Program\n"
        "p = Program(open(sys.argv[1], 'rb').read(), limits={k: 1 << 30 for k in "
        "'program_bytes slots stack budget value_bytes step_bytes items'.split()})\n"
        "print(sorted([len(c) for c in p.consts if isinstance(c, str)])[-3:])\n"
    )
    done = interpreters.run(interpreter, script, [tmp_path / "p.tsm"], timeout=60, heap="4m")
    assert done.stdout.decode().strip() == "[30000, 30000, 30000]", done.stderr
