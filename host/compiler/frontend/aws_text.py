"""A problem in the words of AWS: as CreateStateMachine and ValidateStateMachineDefinition say it.

AWS knows fewer problems than this compiler, and words the same one in its own way.  A problem is
told by its code, its place and the source around it; one that AWS has no known words for keeps
ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .fields import FIELDS
from .model import Problem
from .resource import SUFFIXES
from .source import Node, parse

SCHEMA = "SCHEMA_VALIDATION_FAILED"
_TARGET = "MISSING_TRANSITION_TARGET"
_GRAPH = ("TSME-C040", "TSME-C041", "TSME-C042")  # the last follows from the others
_TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")


@dataclass(frozen=True)
class Diagnostic:
    """An entry of ValidateStateMachineDefinition's list; `location` is "" where AWS has none."""

    code: str
    message: str
    location: str

    def to_json(self) -> dict[str, str]:
        out = {"severity": "ERROR", "code": self.code, "message": self.message}
        return out | ({"location": self.location} if self.location else {})


def definition_error(text: str, problems: Iterable[Problem]) -> str:
    """The message of the InvalidDefinition with which CreateStateMachine refuses a workflow."""
    found = diagnostics(text, problems)
    places = [d.location or ("null" if d.code == "MISSING_END_STATE" else "") for d in found]
    said = [
        f"{d.code}: {d.message}" + (f" at {place}" if place else "")
        for d, place in zip(found, places, strict=True)
    ]
    return f"Invalid State Machine Definition: '{', '.join(said)}'"


def diagnostics(text: str, problems: Iterable[Problem]) -> list[Diagnostic]:
    """What AWS says of a workflow, without the features this version refuses.

    AWS looks at the transitions only of a workflow whose fields are right.
    """
    wrong = [p for p in problems if not p.refusal]
    if any(p.code < "TSME-C010" for p in wrong):
        return [_not_json(text)]
    root, _ = parse(text)
    if root is None or not isinstance(root.value, dict):
        return [Diagnostic(SCHEMA, "Definition must be a valid JSON object", "")] if wrong else []
    schema = [p for p in wrong if p.code not in _GRAPH]
    graph = [p for p in wrong if p.code in _GRAPH[:2]]
    if not schema and any(p.code == _GRAPH[2] for p in wrong) and not _has_end(root):
        told = [_diagnostic(root, p) for p in graph if p.code == _GRAPH[0]]
        return [*told, Diagnostic("MISSING_END_STATE", "Workflow has no terminal state", "")]
    found = [_diagnostic(root, p) for p in schema or graph or wrong]
    return list(dict.fromkeys(_joined(found)))


def _has_end(root: Node) -> bool:
    """Does a state of the outermost machine end it, whether it is reached or not?"""
    definition = root.plain()
    states = definition.get("States") if isinstance(definition, dict) else None
    for state in states.values() if isinstance(states, dict) else ():
        if isinstance(state, dict) and (
            state.get("End") is True or state.get("Type") in ("Succeed", "Fail")
        ):
            return True
    return False


# --- what is no JSON ------------------------------------------------------------------------

_JAVA_TOKEN = re.compile(r"[A-Za-z0-9_$]+")


def _not_json(text: str) -> Diagnostic:
    """What AWS's parser, Jackson, says of a text that is no JSON, where that is known."""
    if not text.strip():
        return Diagnostic(SCHEMA, "Definition must be a valid JSON object", "")
    start = len(text) - len(text.lstrip())
    match = _JAVA_TOKEN.match(text, start)
    if match is None or match.group() in ("true", "false", "null") or match.group()[0].isdigit():
        return Diagnostic("INVALID_JSON_DESCRIPTION", "Definition must be a valid JSON object", "")
    line = text.count("\n", 0, match.end()) + 1
    column = match.end() - (text.rfind("\n", 0, match.end()) + 1) + 1
    place = f'[Source: (String)"{text[:500]}"; line: {line}, column: {column}]'
    wanted = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    message = f"Unrecognized token '{match.group()}': was expecting {wanted}\n at {place}"
    return Diagnostic("INVALID_JSON_DESCRIPTION", message, place)


