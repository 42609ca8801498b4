"""Is an answer what AWS gave?  The comparison rules of the data set's INDEX.md.

A port of the data set's own compare.py, which is not part of this project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Case = dict[str, Any]

WILD = re.compile(r"<\*([^*<>]+)\*>")
EVENT_ID = re.compile(r"event id #\d+")
RESULT = ("status", "output", "error", "cause")


def match(expected: Any, actual: Any) -> bool:
    """Is `actual` what `expected` asks for?"""
    if isinstance(expected, str):
        return _match_text(expected, actual)
    if any(value is None or isinstance(value, bool) for value in (expected, actual)):
        return expected is actual
    if isinstance(expected, (int, float)):
        return isinstance(actual, (int, float)) and expected == actual
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(expected) != len(actual):
            return False
        return all(match(e, a) for e, a in zip(expected, actual, strict=True))
    if not isinstance(actual, dict):
        return False
    if "StartTime" in expected and "RedriveCount" not in expected:  # recorded before AWS added it
        actual = {k: v for k, v in actual.items() if k != "RedriveCount"}
    if expected.keys() != actual.keys():
        return False
    return all(match(expected[k], actual[k]) for k in expected)


def _match_text(expected: str, actual: Any) -> bool:
    if WILD.fullmatch(expected):
        return True  # a whole-string wildcard stands for any JSON value
    if not isinstance(actual, str):
        return False
    if expected == actual:
        return True
    if WILD.search(expected):
        parts = [re.escape(part) for part in re.split(r"<\*[^*<>]+\*>", expected)]
        if re.fullmatch("(?:.*?)".join(parts), actual, re.S):
            return True
    if expected[:1] in ("{", "[") and actual[:1] in ("{", "["):  # JSON text: spacing and order
        try:
            return match(json.loads(expected), json.loads(actual))
        except ValueError:
            return False
    return False


def states_of(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All states of a definition, those of inner machines too."""
    for state in (machine.get("States") or {}).values():
        yield state
        inner = [state.get("ItemProcessor"), state.get("Iterator"), *(state.get("Branches") or [])]
        for sub in inner:
            if isinstance(sub, dict):
                yield from states_of(sub)


def is_concurrent(case: Case) -> bool:
    """Can AWS interleave the events of this case in more than one way?"""
    for state in states_of(case["definition"]):
        if state.get("Type") == "Parallel" and len(state.get("Branches") or []) > 1:
            return True
        if state.get("Type") == "Map" and state.get("MaxConcurrency") != 1:
            return True
    return bool(case["expected"].get("unordered_events"))


def _counts(event: dict[str, Any], loose: bool) -> dict[str, Any]:
    """What counts of an event: not its ids, and `in_state` was never recorded."""
    out = {k: v for k, v in event.items() if k not in ("id", "prev", "in_state")}
    if loose:
        out = json.loads(EVENT_ID.sub("event id #<*n*>", json.dumps(out)))
    return out


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:197] + "..."


def compare_events(case: Case, expected: list[Any], actual: list[Any]) -> list[str]:
    """Differences between two histories, as texts."""
    loose = is_concurrent(case)
    want = [_counts(e, loose) for e in expected]
    got = [_counts(e, False) for e in actual]
    if not loose:
        return _compare_in_order(want, got)
    diffs = []
    rest = list(got)
    for e in want:
        hit = next((i for i, a in enumerate(rest) if match(e, a)), None)
        if hit is None:
            diffs.append(f"no event like {e['type']} {e.get('state', '')}".rstrip())
        else:
            rest.pop(hit)
    if not case["expected"].get("events_incomplete"):
        diffs += [f"unexpected event {a['type']} {a.get('state', '')}".rstrip() for a in rest]
    return diffs


def _compare_in_order(want: list[Any], got: list[Any]) -> list[str]:
    diffs = []
    for n, (e, a) in enumerate(zip(want, got, strict=False), 1):
        if match(e, a):
            continue
        fields = [k for k in {**e, **a} if k not in e or k not in a or not match(e[k], a[k])]
        first = sorted(fields)[0]
        what = f"{first} is {_shown(a.get(first))} instead of {_shown(e.get(first))}"
        diffs.append(f"event {n} ({e['type']}): {', '.join(sorted(fields))}: {what}")
    if len(want) != len(got):
        diffs.append(f"{len(got)} events instead of {len(want)}")
    return diffs


def differing(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """The members of an answer that are not as expected, as texts."""
    diffs = []
    for key in sorted(expected.keys() | actual.keys()):
        if key not in actual:
            diffs.append(f"{key}: missing: {_shown(expected[key])}")
        elif key not in expected:
            diffs.append(f"{key}: not expected: {_shown(actual[key])}")
        elif not match(expected[key], actual[key]):
            diffs.append(f"{key}: {_shown(actual[key])} instead of {_shown(expected[key])}")
    return diffs


def compare(case: Case, actual: dict[str, Any], events: bool = True) -> list[str]:
    """Differences between a case of kind "execution" and an answer in the shape of its
    `expected`, as texts."""
    want = case["expected"]
    diffs = []
    loose = is_concurrent(case)
    for key in RESULT:
        e, a = want.get(key), actual.get(key)
        if loose and isinstance(e, str):
            e = EVENT_ID.sub("event id #<*n*>", e)
        if (key in want) != (key in actual) and not (e is None and a is None and key != "output"):
            shown = _shown(e if key in want else a)
            diffs.append(f"{key}: {'missing' if key in want else 'not expected'}: {shown}")
        elif key in want and not match(e, a):
            diffs.append(f"{key}: {_shown(a)} instead of {_shown(e)}")
    if events and want.get("events") is not None:
        diffs += compare_events(case, want["events"], actual.get("events") or [])
    return diffs
