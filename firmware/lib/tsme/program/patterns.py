# Terms of a filter that compare two places, or match a pattern (docs/SPEC.md, 2.12).  Imported by
# programs that have one.

from ..errors import TsmeError
from ..values import numbers
from ..values.cbor import Obj
from ..values.decimal import parse, to_text


def weight(x, y):
    # how many values a term counts as: the characters of the texts in it
    n = len(x) if isinstance(x, str) else 0
    if isinstance(y, str):
        n += len(y)
    return n or 1


def related(op, x, y):
    # does the comparison `op` hold?
    if isinstance(x, (Obj, list)) and isinstance(y, (Obj, list)):
        return False
    null_x = x is None or isinstance(x, str) and x == "null"
    null_y = y is None or isinstance(y, str) and y == "null"
    if (x is None) != (y is None):
        return op == (2 if null_x and null_y else 5)
    if null_x or null_y:
        order = int(null_y) - int(null_x)
    elif isinstance(y, str):
        if isinstance(x, (Obj, list)):
            return False
        if isinstance(x, str):
            order = (x > y) - (x < y)
        elif isinstance(x, bool):
            order = int(x) - int(y.lower() == "true")
        else:
            y = number(y)
            if y is None:
                return op == 5
            order = numbers.compare(x, y)
    elif isinstance(x, (str, Obj, list)) or isinstance(y, (Obj, list)):
        return False
    elif isinstance(x, bool) or isinstance(y, bool):
        if not (isinstance(x, bool) and isinstance(y, bool)):
            return False
        order = int(x) - int(y)
    else:
        order = numbers.compare(x, y)
    return op >> order + 1 & 1 > 0


def number(text):
    # what a decimal text stands for, or None
    sign = text[:1]
    if sign == "-" or sign == "+":
        text = text[1:]
    body, e, power = text.replace("E", "e").partition("e")
    whole, point, rest = body.partition(".")
    if not (whole or rest) or (e and not power):
        return None
    text = ("-" if sign == "-" else "") + ((whole.lstrip("0") or "0") if whole else "0")
    try:
        if not point and not e:
            try:
                return parse(text)
            except TsmeError:
                pass
        return parse(text + "." + (rest or "0") + ("e" + power if e else ""))
    except TsmeError:
        return None


def matches(code, x):
    # Does a pattern match the whole of a value's text?  All ways at once, character by character.
    if isinstance(x, bool):
        text = "true" if x else "false"
    else:
        text = x if isinstance(x, str) else to_text(x)
    n = len(code)
    seen = [-1] * (n + 1)  # the last position at which each instruction was reached
    todo = [0]
    at = 0
    before = ""
    length = len(text)
    for c in text:
        states = _closure(code, todo, seen, at, (before, c, at, length, text))
        todo = [k + 1 for k in states if k < n and _within(code[k], c)]
        if not todo:
            return False
        before = c
        at += 1
    return n in _closure(code, todo, seen, at, (before, "", at, length, text))


def _closure(code, todo, seen, at, around):
    # the instructions that take a character, from those given on; len(code) is the end
    states = []
    while todo:
        k = todo.pop()
        if seen[k] == at:
            continue
        seen[k] = at
        i = code[k] if k < len(code) else ""
        if isinstance(i, str):
            states.append(k)
        elif isinstance(i, list):
            if _true(i[0], i[1], *around):
                todo.append(k + 1)
        elif i < 0:
            todo.append(-1 - i)
        else:
            todo.append(i)
            todo.append(k + 1)
    return states


def _within(ranges, c):
    # a character, or pairs of the first and last of ranges, ascending
    low = None
    for d in ranges:
        if low is None:
            if c < d:
                return False
            low = d
        elif c <= d:
            return True
        else:
            low = None
    return low == c  # of one character alone


def _true(kind, ends, before, c, at, length, text):
    # an assertion; `ends`: the characters that end lines
    if kind == 0:
        return not at
    if kind == 1:
        return at == length
    if kind == 2:  # the end, or before the last end of a line
        rest = length - at
        if rest == 2:
            return text[-2:] == "\r\n" and "\r" in ends
        if rest != 1:
            return not rest
    if kind < 5:
        if before == "\r" and c == "\n" and "\r" in ends:
            return False
        if kind == 2:
            return c in ends
        if kind == 3:
            return at < length and (not at or before in ends)
        return at == length or c in ends
    return (_word(before) != _word(c)) is (kind == 5)


def _word(c):
    return c == "_" or "0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z"
