# Replay: a journal's records run through the kernel again, every digest compared.
#
# A device recovers with it after a reset; the host's tools read journals with it.

from ..errors import TsmeError
from ..values.cbor import decode
from . import State


def read_step(body, now):
    # -> (digest, event) of a step's record; `now`: time of the step before it
    try:
        digest = int.from_bytes(bytes(body[:4]), "little")
        items = []
        at = 4
        size = len(body)
        while at < size:
            item = body[at]
            if item < 24:  # most are small integers
                at += 1
            else:
                item, at = decode(body, at, True)
            items.append(item)
        if items[0] != 1:  # *start* says when it was, all others how much later
            items[1] += now
        return digest, tuple(items)
    except (TsmeError, IndexError, TypeError) as e:
        raise TsmeError("TSME-R002", "a step's record cannot be read: %s" % e)


def reread(journal, kernel):
    # After journal.recover().  -> the state it leads to, transitions since the newest checkpoint,
    # the kind of the newest step
    replay = Replay(kernel)
    kernel.recording = False
    try:
        journal.reread(replay.checkpoint, replay.step)
    finally:
        kernel.recording = True
    return replay.state, replay.transitions, replay.last


class Replay:
    def __init__(self, kernel):
        self.kernel = kernel
        self.state = State()
        self.number = 0  # steps replayed
        self.last = None  # the kind of the newest step, if no checkpoint follows it
        self.checkpoints = 0
        self.transitions = 0  # since the newest checkpoint

    def checkpoint(self, body):
        # Between steps it must say what the replay has; before the first it is where to begin.
        if (self.number or self.checkpoints) and bytes(body) != self.kernel.checkpoint(self.state):
            raise TsmeError("TSME-R003", "the checkpoint after step %d differs" % self.number)
        kernel = self.kernel
        if hasattr(kernel, "load"):  # a core reads it itself
            self.state = kernel.load(body)
        else:
            self.state = kernel.restore(decode(body, 0, True)[0], len(body))
        self.checkpoints += 1
        self.transitions = 0
        self.last = None

    def step(self, body):
        digest, event = read_step(body, self.state.now)
        return event, self.take(digest, event)

    def take(self, digest, event):
        # The step that this input makes; raises if it is not the one with this digest.
        self.number += 1
        step = self.kernel.step(self.state, event)
        if step is None:
            raise TsmeError(
                "TSME-R004", "step %d names an action that is not pending" % self.number
            )
        if step.state.digest != digest:
            from .mismatch import Mismatch

            raise Mismatch(self.number, event, digest, step)
        self.state = step.state
        self.last = event[0]
        self.transitions += self.kernel.work
        return step
