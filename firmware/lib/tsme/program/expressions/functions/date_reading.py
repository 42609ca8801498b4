# Texts as times by pictures.
from ....values import MISSING
from .. import arithmetic
from ..arithmetic import NAN
from ..values import ExpressionError
from .calendar import DAY, MOST, Moment, civil, utc_days
from .date_pictures import DAYS, MONTHS, parts
from .integers import DECIMAL, LETTERS, ROMAN, WORDS, meant
from .numeric import leading

_DIGITS = "0123456789"
_ALPHA = "abcdefghijklmnopqrstuvwxyz"
_HOURS = {"am": 0, "AM": 0, "pm": 1, "PM": 1}


def _run(text, at, fits=_DIGITS, most=1 << 29):
    end = at
    while end < len(text) and end - at < most and text[end].lower() in fits:
        end += 1
    return end


def _utc(year, month, day, ms):
    # as Date.UTC: parts may be beyond what is usual
    ms += utc_days(year, month, day) * DAY
    return ms if -MOST <= ms <= MOST else NAN


class Piece:
    # what a part of a picture takes of a text: ends() of all that it may take, the longest first
    def __init__(self, part):
        self.part = part
        self.letter = "" if isinstance(part, str) else part.letter
        self.zone = self.letter == "Z" or self.letter == "z"
        integer = None if self.letter == "" else part.integer
        self.kind = integer.kind if integer and not self.zone else None
        if self.letter and not self.zone:
            if integer is None and self.letter not in ("M", "x", "F", "P"):
                raise ExpressionError("D3133", value=self.letter)
            if self.kind is not None and self.kind not in (LETTERS, ROMAN, WORDS, DECIMAL):
                integer.refuse()

    def ends(self, text, at):
        part = self.part
        if not self.letter:
            end = at + len(part)
            return [end] if text[at:end].lower() == part.lower() else []
        if self.zone:
            return self._zone_ends(text, at)
        if self.kind == DECIMAL:
            return self._digit_ends(text, at)
        if self.kind == WORDS:
            from .words import ends

            return ends(text.lower(), at)
        end = _run(text, at, "mdclxvi" if self.kind == ROMAN else _ALPHA)
        return list(range(end, at, -1))

    def _digit_ends(self, text, at):
        integer = self.part.integer
        low, high = 1, 1 << 29
        if self.part.digits > 0:
            high = self.part.digits
            low = max(high - integer.optional, 0)
        end = _run(text, at, _DIGITS, high)
        ends = list(range(end, at + low - 1, -1))
        if not integer.ordinal:
            return ends
        return [n + 2 for n in ends if text[n : n + 2].lower() in ("th", "st", "nd", "rd")]

    def _zone_ends(self, text, at):
        if self.letter == "z":
            if text[at : at + 3].lower() != "gmt":
                return []
            at += 3
        if text[at : at + 1] not in ("-", "+"):
            return []
        at += 1
        ends = list(range(_run(text, at), at, -1))
        between = self._between()
        if not between:
            return ends
        out = []
        for n in ends:
            if text[n : n + 1].lower() == between.lower():
                out += range(_run(text, n + 1), n + 1, -1)
        return out

    def _between(self):
        integer = self.part.integer
        return integer.groups[0][1] if integer.every else ""

    def value(self, text):
        # None if it stands for nothing
        part = self.part
        if self.zone:
            return self._east(text[3:] if self.letter == "z" else text)
        if self.kind is not None:
            return meant(text, part.integer)
        if self.letter == "P":
            return _HOURS.get(text)
        names = (DAYS if self.letter == "F" else MONTHS).split()
        for i in range(len(names)):
            if (names[i][: part.most] if part.most else names[i]) == text:
                return i + 1
        return None

    def _east(self, text):
        # minutes; those behind hours are always added
        between = self._between()
        if between:
            at = text.lower().find(between.lower())
            return leading(text[:at]) * 60 + leading(text[at + 1 :])
        if len(text) <= 3:
            return leading(text) * 60
        return leading(text[:3]) * 60 + leading(text[3:])


def _matched(pieces, text):
    # the texts of all pieces, or None; what has failed once at a place is not tried again
    failed = set()
    stack = []
    at = 0
    while True:
        n = len(stack)
        if n == len(pieces) and at == len(text):
            out = []
            begin = 0
            for ends in stack:
                out.append(text[begin : ends[0]])
                begin = ends[0]
            return out
        if n < len(pieces) and (n, at) not in failed:
            ends = pieces[n].ends(text, at)
            if ends:
                stack.append(ends)
                at = ends[0]
                continue
            failed.add((n, at))
        while stack:
            ends = stack[-1]
            failed.add((len(stack), ends[0]))
            if len(ends) > 1:
                ends.pop(0)
                at = ends[0]
                break
            stack.pop()
        else:
            return None


def _mask(found, letters):
    n = 0
    for c in letters:
        v = found.get(c)
        n = n << 1 | (1 if v and v == v else 0)
    return n


def _is(mask, kind):
    return not mask & ~kind and mask & kind != 0


def _completed(found, order, now):
    # parts that are larger than all that are given are today's, smaller ones the first
    given = ended = False
    for c in order:
        if found.get(c) is not None:
            given = True
            if ended:
                raise ExpressionError("D3136")
        elif given:
            found[c] = 1 if c in "MDd" else 0
            ended = True
        else:
            found[c] = now.part(c)


def of_picture(text, picture, now):
    pieces = [Piece(part) for part in parts(picture)]
    texts = _matched(pieces, text)
    if texts is None:
        return MISSING
    found = {}
    for i in range(len(pieces)):
        if pieces[i].letter:
            found[pieces[i].letter] = pieces[i].value(texts[i])
    if not found:
        return MISSING
    mask = _mask(found, "YXMxWwdD")
    by_day = not _is(mask, 0b10100001) and _is(mask, 0b10000010)
    by_week = _is(mask, 0b01010100) or _is(mask, 0b01001000)
    mask = _mask(found, "PHhmsf")
    halves = not _is(mask, 0b010111) and _is(mask, 0b101111)
    order = "YD" if by_day else "YMD"
    if by_week:
        order = "XxwF" if _is(_mask(found, "YXMxWwdD"), 0b01010100) else "XWF"
    _completed(found, order + ("Phmsf" if halves else "Hmsf"), Moment(now))
    if by_week:
        raise ExpressionError("D3136")
    return _put_together(found, by_day, halves)


def _put_together(found, by_day, halves):
    for c in "YMDdHhmsf":
        if found.get(c) is not None and type(found[c]) is not int:
            if c != "M":
                return NAN
            found[c] = 0
    year, month, day = found["Y"], max(found.get("M") or 0, 1) - 1, found.get("D") or 0
    if by_day:
        _, month, day = civil(utc_days(year, 0, 1) + found["d"] - 1)
    hour = found.get("H")
    if halves:
        hour = 0 if found["h"] == 12 else found["h"]
        if found.get("P") == 1:
            hour += 12
    ms = ((hour * 60 + found["m"]) * 60 + found["s"]) * 1000 + found["f"]
    east = found.get("Z") or found.get("z") or 0
    v = _utc(year, month, day, ms - east * 60000)
    return arithmetic.settled(v) if v is not NAN else v
