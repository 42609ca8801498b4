"""Tasks files, for what they say of their handlers, none of which is called; and machines."""

from __future__ import annotations

import ast
import contextlib
import importlib
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from tsme import once, sim
from tsme.engine.outcome import client_of
from tsme.engine.tasks import Tasks
from tsme.errors import TsmeError

from .errors import HostError, did_you_mean
from .inputs import read_bytes, read_schema

_VERSIONS = 64  # back, as on a device
_BEFORE = "TSME-M026"
_IMPORT = "import the old class and name that: before = Old"


def check_tasks(path: str) -> bytes:
    """A tasks file's source, if it is Python; that much can be told without running it."""
    data = read_bytes(path)
    if path.endswith((".json", ".asl")):
        raise HostError("TSME-H014", f'"{path}" is JSON, not Python')
    if b"\0" in data:
        raise HostError("TSME-H021", f'"{path}" is a binary file, not Python')
    try:
        tree = ast.parse(data, path)
        compile(data, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f"{path}:{error.lineno}:{error.offset}" if error.lineno else path
        raise HostError("TSME-H021", f"{where}: {error.msg}") from None
    _check_handlers(tree, path)
    return data


def _check_handlers(tree: ast.Module, path: str) -> None:
    """What makes a handler none, and on MicroPython wait for ever."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        marks = [mark.func for mark in node.decorator_list if isinstance(mark, ast.Call)]
        if not any(isinstance(mark, ast.Attribute) and mark.attr == "task" for mark in marks):
            continue
        if found := _yield(node):
            message = f'{path}:{found.lineno}: the handler "{node.name}" yields'
            hint = "it gives its result once: write return, or async def and await"
            raise HostError("TSME-H024", message, hint)


def _yield(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.expr | None:
    """A yield of a function itself, not of one within it."""
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            left += ast.iter_child_nodes(node)
    return None


def load_file(path: str, name: str) -> dict[str, Any]:
    """The globals of a Python file.  It is run in this process; what it prints is a remark."""
    code = compile(check_tasks(path), path, "exec", dont_inherit=True)
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module  # where dataclasses look for it
    names = module.__dict__
    before = list(sys.path)
    sys.path.insert(0, str(Path(path).parent))
    sim.install(beside=str(Path(path).parent))
    importlib.invalidate_caches()  # what it imports may have been made a moment ago
    try:
        with contextlib.redirect_stdout(sys.stderr):
            exec(code, names)  # noqa: S102
    except TsmeError as error:
        raise HostError(error.code, f"{_line(error, path)}: {error.message}") from None
    except Exception as error:
        message = f"{_line(error, path)}: {type(error).__name__}: {error}"
        raise HostError("TSME-H021", message) from None
    finally:
        sys.path[:] = before
    return names


def load_tasks(path: str) -> Any:
    """The `tsme.Tasks` of a tasks file."""
    tasks = load_file(path, "tasks").get("tasks")
    if not isinstance(tasks, Tasks):
        message = f"{path} has no handlers; it needs a global `tasks = tsme.Tasks()`"
        raise HostError("TSME-H022", message)
    return tasks


def names_class(given: str) -> bool:
    """Is that FILE.py:CLASS?"""
    file, colon, name = given.rpartition(":")
    return bool(colon) and file.endswith(".py") and name.isidentifier()


def load_machine(path: str) -> Any:
    """The machine that FILE.py:CLASS names, ready to be replayed."""
    return load_with_tasks(path)[0]


def load_with_tasks(path: str) -> tuple[Any, str | None]:
    """That machine, and its file if it has the handlers as well: a global `tasks`."""
    file, _, wanted = path.rpartition(".py:")
    file += ".py"
    name = Path(file).stem
    names = load_file(file, name)
    mine = [n for n, v in names.items() if getattr(v, "__module__", "") == name and is_machine(v)]
    if wanted not in names:
        hint = did_you_mean(wanted, mine) or f"it has {', '.join(mine) or 'no machine'}"
        raise HostError("TSME-H023", f'there is no "{wanted}" in {file}', hint)
    try:
        machine = client_of(_beside(names[wanted], file))
    except TsmeError as error:
        if error.code == _BEFORE:
            raise HostError(error.code, f"{file}: {error.message}", _IMPORT) from None
        hint = f"tsme check {path} says more" if hasattr(names[wanted], "states") else ""
        message = f'"{wanted}" of {file} cannot be run: {error.message}'
        raise HostError("TSME-H023", message, hint) from None
    return machine, file if isinstance(names.get("tasks"), Tasks) else None


def schemas_of(path: str) -> list[str]:
    """The files of compiled schemas that FILE.py:CLASS names, beside its own, and that those do
    which it names as `before` it: an execution under way goes on as one of them."""
    found: dict[str, None] = {}
    kind = load_machine(path).machine
    for _ in range(_VERSIONS + 1):
        named = [one.__dict__.get("schema") for one in kind.__mro__]
        found |= dict.fromkeys([one for one in named if isinstance(one, str)][:1])
        kind = getattr(kind, "before", None)
        if not isinstance(kind, type):
            break
    return [*found]


def earlier(machine: Any, path: str) -> list[Any]:
    """The machines that one names as `before` it, ready to be replayed.  `path`: its file."""
    found: list[Any] = []
    before = getattr(machine.machine, "before", None)
    while before is not None and len(found) < _VERSIONS:
        try:
            found.append(client_of(_beside(before, path)))
        except TsmeError as error:
            if error.code == _BEFORE:
                raise HostError(error.code, f"{path}: {error.message}", _IMPORT) from None
            said = f"what {machine.program.name} of {path} names as before it cannot be run"
            raise HostError("TSME-H023", f"{said}: {error.message}") from None
        before = getattr(before, "before", None)
    return found


def goes_on(path: str, digest: bytes) -> bool:
    """Whether a board with FILE.py:CLASS goes on with what began with this digest: the class
    itself, one that it names as `before`, or with migrate() an earlier version."""
    machine = load_machine(path)
    if any(one.program.digest == digest for one in [machine, *earlier(machine, path)]):
        return True
    stf = hasattr(machine.machine, "stf")  # the others are known by their schemas alone
    return stf and once("machine.versions", "earlier", machine, digest) is not None


def _beside(found: Any, path: str) -> Any:
    """A machine with the bytes of the schema that it names, which is beside its own file."""
    schema = getattr(found, "schema", None)
    if not isinstance(found, type) or not isinstance(schema, str) or hasattr(found, "stf"):
        return found
    data = read_schema(str(Path(path).parent / schema))
    return type(found.__name__, (found,), {"schema": data})


def is_machine(v: Any) -> bool:
    """Whether that looks like a state machine."""
    kinds = ("stf", "states", "schema", "inherit")
    return isinstance(v, type) and any(hasattr(v, name) for name in kinds)


def _line(error: Exception, path: str) -> str:
    """`tasks.py:12`: the last place in the file itself."""
    lines = [row.lineno for row in traceback.extract_tb(error.__traceback__)
             if row.filename == path]  # fmt: skip
    return f"{path}:{lines[-1]}" if lines else path
