"""What the second reader knows of values: paths, comparisons, texts of numbers, times, functions.

From docs/SPEC.md alone, as `second_reader` is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from .second_reader import UNDEFINED, encode

MISSING = UNDEFINED
ERRORS = {  # 2.9
    1: ("States.Runtime", "a path names nothing"),
    2: ("States.ResultPathMatchFailure", "ResultPath cannot be written there"),
    3: ("States.IntrinsicFailure", "an intrinsic function cannot take its arguments"),
    5: ("States.Runtime", "a variable has no value"),
    6: ("States.Runtime", "seconds or a timestamp is none, or too far away"),
    7: ("States.DataLimitExceeded", "a value is larger or deeper than the limit"),
    8: ("States.Runtime", "the items of a Map are no array"),
    9: (
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    ),
    10: ("States.Runtime", "a task cannot be started with these Parameters"),
    11: ("States.DataLimitExceeded", "a state makes values of more bytes than step_bytes"),
    12: ("States.DataLimitExceeded", "the items of a Map are more than its limit, items"),
}
_MULTIPLIER, _INCREMENT = 6364136223846793005, 1442695040888963407
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


class OutOfScope(Exception):
    """A part of the page that this reader does not have."""


class WorkflowError(Exception):
    """An error of the workflow: name and cause."""

    def __init__(self, number: int) -> None:
        super().__init__(*ERRORS[number])


def is_integer(v: Any) -> bool:
    return isinstance(v, int) and not isinstance(v, bool)


def is_number(v: Any) -> bool:
    return is_integer(v) or isinstance(v, float)


def child(v: Any, name: str | int) -> Any:
    """A member or an item, or MISSING."""
    if isinstance(name, str):
        return v.get(name, MISSING) if isinstance(v, dict) else MISSING
    return v[name] if isinstance(v, list) and -len(v) <= name < len(v) else MISSING


def at_path(v: Any, path: list[Any]) -> Any:
    for name in path:
        v = child(v, name)
    return v


def put(v: Any, path: list[Any], new: Any) -> Any:
    """`v` with `new` at the path (2.5)."""
    if not path:
        return new
    name, rest = path[0], path[1:]
    if isinstance(name, int):
        if child(v, name) is MISSING:
            raise WorkflowError(2)
        return [put(x, rest, new) if i == name else x for i, x in enumerate(v)]
    if v is MISSING:
        v = {}
    if not isinstance(v, dict):
        raise WorkflowError(2)
    return v | {name: put(v.get(name, MISSING), rest, new)}


def depth(v: Any) -> int:
    if isinstance(v, (list, dict)):
        return 1 + max(map(depth, v.values() if isinstance(v, dict) else v), default=0)
    return 0


def is_bulky(v: Any) -> bool:
    """May it make what holds it too large?  (2.9, error 7)"""
    return isinstance(v, (list, dict)) or isinstance(v, str) and len(v.encode()) > 255


def fit(v: Any, largest: int) -> Any:
    """Error 7 if a value is too deep or too long."""
    if depth(v) > 32 or len(encode(v)) > largest:
        raise WorkflowError(7)
    return v


# --- comparisons and tests (2.8) ---


def timestamp(v: Any) -> Fraction | None:
    """Seconds since 1970, or None."""
    found = _TIME.fullmatch(v) if isinstance(v, str) else None
    if not found:
        return None
    *numbers, fraction, sign, hours, minutes = found.groups()
    if numbers[0] == "0000":
        raise OutOfScope("the year 0")
    try:
        year, month, day, hour, minute, second = map(int, numbers)
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    east = (int(hours or 0) * 60 + int(minutes or 0)) * (-60 if sign == "-" else 60)
    return (time - _EPOCH) // timedelta(seconds=1) - east + Fraction("0." + (fraction or "0"))


def compare(k: int, a: Any, b: Any) -> bool:
    kind, relation = divmod(k, 8)
    if kind == 3:
        a, b = timestamp(a), timestamp(b)
        comparable = a is not None and b is not None
    else:
        fits = (lambda v: isinstance(v, str), is_number, lambda v: isinstance(v, bool))[kind]
        comparable = fits(a) and fits(b)
    if not comparable:
        return False
    if relation == 5:
        return matches(a, b)
    return bool((a == b, a < b, a > b, a <= b, a >= b)[relation])


def matches(text: str, pattern: str) -> bool:
    out, i = "", 0
    while i < len(pattern):
        c = pattern[i]
        if c == "*":
            out += ".*"
        else:
            if c == "\\" and i + 1 < len(pattern):
                i += 1
            out += re.escape(pattern[i])
        i += 1
    return re.fullmatch(out, text, re.DOTALL) is not None


def test(k: int, v: Any) -> bool:
    if k == 5:
        return timestamp(v) is not None
    present = v is not MISSING
    return (present, v is None, isinstance(v, str), is_number(v), isinstance(v, bool))[k]


# --- texts (2.6, 2.7) ---


def time_text(ms: int) -> str:
    time = _EPOCH + timedelta(milliseconds=ms)
    return time.strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03}Z"


def number_text(v: float) -> str:
    """Java's layout of the shortest digits."""
    if is_integer(v) or not v:
        return str(v)
    _, digits, exponent = Decimal(repr(v)).normalize().as_tuple()
    assert isinstance(exponent, int)
    if len(digits) == 1:  # then of two digits the nearest
        exact = Decimal(v).normalize(Context(prec=2)).normalize()
        _, digits, exponent = exact.as_tuple()
        assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    sign = "-" if v < 0 else ""
    point = len(text) + exponent  # 0.TEXT * 10 ** point
    if not -2 <= point <= 7:
        return f"{sign}{text[0]}.{text[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    text = text.ljust(point, "0")
    return f"{sign}{text[:point]}.{text[point:] or '0'}"


