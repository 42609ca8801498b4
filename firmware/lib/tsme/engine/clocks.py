# A clock that surprises, and one that begins anew at each boot; loaded when there is one.
from .. import const
from ..errors import LimitError, fault

# As kernel/protocol.py has them.
_SLEEP = const(9)
_MINUTE = const(60000)
_HOUR = const(3600000)
_DAY = const(86400000)
_YEAR_10000 = 253402300800000
_SET = 1672531200000  # as the runner has it


def fit(now):
    return type(now) is int and 0 <= now < _YEAR_10000


def sure(engine, first):
    # The reading `first` is no time, or a leap: others tell whether it is one alone.
    readings = [first, engine.clock()]
    good = [r for r in readings if fit(r)]
    if len(good) < 2 or abs(good[0] - good[1]) > _HOUR:
        readings.append(engine.clock())
        good = [r for r in readings if fit(r)]
    if len(good) < 2:
        raise fault("TSME-T006", [r for r in readings if not fit(r)][0])
    now = good[1] if len(readings) == 2 else sorted(good)[(len(good) - 1) // 2]
    if len(readings) > 2:
        engine.report(
            "the clock gave %r, then %r and %r; the time is %d" % tuple(readings + [now])
        )
    last = engine.state.now
    if engine.busy() and now - max(last, engine.latest) > _DAY:
        text = "the clock is %d days after the last step; what was due by then is due now"
        engine.report(text % ((now - last) // _DAY))
    return now


def began_by(name):
    # Was it this that began this life?  Not every board can tell.
    try:
        import machine

        return machine.reset_cause() == getattr(machine, name)
    except (ImportError, AttributeError):
        return False


def new_year(now):
    # Is it the first of January, where clocks begin that nobody sets?  (of 1970, 2000, 2021, ..)
    days = now // _DAY
    years = (days * 4 + 3) // 1461
    return now < _SET and days == years * 365 + (years + 1) // 4


def asleep(engine):
    # Before a sleep that may end in a reset, of a board whose clock does not know the time: a step
    # says so, and no checkpoint hides it.
    now = engine.reading()
    if not new_year(now) and now >= engine.state.now:
        return  # it has been set, or was never and has run on for days
    event = (_SLEEP, engine.time())
    try:
        step = engine.take(event)
    except (LimitError, MemoryError):
        return  # no room: this sleep will not count
    if engine.watch:
        engine.watch(event, step)


def woken(engine):
    # The newest step is a sleep.  Where the clock cannot tell how long it was, the board has slept
    # as long as it was to (docs/BOARDS.md, "Time"): else the same hour would begin at each boot.
    engine.last = None
    state = engine.state
    now = engine.reading()
    if now >= _SET and now >= state.now:
        return  # the clock has been set, and tells
    if now > state.now + _MINUTE and began_by("DEEPSLEEP_RESET"):
        return  # it was never set, but runs on in a deep sleep
    if began_by("PWRON_RESET"):
        return  # the power was gone, in the middle of the sleep or for years
    until = state.now + _HOUR
    for action in state.pending.values():
        if action.due is not None:
            until = min(until, action.due)
    engine.floor = max(until, state.now)
