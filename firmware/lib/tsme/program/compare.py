# Comparisons and type tests of Choice (docs/SPEC.md, 2.8).

from ..values import numbers
from ..values.cbor import MISSING


def compare(k, x, y):
    relation = k & 7
    kind = k >> 3
    if kind == 1:
        if type(x) is int and type(y) is int:
            order = x - y
        elif numbers.is_number(x) and numbers.is_number(y):
            order = numbers.compare(x, y)
        else:
            return False
    elif kind == 2:
        return relation == 0 and isinstance(x, bool) and isinstance(y, bool) and x == y
    else:
        if not isinstance(x, str) or not isinstance(y, str):
            return False
        if relation == 5:
            return matches(x, y)
        if kind == 3:
            from ..values import timestamp

            x, y = timestamp.parse(x), timestamp.parse(y)
            if x is None or y is None:
                return False
        order = 0 if x == y else -1 if x < y else 1
    if relation == 0:
        return order == 0
    if relation == 1:
        return order < 0
    if relation == 2:
        return order > 0
    return order <= 0 if relation == 3 else order >= 0


def test(k, v):
    if k == 0:
        return v is not MISSING
    if k == 1:
        return v is None
    if k == 2:
        return isinstance(v, str)
    if k == 3:
        return numbers.is_number(v)
    if k == 4:
        return isinstance(v, bool)
    if not isinstance(v, str):
        return False
    from ..values import timestamp

    return timestamp.is_timestamp(v)


def matches(text, pattern):
    # StringMatches: `*` is any run of characters, `\\*` and `\\\\` are those characters
    parts = []  # the pieces between the stars
    part = []
    escaped = False
    for c in pattern:
        if c == "*" and not escaped:
            parts.append("".join(part))
            part = []
        elif c == "\\" and not escaped:
            escaped = True
            continue
        else:
            part.append(c)
        escaped = False
    if escaped:
        part.append("\\")
    parts.append("".join(part))
    if len(parts) == 1:
        return text == parts[0]
    # As bytes: MicroPython counts the characters up to an index.
    text = text.encode()
    parts = [part.encode() for part in parts]
    at, end = len(parts[0]), len(text) - len(parts[-1])
    if at > end or not text.startswith(parts[0]) or not text.endswith(parts[-1]):
        return False
    for part in parts[1:-1]:
        at = text.find(part, at)
        if at < 0 or at + len(part) > end:
            return False
        at += len(part)
    return True
