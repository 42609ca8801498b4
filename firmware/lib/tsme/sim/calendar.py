# The real-time clock of a world, as machine.RTC shows it.
import time

_DAY = 86400000


def now(world):
    # ms since 1970; the system's, until somebody sets the clock
    if world.offset is None:
        world.offset = int(time.time()) * 1000 - world.time()
    return int(world.time() + world.offset)


def fields(ms):
    # (year, month, day, weekday, hours, minutes, seconds, microseconds); Monday is 0
    y, mo, d, h, mi, s, wd = time.gmtime(ms // 1000)[:7]
    return y, mo, d, wd, h, mi, s, ms % 1000 * 1000


def days(y, m, d):
    # since 1970, of a Gregorian date
    y -= m <= 2
    year = y % 400
    day = (153 * (m + (9 if m <= 2 else -3)) + 2) // 5 + d - 1
    return y // 400 * 146097 + year * 365 + year // 4 - year // 100 + day - 719468


def set(world, given):
    y, mo, d, _, h, mi, s = given[:7]
    micro = given[7] if len(given) > 7 else 0
    at = days(y, mo, d) * _DAY + ((h * 60 + mi) * 60 + s) * 1000 + micro // 1000
    world.offset = at - int(world.time())
