"""Requests to a board and their answers, over lines that get lost and come back.

What is sent again is the very same message, so that the board does it once (docs/SPEC.md, 8.2).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar, cast

from smp.exceptions import SMPException
from smpclient import SMPClient
from smpclient.exceptions import SMPClientException
from smpclient.transport import SMPTransportDisconnected

from ..errors import HostError
from . import failures
from .messages import OS, OURS, PARAMETERS, Message, Request, encoded
from .stream import Transport

_T = TypeVar("_T")
_TRIES = 8  # of one request, on a line that is there
_STALE = 3  # of these, after which a network is dialled again; to open a serial port may reset
_GREETINGS = 3  # of a board that nobody has heard yet
_PAUSE = 0.1  # s before a port that is away is tried again
_BUSY = 10  # rc of a group that every board has
_LOCKED = 11
_UNKNOWN = 8
_OUR_LOCKED = 2
_LOST = (TimeoutError, SMPTransportDisconnected, SMPClientException, SMPException, ValueError)
_COMMANDS = (
    "status programs load remove executions describe start stop signal success failure "
    "heartbeat journal records blocks checkpoint log time challenge unlock migrate error retire "
    "follow clock schema drop"
).split()

# Both report to the log what becomes an error in one line here, or nothing.
for _name in ("smpclient", "smp"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Refusal(Exception):
    """The board's answer is an error: `rc` of `group`, or of all groups if that is None."""

    def __init__(self, group: int | None, rc: int) -> None:
        super().__init__(group, rc)
        self.group = group
        self.rc = rc


