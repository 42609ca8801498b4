"""Verdicts: each case of a folder, judged on one engine.

A case is an object with `id`, `expr`, what `$` is (`data`, or `dataset`: a file of the folder
`..-datasets` beside the cases, or `data_undefined`), `bindings`, and what is expected: `result`
(in any order if `unordered`), `undefined`, or `error_code` (with the `token` that it names).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import expressions, reference
from .judge import Answer, agree, same_items, short, told
from .judge import same as same_value
from .rules import Rule, Told, excuse, rules

Case = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """`verdict` is passed, failed, or known: a difference with a reason, that of a rule."""

    id: str
    verdict: str
    why: str = ""
    rule: str = ""

    @property
    def group(self) -> str:
        """Cases of one kind have one."""
        return self.id.rpartition("/")[0] or self.id


def cases(folder: Path) -> Iterator[Case]:
    """All cases below a folder, by file name, their data in place.

    Raises ValueError, which names the file, for one that holds no JSON or is not there.
    """
    for path in sorted(folder.rglob("*.json")):
        found = _read(path)
        for case in found if isinstance(found, list) else [found]:
            if isinstance(case, dict) and {"id", "expr"} <= case.keys():
                yield _placed(case, path)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError:
        raise ValueError(f"there is no file {path}") from None
    except ValueError as error:
        raise ValueError(f"{path} holds no JSON: {error}") from None


def _placed(case: Case, path: Path) -> Case:
    """With `data` in place of the name of a dataset."""
    name = case.get("dataset")
    if name is None or case.get("data_undefined"):
        return case
    folder = path.parent
    while not (folder.parent / f"{folder.name}-datasets").is_dir():
        if folder == folder.parent:
            raise ValueError(f"{path} has a dataset {name}, and no folder ...-datasets beside it")
        folder = folder.parent
    return case | {"data": _read(folder.parent / f"{folder.name}-datasets" / f"{name}.json")}


def asked(case: Case) -> dict[str, Any]:
    """A case in the form of reference.py."""
    out = {"expr": case["expr"], "bindings": case.get("bindings") or {}}
    return out | (
        {} if case.get("data_undefined") or "data" not in case else {"data": case["data"]}
    )


def judge_all(
    found: Iterable[Case], on: str, known: Sequence[Rule] | None = None
) -> list[Verdict]:
    """The verdict on each case.  What is not as expected is right if jsonata 2.0.6 says so."""
    found = list(found)
    known = rules() if known is None else known
    answers = expressions.run(on, [expressions.job(asked(case)) for case in found])
    verdicts = [
        Verdict(case["id"], "passed" if not why else "failed", why)
        for case, answer in zip(found, answers, strict=True)
        for why in (difference(case, answer),)
    ]
    doubtful = [n for n, v in enumerate(verdicts) if v.verdict == "failed"]
    theirs = reference.ask("jsonata", [asked(found[n]) for n in doubtful]) if doubtful else []
    for n, answer in zip(doubtful, theirs, strict=True):
        verdicts[n] = _second(found[n], answers[n], answer, verdicts[n], known)
    return verdicts


def _second(
    case: Case, ours: Answer, theirs: Answer, first: Verdict, known: Sequence[Rule]
) -> Verdict:
    """The verdict on what is not as expected, by what jsonata 2.0.6 says."""
    if agree(ours, theirs):
        return Verdict(case["id"], "passed", f"as jsonata 2.0.6: {told(theirs)}")
    rule = excuse(known, Told(case["expr"], ours, theirs, "jsonata"))
    if rule is not None:
        return Verdict(case["id"], "known", rule.why, rule.rule)
    return Verdict(case["id"], "failed", f"{first.why}; jsonata 2.0.6: {told(theirs)}")


def difference(case: Case, answer: Answer) -> str:
    """What is otherwise than expected, "" if nothing is."""
    wanted = case.get("error_code")
    if wanted is not None:
        error = answer.get("error")
        if error is None or error["code"] != wanted:
            return f"{told(answer)} instead of error {wanted}"
        if case.get("token") not in (None, error.get("token", case.get("token"))):
            return f"the error is at {error['token']} instead of {case['token']}"
        return ""
    if "result" not in case:
        return f"{told(answer)} instead of nothing" if answer else ""
    equal = same_items if case.get("unordered") else same_value
    if "value" in answer and equal(case["result"], answer["value"]):
        return ""
    return f"{told(answer)} instead of {short(case['result'])}"


def as_json(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """What `JSON=file` holds."""
    return [
        {"id": v.id, "verdict": v.verdict, "why": v.why} | ({"rule": v.rule} if v.rule else {})
        for v in verdicts
    ]
