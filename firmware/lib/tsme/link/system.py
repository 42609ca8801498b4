# The board itself: group 0, and of group 65 status, log, time, lock and error.
import sys

from .. import __version__
from ..errors import fault
from . import since, ticks
from .asked import Refusal, need

_OWN = 65 << 9


def free():
    import gc

    gc.collect()
    return gc.mem_free() if hasattr(gc, "mem_free") else 0


def status(link, line, body):
    about = link.about
    from ..kernel import BEHAVIOUR

    return {
        "tsme": __version__,
        "behaviour": BEHAVIOUR,
        "board": about.get("board", sys.platform),
        "mode": "safe" if link.safe else "run",
        "boots": about.get("boots", 0),
        "failures": about.get("failures", 0),
        "heap": free(),
        "now": clock(link)(),
        "uptime": link.up + since(link.began),
        "locked": bool(link.key) and not line.open,
    }


def clock(link):
    if link.board:
        return link.board.clock
    from ..engine.platform import wall_clock

    return wall_clock


def echo(link, line, body):
    return {"r": need(body, "d", str)}


def parameters(link, line, body):
    return {"buf_size": len(line.buf), "buf_count": 1}


def reset(link, line, body):
    how = link.reset
    if not how:
        try:
            from machine import reset as how
        except ImportError:
            raise Refusal(8)

    link.after = ("link.system", "restart", how)
    return {}


def restart(how):
    import time

    time.sleep(0.2)  # until the answer is out
    how()


def read(log, start, most):
    # -> (first byte, text): whole characters alone
    size = len(log.ring)
    start = min(max(start, log.next - size, 0), log.next)
    at = start % size
    data = bytes(log.ring[at : at + min(most, log.next - start)])
    data += bytes(log.ring[: min(most, log.next - start) - len(data)])
    a = 0
    while a < len(data) and a < 3 and data[a] & 0xC0 == 0x80:
        a += 1
    z = len(data)
    for i in range(1, min(4, z) + 1):
        if data[z - i] & 0xC0 != 0x80:
            c = data[z - i]
            if i < (1 if c < 0x80 else 2 if c < 0xE0 else 3 if c < 0xF0 else 4):
                z -= i
            break
    return start + a, str(data[a:z], "utf-8")


def log(link, line, body):
    start, text = read(link.log, need(body, "from", int), len(line.buf) - 80)
    return {"from": start, "text": text, "next": start + len(text.encode())}


def time_(link, line, body):
    return {"now": clock(link)()}


def set_time(link, line, body):
    now = need(body, "now", int)
    own = clock(link)
    if hasattr(own, "set"):
        own.set(now)
        return {}
    try:
        from machine import RTC
    except ImportError:
        raise fault("TSME-N007")
    import time

    seconds = now // 1000 - (946684800 if time.gmtime(0)[0] == 2000 else 0)
    t = time.gmtime(seconds)
    RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
    return {}


def challenge(link, line, body):
    from ..engine.platform import seed

    seeds = (seed(), seed(), ticks(), link.began, id(line))
    line.nonce = sha256("%x %x %x %x %x" % seeds)[:32]
    return {"nonce": line.nonce}


def unlock(link, line, body):
    nonce = line.nonce
    line.nonce = None
    line.open = False
    proof = need(body, "proof", str)
    if not link.key:
        return {}
    wrong = len(proof) != 64 or not nonce
    for a, b in zip(proof, proof if wrong else hmac(link.key, nonce)):
        wrong |= a != b
    if wrong:
        raise fault("TSME-N009")
    line.open = True
    return {}


def hasher():
    try:
        from hashlib import sha256 as new
    except ImportError:
        from hashlib import new as named  # CircuitPython

        return named("sha256")
    return new()


def sha256(*parts):
    # of texts and bytes, as hexadecimal text
    from binascii import hexlify

    parts = [p.encode() if isinstance(p, str) else p for p in parts]
    try:
        h = hasher()
        for p in parts:
            h.update(p)
        return hexlify(h.digest()).decode()
    except (ImportError, ValueError):
        from ..values.hashes import sha256 as slow

        return hexlify(slow(b"".join(parts))).decode()


def hmac(key, text):
    from binascii import unhexlify

    if len(key) > 64:
        key = unhexlify(sha256(key))
    key += bytes(64 - len(key))
    inner = unhexlify(sha256(bytes([b ^ 0x36 for b in key]), text))
    return sha256(bytes([b ^ 0x5C for b in key]), inner)


def error(link, line, body):
    code, text = line.error or ("", "")
    return {"code": code, "text": text[:600]}


HANDLERS = {
    0: echo,
    1: echo,
    11: reset,
    12: parameters,
    _OWN: status,
    _OWN | 32: log,
    _OWN | 34: time_,
    _OWN | 35: set_time,
    _OWN | 36: challenge,
    _OWN | 39: unlock,
    _OWN | 42: error,
}
