"""`make relational CASES=file [ON=interpreter] [JSON=file]`: vectors of relational machines.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from tests.interpreters import INTERPRETERS, MissingTool, find

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


def _unable(why: str) -> int:
    print(f"relational: {why}", file=sys.stderr)
    return 2


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="relational", description=__doc__)
    parser.add_argument("cases", type=Path, help="a file of vectors")
    parser.add_argument("--on", default="cpython", metavar="INTERPRETER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts here")
    args = parser.parse_args(argv)
    if args.on not in INTERPRETERS:
        known = ", ".join(INTERPRETERS)
        return _unable(f'there is no interpreter "{args.on}"; ON= takes {known}')
    try:
        find(args.on)
        verdicts = judge_all(read(args.cases), args.on)
    except (MissingTool, ValueError) as wrong:
        return _unable(str(wrong))
    if args.json:
        text = json.dumps(as_json(verdicts), indent=1, ensure_ascii=False)
        args.json.write_text(text + "\n", encoding="utf-8")
    print(report(verdicts))
    return 1 if any(v.verdict == "failed" for v in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
