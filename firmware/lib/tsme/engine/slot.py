# What runs one execution of a board.
from .engine import Engine


class Slot(Engine):
    # One of them.  What is not its own is the board's: clock, handlers, buffers, programs.
    def __init__(self, board, name, journal):
        self.board = board
        self.name = name
        super().__init__(b"", journal, board.clock, None, board.seed, board.tasks)
        self.posted = board.posted

    @property
    def active(self):
        return self.board.active

    def client(self, digest):
        # recursion: at most 1, as the engine's
        return self.board.client(digest)

    def next_execution(self):
        return self.board.number() + 1

    def keep(self, now=False):
        # What has ended needs its class no longer: no store keeps that until the next one begins.
        client = self.kernel.client
        over = client and client.signals and self.state.execution and not self.busy()
        super().keep(now or bool(over))

    def launch(self, action):
        # recursion: at most 2, as the engine's
        if self.board.active:  # else run() does it
            super().launch(action)

    def report(self, text):
        super().report("%s: %s" % (self.name, text))
