"""Differences that have a reason, by rule: known_differences.json.

A rule is about expressions that have `expression` in them, where our answer has `ours` in it and
the other one `theirs` (patterns, of answers as `text` gives them).  `engine`: whose answers it is
about; `alone`: jsonata 2.0.6 says what we say; `data`: what the expression or its data have in
them; `tree`: what the expression's tree has, one of TREES.  What is left out is not asked.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsme_host.compiler.jsonata.parser import parse
from tsme_host.compiler.jsonata.tree import (
    Block,
    Call,
    Condition,
    Filter,
    JsonataError,
    Lambda,
    Literal,
    Name,
    Negate,
    Node,
    Wildcard,
)

from .judge import Answer, agree

KNOWN = Path(__file__).with_name("known_differences.json")


@dataclass(frozen=True)
class Rule:
    """One of them."""

    rule: str
    why: str
    expression: str = ""
    ours: str = ""
    theirs: str = ""
    engine: str = ""
    alone: bool = False
    data: str = ""
    tree: str = ""

    def excuses(self, told: Told) -> bool:
        """Is this why they differ?"""
        if self.engine not in ("", told.engine):
            return False
        if self.alone and (told.reference is None or not agree(told.ours, told.reference)):
            return False
        texts = told.expression, text(told.ours), text(told.theirs), told.data
        patterns = self.expression, self.ours, self.theirs, self.data
        if not all(re.search(p, t, re.DOTALL) for p, t in zip(patterns, texts, strict=True) if p):
            return False
        return not self.tree or _has(told.expression, TREES[self.tree])


@dataclass(frozen=True)
class Told:
    """Two answers to an expression, and that of jsonata 2.0.6 if `theirs` is of another."""

    expression: str
    ours: Answer
    theirs: Answer
    engine: str
    reference: Answer | None = None
    data: str = ""


def text(answer: Answer) -> str:
    """The whole of an answer."""
    if "error" in answer:
        return f"error {answer['error']['code']}"
    return json.dumps(answer["value"], ensure_ascii=False) if "value" in answer else "nothing"


def rules(path: Path = KNOWN) -> list[Rule]:
    """All of them, in the order of the file."""
    return [Rule(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def excuse(known: Iterable[Rule], told: Told) -> Rule | None:
    """The first rule that says why, if one does."""
    return next((rule for rule in known if rule.excuses(told)), None)


# --- what a tree has ---------------------------------------------------------------------------


def _has(expression: str, wanted: Callable[[Node], bool]) -> bool:
    try:
        return any(map(wanted, _nodes(parse(expression))))
    except JsonataError:
        return False


def _nodes(value: Any) -> Iterator[Node]:
    """All nodes in a value of a tree."""
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, (list, tuple)):
            todo += value
        elif dataclasses.is_dataclass(value):
            if isinstance(value, Node):
                yield value
            todo += [getattr(value, field.name) for field in dataclasses.fields(value)]


def _ends_in_a_call(node: Node | None) -> bool:
    """Does a node give what a call in tail position gives?"""
    if isinstance(node, Call):
        return node.tail
    if isinstance(node, Block):
        return bool(node.parts) and _ends_in_a_call(node.parts[-1])
    if isinstance(node, Condition):
        return _ends_in_a_call(node.then) or _ends_in_a_call(node.otherwise)
    return False


def _picks_from_a_call(node: Node) -> bool:
    """A function whose last call has filters or a grouping behind it, outside of brackets."""
    if not isinstance(node, Lambda):
        return False
    behind = (n for n in _nodes(node.body) if n.predicates or n.group is not None or n.stages)
    return any(map(_ends_in_a_call, behind))


def _does_not_look(node: Node) -> bool:
    """A filter that asks nothing of the item."""
    for part in (*node.predicates, *node.stages):
        if isinstance(part, Filter) and not isinstance(part.expr, Literal | Negate):
            if not any(isinstance(n, Name | Wildcard) for n in _nodes(part.expr)):
                return True
        if isinstance(part, Filter) and isinstance(part.expr, Literal):
            if isinstance(part.expr.value, bool):
                return True
    return False


TREES: dict[str, Callable[[Node], bool]] = {
    "picks from a tail call": _picks_from_a_call,
    "a filter that does not look": _does_not_look,
}