def shown(v: Any) -> str:
    """As Format shows it."""
    match v:
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[v]
        case str():
            return v
        case list():
            return "[" + ", ".join(map(shown, v)) + "]"
        case dict():
            return "{" + ", ".join(f"{k}={shown(x)}" for k, x in v.items()) + "}"
    return number_text(v)


# --- functions (2.6) ---


class Random:
    """PCG-XSH-RR 64/32 (3.3)."""

    def __init__(self, state: int = 0) -> None:
        self.state = state
        self.used = False

    @staticmethod
    def seeded(seed: int) -> Random:
        random = Random(seed % (1 << 64))
        random.draw()
        return Random(random.state)

    def draw(self) -> int:
        x = self.state
        self.state = (x * _MULTIPLIER + _INCREMENT) % (1 << 64)
        self.used = True
        v = (((x >> 18) ^ x) >> 27) & 0xFFFFFFFF
        r = x >> 59
        return (v >> r | v << (32 - r)) & 0xFFFFFFFF

    def below(self, n: int) -> int:
        return self.draw() * n >> 32


def integer(v: Any, low: int = -(1 << 63), high: int = (1 << 63) - 1) -> int:
    """Any number, rounded half up."""
    if not is_number(v):
        raise WorkflowError(3)
    n = math.floor(Fraction(v) + Fraction(1, 2))
    if not low <= n <= high:
        raise WorkflowError(3)
    return n


def must(holds: bool) -> None:
    if not holds:
        raise WorkflowError(3)


def _format(random: Random, template: Any, items: Any) -> str:
    must(isinstance(template, str) and isinstance(items, list))
    pieces = re.split(r"(\\[{}'\\]|\{\})", template)
    must(pieces[1::2].count("{}") == len(items))
    rest = iter(items)
    out = []
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            out.append(piece)
        else:
            out.append(shown(next(rest)) if piece == "{}" else piece[1])
    return "".join(out)


def _math_add(random: Random, a: Any, b: Any) -> int:
    return integer(a, -(1 << 31), (1 << 31) - 1) + integer(b, -(1 << 31), (1 << 31) - 1)


def _uuid(random: Random) -> str:
    a, b, c, d = (random.draw() for _ in range(4))
    last = f"{0x8000 | c >> 16 & 0x3FFF:04x}-{c & 0xFFFF:04x}{d:08x}"
    return f"{a:08x}-{b >> 16:04x}-4{b & 0xFFF:03x}-{last}"


def _partition(random: Random, array: Any, size: Any) -> list[Any]:
    must(isinstance(array, list))
    n = integer(size, 1)
    return [array[i : i + n] for i in range(0, len(array), n)]


def _range(random: Random, first: Any, last: Any, step: Any) -> list[Any]:
    first, last, step = integer(first), integer(last), integer(step)
    must(step != 0)
    out = range(first, last + (1 if step > 0 else -1), step)
    must(last - first < step * 1000 if step > 0 else last - first > step * 1000)
    return list(out)


def _item(random: Random, array: Any, index: Any) -> Any:
    must(isinstance(array, list))
    return array[integer(index, 0, len(array) - 1)]


def _length(random: Random, array: Any) -> int:
    must(isinstance(array, list))
    return len(array)


def _merge(random: Random, a: Any, b: Any, deep: Any) -> Any:
    must(isinstance(a, dict) and isinstance(b, dict) and deep is False)
    return a | b


def _math_random(random: Random, first: Any, end: Any, seed: Any) -> int:
    low = integer(first)
    n = integer(end) - low
    must(0 < n <= 1 << 32)
    if seed is not None:
        random = Random.seeded(integer(seed))
    return low + random.below(n)


def _split(random: Random, text: Any, separators: Any) -> list[str]:
    must(isinstance(text, str) and isinstance(separators, str))
    pieces = re.split("[" + re.escape(separators) + "]", text) if separators else [text]
    return [p for p in pieces if p]


