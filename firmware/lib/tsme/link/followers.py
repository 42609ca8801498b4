# Who follows the clocks of relational machines over a link (docs/SPEC.md, 8.5): what has ticked is
# pushed to them, and nothing else.  Kept as long as there is anybody.
from binascii import hexlify

from .. import const
from ..values.cbor import encode_into
from .packets import put, since, ticks

_PUSH = const(13)  # operation 5, version 2: no request has it, and no answer
_AHEAD = const(8)  # pushes until the client must be heard
_LEASE = const(30000)  # ms of its silence that end it
_STUCK = const(500)  # ms in which a push has to be taken
_PAIRS = const(60)  # states in a message


class Follower:
    # What one client knows of one machine.
    part = None  # it knows all of this
    over = False  # it knows that no execution is under way

    def __init__(self, line, to, name, state, which, every, shallow):
        self.line = line
        self.session = line.session
        self.to = to
        self.name = name
        self.program = state.origin[4]
        self.which = which  # indexes of the states that are followed
        self.every = every
        self.shallow = shallow
        self.begin(state)
        self.hear()

    def begin(self, state, time=None):
        # It knows nothing of the execution yet, or these ticks.
        self.execution = state.execution
        self.sent = [0] * len(self.which) if time is None else time
        self.queue = self.machine = 0
        self.count = 255
        self.part = None
        self.over = False
        self.keys = ()  # of subscriptions that it waits for
        self.fired = None  # what it knows of them

    def hear(self):
        self.heard = self.last = ticks()
        self.left = _AHEAD

    def there(self):
        return self.session == self.line.session and since(self.heard) < _LEASE

    def now(self, part, body, always):
        # Into the body what has ticked since it was told last.  -> was there anything?
        pairs = []
        sent = self.sent
        self.part = part
        for n, i in enumerate(self.which):
            tick = part.ticks[i]
            if self.shallow:
                tick &= 1
            if tick != sent[n]:
                if len(pairs) == _PAIRS * 2:
                    self.part = None
                    body["more"] = True
                    break
                pairs += (i, 1 if self.shallow else tick - sent[n])
                sent[n] = tick
        fired = self.fired
        if self.keys and self.part:
            fired = [came(part.subs, key) for key in self.keys]
        if not pairs and not always and fired == self.fired:
            return False
        self.count = self.count + 1 & 255
        moved = [self.count, part.queue_tick - self.queue, part.machine_tick - self.machine]
        self.queue = part.queue_tick
        self.machine = part.machine_tick
        moved.append(sum(sent) + self.queue + self.machine & 255)
        body["now"] = moved + pairs
        if fired != self.fired:
            body["fired"] = self.fired = fired
        return True

    def news(self, slot):
        # -> what is to be pushed, or None
        body = {"to": self.to}
        if not hasattr(slot, "busy") or not slot.busy():
            if self.over:
                return None
            self.over = body["over"] = True
            return body
        state = slot.state
        if state.client is self.part:
            return None
        if state.origin[4] != self.program:
            self.session = 0  # its indexes are of another schema
            body["program"] = hexlify(state.origin[4]).decode()
            return body
        if self.over or state.execution != self.execution:
            self.begin(state)
            body["execution"] = self.execution
        elif since(self.last) < self.every:
            return None
        return body if self.now(state.client, body, "execution" in body) else None

    def tell(self, body):
        buf = bytearray(10)
        encode_into(buf, body, True)
        n = len(buf) - 2
        buf[2] = _PUSH
        buf[4] = n - 8 >> 8
        buf[5] = n - 8 & 255
        buf[7] = 65
        buf[9] = 24
        buf += b"\0\0"
        self.last = ticks()
        put(self.line.stream, buf, n)
        self.left -= 1
        return since(self.last) <= _STUCK


def came(subs, key):
    # What has become of a subscription, as it says itself; None: there is none.
    for sub in subs:
        if sub[0] == key:
            return sub[4]
    return None


def push(link):
    # What is due, to each of them.
    for f in link.followers:
        try:
            if not f.there():
                link.followers = [one for one in link.followers if one is not f]
            elif f.left:
                body = f.news(link.board.slots.get(f.name))
                if body and not f.tell(body):  # then nobody on its line reads
                    for one in link.followers:
                        if one.line is f.line:
                            one.session = 0
        except Exception:  # what is wrong with one of them is nothing to the board
            f.session = 0  # it asks again, if it is there
