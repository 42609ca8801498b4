"""AWS's words for what went wrong, worked out from a program's debug part and the values there.

The device has a fixed, short cause for each error of docs/SPEC.md, 2.9, and that is what the
journal's digests cover.  AWS names the state, the path, and what it met.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tsme.program.functions.template_fields import wrong
from tsme.values import timestamp
from tsme.values.json import dumps

from ...compiler.frontend.model import Index, Json, Key, Several, Where
from ...compiler.jsonpath.paths import PathError, format_path, parse_path
from ..journal.listing import Instruction, Listing, SiteInfo

_STEPS = ("KEY", "INDEX", "KEYQ", "INDEXQ", "QUERY")
_NO_PATH, _NO_RESULT_PATH, _NO_CALL, _NO_CHOICE, _NO_VARIABLE = range(1, 6)
_NO_TIME, _TOO_LARGE, _NO_ITEMS, _EXCEEDED, _NO_START, _TOO_MUCH = range(6, 12)
TOO_LARGE = (_TOO_LARGE, _TOO_MUCH)  # of one value, and of all that a state makes
NO_POINTER = "The provided ReaderConfig.ItemsPointer "  # begins the cause of a reader's failure
_NO_NEXT = "Failed to transition out of the state. The state does not point to a next state."
_TOO_LATE = "Wait state delay is too long."
_BAD_TIMESTAMP = "valid ISO-8601 extended offset date-time format string"


class Moment(NamedTuple):
    """A program at the moment of an error.  `context` gives the whole context object."""

    listing: Listing
    pc: int  # of the instruction that failed
    frames: list[list[Any]]  # slots of the frame that it is in, and of those around it
    stack: list[Any]
    context: Callable[[], Json]

    @property
    def slots(self) -> list[Any]:
        return self.frames[0]

    @property
    def site(self) -> SiteInfo | None:
        return self.listing.sites.get(self.pc)

    @property
    def instruction(self) -> Instruction:
        return self.listing.at(self.pc)


def state_error(state: str, entered: int, text: str) -> str:
    """The words around every error that ends an execution within a state."""
    where = f"'{state}' (entered at the event id #{entered})"
    return f"An error occurred while executing the state {where}. {text}"


def too_large(what: str) -> str:
    """The whole cause of States.DataLimitExceeded, of a state by name.

    A task's result that does not fit a device keeps the device's cause, which says what to raise.
    """
    limit = "a size exceeding the maximum number of bytes service limit"
    return f"The state/task '{what}' returned a result with {limit}."


def explain(moment: Moment, number: int, value: Any) -> str | None:
    """AWS's words for error `number` of docs/SPEC.md, 2.9; None if there are no better ones."""
    site = moment.site
    if number == _NO_CHOICE:
        return _NO_NEXT
    if number == _NO_TIME:
        return _time(moment, value)
    if site is None:
        return None
    if number in (_NO_PATH, _NO_VARIABLE):
        return _path(moment, site, value)
    if number == _NO_RESULT_PATH:
        return f"Unable to apply ReferencePath {site.text} to input {compact(moment.slots[0])}"
    if number == _NO_START:
        names = ", ".join(
            f"The value of the field '{name}' has an invalid format" for name in wrong(value)
        )
        return f"The Parameters '{compact(value)}' could not be used to start the Task: [{names}]"
    if number == _NO_ITEMS:
        return f'Reference path "{site.text.replace("$$", "$", 1)}" must point to array.'
    if number == _NO_CALL:
        return f"The function '{site.text}' had the following error: {value}"
    return None


def _path(moment: Moment, site: SiteInfo, value: Any) -> str:
    if site.kind in ("seconds", "timestamp"):
        return f"The {_time_field(site)} parameter does not reference an input value: {site.text}"
    if site.kind == "choice":
        what = "The choice state's condition path references an invalid value."
        return f"Invalid path '{site.text}': {what}"
    if site.kind == "path":
        return f"Invalid path '{site.text}' : {_missing(moment, site, value)}"
    if site.kind == "argument":  # the field is the call that the path is an argument of
        what = _argument(moment, site, value)
        return f"The function '{site.field}' had the following error: {what}"
    found = f"could not be found in the input '{compact(_searched(moment))}'"
    return f"The JSONPath '{site.text}' specified for the field '{site.field}' {found}"


def _argument(moment: Moment, site: SiteInfo, value: Any) -> str:
    """What is wrong with the argument of an intrinsic function."""
    text, searched = site.text, moment.slots[0]
    if text.startswith("$$"):  # AWS leaves out that it is the context object
        text = text[1:]
    else:
        searched = _searched(moment)
        if moment.instruction.op == "INDEX" and not isinstance(value, (list, type(None))):
            return _missing(moment, site, value)
    found = f"could not be found in the input '{compact(searched)}'"
    return f"The JsonPath argument for the field '{text}' {found}"


