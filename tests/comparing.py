"""What `make conformance`, `make jsonata` and `make relational` have in common: a command that
compares cases with what they are to give, on one of the interpreters.

Exit: 0 nothing failed, 1 something did, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tests.interpreters import INTERPRETERS, MissingTool, find


class Judged(Protocol):
    """A verdict: "passed", "failed", or what else the suite knows."""

    @property
    def verdict(self) -> str: ...


def folder(path: Path, what: str) -> Path:
    """The folder of cases; ValueError if it is not there, since `what` is no part of a clone."""
    if path.is_dir():
        return path
    raise ValueError(
        f"there is no folder {path}: {what} no part of a clone; name a folder of yours with CASES="
    )


V = TypeVar("V", bound=Judged)


def compare(
    name: str,
    argv: Sequence[str] | None,
    judge: Callable[[Path, str], list[V]],
    as_json: Callable[[list[V]], Iterable[Any]],
    report: Callable[[list[V]], str],
    also: tuple[str, ...] = (),
) -> int:
    """The command `name`, and its exit status.

    `judge` gives the verdicts on the cases at a path on an interpreter, or on what there is
    `also`; MissingTool and ValueError say why it cannot.
    """

    def unable(why: object) -> int:
        print(f"{name}: {why}", file=sys.stderr)
        return 2

    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("cases", type=Path, help="where they are: a folder, or a file of vectors")
    parser.add_argument("--on", default="cpython", metavar="INTERPRETER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts here")
    args = parser.parse_args(argv)
    if args.on not in (*INTERPRETERS, *also):
        known = ", ".join((*INTERPRETERS, *also))
        return unable(f'there is no interpreter "{args.on}"; ON= takes {known}')
    try:
        if args.on not in also:
            find(args.on)
        verdicts = judge(args.cases, args.on)
    except (MissingTool, ValueError) as why:
        return unable(why)
    if args.json:
        text = json.dumps(as_json(verdicts), indent=1, ensure_ascii=False)
        args.json.write_text(text + "\n", encoding="utf-8")
    print(report(verdicts))
    return 1 if any(v.verdict == "failed" for v in verdicts) else 0
