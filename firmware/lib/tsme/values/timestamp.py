# Timestamps as RFC 3339 has them: 2016-03-14T01:59:00.25Z or with an offset such as -07:00.
# Upper case T and Z, seconds required, no leap seconds, fractions of any length.


# Days from 1970-01-01 to a day of the Gregorian calendar, by eras of 400 years that begin in
# March, so that the leap day comes last.
def _days(year, month, day):
    if month < 3:
        year -= 1
        month += 12
    return (
        365 * year
        + year // 4
        - year // 100
        + year // 400
        + (153 * (month - 3) + 2) // 5
        + day
        - 719469
    )


def _digits(text, i, n):
    v = 0
    for c in text[i : i + n]:
        if not "0" <= c <= "9":
            return -1
        v = v * 10 + ord(c) - 48
    return v


# Seconds east of UTC of `Z`, `+hh:mm` or `-hh:mm`; None if it is neither.
def _offset(zone):
    if zone == "Z":
        return 0
    if len(zone) != 6 or zone[3] != ":" or zone[0] not in "+-":
        return None
    hours = _digits(zone, 1, 2)
    minutes = _digits(zone, 4, 2)
    if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
        return None
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds


# (seconds since 1970, digits of the fraction without zeros at the end): two of these compare as
# the times do. None if the text is no timestamp.
def parse(text):
    if len(text) < 20 or text[4] != "-" or text[7] != "-" or text[10] != "T":
        return None
    if text[13] != ":" or text[16] != ":":
        return None
    year = _digits(text, 0, 4)
    month = _digits(text, 5, 2)
    day = _digits(text, 8, 2)
    hour = _digits(text, 11, 2)
    minute = _digits(text, 14, 2)
    second = _digits(text, 17, 2)
    if year < 0 or not 1 <= month <= 12 or day < 1:
        return None
    if not 0 <= hour <= 23 or not 0 <= minute <= 59 or not 0 <= second <= 59:
        return None
    days = _days(year, month, day)
    if day > 28 and days >= _days(year + month // 12, month % 12 + 1, 1):
        return None
    i = 19
    if text[19] == ".":
        i = len(text) - len(text[20:].lstrip("0123456789"))
        if i == 20:
            return None
    east = _offset(text[i:])
    if east is None:
        return None
    return days * 86400 + hour * 3600 + minute * 60 + second - east, text[20:i].rstrip("0")


def is_timestamp(text):
    return parse(text) is not None


# Milliseconds since 1970, rounded up so that nothing that waits for a time is early; or None.
def ms(text):
    t = parse(text)
    if t is None:
        return None
    seconds, fraction = t
    v = seconds * 1000 + int((fraction + "000")[:3])
    return v + 1 if len(fraction) > 3 else v


# As AWS writes times: 2023-01-01T00:00:00.000Z
def text(ms):
    seconds = ms // 1000
    days = seconds // 86400
    seconds -= days * 86400
    z = days + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    m = (5 * doy + 2) // 153
    day = doy - (153 * m + 2) // 5 + 1
    year = yoe + era * 400
    if m > 9:
        year += 1
    hms = (seconds // 3600, seconds // 60 % 60, seconds % 60, ms % 1000)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % ((year, (m + 2) % 12 + 1, day) + hms)
