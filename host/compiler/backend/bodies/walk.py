"""Going through trees: what is directly within a node, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

from ...jsonata.tree import (
    Apply,
    Array,
    Binary,
    Bind,
    Block,
    Call,
    Condition,
    Filter,
    Lambda,
    Name,
    Negate,
    Node,
    Object,
    Path,
    Sort,
    Transform,
    Variable,
    Wildcard,
)
from .natives import SIGNATURES, takes_context


def inner(node: Node) -> list[Node]:
    """All nodes directly within one, in the order in which they are evaluated."""
    out = [*own(node)]
    out += [one.expr for one in node.predicates]
    out += [one.expr for one in node.stages if isinstance(one, Filter)]
    out += [one for pair in node.group or () for one in pair]
    return out


def own(node: Node) -> Iterator[Node]:
    """The same without what stands behind it."""
    if isinstance(node, (Binary, Apply)):
        yield from (node.left, node.right)
    elif isinstance(node, (Negate, Bind)):
        yield node.value
    elif isinstance(node, Path):
        yield from node.steps
    elif isinstance(node, Array):
        yield from node.items
    elif isinstance(node, Object):
        yield from (one for pair in node.pairs for one in pair)
    elif isinstance(node, Condition):
        yield from (node.test, node.then)
        if node.otherwise is not None:
            yield node.otherwise
    elif isinstance(node, Block):
        yield from node.parts
    elif isinstance(node, Lambda):
        yield node.body
    elif isinstance(node, Call):
        yield node.callee
        yield from (one for one in node.arguments if one is not None)
    elif isinstance(node, Transform):
        yield from (node.pattern, node.update)
        if node.delete is not None:
            yield node.delete
    elif isinstance(node, Sort):
        yield from (one for one, _ in node.terms)


def everything(node: Node) -> Iterator[Node]:
    """A node and all that is within it.  Its depth is bounded by the parser's."""
    todo = [node]
    while todo:
        one = todo.pop()
        yield one
        todo += reversed(inner(one))


def binds(node: Node) -> set[str]:
    """The variables that a node binds in the frame that it is evaluated in."""
    out: set[str] = set()
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, Bind):
            out.add(one.name)
        if not isinstance(one, (Block, Lambda, Transform)):
            todo += inner(one)
        else:  # what stands behind it is outside
            todo += [each.expr for each in one.predicates]
            todo += [each.expr for each in one.stages if isinstance(each, Filter)]
            todo += [each for pair in one.group or () for each in pair]
    return out


def variables(node: Node) -> set[str]:
    """The names of all variables within."""
    return {one.name for one in everything(node) if isinstance(one, Variable)}


def context_free(node: Node) -> bool:
    """Does `$` matter only where a path of names begins with it?  For an array and the
    same items as the items of another it then gives the same."""
    if isinstance(node, Variable):
        return node.name != ""
    if isinstance(node, Wildcard):
        return False
    if isinstance(node, Path) and isinstance(node.steps[0], (Name, Variable)):
        first = node.steps[0]
        heads = [] if isinstance(first, Name) or first.name == "" else [first]
        rest = [each for pair in node.group or () for each in pair]
        return all(map(context_free, heads)) and (not rest or isinstance(first, Variable))
    if isinstance(node, (Lambda, Transform, Object)):
        return False
    if isinstance(node, Call) and isinstance(node.callee, Variable):
        name = node.callee.name
        if name in SIGNATURES and takes_context(name, len(node.arguments)):
            return False
    return all(map(context_free, inner(node)))
