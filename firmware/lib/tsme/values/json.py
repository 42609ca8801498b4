# JSON text. The interpreters' own json modules lose what matters here: the order of members on
# MicroPython, 64-bit integers and the last bits of numbers on boards with narrow floats.
from ..errors import TsmeError
from . import DEPTH, Obj, is_utf8, too_deep
from .decimal import parse, to_text
from .numbers import is_number

isinstance, len = isinstance, len  # as in cbor.py: found faster by MicroPython
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BLANKS = b" \t\r\n"
_NUMBER = b"+-.0123456789eE"
_WORDS = ((b"true", True), (b"false", False), (b"null", None))


def _fail(i, what):
    raise TsmeError("TSME-V030", f"JSON text, byte {i}: {what}")


def _blanks(b, i):
    while i < len(b) and b[i] in _BLANKS:
        i += 1
    return i


def _hex4(b, i):
    v = 0
    for c in b[i : i + 4]:
        c |= 0x20
        d = c - 48 if 48 <= c <= 57 else c - 87 if 97 <= c <= 102 else -1
        if d < 0:
            _fail(i, "four hexadecimal digits are expected after \\u")
        v = v << 4 | d
    if len(b) < i + 4:
        _fail(i, "the text ends inside a string")
    return v


# The character of the escape whose letter is at i, and the position after it.
def _escape(b, i):
    c = chr(b[i]) if i < len(b) else ""
    if c in _ESCAPES:
        return _ESCAPES[c], i + 1
    if c != "u":
        _fail(i, "no such escape")
    v = _hex4(b, i + 1)
    i += 5
    if 0xD800 <= v < 0xE000:
        low = _hex4(b, i + 2) if v < 0xDC00 and b[i : i + 2] == b"\\u" else 0
        if not 0xDC00 <= low < 0xE000:
            _fail(i, "half of a surrogate pair")
        v = 0x10000 + ((v - 0xD800) << 10) + low - 0xDC00
        i += 6
    return chr(v), i


# The string whose first character is at i, and the position after its closing quote.
def _string(b, i):
    parts = []
    start = i
    while True:
        if i >= len(b):
            _fail(i, "the text ends inside a string")
        c = b[i]
        if c == 0x22 or c == 0x5C:
            parts.append(str(b[start:i], "utf-8"))
            if c == 0x22:
                return "".join(parts) if len(parts) > 1 else parts[0], i + 1
            c, i = _escape(b, i + 1)
            parts.append(c)
            start = i
        elif c < 0x20:
            _fail(i, "a control character must be escaped in a string")
        else:
            i += 1


def _scalar(b, i, number):
    if b[i] == 0x22:
        return _string(b, i + 1)
    end = i
    while end < len(b) and b[end] in _NUMBER:
        end += 1
    if end > i and b[i] != 0x65:
        return number(str(b[i:end], "utf-8")), end  # calls: decimal numeric
    for word, v in _WORDS:
        if b[i : i + len(word)] == word:
            return v, i + len(word)
    _fail(i, "a value is expected")


# A member's name: it and the position after the colon.
def _name(b, i):
    if b[i : i + 1] != b'"':
        _fail(i, "a name in quotes is expected")
    key, i = _string(b, i + 1)
    i = _blanks(b, i)
    if b[i : i + 1] != b":":
        _fail(i, "a colon is expected")
    return key, _blanks(b, i + 1)


# The value of a JSON text. Of members with the same name the last one counts, as in Java, unless
# they are to be `different`.  `number` makes a number of its text.
def loads(text, number=parse, different=False):
    b = text.encode()
    if len(b) != len(text) and not is_utf8(b):
        _fail(0, "the text is not valid Unicode")
    stack = []
    box = key = None
    i = _blanks(b, 0)
    while True:
        if i >= len(b):
            _fail(i, "the text ends where a value is expected")
        c = b[i]
        if c == 0x5B or c == 0x7B:  # [ {
            if len(stack) >= DEPTH:
                too_deep(DEPTH)
            v = [] if c == 0x5B else Obj()
            i = _blanks(b, i + 1)
            if b[i : i + 1] != (b"]" if c == 0x5B else b"}"):
                stack.append((box, key))
                box = v
                if c == 0x7B:
                    key, i = _name(b, i)
                continue
            i += 1
        else:
            v, i = _scalar(b, i, number)
        i = _blanks(b, i)
        while stack:
            array = isinstance(box, list)
            if array:
                box.append(v)
            else:
                if different and key in box:
                    _fail(i, "a second member of that name")
                box[key] = v
            c = b[i : i + 1]
            i += 1
            if c == b",":
                i = _blanks(b, i)
                if not array:
                    key, i = _name(b, i)
                break
            if c != (b"]" if array else b"}"):
                _fail(i - 1, "a comma or the end of the array or object is expected")
            v = box
            box, key = stack.pop()
            i = _blanks(b, i)
        else:
            if i < len(b):
                _fail(i, "something follows the value")
            return v


def _plain(c):
    return c >= " " and c != '"' and c != "\\"


def quote(s):
    for c in s:
        if not _plain(c):
            break
    else:
        return '"' + s + '"'
    out = ['"']
    for c in s:
        if _plain(c):
            out.append(c)
        elif c >= " ":
            out.append("\\" + c)
        else:
            i = "\b\t\n\f\r".find(c)
            out.append("\\" + "btnfr"[i] if i >= 0 else "\\u%04X" % ord(c))
    out.append('"')
    return "".join(out)


def _same(s):
    return s


def _atom(v, text):
    if v is None:
        return "null"
    if v is True:
        return "true"
    if v is False:
        return "false"
    if isinstance(v, str):
        return text(v)  # calls: quote
    if is_number(v):
        return to_text(v)
    raise TsmeError("TSME-V001", f"{type(v).__name__} is no JSON value")


# With `java`, what Java's toString makes of the same maps and lists: {a=1, b=[x, null]}.
def dumps(v, java=False):
    text, colon, comma = (_same, "=", ", ") if java else (quote, ":", ",")
    out = []
    stack = []
    it = iter((v,))
    end = ""
    between = False
    while True:
        for v in it:
            if between:
                out.append(comma)
            between = True
            if end == "}":
                k, v = v
                out.append(text(k) + colon)  # calls: quote
            if isinstance(v, (list, tuple, dict)):
                if len(stack) >= DEPTH:
                    too_deep(DEPTH)
                stack.append((it, end))
                between = False
                if isinstance(v, dict):
                    out.append("{")
                    end = "}"
                    it = iter(v.items())
                else:
                    out.append("[")
                    end = "]"
                    it = iter(v)
                break
            out.append(_atom(v, text))
        else:
            if not stack:
                return "".join(out)
            out.append(end)
            it, end = stack.pop()
            between = True