def same(a: Any, b: Any) -> bool:
    """Equal as in JSON."""
    if is_number(a) and is_number(b):
        return bool(a == b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    return type(a) is type(b) and bool(a == b)


def _contains(random: Random, array: Any, v: Any) -> bool:
    must(isinstance(array, list))
    return any(same(x, v) for x in array)


def _unique(random: Random, array: Any) -> list[Any]:
    must(isinstance(array, list))
    out: list[Any] = []
    for v in array:
        if not any(same(x, v) for x in out):
            out.append(v)
    return out


def _encoded(random: Random, text: Any) -> str:
    must(isinstance(text, str) and len(text) <= 10000)
    return base64.b64encode(text.encode()).decode()


def _decoded(random: Random, text: Any) -> str:
    must(isinstance(text, str) and len(text) <= 10000)
    kept = re.sub(r"[^A-Za-z0-9+/]", "", text.partition("=")[0])
    must(len(kept) % 4 != 1)
    try:
        return base64.b64decode(kept + "=" * (-len(kept) % 4)).decode()
    except UnicodeDecodeError:
        raise WorkflowError(3) from None


def _refused(word: str) -> Any:
    raise ValueError(word)


def _to_json(random: Random, text: Any) -> Any:
    must(isinstance(text, str))
    if not text.strip(" \t\r\n"):
        return None
    try:
        v = json.loads(text, parse_constant=_refused)
        checked(v)
    except (ValueError, RecursionError):
        raise WorkflowError(3) from None
    must(depth(v) <= 32)
    return v


def checked(v: Any) -> None:
    """ValueError for numbers that are out of range and for texts that are no Unicode."""
    match v:
        case str():
            v.encode()
        case list():
            for x in v:
                checked(x)
        case dict():
            for k, x in v.items():
                checked(k)
                checked(x)
        case float() if math.isinf(v):
            raise ValueError
        case int() if not -(1 << 63) <= v < 1 << 63:
            raise ValueError


def quoted(text: str) -> str:
    """As JsonToString writes a text."""
    named = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n"}
    named |= {"\f": "\\f", "\r": "\\r"}
    parts = [named.get(c, c if c >= " " else f"\\u{ord(c):04X}") for c in text]
    return '"' + "".join(parts) + '"'


def json_text(v: Any) -> str:
    match v:
        case str():
            return quoted(v)
        case list():
            return "[" + ",".join(map(json_text, v)) + "]"
        case dict():
            return "{" + ",".join(f"{quoted(k)}:{json_text(x)}" for k, x in v.items()) + "}"
    return shown(v)


def _to_string(random: Random, v: Any) -> str:
    return json_text(v)


def _hash(random: Random, data: Any, algorithm: Any) -> str:
    names = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")
    must(data is not None and algorithm in names)
    text = data if isinstance(data, str) else json_text(data)
    must(len(text) <= 10000)
    return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()


def _part(r: Random, v: Any, n: Any) -> Any:
    if not is_integer(n):
        raise WorkflowError(3)
    if not isinstance(v, list):
        raise WorkflowError(1)
    return v[n] if -len(v) <= n < len(v) else None


def _lists(r: Random, v: Any) -> Any:
    for name in ("Headers", "QueryParameters"):
        part = v.get(name) if isinstance(v, dict) else None
        if part is not None and not (
            isinstance(part, dict)
            and all(isinstance(x, list) for x in part.values())
            and all(isinstance(text, str) for x in part.values() for text in x)
        ):
            raise WorkflowError(10)
    return v


FUNCTIONS = {
    0: (2, _format),
    1: (2, _math_add),
    2: (0, _uuid),
    3: (2, _partition),
    4: (2, _contains),
    5: (3, _range),
    6: (2, _item),
    7: (1, _length),
    8: (1, _encoded),
    9: (1, _decoded),
    10: (2, _hash),
    11: (3, _merge),
    12: (1, _to_json),
    13: (1, _to_string),
    14: (3, _math_random),
    15: (2, _split),
    16: (1, _unique),
    21: (2, _part),
    22: (1, _lists),
}
READS = (4, 9, 10, 12, 15, 16, 17)  # 2.3: their arguments count, too


def retry_delay(interval: int, rate: Fraction, n: int, longest: int) -> int:
    """Before the retry that `n` others came before (2.9), in ms."""
    power = Fraction(1)
    while n:
        if n & 1:
            power = _times(power, rate)
        n >>= 1
        if n:
            rate = _times(rate, rate)
    return math.floor(1000 * min(interval * power, Fraction(longest)))


def _times(a: Fraction, b: Fraction) -> Fraction:
    product = Fraction(math.floor(a * b * 10**9), 10**9)
    return product if product < 2147483647 else Fraction(2147483647)
