# Files on an SD card: "sd:append", "sd:write", "sd:read", "sd:list", "sd:remove", "sd:space"
# (docs/TASKS.md).
import os

from ..engine.tasks import Done
from . import add

_MOST = 16384  # bytes of a task's text
_place = {"folder": "/sd", "card": None, "mounted": False}


def register(tasks, card=None, folder="/sd"):
    # card: a block device, machine.SDCard() or sdspi.Card(..), mounted when it is needed; without
    # one the folder is there already.
    _place.update({"folder": folder.rstrip("/"), "card": card, "mounted": False})
    add(tasks, "sd:append", "once", append, "path line", True, appended)
    add(tasks, "sd:write", "idempotent", write, "path text")
    add(tasks, "sd:read", "pure", read, "path offset max_bytes")
    add(tasks, "sd:list", "pure", listed, "path")
    add(tasks, "sd:remove", "idempotent", remove, "path")
    add(tasks, "sd:space", "pure", space)


def _mount(f):
    folder = _place["folder"]
    if _place["card"] is None or _place["mounted"]:
        return folder
    try:
        import vfs
    except ImportError:  # a laptop: a folder in the one where it runs
        folder = _place["folder"] = folder.lstrip("/")
        _place["card"] = None
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
        return folder
    try:
        vfs.mount(vfs.VfsFat(_place["card"]), folder)
    except OSError as e:
        if e.args[0] == 19 and _answers():
            raise f.failed("Service", "the card has no file system; format it as FAT")
        raise f.failed("NotFound", "there is no card: %s" % e)
    _place["mounted"] = True
    return folder


def _answers():
    try:
        _place["card"].readblocks(0, bytearray(512))
        return True
    except OSError:
        return False


def _gone():
    # The card was taken out: the next task mounts what is there then.
    if _place["mounted"]:
        import vfs

        try:
            vfs.umount(_place["folder"])
        except OSError:
            pass
        _place["mounted"] = False


def _path(f, key="path", default=None):
    folder = _mount(f)
    path = f.text(key) if default is None else f.text(key, default)
    for part in path.split("/"):
        if path and (part in ("", ".", "..") or "\\" in part or ":" in part or "\0" in part):
            raise f.bad(key, "a path below the card's folder, such as logs/day.csv")
    return folder + "/" + path if path else folder


def _failed(f, e, what):
    if e.args and e.args[0] == 2:
        return f.failed("NotFound", "there is no %s" % what)
    if e.args and e.args[0] in (5, 19, 110):
        _gone()
        return f.failed("NotFound", "the card does not answer: %s" % e)
    if e.args and e.args[0] == 28:
        return f.failed("Service", "the card is full")
    return f.failed("Service", "%s: %s" % (what, e))


def _size(path):
    # of a file, 0 if there is none
    try:
        return os.stat(path)[6]
    except OSError as e:
        if e.args[0] != 2:
            raise
        return 0


def _folders(path):
    at = len(_place["folder"]) + 1
    while "/" in path[at:]:
        at += path[at:].index("/")
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there
        at += 1


def _sync():
    if hasattr(os, "sync"):
        os.sync()


def _line(f):
    line = f.get("line")
    if not isinstance(line, str):
        from ..values.copies import ordered
        from ..values.json import dumps

        line = dumps(ordered(line))
    data = (line + "\n").encode()
    if "\n" in line or len(data) > _MOST:
        raise f.bad("line", "one line of at most %d bytes" % _MOST)
    return data


def append(f, context):
    # A note beside the file says what is about to be added, and behind which byte.
    path = _path(f)
    data = _line(f)
    try:
        _folders(path)
        size = _size(path)
        with open(path + ".at", "w") as note:
            note.write("%d %d %d." % (context.execution, context.action, size))
        _sync()
        with open(path, "ab") as file:
            file.write(data)
        _sync()
    except OSError as e:
        raise _failed(f, e, f.payload["path"])
    return {"size": size + len(data)}


def appended(f, context):
    # After a reset: was it added?  What is there of it is completed.
    path = _path(f)
    data = _line(f)
    try:
        try:
            with open(path + ".at") as note:
                found = note.read()
        except OSError as e:
            if e.args[0] != 2:
                raise
            return False  # it had not begun
        begun = "%d %d " % (context.execution, context.action)
        if not (found.startswith(begun) and found.endswith(".")):
            return False
        size = int(found[len(begun) : -1])
        there = _size(path)
        if there < size:
            return None  # somebody has changed the file
        if there == size:
            return False
        with open(path, "rb") as file:
            file.seek(size)
            part = file.read(len(data))
        if data[: len(part)] != part:
            return None
        if len(part) < len(data):
            with open(path, "ab") as file:
                file.write(data[len(part) :])
            _sync()
        return Done({"size": size + len(data)})
    except (OSError, ValueError):
        return None


def write(f):
    # All of it or what was there before: made beside, and renamed.
    path = _path(f)
    text = f.get("text")
    if not isinstance(text, str) or len(text.encode()) > _MOST:
        raise f.bad("text", "a text of at most %d bytes" % _MOST)
    data = text.encode()
    try:
        _folders(path)
        with open(path + ".new", "wb") as file:
            file.write(data)
        _sync()
        try:
            os.rename(path + ".new", path)
        except OSError:  # FAT: only when nobody has the name
            os.remove(path)
            os.rename(path + ".new", path)
        _sync()
    except OSError as e:
        raise _failed(f, e, f.payload["path"])
    return {"size": len(data)}


def read(f):
    path = _path(f)
    offset = f.whole("offset", 0, 1 << 32, 0)
    most = f.whole("max_bytes", 1, _MOST, _MOST)
    try:
        size = os.stat(path)[6]
        with open(path, "rb") as file:
            file.seek(offset)
            data = file.read(max(0, min(most, size - offset)))  # takes it all at once
    except OSError as e:
        raise _failed(f, e, f.payload["path"])
    try:
        return {"size": size, "text": str(data, "utf-8")}
    except (UnicodeError, ValueError):
        raise f.failed("Service", "these bytes of %s are no text" % f.payload["path"])


def listed(f):
    folder = _path(f, default="")
    found = []
    try:
        for name in sorted(os.listdir(folder)):
            stat = os.stat(folder + "/" + name)
            folded = bool(stat[0] & 0x4000)
            found.append({"folder": folded, "name": name, "size": 0 if folded else stat[6]})
    except OSError as e:
        raise _failed(f, e, f.payload.get("path", "card"))
    return found


def remove(f):
    path = _path(f)
    try:
        for name in (path, path + ".at"):
            if name == path or _size(name):
                os.remove(name)
        return True
    except OSError as e:
        if e.args[0] == 2:
            return False
        raise _failed(f, e, f.payload["path"])


def space(f):
    try:
        found = os.statvfs(_mount(f))
    except OSError as e:
        raise _failed(f, e, "card")
    free = found[3]
    if not 0 <= free <= found[2]:  # littlefs counts twice what files that are open have
        free = 0
    return {"free": found[0] * free, "size": found[0] * found[2]}
