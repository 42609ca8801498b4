"""What is said of a case: passed, failed or skipped, and why."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass
from pathlib import Path

from .judge import Case

KNOWN = Path(__file__).with_name("known_differences.json")


@dataclass(frozen=True)
class Verdict:
    """`verdict` is passed, failed or skipped; `known`: a difference with a reason, which counts
    as skipped."""

    id: str
    category: str
    verdict: str
    why: str = ""
    known: bool = False


def known_differences(path: Path = KNOWN) -> dict[str, str]:
    """Recordings believed impossible: id -> reason."""
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def verdict(case: Case, said: str, why: str = "", known: bool = False) -> Verdict:
    """The verdict on a case."""
    suite = case["id"].split("/")[0]
    return Verdict(case["id"], f"{suite}/{case.get('needs') or case['kind']}", said, why, known)


def bug(error: Exception) -> str:
    """What is wrong with the tools, or with a case that is not as the format has it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error}"


def excused(v: Verdict, known: dict[str, str]) -> Verdict:
    """A failure that is known counts as skipped."""
    if v.verdict == "failed" and v.id in known:
        return Verdict(v.id, v.category, "skipped", "known difference: " + known[v.id], True)
    return v
