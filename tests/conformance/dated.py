"""What AWS does otherwise since some day.  A recording is held to the form of its own day.

The product has today's form; a case without a date of recording is of today.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from .judge import Case, is_concurrent

Event = dict[str, Any]

# The last day on which the old form was recorded.
EXIT_AFTER_RUN = date(2024, 7, 20)  # MapStateExited follows MapRunSucceeded, not MapRunStarted
EVALUATION_BEFORE_ENTRY = date(2024, 11, 21)  # EvaluationFailed follows what StateEntered follows
NO_OBJECTS = date(2026, 6, 30)  # a Map does not take an object for its items
_NO_OBJECT = re.compile(r"Attempting to map over non-iterable node\.|.* must point to array\.")


def recorded(case: Case) -> date:
    """The day of a recording; today's if it has none."""
    text = (case.get("source") or {}).get("recorded")
    if not text:
        return date.max
    day, month, year = (int(part) for part in text.split(",")[0].split("-"))
    return date(year, month, day)


def as_then(case: Case, events: list[Event]) -> list[Event]:
    """Events in today's form, in that of the day of a recording."""
    day = recorded(case)
    by_id = {e["id"]: e for e in events}

    def follows(e: Event) -> int:
        before = by_id.get(e["prev"], {})
        if e["type"] == "MapStateExited" and day <= EXIT_AFTER_RUN:
            if before.get("type") == "MapRunStarted":
                after = [x["id"] for x in events if x["prev"] == e["prev"] and x is not e]
                return int(after[0]) if after else int(e["prev"])
        if e["type"] == "EvaluationFailed" and day <= EVALUATION_BEFORE_ENTRY:
            while before.get("type") == "EvaluationFailed":
                before = by_id.get(before["prev"], {})
            if before.get("type", "").endswith("StateEntered"):
                return int(before["prev"])
        return int(e["prev"])

    return [e | {"prev": follows(e)} for e in events]


def chains(case: Case, actual: list[Event]) -> list[str]:
    """Where the numbers of events, or of those before them, are not the recorded ones."""
    expected = case["expected"].get("events")
    if not expected or is_concurrent(case) or case["expected"].get("events_incomplete"):
        return []
    diffs = []
    for want, got in zip(expected, as_then(case, actual), strict=False):
        pair, told = (want.get("id"), want.get("prev")), (got["id"], got["prev"])
        if None not in pair and pair != told:
            what = f"is {told[0]} after {told[1]} instead of {pair[0]} after {pair[1]}"
            diffs.append(f"event {want['id']} ({want['type']}): {what}")
    return diffs


def outdated(case: Case, answer: dict[str, Any]) -> str:
    """Why AWS would not answer a case today as it did then; "" if it would."""
    expected = case["expected"]
    if recorded(case) <= NO_OBJECTS and expected.get("status") == "FAILED":
        if _NO_OBJECT.fullmatch(expected.get("cause") or "") and answer["status"] == "SUCCEEDED":
            return "a Map takes an object for its items since July 2026"
    return ""