def _time(moment: Moment, value: Any) -> str:
    site = moment.site
    if site is None:  # a constant: right in itself, so it must be too far away
        return _TOO_LATE
    what = f"{site.text} == {value if isinstance(value, str) else compact(value)}"
    if site.kind == "limit":
        return _limit(site, value)
    if site.kind == "seconds":
        if type(value) is not int:
            return f"The SecondsPath parameter cannot be parsed as a long value: {what}"
        if value < 0:
            return f"The SecondsPath parameter references a negative value: {what}"
        return _TOO_LATE
    if isinstance(value, str) and timestamp.is_timestamp(value):
        return _TOO_LATE
    return f"The TimestampPath parameter does not reference a {_BAD_TIMESTAMP}: {what}"


def _limit(site: SiteInfo, value: Any) -> str:
    kind = "integer"
    if site.field == "ToleratedFailurePercentagePath":
        if type(value) in (int, float):
            return "ToleratedFailurePercentage must be between 0 and 100."
        kind = "float"
    elif type(value) is int and value < 0 and site.field == "ToleratedFailureCountPath":
        return "ToleratedFailureCount cannot be negative."
    shown = value if isinstance(value, str) else compact(value)
    what = f'refers to value "{shown}" which is not a valid {kind}: {site.text}'
    return f"The {site.field} field {what}"


def _time_field(site: SiteInfo) -> str:
    return "SecondsPath" if site.kind == "seconds" else "TimestampPath"


# --- the path that failed -------------------------------------------------------------------


def _left(moment: Moment) -> int:
    """How many steps of the path follow the one that failed."""
    left = 0
    instruction = moment.listing.after(moment.instruction)
    while instruction.op in _STEPS:
        left += 1
        instruction = moment.listing.after(instruction)
    return left


def _searched(moment: Moment) -> Any:
    """The value in which a path names nothing."""
    listing = moment.listing
    instruction = moment.instruction
    if instruction.op == "CALL":  # of Item: the index was pushed before it
        instruction = listing.before(listing.before(instruction))
    while instruction.op in _STEPS and instruction.pc in listing.sites:
        instruction = listing.before(instruction)
    input_path = []  # steps without a site take the effective input once more
    while instruction.op in _STEPS:
        input_path.append(instruction)
        instruction = listing.before(instruction)
    value = _pushed(moment, instruction)
    for step in reversed(input_path):
        value = value[listing.program.consts[step.arg] if step.op == "KEY" else _place(step.arg)]
    return value


def _pushed(moment: Moment, start: Instruction) -> Any:
    """What a path starts from."""
    site = moment.site
    if start.op == "PICK":
        return moment.stack[start.arg]
    if start.op == "CONST" and site is not None and not site.text.startswith("$$"):
        return moment.listing.program.consts[start.arg]  # of InputPath null
    if start.op in ("CONTEXT", "OBJECT", "CONST"):  # a part of the context object
        return moment.context()
    depth, slot = divmod(start.arg, 256) if start.op == "LOAD" else (0, 0)
    if slot and moment.pc == start.pc:  # the variable itself has no value
        return moment.slots[0]
    return moment.frames[depth][slot]


def _place(n: int) -> int:
    """What the operand of INDEX stands for."""
    return -(n + 1 >> 1) if n & 1 else n >> 1


def _missing(moment: Moment, site: SiteInfo, value: Any) -> str:
    """What Jayway's JSONPath, which AWS uses, says of the step that failed."""
    try:
        segments = parse_path(site.text, Where("", 1, 1)).segments
    except PathError:
        return f"No results for path: {site.text}"
    at = len(segments) - _left(moment) - 1
    whole = format_path("$", segments)
    if at < 0 or at >= len(segments):
        return f"No results for path: {whole}"
    step = segments[at]
    upto = format_path("$", segments[: at + 1])
    before = format_path("$", segments[:at])
    if isinstance(step, Key):
        if isinstance(value, dict):
            if at == len(segments) - 1:
                return f"No results for path: {whole}"
            return f"Missing property in path {upto}"
        what = f"Expected to find an object with property ['{step.name}'] in path {before}"
        return f"{what} but found '{_java(value)}'. This is not a json object."
    if isinstance(step, Several) and isinstance(step.parts[0], Key):
        names = ",".join(f"'{part.name}'" for part in step.parts if isinstance(part, Key))
        what = f"Expected to find an object with property [{names}] in path {before}"
        return f"{what} but found '{_java(value)}'. This is not a json object."
    if isinstance(step, Index) and not isinstance(value, list):
        if value is None:
            return f"The path {before} is null"
        rest = format_path("$", segments[at:])[1:]
        what = f"Filter: {rest} can only be applied to arrays."
        return f"{what} Current context is: {dumps(value, True)}"
    return f"No results for path: {whole}"


def _java(value: Any) -> str:
    """The Java type that AWS's message would name."""
    if value is None:
        return "null"
    names = {bool: "Boolean", int: "Integer", float: "Double", str: "String"}
    known = names.get(type(value))
    return f"java.lang.{known}" if known else "java.util.List"


def compact(value: Any) -> str:
    """JSON as AWS puts it into texts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
