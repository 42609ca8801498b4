# What a request was refused with; loaded for that, then forgotten.
from ..errors import LimitError, TsmeError

_RC = {
    "TSME-N001": 1,
    "TSME-N002": 2,
    "TSME-N003": 3,
    "TSME-N010": 3,
    "TSME-N009": 2,
    "TSME-N004": 5,
    "TSME-N006": 8,
    "TSME-N007": 9,
    "TSME-N008": 10,
    "TSME-J014": 4,
    "TSME-K005": 5,
    "TSME-N012": 11,
}


_OWN = 65


def answer(e, line):
    # What is said of an exception; code and text are for whoever asks.
    buf = line.buf
    group = buf[6] << 8 | buf[7]
    if hasattr(e, "rc"):
        return said(buf, group, e.rc, e.own)
    if isinstance(e, MemoryError):
        return {"rc": 2}
    rc, line.error = told(e)
    if group == _OWN:
        return said(buf, group, rc, True)
    return {"rc": 3 if rc == 3 else 1}


def said(buf, group, rc, own):
    return {"err": {"group": group, "rc": rc}} if own and buf[2] & 8 else {"rc": rc}


def told(e):
    # -> code of group 65, and (code, text) for whoever asks
    if not isinstance(e, TsmeError):
        text = "%s: %s" % (type(e).__name__, e)
        return 1, ("TSME-N001", "something went wrong on the board: " + text)
    return 7 if isinstance(e, LimitError) else _RC.get(e.code, 6), (e.code, e.message)
