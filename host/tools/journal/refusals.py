"""Why nothing goes on with a journal's execution, in the words of commands.

What a device is told ends in what to do there, `retire()`; here there are commands for it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from tsme.errors import TsmeError, fault
from tsme.kernel import BEHAVIOUR

from ..errors import HostError
from .image import Log
from .partition import region

BEHAVED = "TSME-K007"  # another behaviour
MISSING = "TSME-K005"  # a program
_ENGINE = "give the Engine a store that has it (programs=)"
_CURES = (": give the Engine", "; let that one")


def named(journal: str) -> str:
    """The journal that a command is about."""
    name = region()
    return f'"{journal}"' if name is None else f'the region "{name}" of "{journal}"'


def retiring(journal: str, name: str | None = None) -> str:
    """The command that gives up what is under way in a journal.  `name`: of its region."""
    name = name or region()
    more = f" --region {shlex.quote(name)}" if name else ""
    return f"tsme retire {shlex.quote(journal)}{more}"


def in_words(message: str, journal: str, cure: str) -> str:
    """What a device would be told, as a command says it.  `cure`: of a program that is away."""
    return message.replace(_ENGINE, cure).replace("retire()", retiring(journal))


def brief(message: str) -> str:
    """Only what is wrong, where there is nothing to be done about it."""
    for cure in _CURES:
        message = message.partition(cure)[0]
    return message


def behaviour(log: Log, every: bool = False) -> str:
    """Why this release cannot go on with a journal, or, if `every`, replay nothing of it; else
    nothing.  Which has ended says so itself, or nobody can tell."""
    found = [record.fields["behaviour"] for record in log.records if "program" in record.fields]
    if not found or found[-1] == BEHAVIOUR or (BEHAVIOUR in found if every else log.ended):
        return ""
    error: TsmeError = fault(BEHAVED, found[-1], BEHAVIOUR)
    return brief(error.message) if log.ended else in_words(error.message, log.name, "")


def check_behaviour(log: Log, every: bool = False) -> None:
    """Refuses what `behaviour` has an answer for."""
    if why := behaviour(log, every):
        hint = "tsme journal show lists what it did" if log.ended else ""
        raise HostError(BEHAVED, why, hint)


@contextmanager
def worded(journal: str, cure: str) -> Iterator[None]:
    """What a device would be told is said in the words of a command."""
    try:
        yield
    except TsmeError as error:
        if error.code not in (BEHAVED, MISSING):
            raise
        raise HostError(error.code, in_words(error.message, journal, cure)) from None
