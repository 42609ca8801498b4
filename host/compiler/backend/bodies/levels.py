"""How deep the nodes of a tree are in one another, as AWS counts them."""

from __future__ import annotations

from collections.abc import Callable

from ...jsonata.tree import (
    Binary,
    Call,
    Condition,
    Lambda,
    Name,
    Node,
    Path,
    Sort,
    Transform,
    Variable,
)
from .natives import LINKED, NATIVES
from .walk import everything, inner


def straight(node: Node) -> int:
    """The deepest of the nodes that are evaluated whenever this one is, which is 1."""
    return _deepest(node, _certain)


def deepest(node: Node) -> int:
    """The deepest of all nodes within, functions counted where they stand."""
    return _deepest(node, inner)


def _deepest(node: Node, parts: Callable[[Node], list[Node]]) -> int:
    most = 0
    todo = [(node, 1)]
    while todo:
        one, level = todo.pop()
        most = max(most, level)
        todo += [(part, level + 1) for part in parts(one)]
    return most


def _certain(node: Node) -> list[Node]:
    """What is evaluated whenever a node is."""
    if isinstance(node, (Lambda, Transform, Sort)):
        return []
    if isinstance(node, Condition):
        return [node.test]
    if isinstance(node, Binary) and node.op in ("and", "or"):
        return [node.left]
    if isinstance(node, Path):
        return [one for n, one in enumerate(node.steps) if n == 0 or isinstance(one, Name)]
    return inner(node)


def unknown(tree: Node) -> bool:
    """Can only a run tell how deep evaluations are?  Not if functions call built-ins alone, with
    functions that are written there."""
    depth = 0
    recursive = False
    for node in everything(tree):
        if isinstance(node, (Lambda, Transform)):
            depth += deepest(node)
            recursive = recursive or any(map(_calls_unknown, everything(node)))
    return recursive or (depth > 0 and depth + deepest(tree) > 100)


def _calls_unknown(node: Node) -> bool:
    if not isinstance(node, Call):
        return False
    callee = node.callee
    if isinstance(callee, Lambda):
        return False
    if not isinstance(callee, Variable) or callee.predicates:
        return True
    if callee.name not in LINKED:
        return callee.name not in NATIVES
    functions = [one for one in node.arguments[1:2] if isinstance(one, Variable)]
    return any(one.name not in NATIVES for one in functions)
