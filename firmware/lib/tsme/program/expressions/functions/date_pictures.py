# Pictures of dates and times, as XPath has them: [Y0001]-[M01]-[D01], taken apart.
from ..values import ExpressionError
from .integers import LOWER, TITLE, UPPER, Picture

ISO = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"
MONTHS = "January February March April May June July August September October November December"
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
# What a component is shown as unless the picture says it.
_USUAL = {"F": "n", "P": "n", "m": "01", "s": "01", "Z": "01:01", "z": "01:01", "C": "n", "E": "n"}
_NUMBERS = "YMDdFWwXxHhmsf"
_KEPT = 4  # pictures that are not taken apart anew

_known = {}


class Marker:
    # `[..]`: `names` is the case of a name, or None; `integer` the picture of a number, or None;
    # `digits` of a year, month or day, -1: all; `most`: characters of a name, or None
    def __init__(self, text):
        self.letter = text[:1]
        self.names = self.integer = self.most = None
        self.digits = 0
        shown, comma, width = text[1:].rpartition(",")
        least = None
        if comma:
            low, dash, high = width.partition("-")
            least = _width(low)
            self.most = _width(high) if dash else None
        else:
            shown = text[1:]
        self.second = ""
        if not shown:
            shown = _USUAL.get(self.letter) or (
                "1" if self.letter and self.letter in _NUMBERS else ""
            )
            if not shown:
                raise ExpressionError("D3132", value=self.letter)
        elif len(shown) > 1 and shown[-1] in "atco":
            self.second = shown[-1]
            shown = shown[:-1]
        if shown[0] == "n":
            self.names = LOWER
        elif shown[0] == "N":
            self.names = TITLE if shown[1:2] == "n" else UPPER
        elif self.letter and self.letter in _NUMBERS:
            self._number(shown, least)
        if self.letter == "Z" or self.letter == "z":
            self.integer = Picture(shown)

    def _number(self, shown, least):
        self.integer = integer = Picture(shown + ";" + self.second if self.second else shown)
        if least is not None and integer.least and integer.least < least:
            integer.least = least
        if self.letter in "YMD":
            self.digits = -1
            if self.most is not None:
                self.digits = integer.least = self.most
            elif integer.least + integer.optional >= 2:
                self.digits = integer.least + integer.optional


def _width(text):
    end = 0
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    return int(text[:end]) if 0 < end < 6 else None


def _parts(picture):
    # texts and markers
    out = []
    start = at = 0

    def literal(end):
        if end > start:
            out.append(picture[start:end].replace("]]", "]"))

    while at < len(picture):
        if picture[at] == "[":
            literal(at)
            if picture[at + 1 : at + 2] == "[":
                out.append("[")
                at += 1
            else:
                end = picture.find("]", at)
                if end < 0:
                    raise ExpressionError("D3135")
                text = "".join(picture[at + 1 : end].split())
                out.append(Marker(text))
                at = end
            start = at + 1
        at += 1
    literal(len(picture))
    return out


def parts(picture):
    found = _known.get(picture)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[picture] = _parts(picture)
    return found
