"""Calls of native functions, on every interpreter, and what they have to give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests import interpreters
from tsme.values import MISSING
from tsme.values.cbor import decode, encode
from tsme_host.compiler.jsonata.regexes import compile_regex

SCRIPT = Path(__file__).with_name("natives_device.py")
NAMES = ("cpython", "micropython", "micropython32", "micropythonf32")
NOTHING = MISSING
NO_ARGUMENTS = "-"


class Error(NamedTuple):
    """An error: its cause, and, where one is told, the number of the argument."""

    cause: str
    argument: int | None = None


class Items(list[Any]):
    """A sequence, and no array."""


Call = tuple[str, Sequence[Any], Any]  # name, arguments, what it gives


def regex(text: str, flags: str = "") -> bytes:
    """A matcher as an argument."""
    return compile_regex(text, flags)


def ask(name: str, calls: Sequence[Call]) -> list[Any]:
    """What an interpreter gives."""
    lines = []
    for function, args, _ in calls:
        data = b"".join(encode(v, True) for v in args)
        lines.append(f"{function} {data.hex() or NO_ARGUMENTS}\n")
    run = interpreters.run(name, SCRIPT, stdin="".join(lines).encode(), timeout=300)
    answers = run.stdout.decode().splitlines()
    assert len(answers) == len(lines), run.stderr.decode()[-2000:]
    return [_read(answer) for answer in answers]


def _read(answer: str) -> Any:
    kind, data = answer.split()
    v = decode(bytes.fromhex(data))[0]
    if kind == "nothing":
        return NOTHING
    if kind == "error":
        return Error(v[0], v[1])
    return Items(v) if kind == "sequence" else v


def exact(v: Any) -> Any:
    """With the types of numbers, which `==` does not look at."""
    if isinstance(v, list):
        return (type(v).__name__, *map(exact, v))
    if isinstance(v, dict):
        return tuple((k, exact(item)) for k, item in v.items())
    return (type(v).__name__, v) if isinstance(v, (bool, int, float)) else v


def check(calls: Sequence[Call]) -> None:
    """Every interpreter gives what is written there."""
    for name in NAMES:
        interpreters.require(name)
        for (function, args, wanted), given in zip(calls, ask(name, calls), strict=True):
            seen = given
            if isinstance(wanted, Error) and wanted.argument is None and isinstance(given, Error):
                seen = Error(given.cause)
            assert exact(seen) == exact(wanted), (name, function, args, given, wanted)
