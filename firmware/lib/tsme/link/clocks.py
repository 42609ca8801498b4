# Group 65, clocks of relational machines: who follows them, and mutations.
from binascii import hexlify

from .. import const, once
from ..errors import TsmeError, fault, over
from .asked import given, need
from .executions import board_of, told
from .followers import Follower, push
from .packets import since, ticks

_MOST = const(8)  # followers of a link
_KEYS = const(16)  # of subscriptions that one of them waits for
_LONG = const(1000)  # ms after which no further mutation of a request is begun
_PIECE = const(600)  # bytes of a schema in an answer
_VERBS = ("add", "remove", "set", "toggle", "can_add", "can_remove")
_RESULTS = ("executed", "canceled", "queued")
_NO_ROOM = ["TSME-N011", "the machine refused the signal: MemoryError"]


def machine(link, name):
    # -> its slot, whose execution is under way, and its schema
    slot = board_of(link).slot(name)
    if not slot.busy():
        raise fault("TSME-K002")
    schema = getattr(slot.kernel.client, "schema", None)
    if schema is None:
        raise fault("TSME-M025", slot.program.name)
    return slot, schema


def schema(link, line, body):
    slot, _ = machine(link, need(body, "name", str))
    data = slot.kernel.client.data
    off = given(body, "off", 0)
    return {"off": off, "len": len(data), "data": bytes(data[off : off + _PIECE])}


def followed(link, line, body):
    to = need(body, "to", int)
    for f in link.followers:
        if f.to == to and f.line is line and f.there():
            return f
    raise fault("TSME-N012", to)


def follow(link, line, body):
    # Begins, or ends if there is no name.
    to = need(body, "to", int)
    left = [f for f in link.followers if f.there() and not (f.to == to and f.line is line)]
    if "name" not in body:
        link.followers = left
        return {}
    name = need(body, "name", str)
    slot, _ = machine(link, name)
    state = slot.state
    program = hexlify(state.origin[4]).decode()
    if body.get("program") != program:
        return {"program": program}
    if len(left) >= _MOST and line.open:  # the key goes first
        for f in left:
            if not f.line.open:
                left.remove(f)
                break
    if len(left) >= _MOST:
        raise over("TSME-N013", len(left) + 1, _MOST)
    which = range(len(state.client.ticks))
    if "states" in body:
        mask = int.from_bytes(need(body, "states", bytes), "little")
        which = [i for i in which if mask >> i & 1]
    f = Follower(line, to, name, state, which, given(body, "every", 0), bool(body.get("shallow")))
    answer = {"execution": state.execution}
    if body.get("execution") == state.execution and "time" in body:
        time = need(body, "time", list)
        if len(time) != len(which):
            raise fault("TSME-N003", "time", "list")
        for n, i in zip(time, which):
            most = 1 if f.shallow else state.client.ticks[i]
            if type(n) is not int or not 0 <= n <= most:
                raise fault("TSME-N003", "time", "list")
        f.begin(state, time)
    f.now(state.client, answer, True)
    link.followers = left + [f]
    link.push = push
    return answer


def look(link, line, body):
    # What has ticked: one that hears this is there.
    f = followed(link, line, body)
    if "keys" in body:
        keys = need(body, "keys", list)
        if len(keys) > _KEYS or [k for k in keys if type(k) is not str]:
            raise fault("TSME-N003", "keys", "list")
        f.keys = keys
        f.fired = None
    f.hear()
    slot = link.board.slots.get(f.name)
    if same(f, slot):
        answer = {}
        f.now(slot.state.client, answer, True)
        return answer
    f.over = False
    f.execution = -1
    answer = f.news(slot)
    del answer["to"]
    return answer


def same(f, slot):
    # Is what it follows under way, in the very execution and version?
    if not hasattr(slot, "busy") or not slot.busy():
        return False
    state = slot.state
    return not f.over and state.execution == f.execution and state.origin[4] == f.program


async def mutate(link, line, body):
    f = followed(link, line, body)
    slot, s = machine(link, f.name)
    if not same(f, slot):
        raise fault("TSME-N012", f.to)
    f.hear()
    names = s.names
    values = [value_of(names, item) for item in need(body, "do", list)]
    # Made before: what is done is told, also if there is no room for more after it.
    did = [None] * len(values)
    answer = {"did": did, "error": None, "more": True}
    began = ticks()
    n = 0
    plain = True  # all are mutations, and were executed
    for value, short in values:
        try:
            result = await told(link, slot, value)
        except Exception as e:
            answer["error"] = refusal(e, link.board.slots.get(f.name))
            break
        did[n] = _RESULTS.index(result) if short and result else result
        plain = plain and short and did[n] == 0
        n += 1
        if since(began) > _LONG:
            break
    del did[n:]
    if answer["error"] is None:
        del answer["error"]
    if plain and n == len(values):
        del answer["did"]
    del answer["more"]
    try:
        if same(f, slot):
            f.now(slot.state.client, answer, True)
        f.hear()
    except MemoryError:
        f.session = 0
        answer["more"] = True  # who asks for it follows anew
    return answer


def refusal(e, found):
    # -> code and text of why a mutation was not done, or why its machine cannot go on
    try:
        if isinstance(e, TsmeError):
            code, text = e.code, e.message
        elif e is found:
            code, text = once("link.refusals", "told", e)[1]
        else:
            e = fault("TSME-N011", type(e).__name__, e)
            code, text = e.code, e.message
        return [code, text[:200]]
    except MemoryError:
        return _NO_ROOM


def value_of(names, item):
    # -> a signal, and whether it came as [verb, states, args]
    if isinstance(item, dict):
        return item, False
    if type(item) is not list or not 2 <= len(item) <= 3:
        raise fault("TSME-N003", "do", "list")
    verb, states = item[:2]
    states = states if type(states) is list else [states]
    for i in states:
        if type(i) is not int or not 0 <= i < len(names):
            raise fault("TSME-N003", "do", "list")
    if type(verb) is not int or not 0 <= verb < len(_VERBS) or not states:
        raise fault("TSME-N003", "do", "list")
    value = {_VERBS[verb]: [names[i] for i in states]}
    if len(item) > 2:
        value["args"] = item[2]
    return value, True


_OWN = 65 << 9
HANDLERS = {
    _OWN | 46: follow,
    _OWN | 48: look,
    _OWN | 49: mutate,
    _OWN | 50: schema,
}
