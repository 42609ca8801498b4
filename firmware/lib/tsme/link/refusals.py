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
}


def told(e):
    # -> code of group 65, and (code, text) for whoever asks
    if not isinstance(e, TsmeError):
        text = "%s: %s" % (type(e).__name__, e)
        return 1, ("TSME-N001", "something went wrong on the board: " + text)
    return 7 if isinstance(e, LimitError) else _RC.get(e.code, 6), (e.code, e.message)
