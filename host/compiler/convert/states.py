"""States of JSONPath become states of JSONata, each by its type."""

from __future__ import annotations

from ..frontend.model import (
    AslState,
    Catcher,
    ChoiceRule,
    ChoiceState,
    Expr,
    FailState,
    Json,
    Jsonata,
    MapState,
    ParallelState,
    PassState,
    Path,
    Retrier,
    TaskState,
    WaitState,
)
from .conditions import condition
from .flow import assign, catcher, effective, is_root, made_here, output, whole
from .spelling import Here, Left, Uses, path, plain
from .templates import expression, template

Fields = dict[str, Json]

# Errors that JSONata does not have: it has States.QueryEvaluationError in their place.
_OF_JSONPATH = frozenset(
    {"States.ParameterPathFailure", "States.ResultPathMatchFailure", "States.IntrinsicFailure"}
)
# The fields that both languages have, with the same meaning.
_SAME = """Type Comment Resource Retry Next End Default TimeoutSeconds HeartbeatSeconds Seconds
    Timestamp Error Cause MaxConcurrency ToleratedFailurePercentage ToleratedFailureCount Label
    ItemProcessor Branches""".split()  # fmt: skip
_ORDER = """Type QueryLanguage Comment Resource Seconds Timestamp Choices Default Error Cause Items
    MaxConcurrency ToleratedFailurePercentage ToleratedFailureCount ItemSelector Label Branches
    ItemProcessor Arguments Credentials TimeoutSeconds HeartbeatSeconds Output Assign Retry Catch
    Next End""".split()  # fmt: skip


def convert_state(state: AslState, source: Fields, uses: Uses) -> Fields:
    """The same state in JSONata, its machines as they are.  Raises Left."""
    fields: Fields = {key: value for key, value in source.items() if key in _SAME}
    if "Iterator" in source:
        fields["ItemProcessor"] = source["Iterator"]
    here = effective(state, uses)
    if isinstance(state, PassState):
        _pass(state, here, fields)
    elif isinstance(state, TaskState):
        _task(state, here, fields)
    elif isinstance(state, ParallelState):
        _parallel(state, here, fields)
    elif isinstance(state, MapState):
        _map(state, here, fields)
    elif isinstance(state, ChoiceState):
        _choice(state, here, fields, source)
    elif isinstance(state, FailState):
        _fail(state, here, fields)
    else:
        _wait(state, here, fields)
    if isinstance(state, (TaskState, ParallelState, MapState)):
        _handlers(state.retry, state.catch, fields, source, uses)
    fields["QueryLanguage"] = "JSONata"
    return {key: fields[key] for key in _ORDER if key in fields}


def _finish(
    state: AslState, made: Expr, here: Here, into: Path | None, fields: Fields, usual: str
) -> None:
    """Output and Assign.  `usual`: what the output is without a field Output."""
    found = output(made, here, into, state.output_path, state.where)
    if found != expression(usual):
        fields["Output"] = found
    if state.assign:
        fields["Assign"] = assign(state.assign, made_here(made, here))


def _pass(state: PassState, here: Here, fields: Fields) -> None:
    made: Expr = state.result or state.parameters or whole(state.where)
    _finish(state, made, here, state.result_path, fields, "$states.input")


def _result(state: TaskState | ParallelState | MapState, here: Here, fields: Fields) -> None:
    result = Here(here.uses, "$states.result")
    made = state.result_selector or whole(state.where)
    _finish(state, made, result, state.result_path, fields, "$states.result")


def _task(state: TaskState, here: Here, fields: Fields) -> None:
    fields["Arguments"] = template(state.parameters or whole(state.where), here)
    if state.credentials is not None:
        fields["Credentials"] = template(state.credentials, here)
    _option(fields, "TimeoutSeconds", state.timeout, here)
    _option(fields, "HeartbeatSeconds", state.heartbeat, here)
    _result(state, here, fields)


def _parallel(state: ParallelState, here: Here, fields: Fields) -> None:
    if state.parameters is not None or not is_root(state.input_path):
        fields["Arguments"] = template(state.parameters or whole(state.where), here)
    _result(state, here, fields)


def _map(state: MapState, here: Here, fields: Fields) -> None:
    if state.reader or state.batcher or state.writer:
        raise Left("a Map with an ItemReader, ItemBatcher or ResultWriter", state.where)
    if state.items_path is not None and not is_root(state.items_path):
        fields["Items"] = expression(path(state.items_path, here))
    else:
        fields["Items"] = template(whole(state.where), here)
    here.uses.conditions["its Items are an array; with an object it fails"] = None
    if state.item_selector is not None:
        fields["ItemSelector"] = template(state.item_selector, here)
    _option(fields, "MaxConcurrency", state.max_concurrency or None, here)
    _option(fields, "ToleratedFailureCount", state.tolerated[0], here)
    _option(fields, "ToleratedFailurePercentage", state.tolerated[1], here)
    _result(state, here, fields)


def _option(fields: Fields, key: str, value: float | Path | Jsonata | None, here: Here) -> None:
    """JSONPath takes a text of digits as well."""
    if isinstance(value, Path):
        fields[key] = expression(here.uses.call("number", path(value, here)))


def _wait(state: AslState, here: Here, fields: Fields) -> None:
    if isinstance(state, WaitState):
        for key, value in (("Seconds", state.seconds), ("Timestamp", state.timestamp)):
            if isinstance(value, Path):
                fields[key] = expression(path(value, here))
    _through(state, here, fields)


def _through(state: AslState, here: Here, fields: Fields) -> None:
    """A state that makes nothing: its effective input goes on."""
    made = whole(state.where)
    _finish(state, made, here, made.path, fields, "$states.input")


def _fail(state: FailState, here: Here, fields: Fields) -> None:
    for key, value in (("Error", state.error), ("Cause", state.cause)):
        if isinstance(value, str):
            fields[key] = plain(value)
        elif value is not None:
            fields[key] = template(value, here)


def _choice(state: ChoiceState, here: Here, fields: Fields, source: Fields) -> None:
    if not (is_root(state.input_path) and is_root(state.output_path)):
        raise Left("a Choice with InputPath or OutputPath", state.where, "use a Pass before it")
    written = source["Choices"]
    assert isinstance(written, list)
    fields["Choices"] = [
        _rule(rule, as_fields(entry), here)
        for rule, entry in zip(state.rules, written, strict=True)
    ]
    if state.assign:
        fields["Assign"] = assign(state.assign, here)


def _rule(rule: ChoiceRule, source: Fields, here: Here) -> Fields:
    assert not isinstance(rule.condition, (Jsonata, bool))
    fields: Fields = {"Condition": expression(condition(rule.condition, here))}
    if "Comment" in source:
        fields = {"Comment": source["Comment"], **fields}
    if rule.assign:
        fields["Assign"] = assign(rule.assign, here)
    return fields | {"Next": rule.next}


def _handlers(
    retry: tuple[Retrier, ...],
    catch: tuple[Catcher, ...],
    fields: Fields,
    source: Fields,
    uses: Uses,
) -> None:
    handlers: list[Retrier | Catcher] = [*retry, *catch]
    for handler in handlers:
        if gone := _OF_JSONPATH.intersection(handler.errors):
            raise Left(f"JSONata has no error {min(gone)}", handler.where)
    if catch:
        written = source["Catch"]
        assert isinstance(written, list)
        fields["Catch"] = [
            catcher(as_fields(entry), c, uses) for c, entry in zip(catch, written, strict=True)
        ]


def as_fields(value: Json) -> Fields:
    assert isinstance(value, dict)
    return value
