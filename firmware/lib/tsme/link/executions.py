# Group 65, executions: by name, on a Board.
import asyncio

from ..engine.tasks import is_activity, is_callback
from ..errors import TsmeError, fault
from ..values.cbor import decode, encoded_size
from .asked import Refusal, given, need
from .programs import digest_of, text

_ROOM = 800  # bytes of a list or an output in an answer


def board_of(link, starts=False):
    if not link.board or starts and link.safe:
        raise fault("TSME-N008")
    return link.board


def value_of(link, body, name):
    # A value of the request, or one in a file, which is gone when that has been answered.
    if "file" not in body:
        return body.get(name)
    from .files import path_of

    path = need(body, "file", str)
    try:
        where = path_of(link, path)
        link.after = ("link.files", "drop", where)
        with open(where, "rb") as f:
            data = f.read()
        value, end = decode(data)
        if end != len(data):
            raise fault("TSME-V016", end)
    except (TsmeError, OSError, Refusal) as e:
        raise fault("TSME-N010", path, "its name" if isinstance(e, Refusal) else e)
    return value


def executions(link, line, body):
    board = board_of(link)
    names = sorted(board.names())
    start = given(body, "from", 0)
    out = []
    size = 0
    while start < len(names) and size < _ROOM:
        d = board.describe(names[start])
        one = {"name": d["name"], "status": d["status"]}
        if "execution" in d:
            one["execution"] = d["execution"]
            one["program"] = text(d["program"])
        size += encoded_size(one)
        if size < _ROOM or not out:
            out.append(one)
            start += 1
    answer = {"executions": out}
    if start < len(names):
        answer["next"] = start
    return answer


def describe(link, line, body):
    board = board_of(link)
    name = need(body, "name", str)
    d = board.describe(name)
    if "program" in d:
        d["program"] = text(d["program"])
    if d.get("due", 0) is None:
        del d["due"]
    room = _ROOM
    for key, value in result(board, name, d):
        size = encoded_size(value, room)
        if size <= room:
            d[key] = value
            room -= size
    return d


def result(board, name, d):
    # what may be too long for an answer
    if "error" in d:
        return [("error", d.pop("error"))]
    if d["status"] == "running":
        slot = board.slots[name]
        s = slot.state
        waits = [a for a in s.tasks() if is_activity(a.resource) or is_callback(a.resource)]
        tokens = [["%d-%d" % (s.execution, a.id), a.resource] for a in waits]
        out = [("tokens", tokens)] if tokens else []
        node = getattr(s.client, "node", None)
        if node:  # a relational machine
            out.append(("active", slot.kernel.client.schema.named(node.active)))
        return out
    o = board.outcome(name)
    if not o:
        return []
    if o.status == "succeeded":
        return [("output", o.output)]
    return [(k, v) for k, v in (("error", o.error), ("cause", o.cause)) if v is not None]


def start(link, line, body):
    board = board_of(link, True)
    name = need(body, "name", str)
    digest = digest_of(body, "program")
    if not board.client(digest):
        raise fault("TSME-N004", text(digest))
    blocks = given(body, "blocks", 16)
    board.recover()
    slot = board.slots.get(name)
    if not hasattr(slot, "busy") or not slot.busy():
        board.start(name, digest, value_of(link, body, "input"), None, blocks)
    elif slot.state.origin[4] != digest:
        raise fault("TSME-K001", slot.state.execution)
    return {"execution": board.slot(name).state.execution}


async def durable(link, slot):
    # Until what was posted last is in the journal, however late that is: who asks again before
    # must not hear that it is done.
    answer = {}
    await passed(link, slot)
    link.board.slot(slot.name)  # raises why it cannot go on
    return answer


async def passed(link, slot):
    # Until what was posted last has had its turn.
    board = link.board
    posted = slot.queue[-1]
    n = 0
    while waits(posted, slot.queue) and board.slots.get(slot.name) is slot:
        try:
            if not board.active or n < 0:
                board.guard(slot)
            else:
                n += 1
                await asyncio.sleep(0 if n < 50 else 0.001)
        except MemoryError:  # it will be done all the same
            n = -1


def waits(posted, queue):
    for q in queue:
        if q is posted:
            return True
    return False


def stop(link, line, body):
    board = board_of(link)
    slot = board.slot(need(body, "name", str))
    if not slot.busy():
        raise fault("TSME-K002")
    slot.stop(body.get("error", "TSME.Stopped"), body.get("cause", ""))
    return durable(link, slot)


async def told(link, slot, value, answer=None):
    # -> what became of a signal, once it is in the journal; a MemoryError: it is not
    from ..engine.signals import Answer, send

    answer = answer or Answer()
    send(slot, value, answer)
    await passed(link, slot)
    e = answer.error
    if e or not answer.event.is_set():
        link.board.slot(slot.name)  # raises why it cannot go on
    if e and not isinstance(e, TsmeError):
        e = fault("TSME-N011", type(e).__name__, e)
    if e:
        raise e
    return answer.result


async def signal(link, line, body):
    from ..engine.signals import Answer

    board = board_of(link)
    slot = board.slot(need(body, "name", str))
    answer = Answer()
    out = {"result": None, "error": None}  # made before, as there may be no room for it after
    out["result"] = await told(link, slot, value_of(link, body, "value"), answer)
    out["error"] = answer.raised
    for name in ("result", "error"):
        if out[name] is None:
            del out[name]
    return out


def success(link, line, body):
    board = board_of(link)
    token = need(body, "token", str)
    slot = board.holder(token)
    slot.send_success(token, value_of(link, body, "output"))
    return durable(link, slot)


def failure(link, line, body):
    board = board_of(link)
    token = need(body, "token", str)
    slot = board.holder(token)
    slot.send_failure(token, need(body, "error", str), body.get("cause", ""))
    return durable(link, slot)


def heartbeat(link, line, body):
    board = board_of(link)
    token = need(body, "token", str)
    slot = board.holder(token)
    slot.send_heartbeat(token)
    return durable(link, slot)


def migrate(link, line, body):
    board = board_of(link)
    board.migrate(
        need(body, "name", str), digest_of(body, "program"), value_of(link, body, "plan")
    )
    return {}


def retire(link, line, body):
    board = board_of(link)
    board.retire(need(body, "name", str))
    return {}


_OWN = 65 << 9
HANDLERS = {
    _OWN | 8: executions,
    _OWN | 10: describe,
    _OWN | 13: start,
    _OWN | 15: stop,
    _OWN | 17: signal,
    _OWN | 19: success,
    _OWN | 21: failure,
    _OWN | 23: heartbeat,
    _OWN | 41: migrate,
    _OWN | 45: retire,
}
