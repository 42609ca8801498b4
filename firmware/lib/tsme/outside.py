# What a new execution is given from outside unless the board gives it: the time, and a seed.
import time


def wall_clock():
    # ms since 1970; some ports count from 2000, CircuitPython has no gmtime
    if hasattr(time, "time_ns"):
        now = time.time_ns() // 1000000
    else:
        now = int(time.time()) * 1000
    return now + 946684800000 if hasattr(time, "gmtime") and time.gmtime(0)[0] == 2000 else now


def seed():
    # 64 random bits
    try:
        from os import urandom

        return int.from_bytes(urandom(8), "little")
    except (ImportError, NotImplementedError):  # a board without a random source of its own
        from random import getrandbits

        return getrandbits(32) << 32 | getrandbits(32)


def lag(now, last, before):
    # What to add to a clock that is behind the last step, as after a power cut without a battery:
    # it goes on from there, lest a wait of seconds takes years.  `before`: what was added so far.
    if now >= last:
        return 0
    return max(before, last - now)
