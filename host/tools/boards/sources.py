"""The files that a project brings onto a board: tasks.py, and what it imports of the folder.

What an import names is brought if the folder has it, as a module or a package; anything else is
the board's own (machine, tsme, asyncio).  An import counts wherever it stands.  [files] of
tsme.toml replaces a file, or adds one.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from ..handlers import schemas_of
from ..inputs import read_bytes, text_of
from .project import Project

TASKS = "tasks.py"  # on the board, whatever it is called here
_KEPT = ("main.py", "boot.py", "board.json", "lib/", "programs/")  # not a project's


@dataclass(frozen=True)
class Source:
    """A file as it is to be on the board: `name` from the board's working folder, with `/`.
    `over`: it takes an earlier one back, so it is brought only where there is one."""

    name: str
    path: str
    data: bytes
    over: bool = False

    @property
    def digest(self) -> str:
        """SHA-256, as hexadecimal text."""
        return hashlib.sha256(self.data).hexdigest()


def of_project(
    project: Project | None, tasks: str | None = None, classes: Iterable[str] = ()
) -> list[Source]:
    """What goes onto the board, the tasks last: nothing imports what is not there yet.

    `tasks`: a path from the folder that the command is in, in place of the project's.
    `classes`: machines, FILE.py:CLASS, with the schemas that they name.

    Raises HostError: TSME-N066 for Python that cannot be read, a name that is the board's own, or
    two files of one name; as inputs.read_bytes() for a file that is not there.
    """
    found: dict[str, Source] = {}
    if project is None:
        project = Project(Path.cwd())
    first = tasks or (project.tasks and project.place(project.tasks))
    if first:
        _follow(Path(first), TASKS, project, found)
    for one in classes:
        file = Path(one.rpartition(":")[0])
        _follow(file, file.name, project, found)
        for schema in schemas_of(one):
            path = str(file.parent / schema)
            _put(found, Source(schema, path, read_bytes(path)))
    for name, given in project.files.items():
        if name not in found:
            found[name] = Source(name, project.place(given), read_bytes(project.place(given)))
    for name in found:
        _allowed(name, project)
    return [*reversed(found.values())]


def _allowed(name: str, project: Project) -> None:
    parts = name.split("/")
    if name.startswith("/") or "" in parts or "." in parts or ".." in parts or "\\" in name:
        message = f'"{name}" is no name of a file on a board'
        raise HostError("TSME-N066", message, 'write it as "page.html" or "www/page.html"')
    if name in _KEPT or name.startswith(tuple(one for one in _KEPT if one.endswith("/"))):
        hint = f"give it another name in {project.place('tsme.toml')}"
        raise HostError("TSME-N066", f'"{name}" on the board is not the project\'s', hint)


def _put(found: dict[str, Source], one: Source) -> None:
    """Class files and schemas go by their own names, whatever folders they are in."""
    other = found.setdefault(one.name, one)
    if other.data != one.data:
        message = f'"{other.path}" and "{one.path}" would both be "{one.name}" on the board'
        raise HostError("TSME-N066", message, "give one of them another name")


def _follow(first: Path, name: str, project: Project, found: dict[str, Source]) -> None:
    """A file and all that is reached from it by imports, in the order in which it is found."""
    left = [(name, first)]
    seen = set()
    while left:
        name, path = left.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name in project.files:
            path = Path(project.place(project.files[name]))
        data = read_bytes(str(path))
        _put(found, Source(name, str(path), data))
        if name.endswith(".py"):
            for other in _imported(data, path, name):
                own = first.parent / other
                if other not in seen and (own.is_file() or other in project.files):
                    left.append((other, own))


def _imported(data: bytes, path: Path, name: str) -> Iterator[str]:
    """The files that a module would be found in, from the board's working folder."""
    try:
        tree = ast.parse(text_of(data, str(path)), str(path))
    except (SyntaxError, ValueError) as error:
        at = f"{path}:{error.lineno}" if isinstance(error, SyntaxError) else str(path)
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise HostError("TSME-N066", f"{at}: {why}", "it would not run on the board") from None
    package = name.split("/")[:-1]
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            modules = [base, *(f"{base}.{one.name}".lstrip(".") for one in node.names)]
        for module in modules:
            yield from _files(module)


def _files(module: str) -> Iterator[str]:
    """A module, and the packages around it."""
    parts = module.split(".")
    for n in range(1, len(parts) + 1):
        where = "/".join(parts[:n])
        yield f"{where}/__init__.py"
    yield "/".join(parts) + ".py"
