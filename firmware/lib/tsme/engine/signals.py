# What an engine does for state machines alone; loaded when one is told something, or restored.
import asyncio

from .. import const
from ..errors import LimitError, fault
from ..kernel.rejected import Rejected
from ..values.copies import handed, ordered

# As kernel/protocol.py has them.
_SIGNAL = const(8)


class Answer:
    # What became of a signal.
    def __init__(self):
        self.event = asyncio.Event()
        self.error = None
        self.result = None  # of a mutation
        self.raised = None  # [handler, name, cause] of an error of its step


def send(engine, value, answer=None):
    if not engine.busy():
        raise fault("TSME-K002")
    if not engine.kernel.client.signals:
        raise fault("TSME-K006")
    engine.post(_SIGNAL, ordered(value), answer=answer)


async def ask(engine, value):
    answer = Answer()
    send(engine, value, answer)
    await answer.event.wait()
    if answer.error:
        raise answer.error
    return answer.result


def take(engine, execution, kind, fields, answer, now):
    # One from the queue: a step, or why there is none.
    error = None
    value = fields[0]
    if execution != engine.state.execution or not engine.busy():
        error = fault("TSME-K002")
    else:
        before = engine.state
        try:
            engine.feed((_SIGNAL, engine.time(), value))
            done(engine, answer)
        except (LimitError, MemoryError, Rejected) as e:
            error = getattr(e, "exception", e)
            if engine.state is not before:  # it was done, and what follows it was not
                done(engine, answer)
                tell(engine, value, answer, None)
                raise
            if engine.recovered is None:  # the journal alone knows
                tell(engine, value, answer, e)
                raise
        except Exception as e:  # of the journal: nobody can go on
            tell(engine, value, answer, e)
            raise
    tell(engine, value, answer, error)


def done(engine, answer):
    # What became of it.
    if answer:
        part = engine.state.client
        answer.result = getattr(part, "result", None)
        raised = getattr(part, "raised", None)
        if raised:
            try:
                answer.raised = [raised[0]] + raised[2]
            except MemoryError:
                pass


def tell(engine, value, answer, error):
    if answer:
        answer.error = error
        answer.event.set()
    elif error and engine.refused:
        engine.refused(handed(value), error)


def drop(engine, error):
    # The run has failed: nobody waits for ever.
    for q in [q for q in engine.queue if q[1] == _SIGNAL]:
        engine.queue.remove(q)
        tell(engine, q[2][0], q[3], error)


def restored(engine, actions):
    # restore() must not put a `once` task in the place of another: no record tells of its start.
    for action in actions:
        if action.resource != engine.state.pending[action.id].resource:
            t = engine.tasks.find(action.resource)
            if t and t.effect == "once":
                raise fault("TSME-M012", action.resource, action.id)
