"""A command and its board: the options that say which, the key, and what is remembered."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import tsme

from ...ending import Stopped
from .. import console
from ..errors import HostError
from ..inputs import read_bytes
from . import project
from .target import Target, is_named, target

if TYPE_CHECKING:
    from ..link.answers import Status
    from ..link.client import Client

KEY = "TSME_KEY"


@dataclass(frozen=True)
class Where:
    """What --board, --port, --via and --key-file say."""

    board: str | None = None
    port: str | None = None
    via: str | None = None
    key_file: str | None = None

    @property
    def said(self) -> bool:
        """Does the command line name a board?"""
        return bool(self.board or self.port or self.via)

    @property
    def named(self) -> bool:
        """Does the command line, or tsme.toml?"""
        return is_named(self.board, self.port, self.via)


@dataclass(frozen=True)
class Session:
    """A board that has answered."""

    client: Client
    target: Target
    status: Status


def at_board(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which board is meant; the command gets them as `where`."""

    @functools.wraps(command)
    def called(
        *args: Any,
        board: str | None,
        port: str | None,
        via: str | None,
        key_file: str | None,
        **options: Any,
    ) -> Any:
        return command(*args, where=Where(board, port, via, key_file), **options)

    decorated: Callable[..., Any] = called
    for names, shown, text in reversed(_OPTIONS):
        choice = click.Choice(project.WAYS) if names == "--via" else None
        decorated = click.option(names, metavar=shown, type=choice, help=text)(decorated)
    return decorated


_OPTIONS = (
    ("--port", "PORT", "Where the board is: /dev/ttyACM0, tcp://HOST:PORT, socket://HOST:PORT."),
    (
        "--board",
        "NAME",
        "Which board it is; the port of an emulated one, or the only one, is found.",
    ),
    ("--via", "mpremote", "The way to a board that has nothing but its prompt; slower."),
    ("--key-file", "FILE", f"The key of a board that is locked; or set {KEY}."),
)


@contextmanager
def connected(where: Where, again: str = "") -> Iterator[Session]:
    """The board that is meant, once it has answered; what was said of it is remembered.

    `again`: what an interruption is to say about giving the command again.
    Raises HostError: as target(), TSME-N067 if it is another board, and what the link raises.
    """
    from ..link.opening import open_board  # noqa: PLC0415
    from . import ports  # noqa: PLC0415

    goal = target(where.board, where.port, where.via)
    key = _key(where, goal)
    try:
        ports.free(goal.port)
        client = open_board(goal.port, goal.via or None)
    except HostError as error:
        raise _worded(goal, error) from None
    try:
        with client:
            status = client.status()
            _check(goal, status)
            if status.locked and (key is not None or _asks()):
                client.unlock(_asked() if key is None else key)
            _remember(goal)
            yield Session(client, goal, status)
    except (KeyboardInterrupt, Stopped) as stop:
        if again:
            stop.add_note(again)
        raise


def _worded(goal: Target, error: HostError) -> HostError:
    from . import ports  # noqa: PLC0415

    error = ports.told(goal.port, error)
    if goal.chosen:
        error.message += f" ({goal.board or 'the only board that was found'})"
    return error


def _check(goal: Target, status: Status) -> None:
    """Is it the board that is meant, with a tsme as this one?"""
    if goal.board and status.board and status.board != goal.board:
        message = f'the board at "{goal.port}" is "{status.board}", not "{goal.board}"'
        hint = f"plug in the other one, or say --board {status.board}"
        raise HostError("TSME-N067", message, hint)
    if status.tsme != tsme.__version__:
        text = f"tsme: the board has tsme {status.tsme}, this is {tsme.__version__}"
        console.note(f"{text}; tsme flash brings it up to date")
    if status.mode == "safe":
        why = "for what it is to run cannot be loaded"
        if status.failures:
            why = f"after {console.count(status.failures, 'failure')}"
        text = f"the board is in safe mode {why}: nothing runs there"
        console.note(f"tsme: {text}; tsme logs says why, tsme push brings it mended")


def _remember(goal: Target) -> None:
    """What the command line said of the board, in the project's file."""
    mine = goal.project
    if mine is None or not goal.given:
        return
    try:
        lines = project.remember(mine, **dict(goal.given))
    except HostError as error:  # the board is there all the same
        console.note(f"tsme: not remembered: {error.message}")
        return
    if lines:
        console.note(f"tsme: {mine.place(project.FILE)}: {', '.join(lines)}")


# --- the key ------------------------------------------------------------------------------------


def _key(where: Where, goal: Target) -> bytes | None:
    """From --key-file, TSME_KEY, or the file that tsme.toml names; never from an argument, which
    everybody on the computer could read."""
    mine = goal.project
    path = where.key_file
    if path is None and os.environ.get(KEY):
        return os.environ[KEY].strip().encode()
    if path is None and mine is not None and mine.key_file:
        path = mine.place(mine.key_file)
    if path is None:
        return None
    key = read_bytes(path).strip()
    if not key:
        raise HostError("TSME-N068", f'there is no key in "{path}"', "write it there")
    return key


def _asks() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked() -> bytes:
    text: str = click.prompt("tsme: the board is locked; its key", hide_input=True, err=True)
    return text.strip().encode()


# --- what commands on boards have in common -----------------------------------------------------


def on_board(given: str, where: Where, other: str = "") -> bool:
    """Is what `stop` and others are given a name on a board, or the file of a journal?

    With --board or --port it is a name; a file of that name is a journal; else it is a name, if
    tsme.toml names a board.  `other`: an option that only journals have, and that was given.
    """
    if where.said:
        if other:
            raise HostError("TSME-H002", f"{other} is for a journal, and not for a board")
        return True
    return not other and not Path(given).exists() and where.named
