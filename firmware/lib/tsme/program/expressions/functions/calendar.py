# The parts of a date, as the reference implementation takes them from ms since 1970.
DAY = 86400000
MOST = 8640000000000000  # ms either way, as far as JavaScript's dates go


def days(year, month, day):
    # since 1970-01-01; month from 0, any day.  By years that begin in March.
    year += month // 12
    month = month % 12 + 1
    if month < 3:
        year -= 1
        month += 12
    leap = year // 4 - year // 100 + year // 400
    return 365 * year + leap + (153 * (month - 3) + 2) // 5 + day - 719469


def utc_days(year, month, day):
    # the same as JavaScript's Date.UTC, for which 70 is 1970
    return days(year + 1900 if 0 <= year <= 99 else year, month, day)


def civil(n):
    # (year, month from 0, day) of a day
    z = n + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    m = (5 * doy + 2) // 153
    return yoe + era * 400 + (1 if m > 9 else 0), (m + 2) % 12, doy - (153 * m + 2) // 5 + 1


def _first_week(year, month):
    # the Monday of the week that has the first Thursday
    first = utc_days(year, month, 1)
    weekday = (first + 3) % 7  # 0 is Monday
    return first - weekday + (7 if weekday > 3 else 0)


def _week(today, year, month, step, most):
    # the number of the week in a year (step 12) or month (step 1) that begins there
    start = _first_week(year, month)
    if today - start > 7 * (most - 1):
        following = _first_week(year + (month + step) // 12, (month + step) % 12)
        if today >= following:
            return 1
    elif today < start:
        start = _first_week(year + (month - step) // 12, (month - step) % 12)
    return (today - start) // 7 + 1


class Moment:
    # ms since 1970, and its parts by their letters in a picture
    def __init__(self, ms):
        self.day = ms // DAY
        self.ms = ms - self.day * DAY
        self.year, self.month, self.date = civil(self.day)

    def part(self, letter):
        if letter == "Y":
            return self.year
        if letter == "M":
            return self.month + 1
        if letter == "D":
            return self.date
        if letter == "H":
            return self.ms // 3600000
        if letter == "h":
            return (self.ms // 3600000 + 11) % 12 + 1
        if letter == "P":
            return "pm" if self.ms >= 43200000 else "am"
        if letter == "m":
            return self.ms // 60000 % 60
        if letter == "s":
            return self.ms // 1000 % 60
        if letter == "f":
            return self.ms % 1000
        if letter == "F":
            return (self.day + 3) % 7 + 1
        if letter == "C" or letter == "E":
            return "ISO"
        return self._week_part(letter)

    def _week_part(self, letter):
        year, month = self.year, self.month
        today = utc_days(year, month, self.date)
        if letter == "d":
            return today - utc_days(year, 0, 1) + 1
        if letter == "W":
            return _week(today, year, 0, 12, 52)
        if letter == "w":
            return _week(today, year, month, 1, 4)
        if letter == "X":
            if self.day < _first_week(year, 0):
                return year - 1
            return year + 1 if self.day >= _first_week(year + 1, 0) else year
        if letter == "x":
            if self.day < _first_week(year, month):
                return (month - 1) % 12 + 1
            later = self.day >= _first_week(year + (month + 1) // 12, (month + 1) % 12)
            return (month + 1) % 12 + 1 if later else month + 1
        return None
