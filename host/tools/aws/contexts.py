"""The context object of an execution, as its states saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tsme import kernel
from tsme.program.context import common
from tsme.values import timestamp

from ...compiler.frontend.model import Json
from ..journal.listing import StateName
from ..journal.watching import FrameImage


def context(of: StateName, start: Sequence[Any], frame: Any) -> dict[str, Json]:
    """The context object as the state of a frame sees it (docs/SPEC.md, 2.7)."""
    origin = kernel.State()
    origin.execution = start[2]
    origin.origin = [start[1], start[5], start[6]]
    builder = kernel.StepBuilder(origin, start[1])
    keys = {"Id": 0, "Input": 2, "StartTime": 3, "Name": 1, "RoleArn": 4, "RedriveCount": 10}
    state: dict[str, Any] = {
        "Name": of.name,
        "EnteredTime": timestamp.text(frame.entered),
    }
    if of.type == "Task":
        state["RetryCount"] = frame.attempts()
    return {
        "Execution": {key: common(builder, k) for key, k in keys.items()},
        "StateMachine": {"Id": common(builder, 8), "Name": common(builder, 9)},
        "State": state,
    }


def item(frame: FrameImage, index: int) -> dict[str, Json]:
    """`$$.Map` in the iteration `index` of the Map that a frame is at."""
    assert frame.join
    items, count = frame.join.items, len(frame.join.results)
    found: dict[str, Json] = {"Index": index}
    if len(items) > count:
        found["Key"] = items[index]
    found["Value"] = items[len(items) - count + index]
    return {"Map": {"Item": found}}
