# toMillis: texts as times.  Those of ISO 8601 are read here.
from ....values import MISSING
from ..arithmetic import NAN
from ..values import ExpressionError
from .calendar import DAY, MOST, days

_DIGITS = "0123456789"


def _run(text, at):
    # where a run of digits ends
    while at < len(text) and text[at] in _DIGITS:
        at += 1
    return at


class _Iso:
    # A text that is read from left to right.
    def __init__(self, text):
        self.text = text
        self.at = 0

    def pair(self, sign, first, second=_DIGITS):
        # `sign` and two digits as a number, or None
        t = self.text[self.at : self.at + 3]
        if len(t) < 3 or t[0] not in sign or t[1] not in first or t[2] not in second:
            return None
        self.at += 3
        return int(t[1:])


def _fields(text):
    # year, months and days, [hours, minutes, seconds] again and again, fraction, zone; or None
    if _run(text, 0) < 4:
        return None
    iso = _Iso(text)
    iso.at = 4
    date = []
    while True:
        v = iso.pair("-", "01" if not date else "0123")
        if v is None and not date:
            v = iso.pair("-", "0123")
        if v is None:
            break
        date.append(v)
    times = []
    while True:
        start = iso.at
        hms = [iso.pair("T", "012"), iso.pair(":", "012345"), iso.pair(":", "012345")]
        if None in hms:
            iso.at = start
            break
        times.append(hms)
    fraction = ""
    if text[iso.at : iso.at + 1] == ".":
        end = _run(text, iso.at + 1)
        if end == iso.at + 1:
            return None
        fraction = text[iso.at + 1 : end]
        iso.at = end
    zone = text[iso.at :]
    if not _is_zone(zone):
        # what was taken for the last part of the date may be the hours of a zone
        zone = text[iso.at - 3 :]
        if not date or times or fraction or not _is_zone(zone):
            return None
        date.pop()
    return int(text[:4]), date, times, fraction, zone


def _is_zone(text):
    # nothing, Z, +hh:mm or +hhmm
    if len(text) < 2:
        return text in ("", "Z")
    iso = _Iso(text)
    hours = iso.pair("+-", "012")
    rest = text[4:] if text[3:4] == ":" else text[3:]
    return hours is not None and len(rest) == 2 and rest[0] in "012345" and rest[1] in _DIGITS


def _east(zone, date_only):
    # minutes; None if a date has no such zone
    if len(zone) < 2:
        return 0
    hours = int(zone[1:3])
    if hours > 23 or date_only:
        return None
    minutes = hours * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes


def _usual(text):
    # 2018-03-23T10:33:36.617Z, or without a fraction; None if it is of another form
    size = len(text)
    if size != 24 and size != 20 or text[4] != "-" or text[7] != "-" or text[10] != "T":
        return None
    if text[13] != ":" or text[16] != ":" or text[19:] != "Z" and (text[19] + text[23] != ".Z"):
        return None
    digits = text[:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
    if size == 24:
        digits += text[20:23]
    if not digits.isdigit() or len(digits.encode()) != len(digits):
        return None
    month, day = int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    if not 1 <= month <= 12 or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 59:
        return None
    ms = ((hour * 60 + minute) * 60 + second) * 1000 + int(digits[14:] or "0")
    return days(int(digits[:4]), month - 1, day) * DAY + ms


def _of_iso(text):
    v = _usual(text)
    if v is not None:
        return v
    found = _fields(text)
    if found is None:
        raise ExpressionError("D3110", value=text)
    year, date, times, fraction, zone = found
    east = _east(zone, not times)
    if east is None or len(date) > 2 or len(times) > 1 or fraction and not times:
        return NAN
    month = date[0] if date else 1
    day = date[1] if len(date) > 1 else 1
    hour, minute, second = times[0] if times else (0, 0, 0)
    ms = int((fraction + "000")[:3])
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return NAN
    if hour > 24 or hour == 24 and (minute or second or ms):
        return NAN
    ms += ((hour * 60 + minute - east) * 60 + second) * 1000
    ms += days(year, month - 1, day) * DAY
    return ms if -MOST <= ms <= MOST else NAN


def toMillis_(m, text=MISSING, picture=MISSING):
    if text is MISSING:
        return text
    if picture is MISSING:
        return _of_iso(text)
    from .date_reading import of_picture

    return of_picture(text, picture, m.now)
