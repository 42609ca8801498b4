# Signatures of functions, such as <s-nn?:s> (docs/SPEC.md, 2.16): what arguments fit, and what
# they become.  As the reference implementation, which makes a regular expression of a signature
# and matches it with one letter for each argument.
from ....values import MISSING, Obj
from ....values.numbers import F64, Float
from ..values import ExpressionError, is_function

_ANY = "asnblfom"
_CLASSES = {"s": "sm", "n": "nm", "b": "bm", "l": "lm", "o": "om", "a": _ANY, "f": "f"}
_CLASSES["j"] = "asnblom"
_CLASSES["x"] = _ANY
_PLURALS = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects"}
_PLURALS["s"] = "strings"
_LETTERS = {
    str: "s",
    int: "n",
    bool: "b",
    type(None): "l",
    list: "a",
    Obj: "o",
    dict: "o",
    F64: "n",
}
if Float is not None:
    _LETTERS[Float] = "n"
_KEPT = 16  # signatures, and kinds of calls of each, that are not worked out anew


def letter(v):
    found = _LETTERS.get(type(v))
    if found:
        return found
    if v is MISSING:
        return "m"
    if is_function(v):
        return "f"
    return "a" if isinstance(v, list) else "o"


class Parameter:
    # `fits`: letters; `low`, `high`: how many arguments it takes; `context`: what the context is
    # to be if it stands for this argument, or None; `of`: what the items of an array are to be
    def __init__(self, kind, fits):
        self.kind = kind
        self.fits = fits
        self.low = self.high = 1
        self.context = None
        self.of = None


def _closing(text, at, opening, closing):
    depth = 1
    while depth and at + 1 < len(text):
        at += 1
        if text[at] == closing:
            depth -= 1
        elif text[at] == opening:
            depth += 1
    return at


def parameters(text):
    out = []
    at = 1
    while at < len(text) and text[at] != ":":
        c = text[at]
        if c in _CLASSES:
            out.append(Parameter(c, _CLASSES[c]))
        elif c == "(":
            end = _closing(text, at, "(", ")")
            out.append(Parameter("(", text[at + 1 : end] + "m"))
            at = end
        elif c == "<" and out:
            end = _closing(text, at, "<", ">")
            out[-1].of = text[at + 1 : end]
            at = end
        elif out and c in "-?+":
            if c == "-":
                out[-1].context = out[-1].fits
            if c == "+":
                out[-1].high = 255
            else:
                out[-1].low = 0
        at += 1
    return out


def _counts(takes, letters, all_of_it):
    # how many arguments each parameter takes, as many as it can, the first before the others;
    # None if they do not fit.  Backwards from what does not fit to the next choice.
    counts = []
    at = 0
    while True:
        if len(counts) == len(takes):
            if at == len(letters) or not all_of_it:
                return counts
        else:
            p = takes[len(counts)]
            n = 0
            while n < p.high and at + n < len(letters) and letters[at + n] in p.fits:
                n += 1
            if n >= p.low:
                counts.append(n)
                at += n
                continue
        while counts:
            n = counts.pop()
            at -= n
            if n > takes[len(counts)].low:
                counts.append(n - 1)
                at += n - 1
                break
        else:
            return None


class Signature:
    # `known`: by the letters of the arguments how many each parameter takes; 0: they are as the
    # function takes them
    def __init__(self, text):
        self.takes = parameters(text)
        self.known = {}

    def counts(self, letters):
        found = self.known.get(letters, self)
        if found is self:
            found = _counts(self.takes, letters, True)
            if found is not None and self.leaves(found, letters):
                found = 0
            if len(self.known) < _KEPT:
                self.known[letters] = found
        return found

    def leaves(self, counts, letters):
        for i in range(len(counts)):
            p = self.takes[i]
            array = p.kind == "a" and (p.of is not None or letters[i] != "a")
            if counts[i] != 1 or array:
                return i and counts[i:] == [0] * (len(counts) - i) and not self.asks(i)
        return True

    def asks(self, i):
        # does the context stand for an argument from the i-th on?
        for p in self.takes[i:]:
            if p.context is not None:
                return True
        return False

    def refuse(self, args, letters):
        good = 0
        for n in range(len(self.takes)):
            counts = _counts(self.takes[: n + 1], letters, False)
            if counts is None:
                break
            good = sum(counts)
        raise ExpressionError("T0410", value=_at(args, good), index=good + 1)


def _at(args, n):
    return args[n] if n < len(args) else MISSING


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


def _checked_array(p, arg, kind, match, index):
    wrong = False
    if p.of is not None:
        if kind != "a":
            wrong = match != p.of
        elif arg:
            first = letter(arg[0])
            wrong = first != p.of[:1] or _differ(arg, first)
    if wrong:
        raise ExpressionError("T0412", value=arg, index=index, type=_PLURALS.get(p.of))
    return arg if kind == "a" else [arg]


def _completed(signature, args, letters, counts, context):
    out = []
    at = taken = 0  # arguments handed on, and those that parameters have
    for i in range(len(counts)):
        p = signature.takes[i]
        n = counts[i]
        if not n:
            if p.context is not None:
                if letter(context) not in p.context:
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
            if p.kind == "a":
                arg = _at(args, at)
                if kind == "m":
                    arg = MISSING
                else:
                    arg = _checked_array(p, arg, kind, match, at + 1)
            out.append(arg)
            at += 1
    return out


_known = {}


def of(text):
    found = _known.get(text)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[text] = Signature(text)
    return found


def validate(signature, args, context):
    # -> the arguments as the function takes them; `context` for one that is not given
    signature = of(signature)
    letters = ""
    for v in args:
        letters += _LETTERS.get(type(v)) or letter(v)
    counts = signature.counts(letters)
    if counts is None:
        signature.refuse(args, letters)
    if counts == 0:
        return args
    return _completed(signature, args, letters, counts, context)
