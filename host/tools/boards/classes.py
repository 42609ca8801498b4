"""Classes on a board: which it has, what is under way with them, and what nobody needs any more.

`machines.json` there names them, {digest: "module:Class"}; a class is there but once.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HostError
from ..handlers import goes_on, names_class
from .programs import made, of_project
from .project import FILE, Project
from .session import Session
from .sources import Source

if TYPE_CHECKING:
    from ..link.answers import Execution

NAMES = "machines.json"
_NO_EXECUTIONS = "TSME-N008"  # nothing on the board runs any
_NO_FILE = "TSME-N043"


def there(board: Session) -> dict[str, str]:
    """What machines.json on the board says; nothing if it is not there, or is none."""
    try:
        found = json.loads(board.client.download(NAMES))
    except (HostError, ValueError) as error:
        if isinstance(error, HostError) and error.code != _NO_FILE:
            raise
        return {}
    sound = isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
    return found if sound else {}


def file_of(
    mine: Project | None, flows: Iterable[str], kept: Mapping[str, str] | None = None
) -> Source | None:
    """machines.json for the classes among `flows`, and those that are `kept`.  Without any an
    empty one takes back what the project had, unless [files] has one."""
    classes = [made(flow) for flow in flows if names_class(flow)]
    if not classes:
        if mine is None or NAMES in mine.files:
            return None
        return Source(NAMES, mine.place(FILE), b"{}\n", over=True)
    named = dict(kept or {})
    for one in classes:
        file, _, name = one.flow.rpartition(":")
        named[one.digest] = f"{Path(file).stem}:{name}"
    text = json.dumps(named, ensure_ascii=False) + "\n"
    return Source(NAMES, classes[0].flow, text.encode())


def beside(
    named: Mapping[str, str], brought: Iterable[Source], flows: Iterable[str]
) -> tuple[dict[str, str], list[str]]:
    """What a board goes on having where no project says all that it is to have: -> of its classes
    those whose files stay, and `flows` with the others that are still in the files brought."""
    files = {one.name: one for one in brought}
    kept, classes = {}, [*flows]
    for digest, one in named.items():
        module, _, name = one.partition(":")
        file = files.get(f"{module}.py")
        if file is None:
            kept[digest] = one
        elif any(body.name == name for body in _classes(file.data)):
            classes.append(f"{file.path}:{name}")
    return kept, [*dict.fromkeys(classes)]


def lost(
    board: Session,
    mine: Project | None,
    named: Mapping[str, str],
    classes: Sequence[str],
    kept: Collection[str] = (),
) -> list[Execution]:
    """Executions under way that could not go on with what the board is to have: `classes`,
    FILE.py:CLASS, and `kept` digests of those that it has, which are `named`.  What it never had
    from here is not counted, nor is anything in safe mode, where no class runs."""
    if board.status.mode == "safe":
        return []
    try:
        found = board.client.executions()
    except HostError as error:
        if error.code != _NO_EXECUTIONS:
            raise
        return []
    flows = of_project(mine) if mine else {}
    stored = {one.digest for one in board.client.programs()}
    return [
        one for one in found
        if one.status == "running" and one.program not in stored and one.program not in kept
        and (one.name in flows or one.program in named or mine is not None and named)
        and not any(goes_on(flow, bytes.fromhex(one.program)) for flow in classes)
    ]  # fmt: skip


def refuse(found: Iterable[Execution], mine: Project | None) -> None:
    """Raises HostError TSME-N069 for the first of these."""
    for one in found:
        if mine is not None and one.name not in mine.workflows:
            which = f"a class, {one.program}, that {mine.place(FILE)} names no more"
            hint = f"name it there again, or end it: tsme stop {one.name}, or tsme push --stop"
        else:
            which = f"another version or schema, {one.program}, which would be gone"
            ends = "tsme push --stop" if mine is not None else f"tsme stop {one.name}"
            hint = "give the class the next version and the old one as before; or "
            hint += f"{ends} ends it first"
        raise HostError("TSME-N069", f'"{one.name}" is under way with {which}', hint)


def needless(board: Session, named: Mapping[str, str], brought: Iterable[Source]) -> list[str]:
    """Files on the board that nothing names any more when these are brought: of the classes that
    it has, and the schemas that they name."""
    wanted = {one.name: one for one in brought}
    found: dict[str, None] = {}
    for file in dict.fromkeys(f"{one.partition(':')[0]}.py" for one in named.values()):
        try:
            if file in wanted and board.client.digest(file)[0].hex() == wanted[file].digest:
                continue
            data = board.client.download(file)
        except HostError as error:
            if error.code != _NO_FILE:
                raise
            continue
        found |= dict.fromkeys([file, *_schemas(data)])
    return [one for one in found if one not in wanted]


def _classes(data: bytes) -> list[ast.ClassDef]:
    """The classes of a file, also one that was damaged on the board."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return []
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def _schemas(data: bytes) -> list[str]:
    """The compiled schemas that its classes name."""
    return [
        node.value.value
        for body in _classes(data)
        for node in body.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str) and node.value.value.endswith(".tsr")
        and any(isinstance(one, ast.Name) and one.id == "schema" for one in node.targets)
    ]  # fmt: skip
