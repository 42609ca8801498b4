"""What a board answers, as plain data (docs/SPEC.md, 8).  Digests are hexadecimal text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, get_type_hints

_Answer = TypeVar("_Answer")
_NAMES = {"start": "from"}  # a word of Python
_NO_FUNCTION = "TSME-M021"  # of this name: nothing of it raised


@dataclass(frozen=True)
class Status:
    """`mode`: "run" or "safe" (nothing but the link); `boots`, `failures`: since power-up and in
    a row; `heap`: bytes that are free; `now`, `uptime`: ms; `locked`: a key is asked for."""

    tsme: str
    behaviour: int
    board: str
    mode: str
    boots: int
    failures: int
    heap: int
    now: int
    uptime: int
    locked: bool


@dataclass(frozen=True)
class StoredProgram:
    """A program in the board's store; `size` in bytes."""

    digest: str
    size: int


@dataclass(frozen=True)
class Execution:
    """One line of a list: `status` is new, running, succeeded, failed, stopped or broken;
    `execution` and `program` are 0 and "" before the first has begun."""

    name: str
    status: str
    execution: int = 0
    program: str = ""


@dataclass(frozen=True)
class Description:
    """All that a board knows of one execution; `due`: ms, of one that waits; `error`: of one that
    is broken or has failed; `whole`: False if it has an output that is longer than an answer;
    `rest`: members that this release does not know."""

    name: str
    status: str
    blocks: int = 0
    execution: int = 0
    program: str = ""
    steps: int = 0
    now: int | None = None
    due: int | None = None
    output: Any = None
    error: str | None = None
    cause: str | None = None
    tokens: tuple[tuple[str, str], ...] = ()  # of activities and callbacks, and their resources
    whole: bool = True
    rest: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Signaled:
    """What became of a signal.  `result`: of a mutation `executed`, `canceled` or `queued`, of an
    evaluation what its function gave, else None; `raised`: None, or what a handler raised:
    (handler, name, cause)."""

    result: Any = None
    raised: tuple[str, str, str] | None = None

    @property
    def why(self) -> str:
        """What was raised, in words; empty if nothing was."""
        if self.raised is None:
            return ""
        handler, name, cause = self.raised
        return f"{'' if name == _NO_FUNCTION else f'{handler} raised '}{name}: {cause}"


@dataclass(frozen=True)
class JournalInfo:
    """A journal on the board: the numbers of its oldest readable and of its next record, and its
    geometry; `blocks` of `block` bytes each, `slot` bytes are programmed at once, if
    `once` never twice."""

    first: int
    next: int
    blocks: int
    block: int
    slot: int
    once: bool = False
    retired: tuple[int, ...] = ()


@dataclass(frozen=True)
class Records:
    """A piece of the records from `start` on, of which the first may be without the bytes that
    were skipped; `chain`: the crc of the record before `start`."""

    start: int
    chain: int
    data: bytes
    next: int


@dataclass(frozen=True)
class LogText:
    """Text of the log from byte `start` to byte `next`; it began at 0 when the board did."""

    start: int
    next: int
    text: str


def read(kind: type[_Answer], body: Mapping[str, Any]) -> _Answer:
    """A map as one of these; raises ValueError, which says what is missing or of another type."""
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        name = _NAMES.get(one.name, one.name)
        if name not in body:
            if one.default is MISSING:
                raise ValueError(f'"{name}" is missing')
            continue
        found[one.name] = _checked(name, body[name], hints[one.name])
    if "rest" in hints:
        known = {_NAMES.get(name, name) for name in hints}
        found["rest"] = {name: value for name, value in body.items() if name not in known}
    if kind is Description and found.get("status") == "succeeded":
        found["whole"] = "output" in body
    return kind(**found)


def _checked(name: str, value: Any, hint: Any) -> Any:
    if hint in (int, str, bytes, bool):
        if type(value) is not hint:
            raise ValueError(f'"{name}" is {value!r}')
    elif hint == tuple[int, ...]:
        if not isinstance(value, list) or any(type(item) is not int for item in value):
            raise ValueError(f'"{name}" is {value!r}')
        return tuple(value)
    elif hint == tuple[tuple[str, str], ...]:
        try:
            return tuple((str(one), str(other)) for one, other in value)
        except (TypeError, ValueError):
            raise ValueError(f'"{name}" is {value!r}') from None
    elif hint in (int | None, str | None):
        if value is not None and type(value) not in (int, str):
            raise ValueError(f'"{name}" is {value!r}')
    return value
