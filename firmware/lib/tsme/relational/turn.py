# A step of a relational machine, while it is made: its queue, and its transitions.
from .. import const, once
from ..draft import drafts
from ..errors import LimitError
from .resolve import candidates, mask, plan_of

# As resolve.py has them; and a function that is called by its name.
_ADD = const(0)
_EVAL = const(3)
# Of an item of the queue, which is (kind, states, args, flags, queue tick): what it is.
_AUTO = const(1)
_CHECK = const(2)
_LAST = const(4)  # the error of an automatic one, which leads to one of fewer states or none
# Sorts of handlers, in the order in which a transition calls them.
_ENTER = const(1)
_PAIR = const(3)
_STATE = const(6)
# What became of a handler.
_VETO = const(1)
_RAISED = const(2)
_LATE = const(3)


class Turn:
    handler = None  # (function, sort, state, other state) of the one that is called
    busy = False  # is a transition under way?
    queued = 0  # the queue tick of what was queued last
    result = None  # of what came with the step
    raised = None  # (name, exception, error) of the newest handler of the step that did
    first = None  # that very item of the queue
    _late = 0
    heard = 0  # how many errors the record had words for
    draft = None

    def __init__(self, c, part, d):
        self._c = c
        self._d = d
        self.now = d.now
        self.part = part
        self._ticks = list(part.ticks)
        self.node = part.node
        self.queue = list(part.queue)
        self.queue_tick = part.queue_tick
        self.subs = part.subs
        self.acts = part.acts
        self.error = part.error  # [name, cause] of the newest error, or None
        self.args = {}

    def later(self, kind, called, args):
        tick = self.queue_tick + 1
        queue = self.queue
        for q in queue:
            if q[4]:
                tick += 1
        self.queued = tick
        item = (kind, called, args, 0, tick)
        queue.append(item)
        if self.first is None and not self.busy:
            self.first = item  # its result is the step's

    def drain(self):
        # Runs what waits, until nothing does, or the step has no transition left.
        d = self._d
        queue = self.queue
        while queue and d.left > 0 and not d.status:
            d.left -= 1
            item = queue.pop(0)
            if item[4]:
                self.queue_tick += 1
            self.busy = True
            if item[0] < _EVAL:
                result = self.run(*item)
            else:
                result = self._c.evaluate(self, item)
            self.busy = False
            self.handler = None
            if item is self.first:
                self.result = result
                self.first = False
        if self.first:
            self.result = "queued"
        if not queue and self.subs:
            self._c.subscriptions().drained(self)

    # --- a transition ---

    def run(self, kind, called, args, flags, tick):
        c = self._c
        s = c.schema
        self.args = drafts.own(args) if args else {}
        auto = flags & _AUTO
        p = self.node.plans.get((kind + 4 if auto else kind, called))
        if p is None:
            if c.made > c.plans:
                c.trim(self.node)
            p = plan_of(c, self.node, kind, called, auto)
        applied = None
        if p.accepted or flags & _CHECK and mask(called) & s.multi:
            applied = p.narrow or p
            gone = self.negotiate(p, called, flags) if p.asks else 0
            if gone:  # somebody refuses; only an automatic one goes on without whom they refuse
                left = [i for i in called if gone > 0 and i in p.node.active and not gone >> i & 1]
                applied = plan_of(c, self.node, kind, tuple(left), False) if gone > 0 else None
        if applied is None or flags & _CHECK:
            if c.watch:
                c.watch(self, kind, called, flags, applied is not None)
            return "canceled" if applied is None else "executed"
        self.was = self.node.active
        ticks = self._ticks
        for i in applied.exits:
            ticks[i] += 1
        for i in applied.enters:
            ticks[i] += 1
        if applied.twice:
            for i in applied.twice:
                ticks[i] += 1
        self.node = applied.node
        if self.acts or self.subs:
            self.expire(applied.changed)
        good = not (applied.tells or self.subs) or self.tell(applied, called, flags)
        if c.watch:
            c.watch(self, kind, called, flags, good)
        if not good:
            return "canceled"
        if self.subs:
            c.subscriptions().process(self, called, flags)
        if s.auto and applied.changed and not auto and not (kind == _ADD and called in s.health):
            node = self.node
            if node.autos is None:
                node.autos = candidates(s, node)
            if node.autos:
                if flags and once("relational.failing", "endless", s, node.autos, args["called"]):
                    return "executed"
                self.queue.insert(0, (_ADD, node.autos, None, _AUTO, 0))
        return "executed" if applied.done else "canceled"

    def negotiate(self, p, called, flags):
        # -> 0, a mask of automatic states that somebody refuses, or -1: refused
        self.was = self.node.active
        if not flags & _AUTO:
            for entry in p.asks:
                if self.call(entry, called, flags):
                    return -1
            return 0
        gone = skip = 0
        auto = self._c.schema.auto
        for entry in p.asks:
            sort = entry[1]
            whom = entry[2] if sort == _ENTER else entry[3] if sort == _PAIR else -1
            if skip and whom >= 0 and skip >> whom & 1:
                continue
            what = self.call(entry, called, flags)
            if what:
                if what != _VETO or whom < 0 or not auto >> whom & 1:
                    return -1
                gone |= 1 << whom
                if sort == _ENTER:
                    skip = gone
                if not p.node.mask & ~gone:
                    return -1  # nobody would be active
        return gone

    def tell(self, p, called, flags):
        # Final handlers.  Whose own raises is taken out again, with all behind it.
        entered = len(p.enters)
        good = True
        for entry in p.tells:
            what = self.call(entry, called, flags)
            if what > _VETO:
                good = False
                free = what == _RAISED and self._c.schema.exception in called
                entered = once("relational.failing", "undo", self, p, entry, free)
                break
        if self.subs:
            self._c.subscriptions().entered(self, p.enters[:entered])
        return good

    def call(self, entry, called, flags):
        self.handler = entry
        self._late = 0
        e = None
        try:
            r = entry[0](self)  # calls: what the user wrote
            if not self._late:
                return _VETO if r is False else 0
        except (LimitError, MemoryError):
            raise
        except Exception as raised:
            e = raised
        if self._late > self._c.deadline:
            once("relational.failing", "late", self, entry)
            return _LATE
        if e:
            once("relational.failing", "raised", self, e, entry, called, flags)
            return _RAISED
        return _VETO if r is False else 0

    # --- what is bound to a state ---

    def began(self, i, what):
        # what: states to add, states to remove or of its failure, args, state that it is under
        self.acts = dict(self.acts)
        self.acts[i] = what
        return i

    def under(self, under):
        h = self.handler
        if under is None:
            return h[2] if h and h[1] == _STATE else -1
        return -1 if under is False else self._c.schema.indexes(under)[0]

    def drop(self, i):
        self.acts = dict(self.acts)
        del self.acts[i]
        if i in self._d.pending:
            self._d.drop(i)

    def expire(self, changed):
        for i in sorted(self.acts):
            under = self.acts[i][3]
            if under >= 0 and changed >> under & 1:
                self.drop(i)
        if self.subs:
            self._c.subscriptions().ticked(self, changed)
