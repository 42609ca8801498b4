"""The intrinsic functions of the States Language, naively, for `reference`."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384"}
_HASHES["SHA-512"] = "sha512"
_TOKEN = re.compile(
    r"\s*(?:(?P<call>States\.\w+)\(|'(?P<text>(?:[^'\\]|\\.)*)'"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<word>true|false|null)"
    r"|(?P<path>\$(?:[^\s,()\['\]]|\[-?\d+\]|\['(?:[^'\\]|\\.)*'\])*)|(?P<end>\))|,)"
)


class Unknown(Exception):
    """Nothing that this evaluator knows."""


class Wrong(Exception):
    """Arguments that a function cannot take."""


def call(text: str, path: Callable[[str], Any], failed: type[Exception]) -> Any:
    """The value of a call; `path` looks a path up, `failed` is the workflow's error."""
    value, end = _expression(text, 0, path, failed)
    assert end == len(text), text
    return value


def _expression(
    text: str, at: int, path: Callable[[str], Any], failed: type[Exception]
) -> tuple[Any, int]:
    match = _TOKEN.match(text, at)
    assert match, text[at:]
    at = match.end()
    found = match.groupdict()
    if found["text"] is not None:
        return found["text"], at
    if found["number"] is not None:
        return json.loads(found["number"]), at
    if found["word"] is not None:
        return json.loads(found["word"]), at
    if found["path"] is not None:
        return path(found["path"]), at
    assert found["call"], text
    args = []
    while True:
        match = _TOKEN.match(text, at)
        assert match, text[at:]
        if match.group("end"):
            break
        if match.group().strip() == ",":
            at = match.end()
            continue
        value, at = _expression(text, at, path, failed)
        args.append(value)
    name = found["call"].removeprefix("States.")
    function = _FUNCTIONS.get(name)
    if function is None:
        raise Unknown(name)
    try:
        return function(*args), match.end()
    except Wrong:
        raise failed("States.IntrinsicFailure") from None


def _need(v: Any, kind: type) -> Any:
    if not isinstance(v, kind):
        raise Wrong(v)
    return v


def _number(v: Any) -> Any:
    if isinstance(v, bool) or not isinstance(v, (int, float)):
        raise Wrong(v)
    return v


def _whole(v: Any, low: int = -(2**63), high: int = 2**63 - 1) -> int:
    """Half up, toward plus infinity."""
    n = math.floor(Fraction(_number(v)) + Fraction(1, 2))
    if not low <= n <= high:
        raise Wrong(v)
    return n


def same(a: Any, b: Any) -> bool:
    """Equality of JSON: true is not 1, but 1.0 is."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return bool(a == b)


def _shown(v: Any) -> str:
    if isinstance(v, str):
        return v
    if v is None or isinstance(v, (bool, int)):
        return json.dumps(v)
    raise Unknown("Java's way to print it")


def _format(template: Any, *args: Any) -> str:
    text = _need(template, str)
    if "\\" in text:
        raise Unknown("escapes in a template")
    pieces = text.split("{}")
    if len(pieces) != len(args) + 1:
        raise Wrong(text)
    return pieces[0] + "".join(_shown(a) + p for a, p in zip(args, pieces[1:], strict=True))


def _plain(v: Any) -> Any:
    if isinstance(v, float):
        raise Unknown("the text of a float")
    for item in v.values() if isinstance(v, dict) else v if isinstance(v, list) else ():
        _plain(item)
    return v


def _to_string(v: Any) -> str:
    return json.dumps(_plain(v), separators=(",", ":"), ensure_ascii=False)


def _to_json(text: Any) -> Any:
    if not _need(text, str).strip(" \t\r\n"):
        return None
    try:
        v = json.loads(text)
    except ValueError:
        raise Wrong(text) from None
    return _plain(v)


def _get(array: Any, n: Any) -> Any:
    n = _whole(n)
    if not 0 <= n < len(_need(array, list)):
        raise Wrong(n)
    return array[n]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    first, last, step = _whole(first), _whole(last), _whole(step)
    if step == 0:
        raise Wrong(step)
    if (last - first) // step >= 1000:
        raise Wrong("too long")
    out = []
    while first <= last if step > 0 else first >= last:
        out.append(first)
        first += step
    return out


def _partition(array: Any, size: Any) -> list[Any]:
    size = _whole(size)
    _need(array, list)
    if size < 1:
        raise Wrong(size)
    return [array[n : n + size] for n in range(0, len(array), size)]


def _unique(array: Any) -> list[Any]:
    out: list[Any] = []
    for v in _need(array, list):
        if not any(same(v, other) for other in out):
            out.append(v)
    return out


def _hash(data: Any, algorithm: Any) -> str:
    if _need(algorithm, str) not in _HASHES or data is None:
        raise Wrong(algorithm)
    text = data if isinstance(data, str) else _to_string(data)
    return hashlib.new(_HASHES[algorithm], text.encode()).hexdigest()


def _merge(a: Any, b: Any, deep: Any) -> Any:
    if deep is not False:
        raise Wrong(deep)
    return _need(a, dict) | _need(b, dict)


def _split(text: Any, separators: Any) -> list[str]:
    _need(separators, str)
    if not separators:
        return [text] if _need(text, str) else []
    pieces = re.split("[" + re.escape(separators) + "]", _need(text, str))
    return [piece for piece in pieces if piece]


def _decode(text: Any) -> str:
    raise Unknown("odd Base64")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Format": _format,
    "MathAdd": lambda a, b: _whole(a, -(2**31), 2**31 - 1) + _whole(b, -(2**31), 2**31 - 1),
    "Array": lambda *items: list(items),
    "ArrayLength": lambda v: len(_need(v, list)),
    "ArrayContains": lambda array, v: any(same(x, v) for x in _need(array, list)),
    "ArrayGetItem": _get,
    "ArrayRange": _range,
    "ArrayPartition": _partition,
    "ArrayUnique": _unique,
    "Base64Encode": lambda v: base64.b64encode(_need(v, str).encode()).decode(),
    "JsonToString": _to_string,
    "StringToJson": _to_json,
    "Hash": _hash,
    "JsonMerge": _merge,
    "StringSplit": _split,
}
