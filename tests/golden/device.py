# Reproduces the golden corpus on this interpreter: device.py MODE FILE ...; a line for each.
#
# A file is CBOR: [[program or name of a machine, ...], [move, ...], [[offset, bytes], ...],
# checkpoint].  The execution begins with the first program.  A move is an input of the kernel as
# an array (docs/SPEC.md, 3.1), or "checkpoint", "reset".  The bytes are those of the journal that
# are not erased; the checkpoint is of the state at the end.
#
#   plain   on CPython: without what is there in C
#   as-is   in Python, with what helps it
#   core    on the C core, with its journal; so on a board, which has no arguments
# ruff: noqa: E402
import sys

ALONE = "as-is" if sys.implementation.name == "cpython" else "core"
MODE = sys.argv[1] if len(getattr(sys, "argv", ())) > 1 else ALONE
if MODE == "plain":
    sys.modules["tsme_native"] = sys.modules["tsme_core"] = None  # type: ignore[assignment]

from tsme import RamFlash
from tsme.kernel.executor import Executor
from tsme.machine import Machine
from tsme.program import Program
from tsme.values.cbor import decode

if MODE == "core":
    import tsme.core.journal
    from tsme.core import kernel, runs

    Journal = tsme.core.journal.Journal
else:
    import tsme.journal
    from tsme.kernel import Kernel
    from tsme.program.interpreter import Interpreter

    kernel, runs = Kernel, Interpreter
    Journal = tsme.journal.Journal  # type: ignore[assignment, misc]

BLOCK = 512
BLOCKS = 8


def client(what):
    if isinstance(what, str):
        from tests.golden import machines

        machine = getattr(machines, what)
        if hasattr(machine, "states"):
            from tsme.relational import Relational

            return Relational(machine)
        return Machine(machine)
    return runs(Program(what))


class Board:
    # An executor over flash, which may be cut off from its power between two inputs.
    def __init__(self, programs):
        self.programs = programs
        self.flash = RamFlash(BLOCK, BLOCKS)
        self.executor = None
        self.reset()

    def reset(self):
        self.executor = None  # nothing of it is left
        journal = Journal(self.flash, buffer=256)
        clients = [client(what) for what in self.programs]
        by_digest = {c.program.digest: c for c in clients}
        self.executor = Executor(kernel(clients[0], journal.most, by_digest.get), journal)
        self.executor.recover()

    def checkpoint(self):
        executor = self.executor
        executor.journal.checkpoint(executor.kernel.checkpoint(executor.state))

    def do(self, move):
        if move == "reset":
            self.reset()
        elif move == "checkpoint":
            self.checkpoint()
        else:
            self.executor.feed(tuple(move))

    def image(self):
        # what is programmed of each block, up to its last byte that is
        out = []
        for at in range(0, BLOCK * BLOCKS, BLOCK):
            data = bytes(self.flash.data[at : at + BLOCK])
            n = BLOCK
            while n and data[n - 1] == 0xFF:
                n -= 1
            if n:
                out.append([at, data[:n]])
        return out

    def end(self):
        return bytes(self.executor.kernel.checkpoint(self.executor.state))


def difference(path):
    with open(path, "rb") as f:
        return compare(f.read())


def compare(data):
    programs, moves, image, end = decode(data, 0, True)[0]
    board = Board(programs)
    for move in moves:
        board.do(move)
    if board.image() != image:
        for ours, theirs in zip(board.image(), image):  # noqa: B905
            if ours != theirs:
                at = [n for n in range(len(ours[1])) if ours[1][: n + 1] != theirs[1][: n + 1]]
                return "another journal in block %d from byte %s" % (ours[0] // BLOCK, at[:1])
        return "more or fewer blocks"
    if board.end() != end:
        return "another state at the end"
    board.reset()
    return "" if board.end() == end else "another state after a reset"


def main():
    for path in sys.argv[2:]:
        print(path.rsplit("/", 1)[-1], difference(path) or "same")


if __name__ == "__main__":
    main()
