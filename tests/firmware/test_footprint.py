"""What the package takes of a board's memory, and how it gets onto a board."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters
from tests.bench.speeds import HEAPS, SHARED, Workload, cross_compile, heap_in_use
from tsme.journal import records
from tsme.kernel import protocol
from tsme.program import opcodes
from tsme.program.instructions import OPERATIONS, rare
from tsme.program.rare import NUMBERS
from tsme_host.compiler.compile import compile_text

LIB = interpreters.LIB / "tsme"
PACKAGE = interpreters.ROOT / "firmware" / "package.json"

# What a program without tasks, waits, choices by time and children has no use for.
LAZY = {
    "values.timestamp",
    "program.branches",
    "program.query",
    "values.json",
    "values.decimal",
    "values.digits",
    "values.hashes",
    "errors.causes",
    "values.crc",
    "engine.engine",
}
LAZY |= {
    "engine.tasks",
    "kernel.executor",
    "machine",
    "draft",
    "draft.drafts",
    "draft.array_draft",
    "engine.signals",
    "asyncio",
    "program.functions.text",
    "program.functions.array",
    "program.functions.encode",
    "program.functions.documents",
    "program.functions.math",
    "program.functions.arguments",
    "program.wait",
    "program.context",
    "program.sizes",
    "program.trace",
}
# What is forgotten again.
ONCE = {
    "program.verify",
    "program.load",
    "program.opcodes",
    "program.functions.table",
    "journal.recovery",
    "journal.walk",
    "journal.cursor",
    "journal.reread",
    "kernel.mismatch",
    "journal.heads",
    "values.geometry",
    "journal.provision",
    "journal.trial",
    "journal.file_image",
    "journal.foreign",
    "errors.texts",
    "kernel.replay",
    "kernel.rng",
    "kernel.checkpoints",
    "program.frame_items",
    "kernel.protocol",
    "engine.clocks",
    "engine.workers",
    "program.query_check",
    "program.state_failure",
    "kernel.partial",
}

LOADED = """
import sys
import tsme
print(*sys.modules)
from tsme.program.interpreter import Interpreter
from tsme.errors import TsmeError
from tsme.journal.ram_flash import RamFlash
from tsme.journal import Journal
from tsme.kernel import Kernel, State
from tsme.program import Program
from tsme.values import Obj
with open(sys.argv[1], "rb") as f:
    program = Program(f.read())
try:
    Program(b"")
except TsmeError as e:
    assert e.code == "TSME-P001", e
