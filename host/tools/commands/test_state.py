"""`tsme test-state`: one state, run as the TestState API of AWS runs it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from tsme.errors import TsmeError
from tsme.values import timestamp

from ...compiler.frontend.aws_text import definition_error
from ...compiler.frontend.check import find_problems
from ...compiler.frontend.graph import targets
from ...compiler.frontend.model import (
    AslState,
    CompileError,
    Json,
    MapState,
    ParallelState,
    Problem,
    StateMachine,
)
from ...compiler.frontend.source import Parsed, parse
from .. import console
from ..aws import one_state, state_request
from ..aws.state_request import ApiError, Request
from ..definitions import split_name, takes_values
from ..errors import DONE, FAILED, HostError, did_you_mean
from ..files import read_flow, read_value, shown_name
from ..forms import answers
from .check import show_problems

NAME = "StateName"  # what AWS calls a state that is given alone
_REGION = "us-east-1"
_NO_VARIABLE = "TSME-C061"
_FIRST = "\0"  # no state of anybody has this name


def run_state(request: Request, now: int | None = None) -> dict[str, Json]:
    """What TestState answers: status, output or error and cause, nextState, inspectionData.

    Values are JSON itself, where the API has texts of JSON.  Raises ApiError where AWS refuses
    the request, CompileError for what only this version refuses, and TsmeError TSME-H060 where
    a Task has no mock: there is nothing here that it could call.
    """
    setting = setting_of(request, now)
    run = one_state.prepare(setting)
    one_state.drive(setting, run)
    return one_state.answer(setting, run.compiled, run.records, request.level)


def setting_of(request: Request, now: int | None = None) -> one_state.Setting:
    """The request, checked, as what the state is run with."""
    state = find_state(request)
    answer = state_request.check_mock(state, request)
    state_request.check_context(state, request.context)
    if now is None:
        now = time.time_ns() // 1_000_000
    context = request.context
    if context is None:
        context = own_context(state, request, now)
    return one_state.Setting(
        state=state,
        input=request.input,
        context=context,
        now=now,
        variables=request.variables,
        items=state_request.reader_items(state, request.configuration),
        answer=answer,
        failures=state_request.count(request.configuration, "mapIterationFailureCount"),
        retries=state_request.count(request.configuration, "retrierRetryCount"),
    )


def own_context(state: AslState, request: Request, now: int) -> dict[str, Json]:
    """The context object of a request that brings none; its account is that of the role."""
    then = timestamp.text(now)
    role = request.role or state_request.ROLE
    account = f"{_REGION}:{[*role.split(':'), '', '', '', ''][4]}"
    execution, machine = "test-execution", "test-state"
    out: dict[str, Json] = {
        "Execution": {
            "Id": f"arn:aws:states:{account}:express:{machine}:{execution}",
            "Input": request.input,
            "Name": execution,
            "RoleArn": role,
            "StartTime": then,
        },
        "StateMachine": {
            "Id": f"arn:aws:states:{account}:stateMachine:{machine}",
            "Name": machine,
        },
        "State": {"Name": state.name, "EnteredTime": then, "RetryCount": 0},
    }
    if state_request.waits(state):
        out["Task"] = {"Token": "test-token"}
    return out


# --- the state ------------------------------------------------------------------------------


def find_state(request: Request) -> AslState:
    """The state of a request, in a workflow that has no mistakes."""
    if (
        request.state == ""
        or request.state is None
        and state_request.is_machine(request.definition)
    ):
        wrong = "Invalid length for parameter stateName, value: 0, valid min length: 1"
        raise ApiError("ParamValidationError", f"Parameter validation failed:\n{wrong}")
    if request.state is None:
        machine = _checked(*_alone(request.definition, list(request.variables)))
    else:
        machine = _checked(request.definition, find_problems(request.definition))
    state = all_states(machine).get(request.state or NAME)
    if state is None:
        names = list(all_states(machine))
        hint = did_you_mean(request.state or NAME, names)
        hint = hint or "its states: " + ", ".join(f'"{name}"' for name in names[:20])
        raise ApiError("ValidationException", "State not found in definition", hint)
    return state


Found = tuple[StateMachine | None, list[Problem]]


def _checked(text: str, found: Found) -> StateMachine:
    """The workflow; what is only refused by name, and not wrong, is a CompileError."""
    machine, problems = found
    wrong = [p for p in problems if not p.refusal]
    if wrong:
        raise ApiError("InvalidDefinition", definition_error(text, wrong))
    if machine is None:
        raise CompileError(problems)
    return machine


def _alone(text: str, variables: list[str]) -> tuple[str, Found]:
    """A workflow around the text of a state: with the states that it may go to, and with one
    that assigns the variables it may read.  One that it reads and nobody gave fails it later."""
    node, problems = parse(text)
    if node is None or problems:
        return text, (None, problems)
    names = [target.value for target in targets(node)]
    after = {name: {"Type": "Succeed"} for name in names if isinstance(name, str) and name != NAME}
    whole, found = _around(text, after, variables)
    unset = [p.message.rpartition("$")[2] for p in found[1] if p.code == _NO_VARIABLE]
    return _around(text, after, [*variables, *unset]) if unset else (whole, found)


def _around(text: str, after: dict[str, Any], variables: list[str]) -> tuple[str, Found]:
    first: dict[str, Any] = {"Type": "Pass", "Next": NAME}
    if variables:
        first["Assign"] = dict.fromkeys(variables)
    others = json.dumps({_FIRST: first, **after})
    whole = f'{{"StartAt": {json.dumps(_FIRST)}, "States": {{"{NAME}": {text},{others[1:]}}}'
    return whole, find_problems(whole)


def all_states(machine: StateMachine) -> dict[str, AslState]:
    """The states of a workflow, those of inner machines too, by name."""
    found: dict[str, AslState] = {}
    machines = [machine]
    for each in machines:
        found |= each.states
        for state in each.states.values():
            if isinstance(state, MapState):
                machines.append(state.body)
            elif isinstance(state, ParallelState):
                machines += state.branches
    return found


# --- the command ----------------------------------------------------------------------------


class Options(TypedDict):
    """What `tsme test-state` takes beside the workflow."""

    state: str | None
    given: str | None
    context: str | None
    variables: str | None
    mock: str | None
    inspection: str
    configuration: str | None
    form: str | None


@click.command(name="test-state")
@click.argument("flow", metavar="FLOW")
@click.option("--state", "-s", metavar="NAME", help="The state, if FLOW is a whole workflow.")
@click.option("--input", "-i", "given", metavar="JSON", help="Of the state.  [default: {}]")
@click.option("--context", metavar="JSON", help="The context object, `$$`.")
@click.option("--variables", metavar="JSON", help="An object of workflow variables.")
@click.option("--mock", metavar="JSON", help="What the Task, Parallel or Map is to give.")
@click.option(
    "--inspection",
    type=click.Choice(state_request.LEVELS, case_sensitive=False),
    default="INFO",
    show_default=True,
    help="DEBUG and TRACE show the stages of the data flow.",
)
@click.option("--configuration", metavar="JSON", help="AWS's stateConfiguration.")
@answers
@takes_values
def command(flow: str, **options: Unpack[Options]) -> int:
    """Run one state of a workflow, with mocked answers.

    FLOW is a workflow, or a single state. Each JSON is a file (.json, .cbor, .msgpack), `-`, or
    the JSON itself; what has no such ending is of --format. The answer is that of the TestState
    API of AWS, and so are the forms of the arguments:

    \b
      --mock '{"result": {"moisture": 41}}'   or '{"errorOutput": {"error": "Dry"}}'
      --configuration '{"retrierRetryCount": 2}'

    The state runs on the real compiler and kernel; nothing outside is called.

    Exits with 0 if the state succeeded, 1 if not, 2 if it could not run.
    """
    text = read_flow(flow)
    name = "<stdin>" if flow == "-" else Path(split_name(flow)[0]).name
    if isinstance(text, Parsed):  # the API takes JSON alone
        if text.node is None or text.problems:
            show_problems(list(text.problems), text, shown_name(text, flow), to_stderr=True)
            return FAILED
        text = json.dumps(text.node.plain(), ensure_ascii=False, indent=2)
    try:
        answer = run_state(_request(text, name, options))
    except CompileError as error:
        show_problems(error.problems, text, name, to_stderr=True)
        return FAILED
    except ApiError as error:
        raise HostError("TSME-H061", f"{error.code}: {error.message}", error.hint) from None
    except TsmeError as error:
        if error.code != "TSME-H060":
            raise
        hint = "say what it answers: --mock '{\"result\": ...}'"
        raise HostError(error.code, "nothing here can do the work of this state", hint) from None
    if options["form"]:
        console.answer(answer, options["form"])
    else:
        _show(answer)
    return DONE if answer["status"] == "SUCCEEDED" else FAILED


def _request(text: str, name: str, options: Options) -> Request:
    if options["state"] is None and state_request.is_machine(text):
        raise HostError("TSME-H062", f'"{name}" is a whole workflow', "name a state with --state")

    def an_object(option: str, given: str | None) -> dict[str, Json]:
        value = {} if given is None else read_value(given, option, options["form"])
        if isinstance(value, dict):
            return value
        raise HostError("TSME-H062", f"{option} must be a JSON object")

    mock = None if options["mock"] is None else an_object("--mock", options["mock"])
    if mock is not None and "result" in mock:  # here it is JSON; the API has a text of JSON
        mock["result"] = json.dumps(mock["result"], ensure_ascii=False)
    context = options["context"]
    configuration = an_object("--configuration", options["configuration"])
    if not isinstance(configuration.get("mapItemReaderData", ""), str):
        items = json.dumps(configuration["mapItemReaderData"], ensure_ascii=False)
        configuration["mapItemReaderData"] = items
    return Request(
        definition=text,
        state=options["state"],
        input={}
        if options["given"] is None
        else read_value(options["given"], form=options["form"]),
        context=None if context is None else an_object("--context", context),
        variables=an_object("--variables", options["variables"]),
        mock=mock,
        level=options["inspection"].upper(),
        configuration=configuration,
    )


def _show(answer: dict[str, Any]) -> None:
    status = answer["status"]
    console.out(console.good(status) if status == "SUCCEEDED" else console.bad(status))
    data = answer.get("inspectionData", {})
    for part in (data, {k: v for k, v in answer.items() if k not in ("status", "inspectionData")}):
        for name, value in part.items():
            console.out(f"{console.name(name)}: {console.json_text(value)}")


COMMANDS = (command,)
