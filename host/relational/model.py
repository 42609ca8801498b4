"""What a relational schema is made of, and where each part of it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..compiler.frontend.model import Problem, Where
from ..compiler.frontend.source import Node

MOST_NAME = 64  # characters of a name
RELATIONS = ("require", "add", "remove", "after")


@dataclass(frozen=True)
class File:
    """A file that says something of a schema.  `name` as people have given it."""

    name: str
    text: str = field(repr=False)


class Place(NamedTuple):
    """A place in one of the files of a schema."""

    file: File
    where: Where


class Name(str):
    """A name that knows where it stands."""

    __slots__ = ("place",)
    place: Place | None

    def __new__(cls, text: str, place: Place | None = None) -> Name:
        """The text as it is, and its place; None for what stands in no file."""
        made = super().__new__(cls, text)
        made.place = place
        return made


class Finding(NamedTuple):
    """A problem, and the file that it is in."""

    file: File
    problem: Problem


@dataclass(frozen=True)
class Source:
    """One definition as it was read, with nothing inherited yet.

    `root`: None if its text could not be read.  `functions`: those of a Python class by their
    names, with their places and numbers of arguments, and `written`: those that its file has.
    `compiled`: what `schema` names, if the class has that instead of states.
    """

    file: File
    name: str
    root: Node | None
    problems: tuple[Problem, ...] = ()
    functions: dict[str, tuple[Where, int]] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    compiled: bytes | None = None


# Gives the definition that a file, or FILE.py:CLASS, has; relative to the file that names it.
# Raises LookupError with what is wrong.
Open = Callable[[str, File], Source]


@dataclass(frozen=True)
class State:
    """A state of a compiled schema: names, in their order."""

    name: str
    auto: bool = False
    multi: bool = False
    require: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """A schema as a device has it, without anything that is inherited or grouped.

    `error`: what the machine begins with an Exception for, None in a schema that was checked.
    """

    name: str
    version: int
    states: tuple[State, ...]
    groups: dict[str, tuple[str, ...]]
    error: str | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """The states that the schema defines itself."""
        return self.groups.get("self", tuple(state.name for state in self.states))


class Findings:
    """Problems in the order in which they are found."""

    def __init__(self) -> None:
        self.all: list[Finding] = []

    def add(
        self, code: str, message: str, place: Place | None, hint: str = "", warning: bool = False
    ) -> None:
        """One problem.  What stands in no file (a standard schema) is right."""
        if place is not None:
            problem = Problem(code, message, place.where, hint, warning=warning)
            if Finding(place.file, problem) not in self.all:
                self.all.append(Finding(place.file, problem))

    def take(self, file: File, problems: Iterable[Problem]) -> None:
        """Problems of a file's text."""
        self.all += [Finding(file, problem) for problem in problems]

    @property
    def wrong(self) -> bool:
        """Is there any that is more than a warning?"""
        return any(not found.problem.warning for found in self.all)


def near(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint with the known name that is closest."""
    from difflib import get_close_matches  # noqa: PLC0415

    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if not close:
        close = [one for one in names if one.lower() == name.lower()]
    return f'did you mean "{close[0]}"?' if close else otherwise


def listed(names: Iterable[str]) -> str:
    """Names in a row, for a message."""
    return ", ".join(f'"{name}"' for name in names)
