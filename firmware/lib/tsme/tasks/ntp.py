# The time of day, by SNTP (RFC 4330): "ntp:sync", and sync() for main.py (docs/TASKS.md).
import asyncio
import time

from ..engine.platform import seed, wall_clock
from ..values.timestamp import text
from . import add
from .gpio import elapsed, ticks

_SINCE_1900 = 2208988800  # s from there to 1970
_ERA = 1 << 32  # s; the second era begins in 2036
_AGAIN = (11, 115, 35, 10035)  # EAGAIN and EINPROGRESS: nothing is there yet
_server = ["pool.ntp.org", 123, None]


class Silent(Exception):
    # No server gave the time.
    pass


def register(tasks, host="pool.ntp.org", port=123, set=None):
    # set: a function of ms since 1970 that sets the clock, in place of machine.RTC
    _server[:] = [host, port, set]
    add(tasks, "ntp:sync", "idempotent", _sync, "host timeout_s most_ms")


async def _sync(f):
    host = f.text("host", _server[0])
    seconds = f.number("timeout_s", 0.1, 60, 5)
    most = f.whole("most_ms", 1, 1 << 62, None)
    try:
        now, off, trip = await ask(host, _server[1], seconds)
    except Silent as e:
        raise f.failed("Timeout", str(e))
    except OSError as e:
        raise f.failed("Connection", "%s cannot be reached: %s" % (host, e))
    if most is not None and abs(off) > most:
        raise f.failed("Service", "the clock is off by %d ms, more than %d" % (off, most))
    await put(now)
    at = text(now())  # calls: clock
    return {"host": host, "offset_ms": off, "round_trip_ms": trip, "time": at}


def sync(host="pool.ntp.org", port=123, seconds=5, set=None):
    # For main.py, before anything runs: a Wait is a point in time.  -> ms since 1970
    async def work():
        now, _, _ = await ask(host, port, seconds)
        await put(now, set)
        return now()  # calls: clock

    return asyncio.run(work())


async def put(now, set=None):
    # At a whole second, since some clocks know nothing less.
    set = set or _server[2] or _machine
    ms = 1000 - now() % 1000  # calls: clock
    await asyncio.sleep(ms / 1000)
    ms = (now() + 5) // 10 * 10  # calls: clock
    set(ms)  # calls: what the user wrote


def _machine(ms):
    from machine import RTC

    y, mo, d, h, mi, s, wd = time.gmtime(ms // 1000 - _epoch())[:7]
    RTC().datetime((y, mo, d, wd, h, mi, s, 0))


def _epoch():
    # s from 1970 to where this port counts from
    return 946684800 if time.gmtime(0)[0] == 2000 else 0


async def ask(host, port, seconds):
    # -> (function that gives ms since 1970, ms that the clock is off, ms there and back)
    import socket

    nonce = seed().to_bytes(8, "big")
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
    s = socket.socket(address[0], socket.SOCK_DGRAM)
    try:
        s.setblocking(False)
        began = ticks()
        s.sendto(b"\x23" + bytes(39) + nonce, address[-1])  # version 4, client
        answer = await _answer(s, nonce, began, seconds)
        trip = elapsed(began)
    finally:
        s.close()
    received, sent = _ms(answer[32:40]), _ms(answer[40:48])
    trip = max(0, trip - (sent - received))
    since = ticks()
    at = sent + trip // 2

    def now():
        return at + elapsed(since)

    return now, now() - wall_clock(), trip


async def _answer(s, nonce, began, seconds):
    why = "no answer"
    while elapsed(began) < seconds * 1000:
        try:
            data = s.recv(64)
        except OSError as e:
            if e.args[0] not in _AGAIN:
                raise
            await asyncio.sleep(0.005)
            continue
        # What is no answer to this question may be anybody's.
        if len(data) < 48 or data[24:32] != nonce or data[0] & 7 != 4:
            continue
        if data[0] >> 6 == 3 or not 0 < data[1] < 16:
            why = "the server does not know the time itself"
            if data[1] == 0:
                raise Silent("the server refuses: " + str(data[12:16], "ascii"))
        elif any(data[40:44]):
            return data
    raise Silent("%s within %s s" % (why, seconds))


def _ms(stamp):
    s = int.from_bytes(stamp[:4], "big")
    if s < 1 << 31:
        s += _ERA
    return (s - _SINCE_1900) * 1000 + (int.from_bytes(stamp[4:], "big") * 1000 >> 32)
