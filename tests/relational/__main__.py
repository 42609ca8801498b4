"""`make relational CASES=file [ON=interpreter] [JSON=file]`: vectors of relational machines.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.comparing import compare

from .vectors import Verdict, as_json, judge_all, read


def report(verdicts: list[Verdict]) -> str:
    """Known differences, failures with their reasons, a line a group, and the total last."""
    lines = [f"{v.id}\n    {v.why}" for v in verdicts if v.verdict == "passed" and v.why]
    lines += [f"FAILED  {v.id}\n    {v.why}" for v in verdicts if v.verdict == "failed"]
    groups = sorted({v.group for v in verdicts})
    width = max((len(group) for group in groups), default=0)
    for group in groups:
        counts = Counter(v.verdict for v in verdicts if v.group == group)
        lines.append(f"{group:{width}}  {counts['passed']:4} passed  {counts['failed']:4} failed")
    total = Counter(v.verdict for v in verdicts)
    lines.append(f"{total['passed']} passed, {total['failed']} failed")
    return "\n".join(lines)


def judge(path: Path, on: str) -> list[Verdict]:
    """The verdicts on the vectors of a file."""
    return judge_all(read(path), on)


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return compare("relational", argv, judge, as_json, report)


if __name__ == "__main__":
    sys.exit(main())
