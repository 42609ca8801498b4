# A step that cannot be made as it is, for want of room or because something breaks; loaded then.
from .. import const
from ..errors import LimitError
from ..values.cbor import encoded_size
from .limits import LIMITS
from .rejected import Broken, Rejected

# As kernel/protocol.py has them.
_CONTINUE = const(0)
_START = const(1)
_SUCCEEDED = const(2)
_FAILED = const(3)
_HEARTBEAT = const(4)
_STOP = const(6)
_STARTED = const(7)
_SIGNAL = const(8)
_MIGRATE = const(10)
_LIMIT = "States.DataLimitExceeded"


def give_up(executor, event, e):
    # A step that cannot be made left everything as it was.  -> what happens instead, and its
    # step.  A result that fits is on record as that, whatever comes of it, and the error is
    # one of the state that cannot be made.
    kind = event[0]
    if kind == _STOP or kind == _SIGNAL or kind == _MIGRATE:
        raise e
    replaced = False
    while True:
        if kind != _HEARTBEAT and kind != _STARTED:
            try:
                return less(executor, event, e)
            except (LimitError, MemoryError, Rejected) as smaller:
                e = smaller
        if kind == _START:
            raise e.exception if isinstance(e, Broken) else e
        if not replaced or isinstance(e, Broken):
            error, cause = _named(e)
        if replaced or isinstance(e, Broken) or kind != _SUCCEEDED and kind != _FAILED:
            break
        replaced = True
        kind = _FAILED
        event = (_FAILED, event[1], event[2], error, cause)
        try:
            return event, executor.take(event)
        except (LimitError, MemoryError, Rejected) as smaller:
            e = smaller
    event = (_STOP, event[1], "TSME.Limit" if error == _LIMIT else error, cause)
    return event, executor.take(event)


def less(executor, event, e):
    # The same in a smaller step, which ends before the state that cannot be made; once that
    # state is the next one, its failure.
    kind = event[0]
    client = executor.kernel.client
    if client.signals:  # a machine's step is one, and whole
        raise e
    most = executor.kernel.work
    while True:
        most >>= 1
        if not most and kind == _CONTINUE:
            if client.entering(executor.state.client):
                break  # into the state that cannot be made
        small = event + (most,)
        try:
            return small, executor.take(small)
        except (LimitError, MemoryError, Rejected) as smaller:
            e = smaller
        if not most:
            break
        most = min(most, executor.kernel.work)
    broken = isinstance(e, Broken)
    if kind == _SUCCEEDED:
        if encoded_size(event[3]) > LIMITS["state_bytes"]:
            raise e
    elif broken or kind == _START:
        raise e
    event += (_named(e),)
    step = executor.take(event)
    if broken:  # the result is on record, and the execution ends
        executor.act(event, step)
        raise e
    return event, step


def _named(e):
    # [error, cause] of what cannot be made
    if not isinstance(e, Rejected):
        return [_LIMIT, str(e) or "no memory"]
    return ["TSME.Internal" if isinstance(e, Broken) else "TSME.Rejected", e.cause]
