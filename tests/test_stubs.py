"""Stubs: mypy finds what is wrong in a tasks file, and all that is public is there."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tsme import public

LIB = ROOT / "firmware" / "lib"
STUBS = sorted(LIB.rglob("*.pyi"))
PUBLIC = dict(pair.split(":") for pair in public.HOMES.split())
WRONG = {
    'tasks.tsk("x", efect="once")': '"Tasks" has no attribute "tsk"; maybe "task"?  '
    "[attr-defined]",
    'tasks.task("x", efect="once")': 'Unexpected keyword argument "efect" for "task" of "Tasks"; '
    'did you mean "effect"?  [call-arg]',
    'tasks.task("x", effect="twice")': 'Argument "effect" to "task" of "Tasks" has incompatible '
    "type \"Literal['twice']\"; expected \"Literal['pure', 'idempotent', 'once']\"  [arg-type]",
    'engine.task("x", effect="twice")': 'Argument "effect" to "task" of "Engine" has incompatible '
    "type \"Literal['twice']\"; expected \"Literal['pure', 'idempotent', 'once']\"  [arg-type]",
    "tasks.task(5)": 'Argument 1 to "task" of "Tasks" has incompatible type "int"; expected '
    '"str"  [arg-type]',
    "tsme.Engin": 'Module has no attribute "Engin"; maybe "Engine"?  [attr-defined]',
    'tsme.Program("flow.tsm")': 'Argument 1 to "Program" has incompatible type "str"; expected '
    '"bytes"  [arg-type]',
    "engine.run_sync({1})": 'Argument 1 to "run_sync" of "Engine" has incompatible type '
    '"set[int]"; expected "Value"  [arg-type]',
    'tsme.Engine(program, "j.bin")': 'Argument 2 to "Engine" has incompatible type "str"; '
    'expected "Journal | None"  [arg-type]',
    'engine.send_success("1-2")': 'Missing positional argument "output" in call to '
    '"send_success" of "Engine"  [call-arg]',
    "engine.outcome().output": 'Item "None" of "Outcome | None" has no attribute "output"  '
    "[union-attr]",
    "tsme.LIMITS.state_bytes": '"dict[str, int]" has no attribute "state_bytes"  [attr-defined]',
    'tsme.FileFlash("j.bin", size=4)': 'Unexpected keyword argument "size" for "FileFlash"  '
    "[call-arg]",
}
RIGHT = """\
import tsme

tasks = tsme.Tasks()


@tasks.task("measure", effect="pure")
def measure(payload: dict[str, int]) -> int:
    return payload["day"]


@tasks.task("water", effect="once", context=True, check=lambda payload, context: tsme.Done())
async def water(payload: object, context: object) -> None:
    raise tsme.TaskError("Dry", "no water")


program = tsme.Program(b"")
engine = tsme.Engine(program, tsme.Journal(tsme.FileFlash("j.bin", count=16)), tasks=tasks)
print(engine.run_sync({"day": 1}).output, measure({"day": 1}))
"""


def checked(text: str, folder: Path) -> list[str]:
    """What `mypy --strict` says of a file, without the places."""
    path = folder / "tasks.py"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir",
         str(ROOT / ".mypy_cache"), "--no-error-summary", "--follow-imports=silent", str(path)],
        env={"MYPYPATH": str(LIB), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_a_file_that_is_right_passes(tmp_path: Path):
    assert checked(RIGHT, tmp_path) == []


def test_each_mistake_is_one_error_at_its_line(tmp_path: Path):
    lines = [*RIGHT.splitlines(), *WRONG]
    said = checked("\n".join(lines) + "\n", tmp_path)
    first = len(RIGHT.splitlines()) + 1
    found: dict[int, list[str]] = {}
    for line in said:
        match = re.fullmatch(r".*tasks\.py:(\d+): (?:error|note): (.*)", line)
        assert match, line
        if ": note: " in line:
            continue
        found.setdefault(int(match[1]) - first, []).append(match[2])
    assert found == {number: [text] for number, text in enumerate(WRONG.values())}


def described(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", STUBS, ids=lambda path: str(path.relative_to(LIB)))
def test_a_stub_types_everything_and_lets_nothing_by(path: Path):
    for node in ast.walk(described(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.name != "__getattr__", f"{path}: lets every name by"
            assert node.returns is not None, f"{path}:{node.lineno}"
            given = node.args
            every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            bare = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
            assert not bare, f"{path}:{node.lineno}: {bare}"
            assert given.kwarg is None, f"{path}:{node.lineno}: **{given.kwarg}"


def members(path: Path, name: str) -> dict[str, ast.AST]:
    """The public methods of a class, in a stub also of those it is made from."""
    for node in described(path).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
            above = [members(p, base) for base in bases for p in STUBS if path.suffix == ".pyi"]
            return {k: v for one in above for k, v in one.items()} | {
                part.name: part
                for part in node.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                and (part.name == "__init__" or not part.name.startswith("_"))
            }
    return {}


def module(part: str) -> Path:
    at = LIB / "tsme" / part.replace(".", "/")
    return at / "__init__.py" if at.is_dir() else at.with_suffix(".py")


def parameters(node: ast.AST) -> list[str]:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    given = node.args
    return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_stub_with_all_its_methods_and_parameters(name: str):
    path = module(PUBLIC[name])
    stub = path.with_suffix(".pyi")
    assert stub.is_file()
    names = [ast.unparse(node).partition("=")[0] for node in described(stub).body]
    assert any(re.match(rf"(class |def )?{name}\b", text.rpartition("\n@")[2]) for text in names)
    exported = described(LIB / "tsme" / "__init__.pyi").body
    assert name in {
        a.asname for node in exported if isinstance(node, ast.ImportFrom) for a in node.names
    }
    written, described_ = members(path, name), members(stub, name)
    assert set(written) <= set(described_), f"{stub}: {set(written) - set(described_)} of {name}"
    classes = [node for node in described(stub).body if isinstance(node, ast.ClassDef)]
    assert all(ast.get_docstring(node) for node in classes if node.name == name)
    for method, node in written.items():
        assert parameters(node) == parameters(described_[method]), f"{stub}: {name}.{method}"
