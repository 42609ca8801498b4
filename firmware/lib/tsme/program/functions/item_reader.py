# What an ItemReader read, as the items of a Map (docs/SPEC.md, 2.6, Items): CSV, JSON, JSON Lines
# and listings.  AWS's oddities are kept: all CSV values are texts, rows are padded with "",
# surplus columns dropped, names taken literally.
from ...errors import StatesError, TsmeError, error
from ...kernel.limits import LIMITS
from ...values import Obj
from ...values.json import loads
from ...values.numbers import is_whole

_QUOTE = 0x22
_ENDS = b"\r\n"


def _failed(cause):
    return StatesError("States.ItemReaderFailed", cause)


def items(rng, answer, config, most):
    # config: [InputType, header names or null, separator, names of the way to the array]; null
    # only has a look at `most`, before a reader is asked
    if config is not None and not _sound(config):
        raise error(3, config)
    if isinstance(most, str) and 0 < len(most) < 10 and not most.strip("0123456789"):
        most = int(most)
    if not is_whole(most):
        raise error(6, most)
    if config is None:
        return answer
    kind, names, separator, way = config
    if most < 0:
        raise _failed("field MaxItems must be positive")
    if isinstance(answer, Obj):  # as the service answers, not the bare text or array
        answer = answer.get("Contents" if kind == "LIST" else "Body", answer)
    if isinstance(answer, str) and kind != "LIST":
        try:
            answer = _parsed(answer, kind, names, separator, most)
        except TsmeError as e:
            raise _failed("The file is not valid " + kind + ": " + e.message)
    for name in way:
        answer = _inside(answer, name)
    if isinstance(answer, Obj) and kind == "JSON":
        if most and most < len(answer):
            answer = Obj(list(answer.items())[:most])
    elif not isinstance(answer, list):
        raise _failed("Attempting to map over non-iterable node.")
    elif most and most < len(answer):
        answer = answer[:most]
    return answer


def _inside(v, name):
    # a step of ItemsPointer, a JSON pointer (RFC 6901)
    if isinstance(v, Obj) and name in v:
        return v[name]
    if isinstance(v, list) and name and not name.strip("0123456789"):
        if (name == "0" or name[0] != "0") and len(name) < 10 and int(name) < len(v):
            return v[int(name)]
    raise _failed(
        "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON "
        "structure."
    )


def _sound(config):
    # The compiler's are; a hostile program may have others.
    if not isinstance(config, list) or len(config) != 4:
        return False
    kind, names, separator, way = config
    if not isinstance(separator, str) or len(separator) != 1 or ord(separator) > 127:
        return False
    for texts in ([kind], names or [], way):
        if not isinstance(texts, list):
            return False
        for v in texts:
            if not isinstance(v, str):
                return False
    return True


def _parsed(text, kind, names, separator, most):
    if kind == "CSV":
        return _table(text, names, ord(separator), most)
    if kind == "JSONL":
        return [loads(line) for line in text.split("\n") if line.strip(" \t\r")]
    return loads(text)


def _table(text, names, separator, most):
    out = []
    cells = 0
    _distinct(names or [])
    for row in _rows(text.encode(), separator):
        if names is None:
            names = _distinct(row)
            continue
        if most and len(out) == most:
            continue  # but the rest has to be CSV too
        cells += len(names)
        if cells > LIMITS["value_bytes"]:
            raise error(7)  # what is padded may be far longer than the file
        row += [""] * (len(names) - len(row))
        out.append(Obj(zip(names, row)))
    return out


def _distinct(names):
    if len(set(names)) < len(names):
        raise _failed("CSV headers cannot contain duplicates.")
    return names


def _rows(b, separator):
    # Lines without anything are passed over; "a ""b"", c" is one field.
    i = 3 if b[:3] == b"\xef\xbb\xbf" else 0
    n = len(b)
    row = []
    while i < n:
        field = b""
        quoted = b[i] == _QUOTE
        if quoted:
            field, i = _quoted(b, i + 1)
        start = i
        while i < n and b[i] != separator and b[i] not in _ENDS:
            i += 1
        row.append(str(field + b[start:i], "utf-8"))
        if i < n and b[i] == separator:
            i += 1
            if i < n:
                continue
            row.append("")
        i += 2 if b[i : i + 2] == b"\r\n" else 1
        if len(row) > 1 or row[0] or quoted:
            yield row
        row = []


def _quoted(b, i):
    # -> the field and the position after its closing quote
    out = bytearray()
    while True:
        end = b.find(b'"', i)
        if end < 0:
            raise _failed("The file is not valid CSV: a quote is not closed")
        out += b[i:end]
        if b[end + 1 : end + 2] != b'"':
            return bytes(out), end + 1
        out.append(_QUOTE)
        i = end + 2
