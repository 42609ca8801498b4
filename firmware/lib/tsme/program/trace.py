# What an observer is told of the interpreter: events of integers and bytes (docs/SPEC.md, 3.6),
# which an interpreter in another language can give as well.  Loaded where somebody watches.
from .. import const
from ..values.cbor import encode
from . import frame_items

# As protocol.py has them.
_T_ENTER = const(0)
_T_ASSIGN = const(1)
_T_TASK = const(2)
_T_RESUME = const(3)
_T_ERROR = const(5)
_T_FAIL = const(7)
_T_FORK = const(8)
_T_MAP = const(9)
_T_SPAWN = const(10)
_T_TOLERATED = const(12)
_T_PASSED = const(14)


def _action(action):
    # as records have it
    return list(action[:4] if action.kind else action)


class Tracer:
    # sink(kind, frame, pc, number, data) is called for each event of `interpreter`, or those of
    # `kinds` alone.  What it raises ends the step.  encoded=False: for who reads it at once, the
    # items instead of their bytes: values are never changed, so they can be shared.
    def __init__(self, interpreter, sink, kinds=None, encoded=True):
        self.sink = sink
        self.kinds = kinds
        self.encoded = encoded
        self.now = 0  # of the step under way
        self.ask = None  # a function(number) -> bytes, while an event comes from elsewhere
        self._frames = None
        if hasattr(interpreter, "watch"):
            interpreter.watch(self)  # it is no interpreter in Python alone
        else:
            interpreter.trace = self.see

    def frame(self, number):
        # Only within sink(): the frame of this number, as a checkpoint has it.
        if self.ask:
            return self.ask(number)
        return self._told(frame_items.encode([self._frames[number]], self.now)[0])

    def _told(self, item):
        return encode(item, True) if self.encoded else item

    def see(self, kind, d, number, f, what):
        if self.kinds and kind not in self.kinds:
            return
        self.now = d.now
        self._frames = d.frames
        n = 0
        data = self  # none
        if kind == _T_ENTER or kind == _T_FORK:
            n = what
        elif kind == _T_ASSIGN:
            n = what
            data = f.slots[n]
        elif kind == _T_TASK:
            n = what
            data = _action(d.pending[n])
        elif kind == _T_RESUME:
            action, n, a, b = what
            data = [_action(action), a, b]
        elif kind == _T_ERROR:
            e, stack = what
            n = e.number
            data = [e.name, e.cause, e.value, stack]
        elif kind == _T_MAP:
            n = len(what)
            data = what
        elif kind == _T_SPAWN:
            n = what
        elif kind == _T_FAIL or _T_TOLERATED <= kind <= _T_PASSED:
            n = what.number
            data = [what.name, what.cause]
        self.sink(kind, number, f.pc, n, b"" if data is self else self._told(data))
