# machines.json: the classes that a board runs besides programs, {digest: "module:Class"}.
from binascii import hexlify

from .. import once
from ..engine.outcome import client_of


def found(named):
    # -> {digest: class}, of modules that are imported now: what is wrong with one is known at boot
    out = {}
    for digest in named:
        module, _, name = named[digest].partition(":")
        __import__(module)
        import sys

        out[digest] = getattr(sys.modules[module], name)
    return out


class Store:
    # A store of programs that has these classes, too.
    def __init__(self, programs, classes):
        self.programs = programs
        self.classes = classes
        self.put = programs.put
        self.drop = programs.drop
        self.digests = programs.digests

    def get(self, digest):
        there = self.programs.get(digest)
        if there:
            return there
        kind = self.classes.get(hexlify(digest).decode())
        if kind:
            runs = client_of(kind)
            if runs.program.digest == digest:
                return (runs,)
        for kind in self.classes.values():  # what began as an earlier version goes on as that
            runs = once("machine.versions", "earlier", client_of(kind), digest)
            if runs:
                return (runs,)
        return None
