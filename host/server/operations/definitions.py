"""Definitions that are only looked at: ValidateStateMachineDefinition and TestState."""

from __future__ import annotations

import json
from typing import Any

from tsme.errors import TsmeError

from ...compiler.frontend.model import CompileError
from ...tools.aws import state_request
from ...tools.aws.state_request import ApiError as Refused
from ...tools.commands.test_state import run_state
from ...tools.errors import HostError
from ...tools.files import parse_value
from .. import arns
from ..errors import ApiError, invalid
from ..server import Answer, Call, Request, Server
from . import compiling
from .table import operation

_MOST = 100  # diagnostics
# Members of an answer that are JSON here, and texts of JSON in the API.
_VALUES = ("input", "output", "afterInputPath", "afterParameters", "afterArguments", "result")
_MORE = ("afterResultSelector", "afterResultPath", "afterItemsPath", "afterItemSelector")


@operation("ValidateStateMachineDefinition")
def validate(_server: Server, request: Request, _call: Call) -> Answer:
    """What is wrong with a definition."""
    text = request["definition"]
    found: list[dict[str, Any]] = []
    try:
        done = compiling.program_of(text, request.get("type", "STANDARD"))
    except CompileError as error:
        found = compiling.told(text, error.problems)
    else:
        if request.get("severity") == "WARNING":
            found = [_warning(one) for one in done.warnings]
    most = request.get("maxResults") or _MOST
    failed = any(one["severity"] == "ERROR" for one in found)
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": found[:most],
        "truncated": len(found) > most,
    }


def _warning(one: Any) -> dict[str, str]:
    place = {"location": one.where.pointer} if one.where.pointer else {}
    return {"severity": "WARNING", "code": one.code, "message": one.message, **place}


@operation("TestState")
def try_state(server: Server, request: Request, _call: Call) -> Answer:
    """Runs one state, with what it calls mocked."""
    if "roleArn" in request:
        arns.check_role(request["roleArn"])
    asked = state_request.Request(
        definition=request["definition"],
        state=request.get("stateName"),
        input=_value(request, "input", {}),
        context=_object(request, "context") if "context" in request else None,
        variables=_object(request, "variables"),
        mock=request.get("mock"),
        level=request.get("inspectionLevel", "INFO"),
        configuration=request.get("stateConfiguration", {}),
        role=request.get("roleArn"),
        reveal=request.get("revealSecrets", False),
    )
    try:
        answer: dict[str, Any] = run_state(asked, server.now())
    except Refused as error:
        raise ApiError(error.code, error.message) from None
    except CompileError as error:
        raise compiling.refused(request["definition"], error.problems) from None
    except TsmeError as error:
        if error.code != "TSME-H060":
            raise
        text = "tsme serve calls nothing for TestState: say in `mock` what the state is answered"
        raise invalid(text) from None
    if "inspectionData" in answer:
        answer["inspectionData"] = _texts(answer["inspectionData"])
    return _texts(answer)


def _texts(answer: dict[str, Any]) -> dict[str, Any]:
    """The members that the API has as texts of JSON."""
    named = (*_VALUES, *_MORE, "variables")
    return {
        name: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if name in named
        else value
        for name, value in answer.items()
    }


def _value(request: Request, name: str, usual: Any) -> Any:
    if name not in request:
        return usual
    try:
        return parse_value(request[name], name)
    except HostError as error:
        if name == "input":
            text = f"Invalid State Machine Execution Input: '{error.message}'"
            raise ApiError("InvalidExecutionInput", text) from None
        raise invalid(f"'{name}' must be valid JSON") from None


def _object(request: Request, name: str) -> dict[str, Any]:
    value = _value(request, name, {})
    if not isinstance(value, dict):
        raise invalid(f"'{name}' must be a JSON object")
    return value
