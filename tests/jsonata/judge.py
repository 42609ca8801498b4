"""Are two answers the same?  What JSON says counts: an object's order does not, 1 is 1.0."""

from __future__ import annotations

import json
from typing import Any

Answer = dict[str, Any]  # value; or nothing at all; or error: code, ..


def same(a: Any, b: Any) -> bool:
    """Are two JSON values equal?"""
    todo = [(a, b)]
    while todo:
        a, b = todo.pop()
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            todo += [(a[name], b[name]) for name in a]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            todo += zip(a, b, strict=True)
        elif isinstance(a, bool) or isinstance(b, bool):
            if a is not b:
                return False
        elif a != b:
            return False
    return True


def same_items(a: Any, b: Any) -> bool:
    """The same, but an array's items may be in any order."""
    if not isinstance(a, list) or not isinstance(b, list) or len(a) != len(b):
        return same(a, b)
    left = list(b)
    for item in a:
        at = next((n for n, other in enumerate(left) if same(item, other)), None)
        if at is None:
            return False
        del left[at]
    return True


def agree(a: Answer, b: Answer) -> bool:
    """Do two engines say the same?  Of errors the code counts."""
    if "error" in a or "error" in b:
        both = "error" in a and "error" in b
        return both and bool(a["error"]["code"] == b["error"]["code"])
    if "value" in a and "value" in b:
        return same(a["value"], b["value"])
    return "value" not in a and "value" not in b


def told(answer: Answer) -> str:
    """An answer in one line."""
    if "error" in answer:
        return " ".join(("error", answer["error"]["code"], answer["error"].get("message") or ""))
    return short(answer["value"]) if "value" in answer else "nothing"


def short(value: Any) -> str:
    """A value in one line that is not too long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"
