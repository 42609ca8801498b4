"""Finds the conformance data set, which only some working trees have next to them."""

import json
import os
from pathlib import Path
from typing import Any

from tsme_host.compiler.frontend.check import find_problems

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("TSME_CONFORMANCE", ROOT.parent / "shared" / "conformance"))


def cases(part: str) -> list[dict[str, Any]]:
    """All cases of one folder, in the order of their file names; none if it is absent."""
    paths = sorted((FOLDER / part).glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def machine_around(state: dict[str, Any]) -> dict[str, Any]:
    """A workflow of one state and of whatever it goes on to."""
    targets: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            targets.update(value[k] for k in ("Next", "Default") if isinstance(value.get(k), str))
            for name, member in value.items():
                if name not in ("ItemProcessor", "Iterator", "Branches"):
                    walk(member)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(state)
    others = {name: {"Type": "Succeed"} for name in targets}
    return {"StartAt": "The state", "States": {"The state": state, **others}}


def verdict(case: dict[str, Any]) -> str:
    """`valid`, `invalid`, or `refused`: nothing wrong but a feature this version lacks."""
    text = case.get("definition_text")
    if text is None:
        definition = case["definition"]
        text = definition if isinstance(definition, str) else json.dumps(definition)
    problems = find_problems(text)[1]
    if any(not problem.refusal for problem in problems):
        return "invalid"
    return "refused" if problems else "valid"
