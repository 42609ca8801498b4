# Group 65, programs: what is in the store, and how a new one gets there.
#
# link.kept["load"]: [SHA-256, the bytes, how many are there, when the newest came, digest or what
# was wrong with it].
from binascii import hexlify, unhexlify

from ..errors import fault, over
from ..kernel.limits import LIMITS
from . import since, ticks
from .asked import given, need

_LOAD = "load"
_KEPT = 60000  # ms that half a program is kept
_DEBUG = 65536  # bytes of a debug part that may follow a program


def text(digest):
    return hexlify(digest).decode()


def digest_of(body, name):
    value = need(body, name, str)
    try:
        digest = unhexlify(value)
    except ValueError:
        digest = b""
    if len(digest) != 8:
        raise fault("TSME-N003", name, "digest")
    return digest


def store(link):
    if not link.board:
        raise fault("TSME-N008")
    return link.board.programs


def programs(link, line, body):
    start = given(body, "from", 0)
    known = store(link)
    found = sorted(known.digests())
    out = []
    for digest in found[start : start + 16]:
        there = known.get(digest)
        out.append([text(digest), len(there[0]) if there else 0])
    answer = {"programs": out}
    if start + 16 < len(found):
        answer["next"] = start + 16
    return answer


def remove(link, line, body):
    digest = digest_of(body, "digest")
    known = store(link)
    if digest not in known.digests():
        raise fault("TSME-N004", text(digest))
    link.board.recover()
    for slot in link.board.under_way():
        if slot.state.origin[4] == digest:
            raise fault("TSME-N005", text(digest), slot.name)
    known.drop(digest)
    return {}


def load(link, line, body):
    off = need(body, "off", int)
    known = store(link)
    at = link.kept.get(_LOAD)
    sha = need(body, "sha", str) if "sha" in body else None
    if at and (since(at[3]) > _KEPT or sha not in (None, at[0])):
        at = None
    if at and type(at[4]) is bytes and at[4] not in known.digests():
        at = None  # it was there, and has been removed since
    if not at:
        link.kept.pop(_LOAD, None)
        if off:
            return {"off": 0}
        size = need(body, "len", int)
        most = LIMITS["program_bytes"] + _DEBUG
        if size > most:
            raise over("TSME-L001", size, most, "program_bytes")
        at = [need(body, "sha", str), bytearray(size), 0, 0, None]
        link.kept[_LOAD] = at
    at[3] = ticks()
    whole = at[1]
    if "data" not in body and off == len(whole) == at[2]:
        return done(link, at)
    data = need(body, "data", bytes)
    if off != at[2] or not off and at[2]:
        return {"off": at[2]}
    end = off + len(data)
    if end > len(whole):
        raise fault("TSME-N003", "data", "piece of it")
    whole[off:end] = data
    at[2] = end
    if end == len(whole):
        from .system import sha256

        if sha256(whole) != at[0]:
            del link.kept[_LOAD]
            raise fault("TSME-N006")

        link.after = ("link.programs", "put", known, at)
    return {"off": end}


def put(known, at):
    # The answer is out: now it may take its time.
    try:
        at[4] = known.put(bytes(at[1]))
    except Exception as e:
        at[4] = e
    at[1] = range(at[2])  # as long as it was, without the bytes


def done(link, at):
    if not at[4]:
        return {"off": at[2]}
    if isinstance(at[4], Exception):
        del link.kept[_LOAD]
        raise at[4]
    return {"off": at[2], "digest": text(at[4])}


_OWN = 65 << 9
HANDLERS = {
    _OWN | 2: programs,
    _OWN | 5: load,
    _OWN | 7: remove,
}
