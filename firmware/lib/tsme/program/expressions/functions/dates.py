# fromMillis, now, millis: times as texts, by pictures.
from ....values import MISSING
from ....values.timestamp import text as iso
from .. import arithmetic, doubles
from ..values import ExpressionError
from .calendar import MOST, Moment
from .date_pictures import DAYS, ISO, MONTHS, parts
from .integers import LOWER, UPPER, Picture, written
from .numeric import leading

_FIRST = -62167219200000  # of the year 0
_LAST = 253402300799999  # of the year 9999


def _zone(text):
    # (hours, minutes) of +hhmm: the hours are rounded down and the minutes cut off, so that west
    # of Greenwich a half hour is one too far; as the reference has it
    n = leading(text)
    if n is None or not -(10**11) < n < 10**11:
        raise ExpressionError("T0410", value=text, index=3)
    return n // 100, -(-n % 100) if n < 0 else n % 100


def _zone_text(marker, hours, minutes):
    integer = marker.integer
    offset = hours * 100 + minutes
    if integer.every or 3 <= integer.least <= 4:
        text = written(offset, integer)
    elif 1 <= integer.least <= 2:
        text = written(hours, integer)
        if minutes:
            text += ":" + written(minutes, Picture("00"))
    else:
        raise ExpressionError("D3134", value=integer.least)
    if offset >= 0:
        text = "+" + text
    if marker.letter == "z":
        text = "GMT" + text
    return "Z" if not offset and marker.second == "t" else text


def _cased(text, case):
    return text.upper() if case == UPPER else text.lower() if case == LOWER else text


def _shown(moment, marker, zone):
    letter = marker.letter
    if letter == "Z" or letter == "z":
        return _zone_text(marker, zone[0], zone[1])
    v = moment.part(letter)
    if v is None:
        return "undefined"  # the word, as the reference has it
    if isinstance(v, str):
        return v.upper() if letter == "P" and marker.names == UPPER else v
    if marker.names is None:
        if letter == "Y" and marker.digits != -1:
            unit = 10 ** max(marker.digits, 0)
            v = -(-v % unit) if v < 0 else v % unit
        return written(v, marker.integer)
    if letter == "M" or letter == "x":
        text = MONTHS.split()[v - 1]
    elif letter == "F":
        text = DAYS.split()[v - 1]
    else:
        raise ExpressionError("D3133", value=letter)
    text = _cased(text, marker.names)
    return text if marker.most is None else text[: marker.most]


def formatted(ms, picture=MISSING, zone=MISSING):
    if zone is MISSING:
        if picture is MISSING and _FIRST <= ms <= _LAST:
            return iso(ms)
        zone = (0, 0)
    else:
        zone = _zone(zone)
        ms += (zone[0] * 60 + zone[1]) * 60000
    if not -MOST <= ms <= MOST:
        raise ExpressionError("T0410", value=ms, index=1)
    found = parts(ISO if picture is MISSING else picture)
    moment = Moment(ms)
    out = []
    for part in found:
        out.append(part if isinstance(part, str) else _shown(moment, part, zone))
    return "".join(out)


def fromMillis_(m, v=MISSING, picture=MISSING, zone=MISSING):
    if v is MISSING:
        return v
    if type(v) is not int:
        if not arithmetic.is_finite(v):
            raise ExpressionError("T0410", value=v, index=1)
        v = doubles.whole(v)
    return formatted(v, picture, zone)


def now_(m, picture=MISSING, zone=MISSING):
    return formatted(m.now, picture, zone)


def millis_(m):
    return m.now
