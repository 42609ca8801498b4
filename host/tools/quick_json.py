"""JSON texts as values of workflows, and values as texts, by the interpreter's own module.

It is many times as fast as those that say where a mistake is and what AWS calls it (parse_value)
and that keep to what a board can have (tsme.values.json).  Where it is not sure that both of them
take a text, and as the same value, they are asked.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from math import isinf
from typing import Any, Final, NoReturn

from tsme.values import DEPTH
from tsme.values.json import dumps, loads

from .files import parse_value

_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1
_NESTED: Final = (dict, list, tuple)
_ALIKE: Final = {str, int, bool, type(None), dict, OrderedDict, list, tuple}


class _Unsure(ValueError):
    """Others may see it differently."""


def value_of(text: str, name: str) -> Any:
    """The value of a JSON text.  `name`: what the text is, for errors.

    Raises HostError for what is no JSON, has a name twice in an object, or numbers beyond 64 bits
    or binary64; TsmeError for what is nested too deeply.
    """
    try:
        if "\\u" not in text:  # else it may be half of a pair
            value = (_CAREFUL if _LARGE.search(text) else _DECODER).decode(text)
            if text.isascii() or text.encode():
                _deep(text, value)
                return value
    except (ValueError, RecursionError):
        pass
    parse_value(text, name)
    return loads(text)


def text_of(value: Any) -> str:
    """The JSON text of a value, as tsme.values.json.dumps has it.  Raises TsmeError for what is
    nested too deeply, or no value."""
    try:
        _plain(value)
        text = _ENCODER.encode(value)
        if "\\u" not in text:  # escapes by number look otherwise
            return text
    except (TypeError, ValueError, RecursionError):
        pass
    return dumps(value)


def _plain(value: Any) -> None:
    """Raises _Unsure if there is more than names, texts, integers and words, or too deep."""
    left = [value]
    for _ in range(DEPTH):
        if not _ALIKE.issuperset(map(type, left)):
            raise _Unsure  # numbers with a fraction look otherwise
        left = _within(left)
        if not left:
            return
    if not _ALIKE.issuperset(map(type, left)) or any(isinstance(one, _NESTED) for one in left):
        raise _Unsure


def _within(values: list[Any]) -> list[Any]:
    return [
        item
        for one in values
        if isinstance(one, _NESTED)
        for item in (one.values() if isinstance(one, dict) else one)
    ]


def _deep(text: str, value: Any) -> None:
    if text.count("[") + text.count("{") <= DEPTH:
        return
    left = [value]
    for _ in range(DEPTH):
        left = _within(left)
    if any(isinstance(one, _NESTED) for one in left):
        raise _Unsure


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Unsure
    return made


def _integer(text: str) -> int:
    number = int(text)
    if not _LEAST <= number <= _MOST:
        raise _Unsure
    return number


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise _Unsure
    return number


def _word(_: str) -> NoReturn:
    raise _Unsure


_LARGE: Final = re.compile("[0-9]{19}|[eE][+]?[0-9]{3}")  # numbers that may be too large, or texts
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_word)
_CAREFUL: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_word
)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
)
