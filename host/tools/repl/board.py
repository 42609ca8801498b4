"""A board as the target of a prompt: its line is kept open, and opened again when it was lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from ..boards.follow import SILENT
from ..boards.outcome import output_of
from ..boards.programs import wanted
from ..boards.session import Session, Where, connected
from ..commands.executions import active_states, begin, plain
from ..commands.status import set_clock
from ..errors import HostError
from ..journal.image import Log
from ..link.answers import Execution as Listed
from ..link.answers import Signaled
from .following import OnBoard
from .journals import Journals
from .linked import OnLink
from .states import Event, States
from .targets import Execution, Following, Started, Target, Told, Waiting


class Board(Target):
    """A board behind a serial port or a TCP address, an emulated one too."""

    kind = "board"

    def __init__(self, where: Where, programs: Sequence[str] = ()) -> None:
        self.returns = 0
        self.journals = Journals(programs)
        self._where = where
        self._lock = threading.RLock()  # completion asks from a thread of its own
        self._stack = ExitStack()
        self._board: Session | None = None
        self._lost = False
        try:
            with self._line():
                pass
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:  # type: ignore[override]
        """Its port."""
        return self._board.target.port if self._board else str(self._where.port)

    def close(self) -> None:
        self._drop()
        self.journals.close()

    def _drop(self) -> None:
        with self._lock:
            self._board = None
            stack, self._stack = self._stack, ExitStack()
            stack.close()

    @contextmanager
    def _line(self) -> Iterator[Session]:
        """The board, opened if it is not."""
        with self._lock:
            try:
                if self._board is None:
                    self._board = self._stack.enter_context(connected(self._where))
                    # The same one again, also where it was found.
                    self._where = replace(self._where, port=self._board.target.port)
                before = self._board.client.reconnected
                yield self._board
            except HostError as error:
                if error.code in SILENT:
                    self._lost = True
                    self._drop()
                raise
            if self._lost or self._board.client.reconnected > before:
                self._lost = False
                self.returns += 1

    # --- executions ---

    def executions(self, status: str | None = None, most: int = 0) -> list[Execution]:  # noqa: ARG002
        with self._line() as board:
            found = board.client.executions()
        rows = [Execution(**vars(one)) for one in found]
        return [one for one in rows if status in (None, one.status)]

    def active(self, found: Sequence[Execution]) -> dict[str, list[str]]:
        with self._line() as board:
            return active_states(
                board, [Listed(one.name, one.status, one.execution, one.program) for one in found]
            )

    def describe(self, name: str) -> Told:
        with self._line() as board:
            found = board.client.describe(name)
            told = plain(found)
            if found.status == "succeeded" and not found.whole:
                told["output"] = output_of(board, name, None)
        return told

    def start(self, what: str, other: str | None, value: Any) -> Started:
        with self._line() as board:
            set_clock(board, unset_alone=True)
            digest, made = wanted(board, what, other)
            if made is not None and made.whole:
                self.journals.know(made.whole)
            number, begun = begin(board, what, digest, value)
        return Started(what, number, begun=begun)

    def stop(self, name: str, error: str | None, cause: str | None) -> None:
        with self._line() as board:
            board.client.stop(name, error, cause)

    def send(self, name: str, value: Any) -> Signaled:
        with self._line() as board:
            return board.client.signal(name, value)

    # --- tasks ---

    def tasks(self) -> list[Waiting]:
        with self._line() as board:
            running = [one for one in board.client.executions() if one.status == "running"]
            told = [board.client.describe(one.name) for one in running]
        return [Waiting(token, one.name, what) for one in told for token, what in one.tokens]

    def succeed(self, token: str, value: Any) -> None:
        with self._line() as board:
            board.client.success(token, value)

    def fail(self, token: str, error: str, cause: str | None) -> None:
        with self._line() as board:
            board.client.failure(token, error, cause)

    def beat(self, token: str) -> None:
        with self._line() as board:
            board.client.heartbeat(token)

    # --- what it has done ---

    def journal(self, name: str) -> Log:
        """The journal of an execution, as it is now."""
        with self._line() as board:
            return self.journals.pulled(board, name)

    def history(self, name: str) -> list[Event]:
        return self.journals.events(self.journal(name))

    def seen(self, name: str) -> States:
        return self.following(name).states(self.describe(name))

    def following(self, name: str) -> Following:
        linked = OnLink(name, self._line)
        return OnBoard(name, lambda: self.journal(name), self.journals, linked)

    def machines(self) -> list[Told]:
        with self._line() as board:
            found = board.client.programs()
            runs = board.client.executions()
        used = {
            one.digest: [run.name for run in runs if run.program == one.digest] for one in found
        }
        return [
            {"name": self.journals.name(one.digest), "program": one.digest, "bytes": one.size,
             "executions": used[one.digest]} for one in found
        ]  # fmt: skip

    def log(self, start: int) -> tuple[str, int]:
        with self._line() as board:
            piece = board.client.log(start)
        if piece.next < start:  # it has begun anew
            return self.log(0) if start else ("", 0)
        return piece.text, piece.next

    def status(self) -> Told:
        with self._line() as board:
            found = board.client.status()
            port = board.target.port
        return {"kind": self.kind, "address": port, **vars(found)}
