# Intrinsic functions on JSON: JsonMerge, StringToJson, JsonToString.
from ...errors import IntrinsicError, TsmeError
from ...values.json import dumps, loads
from .arguments import a_text


def json_merge(rng, a, b, deep):
    if not isinstance(a, dict) or not isinstance(b, dict):
        raise IntrinsicError("the first two arguments must be objects")
    if deep is not False:
        raise IntrinsicError("the third argument must be false: only shallow merging is supported")
    out = a.copy()
    out.update(b)
    return out


def string_to_json(rng, text):
    if not a_text(text, "the argument").strip(" \t\r\n"):
        return None
    try:
        return loads(text)
    except TsmeError as e:
        raise IntrinsicError(e.message)


def json_to_string(rng, v):
    return dumps(v)
