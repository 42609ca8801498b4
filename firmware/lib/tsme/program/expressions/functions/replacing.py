# Of texts: replace, and what a replacement has to be.
from ....values import MISSING
from ..values import ExpressionError
from .matching import matcher, most
from .numeric import leading
from .regex import find_all, groups


def replacement_(m, v=MISSING):
    if not isinstance(v, str):
        raise ExpressionError("D3012", value=v)
    return v


class Template:
    # of `$n` and the text between; the number of groups says how many digits belong to an n
    def __init__(self, text, count):
        self.parts = []  # texts, and numbers of groups, 0 for the match
        digits = len(str(count)) if count else 1
        at = 0
        dollar = text.find("$")
        while dollar >= 0:
            self.parts.append(text[at:dollar])
            at = dollar + 1
            c = text[at : at + 1]
            if c == "$" or c == "0":
                self.parts.append("$" if c == "$" else 0)
                at += 1
            else:
                n = leading(text[at : at + digits])
                if digits > 1 and n is not None and n > count:
                    n = leading(text[at : at + digits - 1])
                if n is None:
                    self.parts.append("$")
                else:
                    if 0 < n <= count:
                        self.parts.append(n)
                    at += len(str(n))
            dollar = text.find("$", at)
        self.parts.append(text[at:])

    def filled(self, m, text, kept, inner):
        out = []
        size = 0
        for part in self.parts:
            if not isinstance(part, str):
                part = text[kept[0] : kept[1]] if part == 0 else inner[part - 1]
            if part:
                out.append(part)
                size += len(part)
                _sized(m, size)
        return "".join(out)


def _sized(m, size):
    if size > m.largest:
        raise ExpressionError("D2015")


def replace_(m, text=MISSING, what=MISSING, by=MISSING, limit=MISSING):
    if text is MISSING:
        return text
    if isinstance(what, str) and not what:
        raise ExpressionError("D3010", value=what, index=2)
    n = most(limit, "D3011", 4)
    if not n:
        return text
    if isinstance(what, str):
        if by is MISSING:
            by = "undefined"  # the reference writes the word
        if not isinstance(by, str):
            raise ExpressionError("T0410", value=by, index=3)
        if len(by) > len(what):
            _sized(m, len(text) + min(n, text.count(what)) * (len(by) - len(what)))
        return text.replace(what, by, n)
    pattern = matcher(what, 2)
    template = None
    out = []
    at = size = 0
    for kept in find_all(pattern, text, m.spend, n):
        if not isinstance(by, str):
            raise ExpressionError("T0410" if by is MISSING else "D3012", value=by, index=3)
        if template is None and "$" in by:
            template = Template(by, (len(kept) >> 1) - 1)
        out.append(text[at : kept[0]])
        out.append(template.filled(m, text, kept, groups(text, kept)) if template else by)
        size += len(out[-1])
        _sized(m, size)
        at = kept[1]
    out.append(text[at:])
    return "".join(out)