# --- one problem ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """A problem and where it is: the node, the one around it, and the name within that."""

    problem: Problem
    root: Node

    @property
    def pointer(self) -> str:
        return self.problem.where.pointer

    @property
    def field(self) -> str:
        return self.problem.where.field

    @property
    def parent(self) -> str:
        return self.pointer.rpartition("/")[0]

    def node(self, pointer: str) -> Node | None:
        node = self.root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node.value, dict) and name in node.value:
                node = node.value[name]
            elif isinstance(node.value, list) and name.isdigit() and int(name) < len(node.value):
                node = node.value[int(name)]
            else:
                return None
        return node

    @property
    def value(self) -> object:
        node = self.node(self.pointer)
        return None if node is None else node.plain()


def _diagnostic(root: Node, problem: Problem) -> Diagnostic:
    place = _Place(problem, root)
    told = _WORDS.get(problem.code, _ours)(place)
    return Diagnostic(told.code, told.message, _location(root, told.location) or "/")


def _location(root: Node, pointer: str) -> str:
    """A pointer as AWS writes it: the places of arrays in brackets."""
    out, node = "", root.value
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        inside: Node | None = None
        if isinstance(node, list) and name.isdigit():
            out += f"[{step}]"
            inside = node[int(name)] if int(name) < len(node) else None
        else:
            out += f"/{step}"
            inside = node.get(name) if isinstance(node, dict) else None
        node = None if inside is None else inside.value
    return out


def _ours(place: _Place) -> Diagnostic:
    return Diagnostic(SCHEMA, place.problem.message, place.pointer)


def _missing(place: _Place) -> Diagnostic:
    names = re.findall(r'"([^"]*)"', place.problem.message)
    if "needs one of" in place.problem.message or not names:
        return _ours(place)
    name = names[-1]
    if place.field == "Credentials":
        return Diagnostic(SCHEMA, f"The field '{name}' is required but was missing", place.pointer)
    return Diagnostic(SCHEMA, f"These fields are required: [{name}]", place.pointer)


def _unknown_field(place: _Place) -> Diagnostic:
    return Diagnostic(SCHEMA, f"Field '{place.field}' is not supported", place.parent)


def _not_one_of(place: _Place) -> Diagnostic:
    values = _TYPES if place.field == "Type" else getattr(FIELDS.get(place.field), "values", ())
    if not values:
        return _ours(place)
    listed = ", ".join(values)
    if place.field == "QueryLanguage":
        message = f"Value should be one of the following: [{listed}]"
        return Diagnostic(SCHEMA, message, place.pointer)
    message = f"The field '{place.field}' should have one of these values: [{listed}]"
    return Diagnostic(SCHEMA, message, place.pointer)


def _resource(place: _Place) -> Diagnostic:
    why = "The value is not a valid resource ARN, or the resource is not available in this region."
    message = f"The resource provided {place.value} is not recognized. {why}"
    return Diagnostic(SCHEMA, message, place.pointer)


def _impossible(place: _Place) -> Diagnostic:
    value, field = place.value, FIELDS.get(place.field)
    if value in ([], {}):
        return Diagnostic(SCHEMA, "Value cannot be empty", place.pointer)
    if field is not None and field.kind == "integer" and type(value) is int and value < field.low:
        return Diagnostic(SCHEMA, f"Minimum value is {field.low:.0f}", place.pointer)
    return _ours(place)


def _wrong_type(place: _Place) -> Diagnostic:
    if place.field == "QueryLanguage":
        return Diagnostic(SCHEMA, "Expected value of type [STRING]", place.pointer)
    return _ours(place)


