"""A board by SMP: the commands of docs/SPEC.md, 8.2 and 8.3."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, TypeVar

from tsme.values import cbor

from . import failures, transfers
from .answers import (
    Description,
    Execution,
    JournalInfo,
    LogText,
    Records,
    Signaled,
    Status,
    StoredProgram,
)
from .answers import read as read_answer
from .client import Client, OnText, Progress
from .messages import ECHO, OS, RESET, encoded
from .session import Refusal, Session
from .stream import PortTransport

_Answer = TypeVar("_Answer")
_ROOM = 64  # bytes of a request beside its value


class SmpBoard(Client):
    """A board that serves the link."""

    def __init__(
        self,
        port: str,
        timeout: float,
        patience: float,
        on_text: OnText | None = None,
    ) -> None:
        self.port = port
        self._session = Session(port, timeout, patience, PortTransport(on_text))

    @property
    def session(self) -> Session:
        """What carries requests."""
        return self._session

    @property
    def reconnected(self) -> int:  # type: ignore[override]
        """How often the line was lost and found again."""
        return self.session.reconnected

    def close(self) -> None:
        self.session.close()

    def ask(self, command: str, fields: dict[str, Any]) -> dict[str, Any]:
        return self.session.ours(command, fields)

    # --- the board ---

    def status(self) -> Status:
        return self._ask(Status, "status", {})

    def echo(self, text: str) -> str:
        try:
            return str(self.session.request(OS, ECHO, {"d": text}, True).get("r"))
        except Refusal as refusal:
            raise self.session.reason("echo", refusal) from None

    def reset(self) -> None:
        try:
            self.session.request(OS, RESET, {}, True)
        except Refusal as refusal:
            raise self.session.reason("reset", refusal) from None

    def time(self) -> int:
        now = self.session.ours("time", {}).get("now")
        if not isinstance(now, int):
            raise failures.not_understood("time", '"now" is missing')
        return now

    def set_time(self, now: int) -> None:
        self._tell("time", {"now": now})

    def log(self, start: int) -> LogText:
        return self._ask(LogText, "log", {"from": start})

    def unlock(self, key: bytes) -> None:
        self.session.unlock(key)

    # --- programs ---

    def programs(self) -> list[StoredProgram]:
        found = self._list("programs")
        try:
            return [StoredProgram(str(digest), int(size)) for digest, size in found]
        except (TypeError, ValueError) as error:
            raise failures.not_understood("programs", str(error)) from None

    def load(self, program: bytes, progress: Progress | None = None) -> str:
        return transfers.load(self.session, program, progress)

    def remove(self, digest: str) -> None:
        self._tell("remove", {"digest": digest})

    # --- executions ---

    def executions(self) -> list[Execution]:
        found = self._list("executions")
        return [self._read(Execution, "executions", one) for one in found]

    def describe(self, name: str) -> Description:
        return self._ask(Description, "describe", {"name": name})

    def start(self, name: str, program: str, value: Any = None, blocks: int | None = None) -> int:
        fields: dict[str, Any] = {"name": name, "program": program}
        if blocks is not None:
            fields["blocks"] = blocks
        found = self._tell("start", fields, "input", value).get("execution")
        if not isinstance(found, int):
            raise failures.not_understood("start", '"execution" is missing')
        return found

    def stop(self, name: str, error: str | None = None, cause: str | None = None) -> None:
        self._tell("stop", _given(name=name, error=error, cause=cause))

    def signal(self, name: str, value: Any) -> Signaled:
        found = self._tell("signal", {"name": name}, "value", value)
        error = found.get("error")
        if error is None:
            return Signaled(found.get("result"))
        if not isinstance(error, list) or [type(one) for one in error] != [str] * 3:
            raise failures.not_understood("signal", f'"error" is {error!r}')
        return Signaled(found.get("result"), (error[0], error[1], error[2]))

    def success(self, token: str, output: Any) -> None:
        self._tell("success", {"token": token}, "output", output)

    def failure(self, token: str, error: str, cause: str | None = None) -> None:
        self._tell("failure", _given(token=token, error=error, cause=cause))

    def heartbeat(self, token: str) -> None:
        self._tell("heartbeat", {"token": token})

    def migrate(self, name: str, program: str, plan: bytes) -> None:
        path = self._aside(plan)
        self._tell("migrate", {"name": name, "program": program, "file": path})

    def retire(self, name: str) -> None:
        self._tell("retire", {"name": name})

    # --- journals ---

    def journal(self, name: str) -> JournalInfo:
        return self._ask(JournalInfo, "journal", {"name": name})

    def records(self, name: str, start: int, skip: int = 0) -> Records:
        fields: dict[str, Any] = {"name": name, "from": start}
        if skip:
            fields["skip"] = skip
        return self._ask(Records, "records", fields)

    def checkpoint(self, name: str) -> None:
        self._tell("checkpoint", {"name": name})

    def image(self, name: str | None = None, progress: Progress | None = None) -> bytes:
        return transfers.image(self.session, name, progress)

    # --- files ---

    def upload(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        transfers.upload(self.session, path, data, progress)

    def download(self, path: str, progress: Progress | None = None) -> bytes:
        return transfers.download(self.session, path, progress)

    def drop(self, path: str) -> None:
        self._tell("drop", {"file": path})

    def digest(self, path: str) -> tuple[bytes, int]:
        return transfers.digest(self.session, path)

    # --- how ---

    def _read(self, kind: type[_Answer], command: str, body: Any) -> _Answer:
        try:
            if not isinstance(body, Mapping):
                raise ValueError(f"{body!r} is no map")
            return read_answer(kind, body)
        except ValueError as error:
            raise failures.not_understood(command, str(error)) from None

    def _ask(self, kind: type[_Answer], command: str, fields: dict[str, Any]) -> _Answer:
        return self._read(kind, command, self.session.ours(command, fields))

    def _list(self, command: str) -> list[Any]:
        """All of a list that comes in pieces."""
        out: list[Any] = []
        fields: dict[str, Any] = {}
        while True:
            body = self.session.ours(command, fields)
            found = body.get(command)
            if not isinstance(found, list):
                raise failures.not_understood(command, f'"{command}" is missing')
            out += found
            following = body.get("next")
            if not isinstance(following, int) or not found:
                return out
            if following <= fields.get("from", 0):
                raise failures.not_understood(command, f'"next" is {following}')
            fields = {"from": following}

    def _tell(
        self, command: str, fields: dict[str, Any], member: str = "", value: Any = None
    ) -> dict[str, Any]:
        """A request that changes something, once; a value too long for a message is a file."""
        fields = dict(fields)
        if member:
            data = cbor.encode(value)
            if len(data) + len(encoded(fields)) + _ROOM > self.session.most:
                fields["file"] = self._aside(data)
            else:
                fields[member] = value
        fields["id"] = secrets.randbits(32)
        return self.session.ours(command, fields, True)

    def _aside(self, data: bytes) -> str:
        """Put a value into a file of its own, which the board removes when it has read it."""
        path = f"tsme-{secrets.token_hex(4)}.cbor"
        self.upload(path, data)
        return path


def _given(**fields: str | None) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
