"""The API as botocore's model has it: which operations there are, and what a request may hold.

What AWS's own front end checks before an operation sees a request is checked here, in its words:
types (SerializationException), and then lengths, ranges, sets of values and what must be there
(ValidationException, all violations in one line).  Names and ARNs are the operations' own.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from .errors import ApiError

TARGET: Final = "AWSStepFunctions"  # X-Amz-Target is this, a dot, and the operation
_INTEGERS = ("integer", "long")
# Texts that are kept as they are; PostgreSQL has no U+0000.
_KEPT = ("AliasDescription", "TagKey", "TagValue", "TraceHeader", "VersionDescription")
_MOST_VIOLATIONS = 20
_LONE = re.compile("[\ud800-\udfff]")
_WIDE: Final = 1 << 62  # more than any number of a request
_SHOWN = 2048  # characters of a value in an error


@lru_cache(maxsize=1)
def model() -> dict[str, Any]:
    """botocore's model of Step Functions: operations, shapes, metadata."""
    spec = find_spec("botocore")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        for path in sorted(Path(place, "data", "stepfunctions").glob("*/service-2.json*")):
            text = (
                gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            )
            found: dict[str, Any] = json.loads(text)
            return found
    raise RuntimeError("botocore has no model of Step Functions")


def operations() -> list[str]:
    """The names of all operations that the API has."""
    return sorted(model()["operations"])


def check(operation: str, request: Any) -> dict[str, Any]:
    """A request as the operation may have it: members that nobody knows, and nulls, are gone.

    Raises ApiError SerializationException or ValidationException.
    """
    return _checked(model()["operations"][operation]["input"]["shape"], request)


def check_answer(operation: str, answer: Any) -> dict[str, Any]:
    """The same for an answer; tests hold every operation to it."""
    return _checked(model()["operations"][operation]["output"]["shape"], answer)


def _checked(shape: str, value: Any) -> dict[str, Any]:
    if _fine(shape)(value):  # most are, and that is soon seen
        return dict(value)
    value = _typed(shape, value)
    wrong = list(_violations(shape, value, ""))
    if wrong:
        count = f"{len(wrong)} validation error" + ("s" if len(wrong) > 1 else "")
        text = f"{count} detected: {'; '.join(wrong[:_MOST_VIOLATIONS])}"
        raise ApiError("ValidationException", text)
    out: dict[str, Any] = value
    return out


# --- what is well as it is ------------------------------------------------------------------


@cache
def _fine(shape: str) -> Callable[[Any], bool]:
    """A quick look whether `_typed` and `_violations` leave a value as it is."""
    about = model()["shapes"][shape]
    kind = about["type"]
    if kind == "structure":
        return _fine_structure(about)
    if kind == "string":
        return _fine_string(shape, about)
    if kind == "boolean":
        return lambda value: value is True or value is False
    if kind in _INTEGERS:
        least, most = about.get("min", -_WIDE), about.get("max", _WIDE)
        return lambda value: type(value) is int and least <= value <= most
    if kind == "list":
        low, high = about.get("min", 0), about.get("max", _WIDE)
        return lambda value: (
            type(value) is list
            and low <= len(value) <= high
            and all(map(_fine(about["member"]["shape"]), value))
        )
    return lambda _: False


def _fine_structure(about: dict[str, Any]) -> Callable[[Any], bool]:
    needed = frozenset(about.get("required", ()))
    shapes = {name: member["shape"] for name, member in about.get("members", {}).items()}

    def fine(value: Any) -> bool:
        if type(value) is not dict or not needed <= value.keys() <= shapes.keys():
            return False
        return all(_fine(shapes[name])(item) for name, item in value.items())

    return fine


def _fine_string(shape: str, about: dict[str, Any]) -> Callable[[Any], bool]:
    least, most, values = about.get("min", 0), about.get("max", _WIDE), about.get("enum")
    kept = shape in _KEPT

    def fine(value: Any) -> bool:
        return (
            type(value) is str
            and least <= len(value) <= most
            and value.isascii()
            and (values is None or value in values)
            and not (kept and "\0" in value)
        )

    return fine


# --- types ----------------------------------------------------------------------------------


