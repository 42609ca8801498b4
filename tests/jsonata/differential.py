"""`make differential [COUNT=n] [SEED=n]`: generated expressions, here and in other engines.

Exit: 0 nothing differs for no reason, 1 something does, 2 it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.interpreters import INTERPRETERS, MissingTool, find

from . import expressions, reference
from .generator import made
from .judge import Answer, agree, told
from .rules import Rule, Told, excuse, rules

BATCH = 1000
ENGINES = ("jsonata", "jlens")


@dataclass(frozen=True)
class Difference:
    """Two answers to one expression.  `rule`: why they differ, None if nobody knows."""

    seed: int
    asked: dict[str, Any]
    engine: str
    ours: Answer
    theirs: Answer
    rule: Rule | None

    def __str__(self) -> str:
        data = json.dumps(self.asked["data"], ensure_ascii=False)
        lines = (
            self.asked["expr"],
            f"here    {told(self.ours)}",
            f"{self.engine:8}{told(self.theirs)}",
        )
        return f"seed {self.seed}: " + "\n  ".join((*lines, f"data    {data}"))


def differences(
    seeds: Sequence[int],
    on: str,
    known: Sequence[Rule] | None = None,
) -> Iterator[Difference]:
    """Where an engine of ours and others do not say the same about the expressions of seeds."""
    known = rules() if known is None else known
    for at in range(0, len(seeds), BATCH):
        part = seeds[at : at + BATCH]
        asked = [{"expr": m.text, "data": m.data} for m in map(made, part)]
        ours = expressions.run(on, [expressions.job(one) for one in asked])
        said = [reference.ask(engine, asked) for engine in ENGINES]
        for n, seed in enumerate(part):
            first = said[0][n]
            whole = json.dumps(asked[n], ensure_ascii=False)
            for engine, theirs in zip(ENGINES, said, strict=True):
                if not agree(ours[n], theirs[n]):
                    told = Told(asked[n]["expr"], ours[n], theirs[n], engine, first, whole)
                    rule = excuse(known, told)
                    yield Difference(seed, asked[n], engine, ours[n], theirs[n], rule)


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--on", default="cpython", choices=INTERPRETERS)
    args = parser.parse_args(argv)
    try:
        find(args.on)
        reference.install()
    except MissingTool as missing:
        print(f"differential: {missing}", file=sys.stderr)
        return 2
    rule_of: Counter[tuple[str, str]] = Counter()
    unexplained = 0
    for found in differences(range(args.seed, args.seed + args.count), args.on):
        if found.rule is None:
            unexplained += 1
            print(str(found).encode(errors="backslashreplace").decode())
        else:
            rule_of[found.engine, found.rule.rule] += 1
    for (engine, rule), count in sorted(rule_of.items()):
        print(f"{count:6} {engine}: {rule}")
    with_one = sum(rule_of.values())
    print(
        f"{args.count} expressions; differences: {with_one} with a reason, {unexplained} without"
    )
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
