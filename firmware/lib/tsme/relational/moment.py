# `m`, what handlers are given: one step of a relational machine, and what can be asked of it.
from .. import const, once
from ..draft import drafts
from ..errors import fault
from .resolve import mask
from .turn import Turn

# As resolve.py and turn.py have them.
_ADD = const(0)
_REMOVE = const(1)
_SET = const(2)
_EVAL = const(3)
_CHECK = const(2)
_LONGEST = const(0x7FFFFFFFFFF)  # ms, some 279 years


class Late(Exception):
    # The handler has used up its deadline.
    pass


class Moment(Turn):
    @property
    def data(self):
        # the user's own values, which may be changed
        if self.draft is None:
            self.draft = drafts.ObjectDraft(self.part.data)
        return self.draft

    def add(self, states, args=None):
        return self.ask(_ADD, states, args)

    def remove(self, states, args=None):
        return self.ask(_REMOVE, states, args)

    def set(self, states, args=None):
        return self.ask(_SET, states, args)

    def toggle(self, states, args=None):
        return self.ask(_REMOVE if self.is_active(states) else _ADD, states, args)

    def is_active(self, states):
        m = mask(self._c.schema.indexes(states))
        return not m & ~self.node.mask

    def ticks(self, state):
        return self._ticks[self._c.schema.indexes(state)[0]]

    def task(self, name, payload=None, add=(), failed=(), timeout=0, heartbeat=0, under=None):
        # -> its id.  Its result adds the states `add`, with args value, task and id; a failure
        # Exception and `failed`, with error and cause.  under: a state that has it cancelled at
        # its next tick; of itself the one whose final handler asks, and False for none.
        d = self.step()
        s = self._c.schema
        what = s.indexes(add), s.indexes(failed), None, self.under(under)
        name = drafts.frozen(name)
        return self.began(
            d.task(0, name, drafts.frozen(payload), ms(timeout), ms(heartbeat)), what
        )

    def timer(self, after, add=(), remove=(), args=None, under=None):
        # -> its id.  After so many ms these states are added, and those removed.
        d = self.step()
        s = self._c.schema
        args = drafts.frozen(args) if args else None
        what = s.indexes(add), s.indexes(remove), args, self.under(under)
        return self.began(d.timer(0, d.now + ms(after)), what)

    def cancel(self, id):
        # a task or timer that is pending is not wanted any more
        if id not in self.acts:
            raise fault("TSME-M005", id)
        self.drop(id)

    def log(self, payload):
        d = self.step(True)
        d.emit(0, drafts.frozen(payload))

    def end(self, result=None):
        # The execution is over, with its tasks and timers.
        d = self.step()
        d.succeed(drafts.frozen(result))

    def spend(self, n):
        # Counts against the deadline of the handler, which no clock measures.
        self._late += n
        if self._late > self._c.deadline:
            raise Late()

    def __getattr__(self, name):
        # what is rare: when_...(), clocks, looking into the queue
        from . import seldom

        return seldom.found(self, name)

    # --- the queue ---

    def close(self):
        # The step is over: nothing can be changed or asked for any more.
        self._d = None
        if self.draft is not None:
            self.draft.open = False

    def step(self, over=False):
        # over: also once end() or fail() was called
        d = self._d
        if d is None:
            raise fault("TSME-M002")
        if d.status and not over:
            raise fault("TSME-M010")
        if self.busy:
            self.spend(1)
        return d

    def ask(self, kind, states, args, error=False):
        # -> executed, canceled or queued
        if self.busy or self._d is None:
            self.step(True)
        c = self._c
        s = c.schema
        queue = self.queue
        if len(queue) >= c.queue_limit:
            if (
                error
                or kind == _SET
                or not once("relational.seldom", "exempt", self, kind, states)
            ):
                return "canceled"
        called = s.indexes(states)
        if queue:
            m = mask(called)
            if not args and not m & s.multi:
                for q in queue:
                    if q[0] == kind and not q[2] and not q[3] & _CHECK and mask(q[1]) == m:
                        return "executed"
        elif kind == _REMOVE and self.busy and not mask(called) & self.node.mask:
            return "executed"
        self.later(kind, called, drafts.frozen(args) if args else None)
        return "queued"

    def ahead(self, kind, called, args, flags):
        # before all that waits; of an evaluation `called` is a name
        if kind != _EVAL:
            called = self._c.schema.indexes(called)
        self.step(True)
        item = (kind, called, drafts.frozen(args) if args else None, flags, 0)
        self.queue.insert(0, item)
        if self.first is None and not self.busy:
            self.first = item  # its result is the step's
        return "queued"


def ms(n):
    if type(n) is not int or n < 0 or n > _LONGEST:
        raise fault("TSME-M011", n)
    return n
