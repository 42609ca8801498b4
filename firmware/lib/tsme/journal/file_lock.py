# On CPython a file is kept from other processes.
from ..errors import fault

try:
    from fcntl import LOCK_EX, LOCK_NB, lockf
except ImportError:
    lockf = None


def settle(folder):
    # that a file has a new name is on the disk
    import os

    part = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(part)
    finally:
        os.close(part)


def fit(path, file):
    try:
        if lockf:
            lockf(file, LOCK_EX | LOCK_NB)
    except OSError as e:
        if e.errno in (11, 13):  # else a file system without locks
            file.close()
            raise fault("TSME-J013", path, "another process has it")