def _other_language(place: _Place) -> Diagnostic:
    mine, other = "JSONPath", "JSONata"
    if "belongs to JSONPath" in place.problem.message:
        mine, other = other, mine
    only = f"field '{place.field}' is only supported for the '{other}' QueryLanguage"
    return Diagnostic(SCHEMA, f"The QueryLanguage is set to '{mine}', but {only}", place.parent)


def _timestamp(place: _Place) -> Diagnostic:
    return Diagnostic(SCHEMA, "String does not match RFC3339 timestamp", place.pointer)


def _express(place: _Place) -> Diagnostic:
    resource = str(place.value)
    what = "Activity ARN"
    for suffix in SUFFIXES:
        if resource.endswith(suffix):  # AWS ends only the last of them in a blank
            blank = " " if suffix == ".waitForTaskToken" else ""
            what = f"'{suffix}' service integration{blank}"
    return Diagnostic(SCHEMA, f"Express state machine does not support {what}", place.pointer)


def _broken_expression(place: _Place) -> Diagnostic:
    message = place.problem.message.partition(": ")[2]
    return Diagnostic("INVALID_JSONATA_EXPRESSION", message, place.pointer)


def _unsupported_expression(place: _Place) -> Diagnostic:
    message = place.problem.message
    message = f"{message[0].upper()}{message[1:]}."
    return Diagnostic("UNSUPPORTED_JSONATA_EXPRESSION", message, place.pointer)


def _downgrade(place: _Place) -> Diagnostic:
    message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
    return Diagnostic(SCHEMA, message, place.parent)


def _expression(place: _Place) -> Diagnostic:
    what = "must be a valid JSONPath or a valid intrinsic function call"
    return Diagnostic(SCHEMA, f"The value for the field '{place.field}' {what}", place.parent)


def _path(place: _Place) -> Diagnostic:
    if place.field.endswith(".$"):
        return _expression(place)
    return Diagnostic(SCHEMA, "Value is not a valid JSONPath", place.pointer)


def _reference_path(place: _Place) -> Diagnostic:
    return Diagnostic(SCHEMA, "Value is not a Reference Path", place.pointer)


def _target(place: _Place) -> Diagnostic:
    return Diagnostic(_TARGET, f"Missing '{place.field}' target: {place.value}", place.pointer)


def _unreachable(place: _Place) -> Diagnostic:
    return Diagnostic(_TARGET, f'State "{place.field}" is not reachable.', place.pointer)


_WORDS: dict[str, Callable[[_Place], Diagnostic]] = {
    "TSME-C010": _missing,
    "TSME-C011": _unknown_field,
    "TSME-C012": _unknown_field,
    "TSME-C013": _wrong_type,
    "TSME-C014": _impossible,
    "TSME-C016": _not_one_of,
    "TSME-C018": _resource,
    "TSME-C019": _timestamp,
    "TSME-C020": _path,
    "TSME-C021": _reference_path,
    "TSME-C022": _reference_path,
    "TSME-C030": _expression,
    "TSME-C031": _expression,
    "TSME-C032": _expression,
    "TSME-C033": _expression,
    "TSME-C036": _expression,
    "TSME-C040": _target,
    "TSME-C041": _unreachable,
    "TSME-C046": _express,
    "TSME-C081": _other_language,
    "TSME-C082": _downgrade,
    "TSME-C083": _broken_expression,
    "TSME-C084": _unsupported_expression,
}

_REQUIRED = re.compile(r"These fields are required: \[(.*)\]")


def _joined(found: list[Diagnostic]) -> list[Diagnostic]:
    """Fields that miss in one place are told together, the last first."""
    out: list[Diagnostic] = []
    for d in found:
        last = _REQUIRED.fullmatch(out[-1].message) if out else None
        this = _REQUIRED.fullmatch(d.message)
        if last and this and out[-1].location == d.location:
            message = f"These fields are required: [{this[1]}, {last[1]}]"
            out[-1] = Diagnostic(d.code, message, d.location)
        else:
            out.append(d)
    return out
