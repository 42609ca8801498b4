"""AWS's words for what went wrong in an expression of JSONata, and the field that it names.

The device has JSONata's code as the cause, and nothing more.  The interpreter on this computer
knows the values, too; the debug part knows the expression and the token.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from tsme.program.expressions.functions import natives
from tsme.program.expressions.values import ExpressionError

from ...compiler.backend.jsonata import EXPECTED
from ..journal.listing import SiteInfo
from .causes import Moment, compact
from .jsonata_messages import message

QUERY = 13  # number of the error (docs/SPEC.md, 2.9)
ERROR = "States.QueryEvaluationError"
KINDS = ("jsonata", "expected", "range", "input")  # of sites that such an error comes from

# What AWS says of the bounds of an evaluation.
_BOUNDS = {
    "D1011": "Stack overflow error: Check for non-terminating recursive function. "
    "Consider rewriting as tail-recursive",
    "D1012": "Expression evaluation timeout: Check for infinite loop",
    "D2015": "Expression evaluation memory limit exceeded: Check for excessive memory usage",
}
_INTERNAL = "internal"
_MOST = 99_999_999


class Told(NamedTuple):
    """`location`: the field, if AWS names one."""

    words: str | None
    location: str | None = None


def explain(moment: Moment, cause: str | None, value: Any) -> Told:
    """AWS's words, as far as the place says anything.  `value`: what a field did not take.

    Called while the interpreter has the error in hand.
    """
    site = moment.site
    if site is None or site.kind not in KINDS:
        return Told(cause)
    if site.kind == "input":
        return Told(f"Map state input must be an array but was: {compact(value)}")
    if site.kind == "range":
        return Told(_out_of_range(site, value), site.field)
    subject = f"The JSONata expression '{site.text}' specified for the field '{site.field}'"
    if site.kind == "expected":
        return Told(_unexpected(moment, site, value, subject), site.field)
    return Told(f"{subject} {_failure(moment, cause or '')}", site.field)


def _failure(moment: Moment, cause: str) -> str:
    if not cause:
        return "returned nothing (undefined)."
    code, _, text = cause.partition(": ")
    if code == _INTERNAL:
        return "threw an internal error during evaluation."
    threw = "threw an error during evaluation"
    if code in _BOUNDS:
        return f"{threw}: {_BOUNDS[code]}"
    error = _thrown()
    if error is None:
        return f"{threw}. {cause}"
    return f"{threw}. {code}: {message(code, _details(moment, error, text))}"


def _details(moment: Moment, error: ExpressionError, text: str) -> dict[str, Any]:
    """What is known of an error; `text`: the message that the device gives, too."""
    known = dict(vars(error))
    if known.get("message") is None:
        known["message"] = text
    if "token" not in known and "function" in known:
        known["token"] = natives.known(known["function"])[0]
    place = moment.listing.sites.get(known.get("instruction") or -1)
    if "token" not in known and place is not None and place.kind == "token":
        known["token"] = place.text
    return known


def _thrown() -> ExpressionError | None:
    """What ended the evaluation: the error under way was made of it."""
    found: BaseException | None = sys.exc_info()[1]
    while found is not None and not isinstance(found, ExpressionError):
        found = found.__context__
    return found


def _unexpected(moment: Moment, site: SiteInfo, value: Any, subject: str) -> str:
    wanted = EXPECTED[moment.instruction.arg]
    found = type_of(value)
    shown = compact(value)
    if found == wanted == "number":
        if value != int(value):
            return f"The {site.field} field cannot be parsed as an integer: {shown}"
        return _between(site.field, value)
    return (
        f"{subject} returned an unexpected result type. "
        f"Expected '{wanted}', but was '{found}' for value: {shown}"
    )


def _between(field: str, value: Any) -> str:
    most = 100 if field.endswith("Percentage") else _MOST
    return f"{field} must be between 0 and {most} but was: {compact(value)}"


def _out_of_range(site: SiteInfo, value: Any) -> str:
    if site.field == "Timestamp":
        what = "an ISO-8601 extended offset date-time format string"
        return f"The {site.field} field cannot be parsed as {what}: {value}"
    return f"{site.field} must be between 1 and {_MOST} but was: {value}"


def type_of(value: Any) -> str:
    """The JSON type of a value, as AWS names it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "number"
