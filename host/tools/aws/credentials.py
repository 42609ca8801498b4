"""The role that a task runs under in AWS.  The device has no use for it: it is only shown."""

from __future__ import annotations

import json
from typing import Any

from tsme import core, kernel
from tsme.errors import TsmeError
from tsme.kernel import protocol
from tsme.program import Program

from ...compiler.backend.inspecting import compile_state
from ...compiler.frontend.check import check
from ...compiler.frontend.model import CompileError, Json
from ..journal.listing import Listing


def role(
    what: Listing, frame: Any, variables: dict[str, Json], context: Json, now: int
) -> dict[str, Json] | None:
    """`taskCredentials` of the task that a frame has just begun, from its field Credentials.

    The field may hold all that a payload template may, so it is compiled as what a state of its
    own makes, and run on the values that the frame has.  `variables`: those that it
    sees, as far as they have a value.  `context`: the whole context object, with the item of a Map
    around it.
    """
    site = what.sites.get(frame.pc - 1)
    if site is None or site.kind != "credentials":
        return None
    fields = json.loads(site.text)
    state = {"Type": "Pass"}
    if fields.get("QueryLanguage") == "JSONata":
        state |= {"QueryLanguage": "JSONata", "Output": fields["Credentials"]}
    else:
        state |= {"InputPath": fields["InputPath"], "Parameters": fields["Credentials"]}
    first: dict[str, Any] = {"Type": "Pass", "Next": "B"}
    if variables:
        first["Assign"] = dict.fromkeys(variables)
    states = {"A": first, "B": state | {"End": True}}
    try:
        machine = check(json.dumps({"StartAt": "A", "States": states}))
        compiled = compile_state(machine.states["B"], variables, within_map=True)
    except CompileError:  # it reads a variable that nothing has set
        return None
    value = {"input": frame.slots[0], "context": context, "items": None, "variables": variables}
    engine = core.kernel(core.runs(Program(compiled.program)))
    try:
        start = [protocol.START, now, 1, compiled.digest, 1, value, None, kernel.BEHAVIOUR]
        state_ = engine.step(kernel.State(), start).state
    except TsmeError:
        return None
    found = state_.result if state_.status == protocol.DONE else {}
    return {"roleArn": found["RoleArn"]} if "RoleArn" in found else None