kernel = Kernel(Interpreter(program))
journal = Journal(RamFlash(512, 4))
journal.format()
journal.recover()
step = kernel.step(State(), (1, 0, 1, program.digest, 1, Obj(), None, 1))
journal.commit(1, step.record)
assert step.state.status == 1
info = journal.recover()
state, *_ = tsme.once("kernel.replay", "reread", journal, kernel)
assert info.records == 1 and state.digest == step.state.digest
print(*sys.modules)
"""

MACHINE = """{"StartAt": "A", "States": {
 "A": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.a", "Next": "B"},
 "B": {"Type": "Choice", "Choices": [
   {"Variable": "$.a.n", "NumericGreaterThan": 0, "Next": "C"}], "Default": "A"},
 "C": {"Type": "Succeed", "OutputPath": "$.a"}}}"""


@pytest.mark.parametrize("name", ["micropython", "micropython32", "micropythonf32"])
def test_what_a_simple_program_does_not_need_is_not_loaded(name: str, tmp_path: Path):
    interpreters.require(name)
    script, program = tmp_path / "loaded.py", tmp_path / "a.tsm"
    script.write_text(LOADED)
    program.write_bytes(compile_text(MACHINE).program)
    done = interpreters.run(name, script, [program])
    assert done.returncode == 0, done.stderr.decode()
    bare, simple = (
        {word.removeprefix("tsme.") for word in line.split()}
        for line in done.stdout.decode().splitlines()
    )
    known = {modules(path) for path in LIB.rglob("*.py")}
    assert bare & known == set()
    assert not simple & (LAZY | ONCE)
    assert {"kernel", "program.interpreter", "journal", "values.cbor"} <= simple


def modules(path: Path) -> str:
    """The name of a module of tsme, without `tsme.`."""
    name = ".".join(path.relative_to(LIB).with_suffix("").parts)
    return name.removesuffix(".__init__")


def source(name: str) -> Path:
    path = LIB / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def constants(name: str) -> dict[str, int]:
    """The numbers that a module gives names to: `_NAME = 1` or `_NAME = const(1)`."""
    out = {}
    for node in ast.parse(source(name).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const":
                value = value.args[0]
            if isinstance(value, ast.Constant) and type(value.value) is int:
                out[node.targets[0].id.lstrip("_")] = value.value
    return out


CHECKED = (
    "kernel kernel.executor kernel.partial engine.engine engine.clocks engine.workers machine "
    "program.interpreter program.load program.state_failure"
).split()


@pytest.mark.parametrize("name", CHECKED)
def test_the_constants_are_those_of_the_tables(name: str):
    numbers = ("program.load", "program.state_failure")
    tables = opcodes.NUMBER if name in numbers else vars(protocol)
    found = constants(name)
    if name == "program.interpreter":
        split = {n: v for n, v in found.items() if n in opcodes.NUMBER}
        assert split.items() <= opcodes.NUMBER.items()
        found = {n: v for n, v in found.items() if n not in split}
    found = {n: v for n, v in found.items() if not n.startswith("T_")}
    if name == "kernel.executor":
        assert found.pop("STEP") == records.STEP
    if name in ("kernel", "engine.engine", "machine", "program.load", "engine.clocks"):
        own = "LONGEST VERSION NEEDS SET CAUSE MINUTE HOUR DAY YEAR_10000 BEHAVIOUR OLDEST".split()
        found = {n: v for n, v in found.items() if n not in own}
    assert found
    assert found.items() <= tables.items()


def test_the_kinds_of_trace_events_are_those_of_the_table():
    seen = set()
    for path in (LIB / "program").glob("*.py"):
        kinds = {n: v for n, v in constants(f"program.{path.stem}").items() if n[:2] == "T_"}
        seen |= {n[2:].lower() for n in kinds}
        assert kinds == {n: protocol.TRACED.index(n[2:].lower()) for n in kinds}, path.name
    assert seen == set(protocol.TRACED)


def test_the_operations_are_those_of_the_table():
    inner = {n for n in constants("program.interpreter") if n in opcodes.NUMBER} | {"EXT"}
    for number in b"".join(NUMBERS):
        if number < len(opcodes.NAMES):
            rare(number)  # as the first program that has it
    names = [f.__name__ if f else None for f in OPERATIONS[: len(opcodes.NAMES)]]
    known = dict.fromkeys(inner) | {"LOAD": "load_", "FRAME": "load_"}  # of other frames
    known |= {"WAIT": "wait", "FAIL": "fail", "FORK": "fork", "MAP": "map_items"}
    assert names == [known.get(n, n.lower() + "_") for n in opcodes.NAMES]


def test_package_json_lists_what_is_there():
    script = interpreters.ROOT / "setup" / "package.py"
    subprocess.run([sys.executable, script, "--check"], check=True)


def installed(folder: Path) -> Path:
    """`folder`/lib as mip leaves it: each file from its URL, relative to package.json's."""
    for target, url in json.loads(PACKAGE.read_text())["urls"]:
        assert not re.match(r"\w+:|/|\.\.", url), "a copy elsewhere must work too"
        path = folder / "lib" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE.parent / url, path)
    return folder / "lib"


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    if not (SHARED / "bench").is_dir():
        pytest.skip("../shared/bench is not here")
    return Workload("e", tmp_path)


@pytest.mark.parametrize("how", ["kernel", "engine"])
def test_installed_as_source_it_runs_with_128_kilobytes(
    how: str, tmp_path: Path, workload: Workload
):
    interpreters.require("micropython32")
    words = [interpreters.find("micropython32"), "-X", "heapsize=128k", HEAPS[how]]
    words += [workload.program, workload.input, tmp_path / "flash.bin"]
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        env={"MICROPYPATH": f"{installed(tmp_path)}:.frozen"},
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_workload_e_fits_into_44_kilobytes(tmp_path: Path, workload: Workload):
    interpreters.require("micropython32")
    cross_compile(tmp_path)
    assert heap_in_use(workload, "micropython32", tmp_path, "kernel") <= 45056
