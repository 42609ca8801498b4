"""The role that a task runs under in AWS.  The device has no use for it: it is only shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tsme import asl, cbor, kernel
from tsme.errors import TsmeError
from tsme.program import Program

from ..compiler.compile import compile_text
from ..compiler.model import CompileError, Json
from .listing import Listing


def role(
    what: Listing, frame: Any, slots: list[Any], start: Sequence[Any]
) -> dict[str, Json] | None:
    """`taskCredentials` of the task that a frame has just begun, from its field Credentials.

    The field may hold all that a payload template may, so it is compiled into a workflow of its
    own and run on the values that the frame has.  `slots`: with the variables around the frame.
    """
    site = what.sites.get(frame.pc - 1)
    if site is None or site.kind != "credentials":
        return None
    variables = {
        name: value
        for name, value in zip(what.variables, slots[1:], strict=True)
        if value is not cbor.MISSING and name.isidentifier()
    }
    name = what.states[frame.state].name
    fields = json.loads(site.text)
    task = {"Type": "Pass", "InputPath": fields["InputPath"], "Parameters": fields["Credentials"]}
    first: dict[str, Any] = {"Type": "Pass", "OutputPath": "$.input", "Next": name}
    if variables:
        first["Assign"] = {f"{v}.$": f"$.variables.{v}" for v in variables}
    states = {name + "'": first, name: task | {"End": True}}
    try:
        compiled = compile_text(json.dumps({"StartAt": name + "'", "States": states}))
    except CompileError:  # it names what only its own place has, such as $$.Map.Item
        return None
    core = kernel.Kernel(asl.Interpreter(Program(compiled.program)))
    value = {"variables": variables, "input": slots[0]}
    event = [kernel.START, *start[1:3], compiled.digest, start[4], value, start[6]]
    try:
        state = core.step(kernel.State(), event).state
    except TsmeError:
        return None
    found = state.result if state.status == kernel.DONE else {}
    return {"roleArn": found["RoleArn"]} if "RoleArn" in found else None
