"""What a TestState request may ask: the checks that AWS makes before it runs the state.

Whatever is wrong is an `ApiError` with AWS's code and words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tsme.errors import StatesError, TsmeError
from tsme.kernel import protocol
from tsme.program.functions import item_reader

from ...compiler.backend.distributed import how_read
from ...compiler.frontend.model import (
    AslState,
    ChoiceState,
    FailState,
    Json,
    MapState,
    ParallelState,
    PassState,
    SucceedState,
    TaskState,
    WaitState,
)
from ...compiler.frontend.source import parse
from ..errors import HostError
from ..files import parse_value
from . import api_models

LEVELS = ("INFO", "DEBUG", "TRACE")
ROLE = "arn:aws:iam::123456789012:role/test-state"
_CONTEXT = ("Execution", "State", "StateMachine", "Task")
_WAITS = (".sync", ".sync:2", ".waitForTaskToken")
_SUPPORTED = "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]"


class ApiError(Exception):
    """AWS would not run this.  `code`: as the API names it, such as ValidationException.
    `hint`: what AWS does not say."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Request:
    """The arguments of TestState.

    `definition`: the text of a state, or of a state machine of which `state` names one.
    `context`: None for AWS's own.  `configuration`: stateConfiguration.  `role`: roleArn, None if
    the request has none.  `reveal`: revealSecrets.
    """

    definition: str
    state: str | None = None
    input: Json = field(default_factory=dict)
    context: dict[str, Json] | None = None
    variables: dict[str, Json] = field(default_factory=dict)
    mock: dict[str, Json] | None = None
    level: str = "INFO"
    configuration: dict[str, Json] = field(default_factory=dict)
    role: str | None = ROLE
    reveal: bool = False


def check_mock(state: AslState, request: Request) -> list[Any] | None:
    """What the outside is mocked to say: [SUCCEEDED, result] or [FAILED, error, cause]; None
    without a mock."""
    mock = request.mock
    if mock is None:
        if isinstance(state, (ParallelState, MapState)):
            text = f"TestState API does not support Map or Parallel states. {_SUPPORTED}"
            raise ApiError("InvalidDefinition", text)
        if isinstance(state, TaskState) and request.role is None:
            text = "RoleArn must be specified when testing a Task state"
            raise ApiError("ValidationException", text)
        return None
    if isinstance(state, (PassState, SucceedState, FailState, ChoiceState, WaitState)):
        kind = state.kind
        text = f"State type '{kind}' is not supported when a mock is specified"
        raise ApiError("ValidationException", text)
    if request.reveal:
        text = "TestState does not support RevealSecrets when a mock is specified."
        raise ApiError("ValidationException", text)
    result, error = mock.get("result"), mock.get("errorOutput")
    if (result is None) == (error is None):
        most = "only one" if error is not None else "one"
        text = f"A test mock should have {most} of the following fields: [result, errorOutput]."
        raise ApiError("ValidationException", text)
    if isinstance(error, dict):
        return [protocol.FAILED, error.get("error"), error.get("cause")]
    value = _json(result, "Mocked result must be valid JSON")
    if isinstance(state, (ParallelState, MapState)):
        _check_many(state, value)
    elif isinstance(state, TaskState) and mock.get("fieldValidationMode") != "NONE":
        strict = mock.get("fieldValidationMode") != "PRESENT"
        try:
            api_models.check_result(state.resource, value, strict)
        except api_models.ShapeError as wrong:
            text = f"Mock result schema validation error: {wrong}"
            raise ApiError("ValidationException", text) from None
    return [protocol.SUCCEEDED, value]


def _check_many(state: ParallelState | MapState, value: Json) -> None:
    """The result of branches is an array, with an item for each; of a Map that writes it away,
    where it is."""
    if isinstance(state, MapState) and state.writer is not None and state.writer.resource:
        if not isinstance(value, dict):
            raise ApiError("ValidationException", "Mocked result must be a JSON object.")
    elif not isinstance(value, list):
        raise ApiError("ValidationException", "Mocked result must be an array.")
    elif isinstance(state, ParallelState) and len(value) != len(state.branches):
        text = (
            "Mocked result must contain the same number of items as number of Parallel branches."
        )
        raise ApiError("ValidationException", text)


def check_context(state: AslState, context: dict[str, Json] | None) -> None:
    """A mocked context object has only what AWS would put there itself."""
    for name in context or {}:
        what = ""
        if name == "Map":
            what = "'Map' field is not supported when mocking a Context object"
        elif name not in _CONTEXT:
            what = f"Field '{name}' is not allowed"
        elif name == "Task" and not waits(state):
            pattern = "'.sync' or '.waitForTaskToken' service integration pattern"
            what = (
                f"Context object contains 'Task' when state is not a Task state with a {pattern}"
            )
        if what:
            raise ApiError("ValidationException", f"Invalid Context object provided: {what}")


def waits(state: AslState) -> bool:
    """Is it a task that someone outside has to complete?"""
    return isinstance(state, TaskState) and state.resource.endswith(_WAITS)


def count(configuration: dict[str, Json], name: str) -> int:
    """A number of stateConfiguration, 0 if it is not there."""
    value = configuration.get(name, 0)
    if type(value) is int and value >= 0:
        return value
    text = f"Value at 'stateConfiguration.{name}' failed to satisfy constraint"
    raise ApiError("ValidationException", text)


def reader_items(state: AslState, configuration: dict[str, Json]) -> Json:
    """The items that a Map's ItemReader is said to have read: a file as it is at its source."""
    text = configuration.get("mapItemReaderData")
    if text is None:
        return []
    reader = state.reader if isinstance(state, MapState) else None
    how = how_read(reader) if reader else ["JSON"]
    if how[0] not in ("CSV", "JSONL") or not isinstance(text, str):
        return _json(text, "mapItemReaderData must be a valid JSON")
    most = reader.max_items if reader and isinstance(reader.max_items, int) else 0
    try:
        items: Json = item_reader.items(None, text, how, most)
    except (StatesError, TsmeError):
        wrong = f"mapItemReaderData must be a valid {how[0]}"
        raise ApiError("ValidationException", wrong) from None
    return items


def _json(text: Json, wrong: str) -> Json:
    if isinstance(text, str):
        try:
            return parse_value(text, "")
        except HostError:
            pass
    raise ApiError("ValidationException", wrong)


def is_machine(text: str) -> bool:
    """Does a text hold a state machine, and no single state?"""
    node, _ = parse(text)
    return node is not None and isinstance(node.value, dict) and "StartAt" in node.value
