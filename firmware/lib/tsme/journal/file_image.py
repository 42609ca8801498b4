# A file that stands in for flash is made, or looked at.  Loaded for FileFlash, then forgotten.
import os

from ..errors import TsmeError, fault


def fit(path, block, count, durable, erase):
    # Makes it if it is not there, or was never made to the end.  -> its blocks
    try:
        size = os.stat(path)[6]
    except OSError:
        size = -1
    text = ""
    if size < 0:
        if not count:
            text = "%s is not there; say how many blocks it has"
    elif not size:
        text = "%s is empty: if it held a journal, that is lost; remove it to begin a new one"
    elif size % block or count and size != block * count:
        if not count or not blank(path):
            text = "%%s has %d bytes, which is not %s blocks of %d; `tsme journal repair` mends a "
            text += "file that was cut off, `tsme journal resize` changes how many it has"
            text = text % (size, count or "a number of", block)
    else:
        return size // block
    if text:
        raise TsmeError("TSME-J001", text % path)
    # Beside it, so that there is all of it or nothing.
    part = path + "~"
    try:
        with open(part, "wb") as f:
            for _ in range(count):
                erase(f, block)  # calls: flash
            f.flush()
            if durable and hasattr(os, "fsync"):
                os.fsync(f.fileno())
        if size > 0:
            os.remove(path)  # some file systems replace nothing
        os.rename(part, path)
    except OSError:
        try:
            os.remove(part)
        except OSError:
            pass
        raise
    return count


def fail(path, what):
    raise fault("TSME-J013", path, what)


def blank(path):
    part = bytearray(256)
    with open(path, "rb") as f:
        while True:
            n = f.readinto(part)
            if not n:
                return True
            for i in range(n):
                if part[i] != 0xFF:
                    return False
