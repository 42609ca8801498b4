"""`make conformance CASES=folder [ON=interpreter] [JSON=file]`: compare with recorded AWS answers.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from tests.interpreters import INTERPRETERS, MissingTool, find

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


def _unable(why: str) -> int:
    print(f"conformance: {why}", file=sys.stderr)
    return 2


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("cases", type=Path, help="a folder of cases, looked through recursively")
    parser.add_argument("--on", default="cpython", metavar="INTERPRETER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts here")
    args = parser.parse_args(argv)
    if args.on not in (*INTERPRETERS, ENDPOINT):
        known = ", ".join((*INTERPRETERS, ENDPOINT))
        return _unable(f'there is no interpreter "{args.on}"; ON= takes {known}')
    if not args.cases.is_dir():
        return _unable(
            f"there is no folder {args.cases}: recorded AWS executions are no part of a clone; "
            "name a folder of yours with CASES="
        )
    try:
        if args.on != ENDPOINT:
            find(args.on)
    except MissingTool as missing:
        return _unable(str(missing))
    try:
        found = list(cases(args.cases))
    except ValueError as error:
        return _unable(str(error))
    verdicts = endpoint.judge_all(found) if args.on == ENDPOINT else judge_all(found, args.on)
    if args.json:
        text = json.dumps(as_json(verdicts), indent=1, ensure_ascii=False)
        args.json.write_text(text + "\n", encoding="utf-8")
    print(report(verdicts))
    return 1 if any(v.verdict == "failed" for v in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
