"""`make jsonata CASES=folder [ON=engine] [JSON=file]`: expressions with what they are to give.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.comparing import compare, folder

from . import reference
from .suite import Verdict, as_json, cases, judge_all

_VERDICTS = ("passed", "failed", "known")


def report(verdicts: list[Verdict]) -> str:
    """Known differences by rule, failures with reasons, a line a group, and the total last."""
    lines = []
    for rule in dict.fromkeys(v.rule for v in verdicts if v.rule):
        ids = [v.id for v in verdicts if v.rule == rule]
        why = next(v.why for v in verdicts if v.rule == rule)
        lines.append(f'{len(ids)} by the rule "{rule}": {why}\n    ' + "\n    ".join(ids))
    lines += [f"FAILED  {v.id}\n    {v.why}" for v in verdicts if v.verdict == "failed"]
    groups = sorted({v.group for v in verdicts})
    width = max((len(g) for g in groups), default=0)
    for group in groups:
        counts = Counter(v.verdict for v in verdicts if v.group == group)
        numbers = "  ".join(f"{counts[name]:4} {name}" for name in _VERDICTS)
        lines.append(f"{group:{width}}  {numbers}")
    total = Counter(v.verdict for v in verdicts)
    lines.append(", ".join(f"{total[name]} {name}" for name in _VERDICTS))
    return "\n".join(lines)


def judge(path: Path, on: str) -> list[Verdict]:
    """The verdicts on the cases of a folder."""
    found = folder(path, "JSONata's reference suite is")
    reference.install()
    return judge_all(list(cases(found)), on)


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return compare("jsonata", argv, judge, as_json, report)


if __name__ == "__main__":
    sys.exit(main())
