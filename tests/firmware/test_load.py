"""A program is verified when it is installed; a boot only checks that it is still the same."""

from __future__ import annotations

import json
import shutil
from binascii import crc32
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.laws.mutants import Parts, program
from tests.spec import second_reader
from tsme.errors import LimitError, TsmeError
from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

BOARDS = ["micropython", "micropython32", "micropythonf32"]
E0, END = ("ENTER", 0), ("END", 0)
FLOW = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {
                "FunctionName": "f",
                "Payload.$": "States.Format('{}', $..x)",
                "Key.$": "States.MathAdd($.n, 1)",
            },
            "Retry": [{"ErrorEquals": ["Lambda.Unknown", "Busy"], "BackoffRate": 1.5}],
            "TimeoutSeconds": 9,
            "End": True,
        }
    },
}
DATA = compile_text(json.dumps(FLOW)).program
KEPT = "digest needs code size slots stack counters budget timeout largest consts calls".split()


def shown(p: Any) -> list[str]:
    return [f"{name} {getattr(p, name)!r}" for name in KEPT]


def test_what_a_boot_makes_of_a_program_is_what_was_verified() -> None:
    for data in (DATA, compile_text(json.dumps(FLOW), budget=7, largest=999).data):
        installed = Program(data)
        booted = Program(data, crc32(data))
        assert shown(booted) == shown(installed)
        assert booted.resources() == installed.resources()
    assert len(vars(installed)["calls"]) == 2


BOOT = """
import sys
from tsme.program import Program
data = open(sys.argv[1], "rb").read()
p = Program(data, int(sys.argv[2]))
print([getattr(p, name) for name in sys.argv[3].split()], p.resources())
try:
    Program(data)
except ImportError:
    print("cannot install")
"""


@pytest.mark.parametrize("name", BOARDS)
def test_a_boot_needs_neither_the_verifier_nor_the_table(name: str, tmp_path: Path) -> None:
    """The package without them boots a program, and cannot install one."""
    interpreters.require(name)
    shutil.copytree(interpreters.LIB / "tsme", tmp_path / "tsme")
    for part in ("verify", "opcodes", "query_check"):
        (path,) = (tmp_path / "tsme").rglob(f"{part}.py")
        path.unlink()
    (tmp_path / "boot.py").write_text(BOOT)
    (tmp_path / "a.tsm").write_bytes(DATA)
    wanted = "slots stack counters budget timeout largest calls"
    args: list[str | Path] = [tmp_path / "a.tsm", str(crc32(DATA)), wanted]
    done = interpreters.run(name, tmp_path / "boot.py", args)
    p = Program(DATA)
    values = [getattr(p, word) for word in wanted.split()]
    assert done.stdout.decode() == f"{values} {p.resources()}\ncannot install\n", done.stderr


def test_a_changed_byte_is_seen_at_a_boot() -> None:
    crc = crc32(DATA)
    for at in range(len(DATA)):
        hurt = bytearray(DATA)
        hurt[at] ^= 1 << at % 8
        with pytest.raises(TsmeError, match="TSME-P005: the program is damaged: its checksum"):
            Program(bytes(hurt), crc)
    with pytest.raises(TsmeError, match="P005"):
        Program(DATA[:-1], crc)


def test_a_boot_refuses_what_older_firmware_cannot_run() -> None:
    """Not only an install: the firmware may have been replaced since then."""
    parts = program(E0, END)
    newer = Parts(1 << 20, parts.limits, parts.code, ()).build()
    format_3 = b"\x87\x03" + parts.build()[2:]
    for crc in (None, crc32(newer)):
        with pytest.raises(TsmeError, match=r"P004: the program needs .*does not know"):
            Program(newer, crc)
    with pytest.raises(TsmeError, match="P003: program format 3"):
        Program(format_3, crc32(format_3))


def test_a_function_that_firmware_has_no_more_is_refused_at_a_boot() -> None:
    data = program(E0, ("CALL", 99), ("STORE", 0), END).build()
    with pytest.raises(TsmeError, match="P004: the program calls function 99, which is not here"):
        Program(data)
    booted = Program(data, crc32(data))
    with pytest.raises(TsmeError, match="P004: the program calls function 99, which is not here"):
        Interpreter(booted)


def test_a_boot_keeps_the_limits_of_the_device() -> None:
    data = program(E0, END, slots=40).build()
    Program(data, crc32(data))
    for name, most in (
        ("slots", 39),
        ("program_bytes", 20),
        ("budget", 63),
        ("value_bytes", 4999),
    ):
        with pytest.raises(LimitError, match=f"{most}"):
            Program(data, crc32(data), LIMITS | {name: most})


# --- constants that are bytes, in parts, and many ---

BIG = [cbor.encode(bytes(range(256)) * 300, True), "x" * 70000, b"\xc7\x43\x03\xc1\x04", "a", "b"]
CONSTANTS = program(E0, ("CONST", 2), ("STORE", 0), ("CONST", 4), ("STORE", 1), END, consts=BIG)
LOAD = """
import sys
from tsme import LIMITS
from tsme.program import Program
data = open(sys.argv[1], "rb").read()
for crc in None, int(sys.argv[2]):
    p = Program(data, crc, {name: 1 << 30 for name in LIMITS})
    a, b, *c = p.consts
    print(len(a), type(a), a[-1], len(b), c)
"""


@pytest.mark.parametrize("name", ["cpython", "micropython", "micropython32"])
def test_bytes_and_constants_beyond_64_kib_are_read(name: str, tmp_path: Path) -> None:
    interpreters.require(name)
    data = CONSTANTS.build()
    (tmp_path / "load.py").write_text(LOAD)
    (tmp_path / "a.tsm").write_bytes(data)
    args: list[str | Path] = [tmp_path / "a.tsm", str(crc32(data))]
    done = interpreters.run(name, tmp_path / "load.py", args, heap="4m")
    line = "76800 <class 'bytes'> 255 70000 ['a b', 'a', 'b']\n"
    assert done.stdout.decode() == 2 * line, done.stderr
    second = second_reader.Program(data)
    assert second.consts == [bytes(range(256)) * 300, "x" * 70000, "a b", "a", "b"]


@pytest.mark.parametrize(
    "op", ["CONST", "FIELD", "KEY", "OBJECT", "PUT", "CAUGHT", "RETRY", "QUERY"]
)
def test_bytes_are_no_value_of_a_workflow(op: str) -> None:
    before = [("INT", 0)] if op in ("KEY", "OBJECT", "PUT", "QUERY") else []
    data = program(E0, *before, (op, 0), ("DROP", 1), END, consts=[b"\x41\x00"]).build()
    with pytest.raises(TsmeError, match=f"P002: not a sound program: the constant of {op}"):
        Program(data)
