"""`make conformance CASES=folder [ON=interpreter] [JSON=file]`: compare with recorded AWS answers.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.comparing import compare, folder

from . import endpoint
from .suite import as_json, cases, judge_all
from .verdicts import Verdict

ENDPOINT = "endpoint"  # tsme serve
_VERDICTS = ("passed", "failed", "skipped")


def report(verdicts: list[Verdict]) -> str:
    """Known differences, failures with their reasons, a line a category, and the total last."""
    lines = [f"{v.id}\n    {v.why}" for v in verdicts if v.known]
    lines += [f"FAILED  {v.id}\n    {v.why}" for v in verdicts if v.verdict == "failed"]
    categories = sorted({v.category for v in verdicts})
    width = max((len(c) for c in categories), default=0)
    for category in categories:
        counts = Counter(v.verdict for v in verdicts if v.category == category)
        numbers = "  ".join(f"{counts[name]:4} {name}" for name in _VERDICTS)
        lines.append(f"{category:{width}}  {numbers}")
    total = Counter(v.verdict for v in verdicts)
    lines.append(", ".join(f"{total[name]} {name}" for name in _VERDICTS))
    return "\n".join(lines)


def judge(path: Path, on: str) -> list[Verdict]:
    """The verdicts on the cases of a folder."""
    found = list(cases(folder(path, "recorded AWS executions are")))
    return endpoint.judge_all(found) if on == ENDPOINT else judge_all(found, on)


def main(argv: list[str] | None = None) -> int:
    """The command."""
    return compare("conformance", argv, judge, as_json, report, (ENDPOINT,))


if __name__ == "__main__":
    sys.exit(main())
