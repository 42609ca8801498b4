# Signatures of functions, such as <s-nn?:s> (docs/SPEC.md, 2.16): what arguments fit, and what
# they become.
from .... import once
from ....values import MISSING, Obj
from ....values.numbers import F64, Float
from ..values import ExpressionError, is_function

_PLURALS = "a arrays b booleans f functions n numbers o objects s strings"
_LETTERS = {str: "s", int: "n", bool: "b", type(None): "l", list: "a", Obj: "o", dict: "o"}
_LETTERS[F64] = "n"
if Float is not None:
    _LETTERS[Float] = "n"
_KEPT = 16  # signatures, and kinds of calls of each, that are not worked out anew
_PARTS = "program.expressions.functions.signature_parts"

_known = {}  # of each signature its parameters, and by the letters of arguments who has how many


def letter(v):
    found = _LETTERS.get(type(v))
    if found:
        return found
    if v is MISSING:
        return "m"
    if is_function(v):
        return "f"
    return "a" if isinstance(v, list) else "o"


def _differ(items, kind):
    # is one of them of another kind?
    t = type(items[0])
    for v in items:
        if type(v) is not t:
            break
    else:
        return False
    for t in set(map(type, items)):
        found = _LETTERS.get(t)
        if found is None:
            for v in items:
                if letter(v) != kind:
                    return True
            return False
        if found != kind:
            return True
    return False


def _checked_array(of, arg, kind, match, index):
    wrong = False
    if of is not None:
        if kind != "a":
            wrong = match != of
        elif arg:
            first = letter(arg[0])
            wrong = first != of[:1] or _differ(arg, first)
    if wrong:
        names = _PLURALS.split()
        plural = names[names.index(of) + 1] if of in names else None
        raise ExpressionError("T0412", value=arg, index=index, type=plural)
    return arg if kind == "a" else [arg]


def _at(args, n):
    return args[n] if n < len(args) else MISSING


def _completed(takes, args, letters, counts, context):
    out = []
    at = taken = 0  # arguments handed on, and those that parameters have
    for i in range(len(counts)):
        array, of, stands = takes[i]
        n = counts[i]
        if not n:
            if stands is not None:
                if letter(context) not in stands:
                    raise ExpressionError("T0411", value=context, index=at + 1)
                out.append(context)
            else:  # it takes the next one, which is of another kind, as the reference does
                out.append(_at(args, at))
                at += 1
            continue
        arg = _at(args, at)  # of one that takes several, the first again and again: likewise
        match = letters[taken : taken + n]
        taken += n
        for kind in match:
            if array:
                arg = _at(args, at)
                arg = MISSING if kind == "m" else _checked_array(of, arg, kind, match, at + 1)
            out.append(arg)
            at += 1
    return out


def validate(signature, args, context):
    # -> the arguments as the function takes them; `context` for one that is not given
    letters = ""
    for v in args:
        letters += _LETTERS.get(type(v)) or letter(v)
    found = _known.get(signature)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[signature] = once(_PARTS, "taken", signature), {}
    takes, known = found
    counts = known.get(letters)
    if counts is None:
        counts = once(_PARTS, "shared", signature, letters, args)
        if len(known) < _KEPT:
            known[letters] = counts
    if counts == 0:
        return args
    return _completed(takes, args, letters, counts, context)
