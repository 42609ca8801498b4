"""What AWS refuses in an expression when a state machine is created, and what an expression reads.

Nothing here goes deeper into Python's stack with the depth of a tree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .members import ALWAYS
from .regexes import REFUSED, compile_regex
from .tree import (
    Bind,
    Block,
    Condition,
    Filter,
    JsonataError,
    Lambda,
    Name,
    Node,
    Path,
    Regex,
    Sort,
    Transform,
    Variable,
)

_HERE = "an expression of a state begins at $states.input or a variable"
_WHERE = {
    "result": "a result is there in Output and Assign of Task, Parallel and Map",
    "errorOutput": "an error is there in Output and Assign of a catcher",
}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong in an expression; `at`: characters from its beginning.

    `refusal`: AWS takes it, a device does not.
    """

    code: str
    message: str
    hint: str = field(compare=False)
    at: int = field(compare=False)

    @property
    def refusal(self) -> bool:
        return self.code == REFUSED


def check(tree: Node, has: frozenset[str] = ALWAYS) -> list[Finding]:
    """What is wrong in an expression that is well formed, each thing once, from left to right.

    `has`: the members that $states has where it stands.
    """
    found: dict[Finding, None] = {}
    todo = [(tree, True)]
    while todo:
        node, top = todo.pop()
        for finding in _wrong(node, top, has):
            found.setdefault(finding)
        todo += reversed(list(_parts(node, top)))
    return list(found)


def references(tree: Node) -> frozenset[str]:
    """The names of the variables that an expression reads and has not bound itself by then.

    Functions that are built in are among them: a variable may have such a name.
    """
    found: set[str] = set()
    outermost = _Scope(None)
    todo: list[tuple[Any, _Scope]] = [(outermost, outermost), (tree, outermost)]
    while todo:
        item, scope = todo.pop()
        if isinstance(item, _Scope):
            # Functions are called when all of the block is bound.
            todo += reversed(item.later)
        elif isinstance(item, str):
            scope.names.add(item)
        else:
            if isinstance(item, Variable) and not scope.binds(item.name):
                found.add(item.name)
            todo += reversed(_in_order(item, scope))
    return frozenset(found - {"", "$", "states"})


# --- what AWS refuses ---------------------------------------------------------------------------


def _wrong(node: Node, top: bool, has: frozenset[str]) -> Iterator[Finding]:
    """`top`: no step of a path stands before the node."""
    if isinstance(node, Path):
        yield from _wrong_path(node, top, has)
    elif isinstance(node, Variable) and node.name == "$":
        yield _unsupported("reference to '$$' is not supported", _HERE, node)
    elif isinstance(node, Regex):
        try:
            compile_regex(node.pattern, node.flags, node.at)
        except JsonataError as error:
            message = error.message
            if not error.code:
                message = f"the JSONata expression is wrong: {message}"
            yield Finding(error.code or "TSME-C083", message, error.hint, node.at)


def _wrong_path(path: Path, top: bool, has: frozenset[str]) -> Iterator[Finding]:
    first = path.steps[0]
    if top and isinstance(first, Name):
        message = f"reference to '{first.value}' at the top level is not supported"
        yield _unsupported(message, _HERE, first)
    if not isinstance(first, Variable) or len(path.steps) == 1:
        return
    second = path.steps[1]
    if top and not first.name:
        message = "reference to '$' at the top level is not supported"
        yield _unsupported(message, _HERE, first)
    elif first.name == "states" and isinstance(second, Name) and second.value not in has:
        hint = _WHERE.get(second.value, "$states has " + ", ".join(sorted(has)))
        message = f"field '$states.{second.value}' does not exist"
        yield _unsupported(message, hint, second)


def _unsupported(message: str, hint: str, node: Node) -> Finding:
    return Finding("TSME-C084", message, hint, node.at)


def _parts(node: Node, top: bool) -> Iterator[tuple[Node, bool]]:
    """The nodes within one, and whether each stands at the top where this one does."""
    if isinstance(node, Path):
        yield from ((step, top and not n) for n, step in enumerate(node.steps))
    elif isinstance(node, Sort):
        yield from ((term, False) for term, _ in node.terms)
    elif isinstance(node, Transform):
        yield from ((part, False) for part in (node.pattern, node.update, node.delete) if part)
    else:
        yield from ((part, top) for part in _own(node))
    yield from ((part, False) for part in _behind(node))


def _own(node: Node) -> list[Node]:
    """The nodes that a node consists of, without what stands behind it."""
    names = [f.name for f in dataclasses.fields(node) if f.name not in _BEHIND]
    return [part for name in names for part in _nodes(getattr(node, name))]


def _behind(node: Node) -> Iterator[Node]:
    for part in (*node.predicates, *node.stages):
        if isinstance(part, Filter):
            yield part.expr
    yield from (part for pair in node.group or () for part in pair)


_BEHIND = ("predicates", "stages", "group")


def _nodes(value: Any) -> Iterator[Node]:
    """recursion: at most 3, lists of pairs."""
    if isinstance(value, Node):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _nodes(item)


# --- what an expression reads -------------------------------------------------------------------


class _Scope:
    """The names that are bound so far, and what is evaluated when it is complete."""

    def __init__(self, around: _Scope | None, names: tuple[str, ...] = ()) -> None:
        self.around = around
        self.names = set(names)
        self.later: list[tuple[Any, _Scope]] = []

    def binds(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True
            scope = scope.around
        return False


_Step = tuple[Any, _Scope]  # a node to look at, a name to bind, a scope that is complete


def _in_order(node: Node, scope: _Scope) -> list[_Step]:
    """What evaluating a node looks at and binds, from first to last."""
    steps: list[_Step]
    if isinstance(node, Bind):
        steps = [(node.value, scope), (node.name, scope)]
    elif isinstance(node, Block):
        inner = _Scope(scope)
        steps = [*((part, inner) for part in node.parts), (inner, inner)]
    elif isinstance(node, Lambda):
        inner = _Scope(scope, tuple(node.parameters))
        scope.later += [(node.body, inner), (inner, inner)]
        steps = []
    elif isinstance(node, Transform):
        scope.later += [(part, scope) for part in _own(node)]
        steps = []
    elif isinstance(node, Condition):
        steps = [(node.test, scope)]
        for branch in (node.then, node.otherwise):
            if branch is not None:
                inner = _Scope(scope)
                steps += [(branch, inner), (inner, inner)]
    elif isinstance(node, Path):
        return _along(node, scope)
    else:
        steps = [(part, scope) for part in _own(node)]
    return [*steps, *((part, scope) for part in _behind(node))]


def _along(path: Path, scope: _Scope) -> list[_Step]:
    """Names that steps bind hold to the end of the path."""
    inner = _Scope(scope)
    steps: list[_Step] = []
    for step in path.steps:
        steps += [(part, inner) for part in _bare(step)]
        steps += [(name, inner) for name in (step.focus, step.index) if name]
        for stage in step.stages:
            steps.append((stage.expr if isinstance(stage, Filter) else stage.name, inner))
    steps += [(part, inner) for pair in path.group or () for part in pair]
    return [*steps, (inner, inner)]


def _bare(step: Node) -> list[Node]:
    """A step without its stages, which are looked at when its names are bound."""
    return [dataclasses.replace(step, stages=[])] if step.stages else [step]
