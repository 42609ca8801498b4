# Time, and what a new execution is given from outside unless the board gives it: a seed.
import asyncio
import time

from .. import const, once

_LONGEST = const(3600000)  # ms in one sleep; boards' timers wrap, on rp2 after 71 minutes
_SET = 1672531200000  # 2023: a clock that is before it has not been set


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


async def rest(host, engines, ms):
    # Nothing is to be done for so many ms, or until something comes if that is None.  `host` is
    # who sleeps, and is told by its `posted`.
    ms = _LONGEST if ms is None else min(ms, _LONGEST)
    active = False
    for e in engines:
        e.latest += ms
        active = active or e.running
    if host.sleep and not active:
        for e in engines:
            if e.journal and not host.returned and (e.lag or e.latest < _SET):
                once("engine.clocks", "asleep", e)
        r = host.sleep(ms)
        if hasattr(r, "send"):
            await r
        host.returned = True  # it is no deep sleep, which ends in a reset
        return
    host.posted.clear()
    for e in engines:
        if e.queue:
            return
    try:
        if hasattr(asyncio, "wait_for_ms"):
            await asyncio.wait_for_ms(host.posted.wait(), ms)
        else:
            await asyncio.wait_for(host.posted.wait(), ms / 1000)
    except asyncio.TimeoutError:
        pass  # it is time
