"""A thread that has the line to a board: requests one after another, pushes as they come.

All that arrives, answers and pushes alike, is delivered to an event loop in the order of the line.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from smpclient.transport import SMPTransportDisconnected

from tsme import TsmeError

from ..errors import HostError
from ..link import failures
from ..link.messages import OURS, Message
from ..link.session import Refusal, Session
from ..link.stream import PortTransport
from .mirror import Body

_SLOWEST = 5.0  # s between two tries to reach a board that is away
_FIRST = 0.1
_LISTEN = 1.0  # s after which it looks whether it is to end
_END = 10.0  # s that a request under way may take to be given up
REFUSED_UNKNOWN = 11  # rc: nobody follows as this number


class Refused(Exception):
    """The board does not know what is followed: it was reset, or the session is a new one.

    `once`: the request was sent once, so that nothing of it has happened."""

    def __init__(self, once: bool) -> None:
        super().__init__(once)
        self.once = once


class Carrier:
    """A line that is kept.  `pushed(body)` and `again()`, after the line was lost and found again,
    are called in the event loop that opens it."""

    def __init__(
        self,
        port: str,
        key: bytes | None,
        timeout: float,
        pushed: Callable[[Body], None],
        again: Callable[[], None],
    ) -> None:
        self.port = port
        self.most = 0  # bytes of the longest message
        self.connected = False
        self._key = key
        self._timeout = timeout
        self._pushed = pushed
        self._again = again
        self._jobs: deque[Callable[[Session], None]] = deque()
        self._asked: set[asyncio.Future[Body]] = set()  # who has no answer yet
        self._ended = False
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        self._session: Session | None = None
        self._known = 0  # reconnections that were told
        self._opened: asyncio.Future[int]
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name=f"tsme {port}", daemon=True)

    async def open(self) -> None:
        """Reach the board; raises HostError."""
        self._opened = self._loop.create_future()
        self._thread.start()
        self.most = await self._opened

    async def close(self) -> None:
        """Give the port back."""
        if self._session is not None:
            self._session.ended.set()
        self._jobs.append(_stop)
        os.write(self._waker, b"x")
        await asyncio.to_thread(self._thread.join, _END)
        if not self._thread.is_alive():
            os.close(self._wake)
            os.close(self._waker)

    async def ask(
        self,
        command: str,
        fields: Mapping[str, Any],
        write: bool = False,
        then: Callable[[Body], None] | None = None,
    ) -> Body:
        """A request of our own group; `then(answer)` is called at its place among the pushes.
        Raises HostError, or Refused."""
        if self._ended:
            raise closed(self.port)
        done = self._loop.create_future()
        self._asked.add(done)
        done.add_done_callback(self._asked.discard)

        def job(session: Session) -> None:
            body: Body | None = None
            error: BaseException | None = None
            try:
                body = _asked(session, command, fields, write)
            except Exception as problem:
                error = problem
            self._seen(session)
            self._post(_answered, done, body, error, then)

        self._jobs.append(job)
        os.write(self._waker, b"x")
        found: Body = await done
        return found

    # --- in the thread ---

    def _post(self, work: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(work, *args)
        except RuntimeError:  # the loop has ended, and nobody waits
            self._jobs.append(_stop)

    def _run(self) -> None:
        transport = PortTransport()
        transport.on_push = self._push
        session: Session | None = None
        try:
            session = Session(self.port, self._timeout, math.inf, transport)
            session.pause = (_FIRST, _SLOWEST)
            self._session = session
            if self._key is not None:
                session.unlock(self._key)
            self.connected = True
            self._post(_set, self._opened, session.most, None)
            self._serve(session)
        except Exception as error:
            self._post(_set, self._opened, 0, error)
        finally:
            self.connected = False
            self._post(self._end)
            if session is not None:
                session.close()

    def _end(self) -> None:
        """Nobody answers any more."""
        self._ended = True
        for done in list(self._asked):
            _set(done, None, closed(self.port))

    def _serve(self, session: Session) -> None:
        while True:
            while self._jobs:
                job = self._jobs.popleft()
                if job is _stop:
                    return
                job(session)
            try:
                session.listen(_LISTEN, self._wake)
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
            except SMPTransportDisconnected:
                self.connected = False
                self._jobs.appendleft(self._find)

    def _find(self, session: Session) -> None:
        """The line is lost: an echo goes round until it is there again."""
        try:
            session.request(0, 0, {"d": ""}, True)
        except (HostError, Refusal):
            return
        self._seen(session)

    def _seen(self, session: Session) -> None:
        self.connected = True
        if session.reconnected != self._known:
            self._known = session.reconnected
            self._post(self._again)

    def _push(self, message: bytes) -> None:
        try:
            body = Message.loads(message).body
        except ValueError:
            return
        self._post(self._pushed, body)


def _stop(session: Session) -> None:
    """The job that ends it."""


def _asked(session: Session, command: str, fields: Mapping[str, Any], write: bool) -> Body:
    try:
        return session.request(OURS, session.number(command), fields, write)
    except Refusal as refusal:
        if refusal.group == OURS and refusal.rc == REFUSED_UNKNOWN:
            raise Refused(session.tries == 1) from None
        raise session.reason(command, refusal) from None


def _set(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)


def _answered(
    future: asyncio.Future[Any],
    body: Body | None,
    error: BaseException | None,
    then: Callable[[Body], None] | None,
) -> None:
    if body is not None and then is not None:
        try:
            then(body)
        except Exception as problem:  # nobody waits for ever
            error = problem
    _set(future, body, error)


def unsure(what: str) -> HostError:
    """A mutation whose answer never came, on a board that was reset meanwhile."""
    return HostError(
        "TSME-N078",
        f"the board was reset before it answered: it is not known whether {what} was done",
        "look at the machine's states, and ask again if that does no harm",
    )


def closed(port: str) -> HostError:
    """Nothing can be asked any more."""
    return HostError("TSME-N081", f'the line to "{port}" is closed here')


def plain(error: BaseException) -> TsmeError:
    """As an engine raises it."""
    if isinstance(error, TsmeError):
        return error
    if isinstance(error, HostError):
        hint = f"; {error.hint}" if error.hint else ""
        return TsmeError(error.code, error.message + hint)
    if isinstance(error, Refused):
        return TsmeError("TSME-N012", "the board does not know what is followed")
    return TsmeError("TSME-N083", f"it cannot be asked: {type(error).__name__}: {error}")


def not_understood(why: str) -> HostError:
    """An answer that is none."""
    return failures.not_understood("what is followed", why)
