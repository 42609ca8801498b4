"""`make jsonata CASES=folder [ON=engine] [JSON=file]`: expressions with what they are to give.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from tests.interpreters import INTERPRETERS, MissingTool, find

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


def _unable(why: str) -> int:
    print(f"jsonata: {why}", file=sys.stderr)
    return 2


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="jsonata", description=__doc__)
    parser.add_argument("cases", type=Path, help="a folder of cases, looked through recursively")
    parser.add_argument("--on", default="cpython", metavar="ENGINE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts here")
    args = parser.parse_args(argv)
    if args.on not in INTERPRETERS:
        known = ", ".join(INTERPRETERS)
        return _unable(f'there is no interpreter "{args.on}"; ON= takes {known}')
    if not args.cases.is_dir():
        return _unable(
            f"there is no folder {args.cases}: JSONata's reference suite is no part of a clone; "
            "name a folder of yours with CASES="
        )
    try:
        find(args.on)
        reference.install()
        found = list(cases(args.cases))
    except (MissingTool, ValueError) as wrong:
        return _unable(str(wrong))
    verdicts = judge_all(found, args.on)
    if args.json:
        text = json.dumps(as_json(verdicts), indent=1, ensure_ascii=False)
        args.json.write_text(text + "\n", encoding="utf-8")
    print(report(verdicts))
    return 1 if any(v.verdict == "failed" for v in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
