# The kernel over the core: step, adopt and undo as tsme.kernel.Kernel has them, with the same
# results.  The core is at one state, and may have made a step of it; any other state is brought
# back from its checkpoint.
#
# Nothing of the Python kernel is loaded until a step needs it.
import sys

import tsme_core as core

from .. import const
from ..errors import fault
from ..values.cbor import decode, encode_all
from .state import Action, CoreState, Step, state_of

# As kernel/protocol.py has them.
_START = const(1)
_RUNNING = const(0)
_EMITS = ("log", "metric", "publish")
# Of tsme.h
_LATE = const(1)
_MEMORY = const(-6)
_MOST = const(1 << 24)  # bytes that the core may work in, and of a checkpoint
_WORK = const(1 << 31)
_BEHAVIOUR = const(1)  # kernel.BEHAVIOUR


def _python(*args):
    # recursion: at most 1, that kernel knows no core
    from ..kernel import Kernel

    return Kernel(*args)


class CoreKernel(getattr(core, "Kernel", object)):
    # client: of programs alone, or None.  memory: bytes that the core works in, 0 for the usual,
    # which grow; or a bytearray that is all there is.
    def __init__(self, client, room=None, find=None, memory=0):
        self.client = client
        self.room = room
        self.find = find
        self.memory = memory
        self.limits = _limits()
        self.recording = True  # False: nobody asks for the records of steps
        self.work = None
        self.core = None  # the handle ..
        self.of = None  # .. which is for this client
        self.at = self.made = None  # states that it has: adopted, and made of it

    def use(self, digest, n=_BEHAVIOUR):
        # recursion: at most 1, that kernel knows no core
        if n == _BEHAVIOUR and self.client and self.client.program.digest == digest:
            return
        kernel = _python(self.client, None, self.find)
        kernel.use(digest, n)
        self.client = kernel.client

    # Steps

    def _step(self, state, event):
        # event: as docs/SPEC.md, 3.1.  -> Step, or None for an input that names an action which
        # is not pending.
        self.work = 0
        if not self._place(state, event):
            return self._slowly(state, event)
        fields = bytearray()
        try:
            encode_all(fields, event[2:], True)
            n = self._make(event[0], event[1], fields)
            while n == _MEMORY and self._grow():
                n = self._make(event[0], event[1], fields)
        except MemoryError:
            raise
        except Exception:
            return self._slowly(state, event)  # which says what is wrong with the input
        if n == 0:
            return self._made()
        if n == _LATE:
            self.work = None
            return None
        if n == _MEMORY:
            self.work = core.view(self.core)[8]
            raise MemoryError
        return self._slowly(state, event)

    def _make(self, *what):
        limits = self._limits()
        self.last = what, limits
        core.limits(self.core, *limits)
        return core.make(self.core, *what)

    def adopt(self, step):
        # Its state is durable: the memory of the one before is given back.
        if step.state is self.made:
            self._move(step.state)

    def undo(self, step):
        if step.state is self.made:
            self._move(self.at)

    def _slowly(self, state, event):
        # The Python kernel makes this step: one that the core cannot make, or that nobody can.
        # recursion: at most 1, that kernel knows no core
        client = python_of(self.client)
        kernel = _python(client, self.room, self._found)
        kernel.recording = self.recording
        kernel.work = 0
        try:
            return kernel.step(self.whole(state), event)
        finally:
            self.work = kernel.work
            if kernel.client is not client:  # there is another program now
                self.client = self.find(kernel.client.program.digest)

    def _found(self, digest):
        client = self.find and self.find(digest)
        return client and python_of(client)

    # Where the core is

    def _place(self, state, event):
        # True: the core is where this step begins.
        if event[0] == _START and not (state.execution and state.status == _RUNNING):
            try:
                self.work = None
                self.use(event[3], event[7] if len(event) > 7 else 0)
                self.work = 0
            except IndexError:
                return False
            return self._ready() and (self._move(state) or self._anew())
        return state.execution != 0 and self._ready() and (self._move(state) or self._back(state))

    def _ready(self):
        # True: the core runs the client.
        client = self.client
        if self.of is not client:
            self._leave()
            self.of, self.core = client, None
        if self.core is None and hasattr(client, "lacks") and not client.lacks:
            self._boot()  # once more, if there was no memory for it
        return self.core is not None

    def _limits(self):
        # Nobody has changed any: those of the core are the same.  More than it can count is none.
        limits = self.limits or _limits()
        if not limits:
            return 0, self.room or 0, 0
        return min(limits["state_bytes"], _MOST), self.room or 0, min(limits["work"], _WORK)

    def _boot(self):
        client = self.client
        data = client.program.data
        if client.crc is None:  # the core knows what it can run once it has verified it
            client.crc = core.install(data)
        if isinstance(client.crc, str) or client.crc < 0:
            client.lacks = str(client.crc)
            return False
        self.core = None  # its memory may be what there is
        h = core.boot(
            data,
            client.crc,
            _MOST if client.watched else self.memory,  # nothing is to be told of twice
            client.call,
            *self._limits(),
        )
        if isinstance(h, (int, str)):
            client.lacks = str(h)
            h = None
        self.core = client.handle = h
        if h is not None and client.watched:
            client.watched.listen(h)
        return h is not None

    def _anew(self):
        # True: the core has no execution.
        self._leave()
        return self._boot()

    def _back(self, state):
        # True: the core is at this state, which it was not.
        data = self._saved(state)
        self._leave()
        n = core.restore(self.core, data)
        while n == _MEMORY and self._larger():
            n = core.restore(self.core, data)
        if n == 0:
            self.at = state
        return n == 0

    def _grow(self):
        # True: the core has more memory, and is at the same state.
        at = self.at
        if at is None:
            return self._larger()
        data = core.checkpoint(self.core)
        if isinstance(at, CoreState):
            at.saved = data
        self._leave()
        if not self._larger() or core.restore(self.core, data):
            return False
        self.at = at
        if isinstance(at, CoreState):
            at.saved = None
        return True

    def _larger(self):
        if not isinstance(self.memory, int) or 2 * core.memory(self.core) > _MOST:
            return False
        before = self.memory
        self.memory = 2 * core.memory(self.core)
        try:
            return self._boot()
        except MemoryError:
            self.memory = before
            raise

    # States

    def ask(self, state, function, *args):
        # What a function of the core says of a state that it has.
        # recursion: at most 1, these are in C
        if state is self.made and state is not None:
            return function(self.core, *args)
        if state is not self.at:
            raise fault("TSME-K009")
        core.undo(self.core)
        if self.made is None:  # nobody has what it may have made
            return function(self.core, *args)
        try:
            return function(self.core, *args)
        finally:
            self._again()

    def pending(self, state):
        if state is not self.made and state is not self.at:
            return self.whole(state).pending
        out = {}
        for item in decode(self.ask(state, core.pending), 0, True)[0]:
            out[item[0]] = _action(item)
        return out

    def whole(self, state):
        # as the Python kernel has it
        # recursion: at most 1, that kernel knows no core
        if not isinstance(state, CoreState):
            return state
        data = self.checkpoint(state)
        return _python(python_of(self.client), None, self._found).restore(
            decode(data, 0, True)[0], len(data)
        )

    def checkpoint(self, state):
        if isinstance(state, CoreState) and (state is self.made or state is self.at):
            return self.ask(state, core.checkpoint)
        return self._saved(state)

    def _saved(self, state):
        # recursion: at most 1, that kernel knows no core
        if not isinstance(state, CoreState):
            return _python(python_of(self.client)).checkpoint(state)
        if state.saved is None:
            raise fault("TSME-K009")
        return state.saved

    def load(self, body):
        # the state of a checkpoint
        # recursion: at most 1, the Python kernel has no such function
        if self.client and self._ready():
            self._leave()
            n = core.restore(self.core, body)
            while n == _MEMORY and self._larger():
                n = core.restore(self.core, body)
            if n == 0:
                return self._here()
        return self.restore(decode(body, 0, True)[0], len(body))

    def restore(self, item, size=0):
        # the state of a decoded checkpoint
        # recursion: at most 1, that kernel knows no core
        kernel = _python(python_of(self.client), None, self._found)
        state = kernel.restore(item, size)
        if state.client is not None:
            self.use(state.origin[4], state.origin[3])
        return state

    # What CPython does in C

    def step(self, state, event):
        return self._step(state, event)

    def _made(self):
        view = core.view(self.core)
        state = self.made = state_of(self, view)
        self.work = view[8]
        actions = [_action(item) for item in decode(core.actions(self.core), 0, True)[0]]
        return Step(state, actions, core.record(self.core) if self.recording else None)

    def _here(self):
        # The state that the core is at, which nobody has.
        self.at = state_of(self, core.view(self.core))
        return self.at

    def _move(self, state):
        # True: it is the one that the core is at, or has made; now it is at that
        if state is None or state is not self.at and state is not self.made:
            return False
        if state is self.made:
            core.adopt(self.core)
            self.at = state
        else:
            core.undo(self.core)
        self.made = None
        return True

    def _leave(self):
        self.at = self.made = None

    def _again(self):
        # the step that was undone
        what, limits = self.last
        core.limits(self.core, *limits)
        core.make(self.core, *what)


if hasattr(core, "Kernel"):
    from ..values import MISSING

    core.bind(CoreState, Step, Action, _EMITS, MISSING)
    for name in ("step", "_made", "_here", "_move", "_leave"):
        setattr(CoreKernel, name, getattr(core.Kernel, name))
    CoreKernel._again = lambda self: core.again(self.core)


def _limits():
    # tsme.LIMITS, if somebody may have changed them
    part = sys.modules.get("tsme.kernel.limits")
    return part and part.LIMITS


def python_of(client):
    return client.python() if hasattr(client, "python") else client


def _action(item):
    if len(item) == 3:  # untracked
        return Action(0, _EMITS[item[1]], None, None, None, item[2], 0, 0, None)
    return Action(*(item if len(item) > 4 else item + [None, None, 0, 0, None]))
