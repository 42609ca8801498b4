"""The context object of an execution, as its states saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tsme import kernel
from tsme.program.context import common
from tsme.values import cbor, timestamp

from ...compiler.frontend.model import Json
from ..journal.listing import Listing, StateName


def context(of: StateName, start: Sequence[Any], frame: Any) -> dict[str, Json]:
    """The context object as the state of a frame sees it (docs/SPEC.md, 2.7)."""
    origin = kernel.State()
    origin.execution = start[2]
    origin.origin = [start[1], start[5], start[6]]
    draft = kernel.Draft(origin, start[1])
    keys = {"Id": 0, "Input": 2, "StartTime": 3, "Name": 1, "RoleArn": 4, "RedriveCount": 10}
    state: dict[str, Any] = {
        "Name": of.name,
        "EnteredTime": timestamp.text(frame.entered),
    }
    if of.type == "Task":
        state["RetryCount"] = frame.attempts()
    return {
        "Execution": {key: common(draft, k) for key, k in keys.items()},
        "StateMachine": {"Id": common(draft, 8), "Name": common(draft, 9)},
        "State": state,
    }


def item(what: Listing, state: str, index: int, slots: Sequence[Any]) -> dict[str, Json]:
    """`$$.Map` in the iteration `index` of a Map state; its Value if the program keeps it."""
    kept: dict[str, Json] = {"Index": index}
    for name, value in zip(what.variables, slots[1:], strict=True):
        if value is cbor.MISSING:
            continue
        if name.endswith(f"#item {state}"):
            kept |= value
        elif name.endswith(f"#value {state}"):
            kept["Value"] = value
    return {"Map": {"Item": kept}}