class Session:
    """A line to a board.  `transport`: how messages get there.

    `pause`: s between two tries to open a port that is away, at first and at most.  `tries`: how
    often the last request was sent.  `ended`: set, it is tried no more, whatever patience says.
    """

    def __init__(self, port: str, timeout: float, patience: float, transport: Transport) -> None:
        self.port = port
        self.timeout = timeout
        self.patience = patience
        self.pause = (_PAUSE, _PAUSE)
        self.reconnected = 0
        self.tries = 0
        self.ended = threading.Event()
        self.key: bytes | None = None  # with which the board was unlocked
        self._transport = transport
        self._smp = SMPClient(transport, port, timeout)
        self._loop = asyncio.new_event_loop()
        self._sequence = secrets.randbelow(256)
        try:
            self._do(transport.connect(port, timeout))
            self._greet()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the port back."""
        if not self._loop.is_closed():
            self._do(self._transport.disconnect())
            self._loop.close()

    @property
    def most(self) -> int:
        """Bytes of the longest message."""
        return self._transport.max_unencoded_size

    def request(
        self, group: int, command: int, fields: Mapping[str, Any], write: bool = False
    ) -> dict[str, Any]:
        """The map that answers a request; raises Refusal, or HostError where none comes."""
        body = encoded(dict(fields))
        until = time.monotonic() + self.patience
        message = self._message(group, command, write, body)
        tries = 0
        while True:
            self.tries = tries + 1
            try:
                return self._answer(message, self.timeout)
            except _LOST as error:
                tries += 1
                if self.ended.is_set():
                    raise failures.gone(self.port) from None
                if not self._transport.open or isinstance(error, SMPTransportDisconnected):
                    if tries > _TRIES and time.monotonic() >= until:  # it is the request's doing
                        raise failures.restless("the connection") from None
                    self._reconnect(until)
                elif tries >= _TRIES and time.monotonic() >= until:
                    raise self._silence() from None
                elif "://" in self.port and tries % _STALE == 0:
                    self._reconnect(until)  # a network does not say that it has lost the board

    def number(self, command: str) -> int:
        """That of a command of our own group."""
        return _COMMANDS.index(command)

    def ours(self, command: str, fields: Mapping[str, Any], write: bool = False) -> dict[str, Any]:
        """A request of our own group, by its name; what the board refuses is a HostError."""
        try:
            return self.request(OURS, self.number(command), fields, write)
        except Refusal as refusal:
            raise self.reason(command, refusal) from None

    def reason(self, command: str, refusal: Refusal) -> HostError:
        """Why the board refused, in its own words."""
        if refusal.group == OURS:
            if refusal.rc == _OUR_LOCKED:
                return failures.locked()
            try:
                said = self.request(OURS, _COMMANDS.index("error"), {})
                return failures.refused(str(said.get("code", "")), str(said.get("text", "")))
            except Refusal:
                return failures.refused("", f"the board refuses {command} (rc {refusal.rc})")
        if refusal.rc == _LOCKED:
            return failures.locked()
        if refusal.rc == _UNKNOWN:
            return failures.unknown_command(command)
        return failures.refused("", f"the board refuses {command} (rc {refusal.rc})")

    def unlock(self, key: bytes) -> None:
        """Answer the board's challenge; again after each reconnect."""
        for _ in range(_GREETINGS):
            before = self.reconnected
            nonce = self.ours("challenge", {}).get("nonce")
            try:
                self.request(OURS, _COMMANDS.index("unlock"), _proof(key, nonce), True)
            except Refusal:
                if self.reconnected == before:
                    raise failures.wrong_key() from None
                continue  # the challenge was of a session that has ended
            self.key = key
            return
        raise failures.gone(self.port)

    def _open_again(self, key: bytes) -> None:
        """The same in a session that has just begun."""
        challenge, unlock = (_COMMANDS.index(name) for name in ("challenge", "unlock"))
        nonce = self._answer(self._message(OURS, challenge, False, encoded({})), self.timeout).get(
            "nonce"
        )
        proof = encoded(_proof(key, nonce))
        self._answer(self._message(OURS, unlock, True, proof), self.timeout)

    def read(self) -> bytes:
        """What arrives just now, of a board that is watched; text goes to on_text."""
        return self._do(self._transport.read())

    def listen(self, seconds: float, wake: int) -> None:
        """Take what the board pushes, until something has come, to the port or to the file
        descriptor `wake`, or time is up.  Raises SMPTransportDisconnected."""
        self._do(self._transport.listen(seconds, wake))

    # --- one exchange ---

    def _message(self, group: int, command: int, write: bool, body: bytes) -> Request:
        self._sequence = (self._sequence + 1) % 256
        return Request(group, command, write, self._sequence, body)

    def _answer(self, message: Request, timeout: float) -> dict[str, Any]:
        answer = self._do(self._smp.request(cast(Any, message), timeout))
        body = cast(Message, answer).body
        found = body.get("err")
        if isinstance(found, dict) and isinstance(found.get("rc"), int):
            raise Refusal(found.get("group"), found["rc"])
        if isinstance(body.get("rc"), int) and body["rc"] != 0:
            raise Refusal(None, body["rc"])
        return body

    def _greet(self) -> None:
        """Ask how long messages may be, which begins a session."""
        message = self._message(OS, PARAMETERS, False, encoded({}))
        for left in reversed(range(_GREETINGS)):
            try:
                size = self._answer(message, self.timeout).get("buf_size")
                if isinstance(size, int) and size > 64:
                    self._transport.initialize(size)
                return
            except Refusal:
                return  # it does not say
            except SMPTransportDisconnected as error:
                raise failures.gone(self.port, str(error)) from None
            except _LOST:
                if not left or self._prompt():
                    raise self._silence() from None

    def _reconnect(self, until: float) -> None:
        """Open the port again, until it is there or patience has an end."""
        self.reconnected += 1
        pause, longest = self.pause
        while True:
            self._do(self._transport.disconnect())
            try:
                self._do(self._transport.connect(self.port, self.timeout))
                self._greet()
                if self.key is not None:
                    self._open_again(self.key)
                return
            except (HostError, Refusal, *_LOST):
                if time.monotonic() >= until:
                    raise failures.gone(self.port) from None
            if self.ended.wait(pause):
                raise failures.gone(self.port)
            pause = min(2 * pause, longest)

    def _prompt(self) -> bool:
        text = bytes(self._transport.seen)
        return b">>> " in text or b"NameError" in text or b"raw REPL" in text

    def _silence(self) -> HostError:
        if self._transport.echoed or self._prompt():
            return failures.at_prompt(self.port)
        return failures.silent(self.port)

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            return self._loop.run_until_complete(work)
        except BaseException:
            # After Ctrl-C it would go on within the next exchange, and take its answer.
            if left := asyncio.all_tasks(self._loop):
                for task in left:
                    task.cancel()
                self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            raise


def _proof(key: bytes, nonce: Any) -> dict[str, Any]:
    if not isinstance(nonce, str):
        raise failures.not_understood("challenge", '"nonce" is missing')
    return {"proof": hmac.new(key, nonce.encode(), hashlib.sha256).hexdigest()}
