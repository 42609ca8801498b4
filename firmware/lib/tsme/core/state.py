# A state of the core, as tsme.kernel has State: numbers at once, all else when it is asked for.
import sys

import tsme_core as core

from .. import const
from ..values.cbor import decode

_TASK = const(0)

if hasattr(core, "Kernel") or "tsme.kernel" in sys.modules:
    from ..kernel import Action, Step
else:  # the same, without all that is there besides
    from collections import namedtuple

    Action = namedtuple("Action", "id kind frame due resource payload heartbeat started deadline")
    Step = namedtuple("Step", "state actions record")


class CoreState(getattr(core, "State", object)):
    # kernel: whose step made it.  saved: its checkpoint, if the core is elsewhere and somebody
    # has kept it; only CPython knows.

    def tasks(self):
        pending = self.pending
        return [pending[i] for i in sorted(pending) if pending[i].kind == _TASK]

    def due(self, asking=()):
        # recursion: at most 1, State has one of its own
        if asking:
            from ..kernel import State

            return State.due(self, asking)
        return self.pending[self._due_id] if self._due_id else None

    def state_of(self, action):
        # The number of the state that it is of; None: of the whole workflow.
        # recursion: at most 1, State has one of its own
        if action.frame is None:
            return None
        if self.saved:
            return self.whole.state_of(action)
        return self.kernel.ask(self, core.state_of, action.id)

    def entering(self):
        # recursion: at most 1, Python's client has one of its own
        if self.saved:
            return self.kernel.client.entering(self.whole.client)
        return self.kernel.ask(self, core.entering) == 1

    def attempt(self, action):
        # recursion: at most 1, Python's client has one of its own
        if self.saved:
            return self.kernel.client.attempt(self.whole.client, action)
        return self.kernel.ask(self, core.attempt, action.id)

    def __getattr__(self, name):
        # what few ask for
        if name == "result":
            if self.saved:
                return self.whole.result
            v = self.result = decode(self.kernel.ask(self, core.result), 0, True)[0]
        elif name == "whole":
            v = self.whole = self.kernel.whole(self)
        elif name == "origin" or name == "bound":
            v = getattr(self.whole, name)
        elif name == "pending":
            v = self.pending = self.kernel.pending(self)
        else:
            raise AttributeError(name)
        return v

    # As frames, which are what runs.

    def __bool__(self):
        return True

    def __len__(self):
        return len(self.whole.client)

    def __getitem__(self, n):
        return self.whole.client[n]

    def __iter__(self):
        return iter(self.whole.client)


def state_of(kernel, view):
    # of what core.view() gave
    s = CoreState()
    s.kernel = kernel
    s.saved = None
    s.steps, s.execution, s.status, s.now, s.next_id, s.rng, s.digest, s.began = view[:8]
    s.left = kernel.client.program.budget - view[8]
    s._due, s._due_id, s.runnable = view[9], view[10], view[11] != 0
    s.client = None if s.status else s
    return s
