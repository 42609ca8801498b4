"""Paths into data, as the States Language writes them, and what they name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Json = Any
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CONTEXTS = ["$$.Execution.Id", "$$.Execution.Name", "$$.Execution.Input", "$$.State.Name"]
TIMED = ["$$.State.EnteredTime", "$$.Execution.StartTime", "$$", "$$.State", "$$.Execution"]
CONTEXT: dict[str, Json] = {
    "Execution": {
        "Id": "arn:aws:states:x:1:execution:m:e",
        "Name": "exec-ü",
        "RoleArn": "role",
        "RedriveCount": 0,
    },
    "StateMachine": {"Id": "arn:m", "Name": "machine"},
}
# as the start input has it: id, name, role, machine id, machine name
NAMES = ["arn:aws:states:x:1:execution:m:e", "exec-ü", "role", "arn:m", "machine"]


def is_number(v: Json) -> bool:
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def is_seconds(v: Json) -> bool:
    return isinstance(v, int) and not isinstance(v, bool) and 0 < v < 10**8


WANTED: dict[str, Callable[[Json], bool]] = {
    "any": lambda v: True,
    "number": is_number,
    "text": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
    "seconds": is_seconds,
    "scalar": lambda v: not isinstance(v, (list, dict, float)),
}


def segment(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _SIMPLE.fullmatch(step):
        return "." + step
    return "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"


def paths(v: Json, head: str, deep: int = 3) -> list[tuple[str, Json]]:
    """Every path into a value, and what it names."""
    out = [(head, v)]
    if deep and isinstance(v, dict):
        for k, item in v.items():
            if k and k.isprintable():
                out += paths(item, head + segment(k), deep - 1)
    elif deep and isinstance(v, list):
        for n, item in enumerate(v[:3]):
            out += paths(item, head + segment(n if n else -len(v)), deep - 1)
    return out
