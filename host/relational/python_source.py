"""The definition that a Python class has: its values when the file has run, their places from
the source.

What is written out in the class, or in a variable of the file that it names, has its own place;
what is worked out has that of the expression.
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

from ..compiler.frontend.model import Problem, Where
from ..compiler.frontend.placed import Text
from ..compiler.frontend.source import Node, Value, escape_pointer
from .model import File, Source
from .reading import MEMBERS

_DEEP = 8  # levels of a schema, which has four


def read_class(file: File, found: type[Any], path: str) -> Source:
    """The definition of a class of a file.  `path`: the file, for what is inherited from it."""
    text = Text.of(file.text)
    tree = ast.parse(file.text)
    body = _class(tree, found.__name__)
    reader = _Values(text, _assigned(tree.body), path)
    start = reader.offset(body) if body is not None else 0
    given = _assigned(body.body) if body is not None else {}
    members: dict[str, Node] = {}
    for name in MEMBERS:
        if hasattr(found, name):
            value = getattr(found, name)
            if name in ("states", "groups") and type(value) is dict:  # no order on boards
                value = dict(sorted(value.items(), key=lambda item: str(item[0])))
            at = given.get(name)
            members[name] = reader.node(value, at, f"/{name}", start)
    if isinstance(getattr(found, "before", None), str):
        reader.text_before(given.get("before"), start)
    root = Node(members, "", start, text)
    return Source(
        file,
        found.__name__,
        root,
        tuple(reader.problems),
        _functions(found, body, text, start),
        frozenset(name for one in _classes(tree) for name in _defined(one)),
    )


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _class(tree: ast.Module, name: str) -> ast.ClassDef | None:
    return next((node for node in reversed(_classes(tree)) if node.name == name), None)


def _defined(body: ast.ClassDef) -> list[str]:
    return [node.name for node in body.body if isinstance(node, ast.FunctionDef)]


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """The names that statements give values, and the expressions of these."""
    found: dict[str, ast.expr] = {}
    for node in body:
        if isinstance(node, ast.Assign):
            found |= {one.id: node.value for one in node.targets if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            found[node.target.id] = node.value
    return found


def _functions(
    found: type[Any], body: ast.ClassDef | None, text: Text, start: int
) -> dict[str, tuple[Where, int]]:
    """The functions of a class that may be handlers, with their numbers of arguments."""
    places = {
        node.name: text.where("", text.lines[node.lineno - 1] + node.col_offset + 4)
        for node in (body.body if body else ())
        if isinstance(node, ast.FunctionDef)
    }
    functions: dict[str, tuple[Where, int]] = {}
    for name in dir(found):
        one = getattr(found, name, None)
        if name.startswith("_") or not inspect.isfunction(one):
            continue
        functions[name] = (places.get(name, text.where("", start)), one.__code__.co_argcount)
    return functions


class _Values:
    def __init__(self, text: Text, variables: dict[str, ast.expr], path: str) -> None:
        self.text = text
        self.variables = variables
        self.path = path
        self.problems: list[Problem] = []
        self.lines = text.text.split("\n")

    def offset(self, node: ast.expr | ast.stmt) -> int:
        """Where a node begins, in characters."""
        line = self.lines[node.lineno - 1]
        before = line.encode()[: node.col_offset].decode()
        return self.text.lines[node.lineno - 1] + len(before)

    def node(
        self,
        value: Any,
        at: ast.expr | None,
        pointer: str,
        start: int,
        key_start: int | None = None,
        depth: int = 0,
    ) -> Node:
        """A value of the class as JSON has it.  `at`: what it is written as, if that is known;
        `start`: the place of what is around it, if not."""
        if isinstance(at, ast.Name):
            at = self.variables.get(at.id, at)
        start = self.offset(at) if at is not None else start
        made: Value
        if depth > _DEEP:
            made = None
            self.refused("this is nested deeper than a schema is", pointer, start)
        elif isinstance(value, dict):
            made = self.members(value, at, pointer, start, depth)
        elif isinstance(value, list | tuple):
            items = at.elts if isinstance(at, ast.List | ast.Tuple) else []
            places = items if len(items) == len(value) else [None] * len(value)
            made = [
                self.node(item, places[n], f"{pointer}/{n}", start, None, depth + 1)
                for n, item in enumerate(value)
            ]
        elif isinstance(value, type) and pointer.startswith("/inherit/"):
            made = self.named(value)
        elif value is None or isinstance(value, bool | int | float | str):
            made = value
        else:
            made = None
            self.refused(f"a schema holds no {type(value).__name__}", pointer, start)
        return Node(made, pointer, start, self.text, key_start)

    def members(
        self, value: dict[Any, Any], at: ast.expr | None, pointer: str, start: int, depth: int
    ) -> dict[str, Node]:
        """The members of a dict, in its order."""
        keys: dict[str, tuple[ast.expr, ast.expr]] = {}
        for key, inner in zip(at.keys, at.values, strict=True) if isinstance(at, ast.Dict) else ():
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                if key.value in keys:
                    place = self.text.where(pointer, self.offset(key))
                    text = f'"{key.value}" stands twice in one dict'
                    self.problems.append(Problem("TSME-C103", text, place, "remove one of them"))
                keys[key.value] = key, inner
        made = {}
        for name, inner_value in value.items():
            if not isinstance(name, str):
                self.refused(f"{name!r} is no name", pointer, start)
                continue
            found = keys.get(name)
            made[name] = self.node(
                inner_value,
                found[1] if found else None,
                f"{pointer}/{escape_pointer(name)}",
                start,
                self.offset(found[0]) if found else start,
                depth + 1,
            )
        return made

    def named(self, base: type[Any]) -> str:
        """A class as what `inherit` has in a file."""
        import sys  # noqa: PLC0415

        module = sys.modules.get(base.__module__)
        path = getattr(module, "__file__", None) or self.path
        return f"{path}:{base.__name__}"

    def text_before(self, at: ast.expr | None, start: int) -> None:
        """Refuse a text in place of the class that was before."""
        place = self.text.where("/before", start if at is None else self.offset(at))
        hint = "import the old class and name that: before = Old"
        self.problems.append(Problem("TSME-C101", "before is a class, not a text", place, hint))

    def refused(self, message: str, pointer: str, start: int) -> None:
        place = self.text.where(pointer, start)
        hint = "it has names, booleans, lists and dicts"
        self.problems.append(Problem("TSME-C101", message, place, hint))
