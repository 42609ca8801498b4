# AWS's own: parse, hash, partition, range; random and uuid are chance.
from binascii import hexlify

from ....errors import TsmeError
from ....values import MISSING
from ....values.json import loads
from ....values.numbers import INT_MAX, INT_MIN
from ...functions.encode import digest
from .. import doubles
from ..values import ExpressionError, sequence
from .numeric import json_number

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384"}
_HASHES["SHA-512"] = "sha512"


def parse_(m, text=MISSING):
    if text is MISSING:
        return text
    try:
        return loads(text, json_number, True)
    except TsmeError as e:
        if e.code == "TSME-V006":
            raise ExpressionError("D2015")
        raise ExpressionError("D3137", message="Invalid JSON", value=text)


def hash_(m, text=MISSING, algorithm=MISSING):
    if text is MISSING or algorithm is MISSING:
        return MISSING
    name = _HASHES.get(algorithm)
    if name is None:
        message = "Invalid hashing algorithm"
        raise ExpressionError("D3137", message=message, value=algorithm)
    return str(hexlify(digest(name, text.encode())), "utf-8")


def partition_(m, v=MISSING, size=MISSING):
    if v is None:
        raise ExpressionError("T0412", value=v, index=1)
    if not isinstance(v, list):
        v = [] if v is MISSING else [v]
    if not v:
        return MISSING
    if size is MISSING:
        return [list(v)]
    n = doubles.whole(size)
    if n < 0:
        message = "Second argument must be zero or greater"
        raise ExpressionError("D3137", message=message, value=size)
    if not n:
        return MISSING
    n = min(n, len(v))  # it may be no machine word
    return [list(v[i : i + n]) for i in range(0, len(v), n)]


def range_(m, first=MISSING, last=MISSING, step=MISSING):
    if first is MISSING or last is MISSING or step is MISSING:
        return MISSING
    first = doubles.whole(first, INT_MIN, INT_MAX)
    last = doubles.whole(last, INT_MIN, INT_MAX)
    step = doubles.whole(step, INT_MIN, INT_MAX)
    if not step:
        return MISSING
    n = (last - first) // step + 1
    if n <= 0:
        return MISSING
    if n > m.largest:
        raise ExpressionError("D2015")
    return sequence([first + i * step for i in range(n)])
