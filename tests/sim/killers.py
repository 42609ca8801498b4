# ruff: noqa: A002, N805, RUF012
"""Seeds that end the process they run in, in a file that other processes can load."""

import os
import signal
from pathlib import Path

from tsme.testing import Simulation

SEED = 37


class Count:
    initial = {"count": 0}

    def stf(state, input, actions):
        state["count"] += input.value


class Ends(Simulation):
    """Its seed ends the process."""

    machine = Count
    steps = 20
    faults = ("reset",)

    def signal(self, dice, device):
        return dice.below(1000)

    def check(self, device):
        if device.world.seed == SEED:
            self.end()

    def end(self):
        os._exit(3)


class Segfaults(Ends):
    """It ends by a signal."""

    def end(self):
        os.kill(os.getpid(), signal.SIGSEGV)


class TakesItsWorkerAlong(Ends):
    """It also ends the process that began its own: a worker, as when memory is used up."""

    def end(self):
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()


class EndedFromOutside(Ends):
    """It is ended once, for no fault of its own."""

    def end(self):
        with Path(os.environ["KILLED_ONCE"]).open("a+", encoding="ascii") as file:
            file.seek(0)
            if not file.read():
                file.write("1")
                file.flush()
                os.kill(os.getpid(), signal.SIGKILL)
