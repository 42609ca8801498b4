"""Functions as they are under guard: each call and each iteration asks the guard first.

A function keeps its globals, closure, line numbers and file; only its code is another one.
"""

from __future__ import annotations

import ast
import functools
import linecache
import warnings
from collections.abc import Iterable
from types import CodeType, FunctionType, ModuleType
from typing import TypeVar

from .forbidden import LOOKS
from .reach import codes

Node = TypeVar("Node", bound=ast.AST)

GUARD = "__tsme_guard__"  # what the code calls the guard, a global

# Calls of these are left alone: they are harmless, or look at who calls them.
_ALONE = frozenset(
    "super locals vars dir globals eval exec len isinstance issubclass range int bool abs type "
    "getattr hasattr setattr ord chr divmod callable round".split()
)
_FREE = frozenset("sorted sum min max any all set frozenset len dict Counter".split())
_THROUGH = frozenset("map filter list tuple iter".split())  # as free as what they are given to
_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


class _Rewriter(ast.NodeTransformer):
    """modules: what names mean modules with members that are not to be looked at."""

    def __init__(self, modules: frozenset[str]) -> None:
        self.modules = modules

    def _ask(self, what: str, node: ast.expr, *args: ast.expr) -> ast.Call:
        guard = ast.Attribute(ast.Name(GUARD, ast.Load()), what, ast.Load())
        return _placed(ast.Call(guard, list(args), []), node)

    def _ordered(self, node: ast.expr) -> ast.expr:
        if isinstance(node, (ast.Constant, ast.Tuple, ast.List)):
            return node
        return self._ask("ordered", node, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        keyed = any(keyword.arg == "key" for keyword in node.keywords)
        first = node.args[:1]
        if name in _FREE and not keyed and first:
            node.args = [self._free(first[0]), *(self.visit(arg) for arg in node.args[1:])]
            node.keywords = [self.visit(keyword) for keyword in node.keywords]
        else:
            self.generic_visit(node)
        if name in _ALONE:
            return node
        call = self._ask("call", node, node.func, *node.args)
        call.keywords = node.keywords
        return call

    def _free(self, node: ast.expr) -> ast.expr:
        """What is iterated over by somebody who does not mind the order."""
        if isinstance(node, _COMPREHENSIONS):
            self._comprehension(node, free=True)
            return node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _THROUGH and not node.keywords:
                node.args = [self._free(arg) for arg in node.args]
                return self._ask("call_free", node, node.func, *node.args)
        visited: ast.expr = self.visit(node)
        return visited

    def _comprehension(self, node: ast.expr, *, free: bool) -> None:
        self.generic_visit(node)
        if not free:
            for generator in node.generators:  # type: ignore[attr-defined]
                generator.iter = self._ordered(generator.iter)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        self._comprehension(node, free=False)
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        self._comprehension(node, free=False)
        return node

    def visit_SetComp(self, node: ast.SetComp) -> ast.expr:
        self._comprehension(node, free=True)
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        self._comprehension(node, free=True)  # goes where dicts without order go
        return node

    def visit_For(self, node: ast.For) -> ast.stmt:
        self.generic_visit(node)
        node.iter = self._ordered(node.iter)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = self._ordered(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            node.value = self._ordered(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add):  # of a list: all items
            node.value = self._ordered(node.value)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        self.generic_visit(node)
        node.value = self._ordered(node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        text = node.left.value if isinstance(node.left, ast.Constant) else None
        if isinstance(node.op, ast.Mod) and isinstance(text, str) and "%(" not in text:
            right = node.right
            if isinstance(right, ast.Tuple):  # *parts are visited as such
                right.elts = [
                    p if isinstance(p, ast.Starred) else self._ordered(p) for p in right.elts
                ]
            else:
                node.right = self._ordered(right)
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        self.generic_visit(node)
        node.value = self._ordered(node.value)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        known = isinstance(node.value, ast.Name) and node.value.id in self.modules
        if known and isinstance(node.ctx, ast.Load):
            return self._ask("look", node, node.value, _placed(ast.Constant(node.attr), node))
        return node


def _placed(new: Node, old: ast.AST) -> Node:
    for node in ast.walk(new):
        if not hasattr(node, "lineno"):
            ast.copy_location(node, old)
    return new


@functools.lru_cache(maxsize=64)
def _file(filename: str, source: str, modules: frozenset[str]) -> dict[tuple[str, int], CodeType]:
    """All functions of a file, as they are under guard, by name and first line."""
    tree = _Rewriter(modules).visit(ast.parse(source, filename))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file's own warnings were given when it was imported
        whole = compile(ast.fix_missing_locations(tree), filename, "exec", dont_inherit=True)
    return {(code.co_qualname, code.co_firstlineno): code for code in codes(whole)}


def rewritten(f: FunctionType) -> CodeType | None:
    """Its code under guard; None if its source is not there, or is not what runs."""
    code = f.__code__
    source = "".join(linecache.getlines(code.co_filename, f.__globals__))
    names = {
        name
        for name, value in f.__globals__.items()
        if isinstance(value, ModuleType) and value.__name__ in LOOKS
    }
    try:
        found = _file(code.co_filename, source, frozenset(names))
    except (SyntaxError, ValueError):
        return None
    new = found.get((code.co_qualname, code.co_firstlineno))
    if new is None or _face(new) != _face(code):
        return None
    return new


def _face(code: CodeType) -> tuple[object, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    return code.co_varnames[:count], code.co_freevars, code.co_flags & 0x2AF


def blind(functions: Iterable[FunctionType]) -> list[FunctionType]:
    """Those whose source is not there."""
    return [f for f in functions if rewritten(f) is None]
