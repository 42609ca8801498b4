# Group 8: files below the folder that the board gives.
#
# link.kept["upload"]: [name, bytes that are there, bytes of the whole, its SHA-256 or None, the
# hash so far, the open file].  Half of one is in `name~`.
import asyncio
import os
from binascii import hexlify

from ..journal.records import crc32
from . import since, ticks
from .asked import Refusal

_UPLOAD = "upload"
_HASH = "hash"
_FOLDER = 0x4000
_PIECE = 512  # bytes of a file that are read at once
_PATIENCE = 1200  # ms of hashing in one request
# Zephyr's
_UNKNOWN = 1
_NAME = 2
_MISSING = 3
_IS_FOLDER = 4
_WRITE = 10
_OFFSET = 11
_LARGER = 12
_NO_HASH = 13


def refuse(rc):
    raise Refusal(rc, True)


def member(body, name, kind):
    value = body.get(name)
    if type(value) is not kind or kind is int and value < 0:
        raise Refusal(3)
    return value


def path_of(link, name):
    # Never outside the folder.
    parts = [p for p in name.split("/") if p]
    for p in parts:
        if p in (".", "..") or "\0" in p or "\\" in p:
            refuse(_NAME)
    if not parts:
        refuse(_NAME)
    return link.files.rstrip("/") + "/" + "/".join(parts)


def folder(path):
    try:
        return os.stat(path)[0] & 0xF000 == _FOLDER
    except OSError:
        return False


def size_of(path):
    # Of a file; else it is refused.
    if folder(path):
        refuse(_IS_FOLDER)
    try:
        return os.stat(path)[6]
    except OSError:
        refuse(_MISSING)


def sha():
    from .system import hasher

    try:
        return hasher()
    except (ImportError, ValueError):
        refuse(_NO_HASH)


def close(link, line=None, body=None):
    # What is half there stays.
    up = link.kept.pop(_UPLOAD, None)
    if up:
        up[5].close()
    link.kept.pop(_HASH, None)
    return {}


def upload(link, line, body):
    name = member(body, "name", str)
    off = member(body, "off", int)
    data = member(body, "data", bytes)
    path = path_of(link, name)
    up = link.kept.get(_UPLOAD)
    whole = body.get("len")
    told = type(whole) is int and whole >= 0
    if up and (up[0] != name or told and not off):
        close(link)
        up = None
    if not up:
        if not told:
            if off:
                return {"off": 0}  # nothing is known of it
            refuse(_OFFSET)
        up = begin(link, path, name, off, whole, body.get("sha"))
    if off != up[1]:
        return {"off": up[1]}
    if off + len(data) > up[2]:
        refuse(_OFFSET)
    try:
        up[5].write(data)
    except OSError:
        close(link)
        refuse(_WRITE)
    if up[4]:
        up[4].update(data)
    up[1] += len(data)
    if up[1] == up[2]:
        finish(link, path, up)
    return {"off": up[1]}


def begin(link, path, name, off, whole, digest):
    half = path + "~"
    there = 0
    if folder(path):
        refuse(_IS_FOLDER)
    if off:
        try:
            there = min(size_of(half), whole)
        except Refusal:
            pass
    hashed = sha() if type(digest) is str else None
    try:
        if there:
            f = open(half, "r+b")
            if hashed:
                left = there
                while left:
                    part = f.read(min(left, _PIECE))
                    hashed.update(part)
                    left -= len(part)
            f.seek(there)
        else:
            folders(link, path)
            f = open(half, "wb")
    except OSError:
        refuse(_WRITE)
    link.kept[_UPLOAD] = up = [name, there, whole, digest, hashed, f]
    return up


def folders(link, path):
    at = len(link.files.rstrip("/")) + 1
    while True:
        at = path.find("/", at)
        if at < 0:
            return
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there, or the file cannot be made either
        at += 1


def finish(link, path, up):
    half = path + "~"
    f = up[5]
    try:
        f.flush()
        if hasattr(os, "fsync") and hasattr(f, "fileno"):
            os.fsync(f.fileno())
        close(link)
        if up[4] and hexlify(up[4].digest()).decode() != up[3]:
            os.remove(half)
            refuse(_WRITE)
        if os.stat(half)[6] != up[2]:  # what was there of an older one goes on behind it
            refuse(_WRITE)
        try:
            os.rename(half, path)
        except OSError:  # some file systems replace nothing
            os.remove(path)
            os.rename(half, path)
    except OSError:
        close(link)
        refuse(_WRITE)


def drop(path):
    try:
        os.remove(path)
    except OSError:
        pass  # it was sent twice


def dropped(link, line, body):
    # a request of group 65
    drop(path_of(link, member(body, "file", str)))
    return {}


def download(link, line, body):
    path = path_of(link, member(body, "name", str))
    off = member(body, "off", int)
    size = size_of(path)
    if off > size:
        refuse(_LARGER)

    return {"off": off, "len": size}, Piece(path, off, size - off), {}


class Piece:
    def __init__(self, path, off, left):
        self.path = path
        self.off = off
        self.left = left

    def fill(self, view):
        if not self.left:
            return 0
        with open(self.path, "rb") as f:
            f.seek(self.off)
            return f.readinto(view[: self.left])


def status(link, line, body):
    return {"len": size_of(path_of(link, member(body, "name", str)))}


async def hashes(link, line, body):
    # What is not done in time goes on when it is asked for again.
    path = path_of(link, member(body, "name", str))
    kind = body.get("type", "sha256")
    off = body.get("off", 0)
    if kind not in ("crc32", "sha256"):
        refuse(_NO_HASH)
    if type(off) is not int or off < 0:
        raise Refusal(3)
    size = size_of(path)
    if off > size:
        refuse(_LARGER)
    most = body.get("len")
    whole = min(size - off, most) if type(most) is int and most >= 0 else size - off
    what = (path, kind, off, whole, tuple(os.stat(path)[6:9]))
    at = link.kept.pop(_HASH, None)
    if not at or at[0] != what:
        at = [what, 0, sha() if kind == "sha256" else 0]
    began = ticks()
    with open(path, "rb") as f:
        f.seek(off + at[1])
        while since(began) < _PATIENCE:
            part = f.read(min(_PIECE, whole - at[1]))
            if not part:
                break
            if kind == "crc32":
                at[2] = crc32(part, at[2])
            else:
                at[2].update(part)
            at[1] += len(part)
            await asyncio.sleep(0)
    if at[1] < whole:
        link.kept[_HASH] = at
        raise Refusal(10)
    out = at[2] & 0xFFFFFFFF if kind == "crc32" else at[2].digest()
    answer = {"type": kind, "len": whole, "output": out}
    if off:
        answer["off"] = off
    return answer


def kinds(link, line, body):
    return {"types": {"crc32": {"format": 0, "size": 4}, "sha256": {"format": 1, "size": 32}}}


_OF = 8 << 9
HANDLERS = {
    _OF: download,
    _OF | 1: upload,
    _OF | 2: status,
    _OF | 4: hashes,
    _OF | 6: kinds,
    _OF | 9: close,
    65 << 9 | 53: dropped,
}
