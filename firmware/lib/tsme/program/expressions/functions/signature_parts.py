# Signatures taken apart, and arguments shared out among parameters: what signatures.py asks for
# once for each kind of call.  As the reference implementation, which makes a regular expression
# of a signature and matches it with one letter for each argument.
from ....values import MISSING
from ..values import ExpressionError

_ANY = "asnblfom"
_CLASSES = {"s": "sm", "n": "nm", "b": "bm", "l": "lm", "o": "om", "a": _ANY, "f": "f"}
_CLASSES["j"] = "asnblom"
_CLASSES["x"] = _ANY


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


def taken(text):
    # of each parameter: is it an array, of what, what the context is to be that stands for it
    return [(p.kind == "a", p.of, p.context) for p in parameters(text)]


def shared(text, letters, args):
    # how many arguments each parameter has; 0: they are as the function takes them
    takes = parameters(text)
    found = _counts(takes, letters, True)
    if found is None:
        _refuse(takes, letters, args)
    return 0 if _fit(takes, found, letters) else found


def _fit(takes, counts, letters):
    for i in range(len(counts)):
        p = takes[i]
        array = p.kind == "a" and (p.of is not None or letters[i : i + 1] != "a")
        if counts[i] != 1 or array:
            # but for those that are missing at the end, and stay so
            rest = takes[i:]
            asked = [p for p in rest if p.context is not None]
            return i > 0 and not asked and counts[i:] == [0] * len(rest)
    return True


def _refuse(takes, letters, args):
    good = 0
    for n in range(len(takes)):
        counts = _counts(takes[: n + 1], letters, False)
        if counts is None:
            break
        good = sum(counts)
    value = args[good] if good < len(args) else MISSING
    raise ExpressionError("T0410", value=value, index=good + 1)
