"""Host, simulator, boards and examples use what the device package declares, and nothing else.

What a module of the package declares for others is in its stub: a module without one is nobody's
business, and neither is a name with an underscore.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.interpreters import LIB, ROOT

USERS = ("host", "sim", "examples", "firmware/boards")
# Of Python itself; a named tuple's are public, and say so.
PYTHON = {"_exit", "_getframe", "_fields", "_replace", "_asdict"}


def sources(*folders: str) -> list[Path]:
    words = ["git", "ls-files", "--", *folders]
    found = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    paths = [ROOT / name for name in found.splitlines()]
    return [path for path in paths if path.suffix == ".py" and path.exists()]


def file_of(module: str, ending: str) -> Path | None:
    """Of a module of tsme."""
    path = LIB / module.replace(".", "/")
    for found in (path / f"__init__{ending}", path.with_suffix(ending)):
        if found.exists():
            return found
    return None


def is_module(name: str) -> bool:
    return file_of(name, ".py") is not None


def types_alone(node: ast.stmt) -> bool:
    """Is what a stub says here there for type checkers alone?"""
    if isinstance(node, ast.ClassDef):
        return "Protocol" in [ast.unparse(base) for base in node.bases]
    if isinstance(node, ast.Assign):
        return ast.unparse(node.value).startswith("TypeVar(")
    return isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation)


def bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a stub declares for others."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.Assign):
        yield from (t.id for t in node.targets if isinstance(t, ast.Name))
    elif isinstance(node, ast.ImportFrom):  # `import x as x` says that it is for others
        yield from (one.name for one in node.names if one.asname == one.name)


@cache
def declared(module: str) -> frozenset[str] | None:
    """The names that a module declares, in its stub or as __all__; None if it does not."""
    stub = file_of(module, ".pyi")
    if stub is not None:
        return frozenset(name for node in ast.parse(stub.read_text()).body for name in bound(node))
    source = file_of(module, ".py")
    assert source is not None, module
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return None


def used(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """(line, module, name) of each name of tsme that a file uses."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name.partition(".")[0] == "tsme":
                    modules[one.asname or one.name] = one.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            if module.partition(".")[0] != "tsme":
                continue
            for one in node.names:
                if is_module(f"{module}.{one.name}"):
                    modules[one.asname or one.name] = f"{module}.{one.name}"
                else:
                    yield node.lineno, module, one.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules:
            module = modules[ast.unparse(node.value)]
            if not is_module(f"{module}.{node.attr}"):
                yield node.lineno, module, node.attr


def own_names(tree: ast.Module) -> set[str]:
    """Private names that a file makes itself, of functions, classes, and as members."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def private(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, name) of what others keep for themselves, and a file uses all the same."""
    own = own_names(tree) | PYTHON
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
            if ast.unparse(node.value) in ("self", "cls", "super()"):
                continue
        else:
            continue
        for name in names:
            if name[0] == "_" and name[:2] != "__" and name not in own:
                yield node.lineno, name


@pytest.mark.parametrize("folder", USERS)
def test_declared_names_alone_are_used(folder: str) -> None:
    wrong = []
    for path in sources(folder):
        where = path.relative_to(ROOT)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, module, name in used(tree):
            names = declared(module)
            if names is None:
                wrong.append(f"{where}:{line}: {module} has no stub, so {name} is its own")
            elif name not in names and name != "__file__":
                wrong.append(f"{where}:{line}: {module} does not declare {name}")
        for line, name in private(tree):
            wrong.append(f"{where}:{line}: {name} is somebody else's own")
    assert not wrong, "\n".join(wrong)


def stubs() -> list[str]:
    found = []
    for path in sorted(LIB.glob("tsme/**/*.pyi")):
        name = ".".join(path.relative_to(LIB).with_suffix("").parts)
        found.append(name.removesuffix(".__init__"))
    return found


def test_what_is_declared_is_there() -> None:
    wrong = []
    for name in stubs():
        stub = file_of(name, ".pyi")
        assert stub is not None
        module = importlib.import_module(name)
        for node in ast.parse(stub.read_text()).body:
            if not types_alone(node):
                missing = [one for one in bound(node) if one not in ("__getattr__",)]
                wrong += [f"{name}.{one}" for one in missing if not hasattr(module, one)]
    assert not wrong, "\n".join(wrong)


def test_who_breaks_the_rule_is_found() -> None:
    bad = "import tsme\nfrom tsme.kernel import _ITEMS\nfrom tsme.program import verify\n"
    bad += "tsme.nothing\nverify.flow\nx._d = x._e\n"
    tree = ast.parse(bad)
    names = [(module, name) for _, module, name in used(tree)]
    assert names == [
        ("tsme.kernel", "_ITEMS"),
        ("tsme", "nothing"),
        ("tsme.program.verify", "flow"),
    ]
    assert declared("tsme.program.verify") is None
    assert "nothing" not in (declared("tsme") or ())
    assert [name for _, name in private(tree)] == ["_ITEMS", "_e"]