def _typed(shape: str, value: Any) -> Any:
    about = model()["shapes"][shape]
    kind = about["type"]
    if kind == "structure":
        members = about.get("members", {})
        given = _expect(value, dict, "a structure").items()
        return {
            name: _typed(members[name]["shape"], item)
            for name, item in given
            if name in members and item is not None
        }
    if kind == "list":
        items = _expect(value, list, "a list")
        return [_typed(about["member"]["shape"], item) for item in items]
    if kind == "map":
        given = _expect(value, dict, "a map").items()
        return {name: _typed(about["value"]["shape"], item) for name, item in given}
    if kind == "boolean":
        return _expect(value, bool, "a Boolean")
    if kind in _INTEGERS:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return _expect(value, int, "an Integer" if kind == "integer" else "a Long")
    if kind in ("float", "double", "timestamp"):
        return _expect(value, (int, float), "a Double")
    text = _expect(value, str, "a String")
    if _LONE.search(text):
        raise ApiError("SerializationException", "a String has half of a surrogate pair")
    return text


def _expect(value: Any, kind: type | tuple[type, ...], name: str) -> Any:
    if isinstance(value, bool) and kind is not bool or not isinstance(value, kind):
        raise ApiError("SerializationException", f"{_token(value)} can not be converted to {name}")
    return value


def _token(value: Any) -> str:
    """What AWS's parser calls a value."""
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    names = {dict: "START_OBJECT", list: "START_ARRAY", str: "STRING_VALUE", type(None): "NULL"}
    return names.get(type(value), "NUMBER_VALUE")


# --- constraints ----------------------------------------------------------------------------


def _violations(shape: str, value: Any, place: str) -> Iterator[str]:
    about = model()["shapes"][shape]
    kind = about["type"]
    if kind == "structure":
        for name in about.get("required", ()):
            if name not in value:
                yield f"Value null at '{_at(place, name)}' {_FAILED}: Member must not be null"
        for name, item in value.items():
            yield from _violations(about["members"][name]["shape"], item, _at(place, name))
    elif kind == "list":
        yield from _sized(shape, value, place)
        for number, item in enumerate(value, 1):
            yield from _violations(about["member"]["shape"], item, f"{place}.{number}.member")
    elif kind == "map":
        for item in value.values():
            yield from _violations(about["value"]["shape"], item, f"{place}.member")
    elif kind == "string":
        yield from _sized(shape, value, place)
        if shape in _KEPT and "\0" in value:
            known = "Member must satisfy regular expression pattern: [^\\u0000]*"
            yield f"{_value(about, value)} at '{place}' {_FAILED}: {known}"
        if "enum" in about and value not in about["enum"]:
            known = f"Member must satisfy enum value set: [{', '.join(about['enum'])}]"
            yield f"{_value(about, value)} at '{place}' {_FAILED}: {known}"
    elif kind in (*_INTEGERS, "float", "double"):
        start = f"{_value(about, value)} at '{place}' {_FAILED}: Member must have value"
        if value < about.get("min", value):
            yield f"{start} greater than or equal to {about['min']}"
        if value > about.get("max", value):
            yield f"{start} less than or equal to {about['max']}"


_FAILED = "failed to satisfy constraint"


def _sized(shape: str, value: Any, place: str) -> Iterator[str]:
    about, size = model()["shapes"][shape], len(value)
    if about.get("min", 0) <= size <= about.get("max", size):
        return
    start = f"{_value(about, _written(shape, value))} at '{place}' {_FAILED}: Member must have"
    if size < about.get("min", 0):
        yield f"{start} length greater than or equal to {about['min']}"
    else:
        yield f"{start} length less than or equal to {about['max']}"


def _written(shape: str, value: Any) -> str:
    """A value as AWS writes one, of Java: `[Tag(key=a, value=b), ...]`."""
    about = model()["shapes"][shape]
    if value is None:
        return "null"
    if about["type"] == "list":
        return f"[{', '.join(_written(about['member']['shape'], item) for item in value)}]"
    if about["type"] == "structure":
        members = about["members"]
        inner = (f"{name}={_written(members[name]['shape'], value.get(name))}" for name in members)
        return f"{shape}({', '.join(inner)})"
    return value if isinstance(value, str) else json.dumps(value)


def _value(about: dict[str, Any], value: Any) -> str:
    """What is sensitive is not shown."""
    if about.get("sensitive"):
        return "Value"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"Value '{text[:_SHOWN]}'"


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
