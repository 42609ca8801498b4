"""Differences that have a reason, by rule: known_differences.json.

A rule is about expressions that have `expression` in them (a pattern), where our answer is the
error `code` or, as text, has `ours` in it, and the other one has `theirs` in it.  `engine`: whose
answers it is about, all if it is left out.  What is left out is not asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .judge import Answer, told

KNOWN = Path(__file__).with_name("known_differences.json")


@dataclass(frozen=True)
class Rule:
    """One of them."""

    rule: str
    why: str
    expression: str = ""
    code: str = ""
    ours: str = ""
    theirs: str = ""
    engine: str = ""

    def excuses(self, expression: str, ours: Answer, theirs: Answer, engine: str) -> bool:
        """Is this why they differ?"""
        if self.engine and self.engine != engine:
            return False
        if self.code and ours.get("error", {}).get("code") != self.code:
            return False
        pairs = (self.expression, expression), (self.ours, told(ours)), (self.theirs, told(theirs))
        return all(re.search(pattern, text, re.DOTALL) for pattern, text in pairs if pattern)


def rules(path: Path = KNOWN) -> list[Rule]:
    """All of them, in the order of the file."""
    return [Rule(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def excuse(
    known: Iterable[Rule], expression: str, ours: Answer, theirs: Answer, engine: str
) -> Rule | None:
    """The first rule that says why, if one does."""
    for rule in known:
        if rule.excuses(expression, ours, theirs, engine):
            return rule
    return None
