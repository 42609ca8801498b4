"""The forms that values have outside: JSON, CBOR (RFC 8949), MessagePack; inside they are CBOR.

What a value may be is the same in all: what JSON has, integers of 64 bits, finite numbers, at
most 32 levels (docs/SPEC.md, section 1).  Everything else is refused by its name.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable
from typing import Any

import click

from tsme.values import DEPTH, cbor
from tsme.values.numbers import INT_MAX, INT_MIN

from ..compiler.frontend.model import Json

FORMS = ("json", "cbor", "msgpack")
_DEEPER = 64  # levels that the libraries read; what is wrong is then said by `_check`
# The tags that cbor2 takes apart by itself; it hands over all others.
_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004,
         43000, 55799)  # fmt: skip


class Unfit(Exception):
    """Bytes that hold no value.  `code`: one of docs/ERRORS.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def ending(path: str) -> str | None:
    """The form that the ending of a file's name says, if it says one."""
    name = path.rpartition(".")[2].lower()
    return name if name in FORMS and "." in path else None


def option(text: str) -> Callable[..., Any]:
    """`--format` of a command.  `text`: what its help says it is the form of."""
    decorate: Callable[..., Any] = click.option(
        "--format", "form", type=click.Choice(FORMS), help=text
    )
    return decorate


def answers(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--format` and `--json` of a command that has an answer for programs."""
    whole = option("Print the answer in this form.")(command)
    decorated: Callable[..., Any] = click.option(
        "--json", "form", flag_value="json", help="As --format json."
    )(whole)
    return decorated


# --- reading -----------------------------------------------------------------------------------


def read(data: bytes, form: str) -> Json:
    """The value that CBOR or MessagePack holds.  Raises Unfit."""
    value: Json = _read_cbor(data) if form == "cbor" else _read_msgpack(data)
    _check(value)
    return value


def _not(what: str) -> Unfit:
    return Unfit("TSME-V015", f"{what} is no JSON value")


def _ends(data: bytes) -> Unfit:
    return Unfit("TSME-V010", f"the data ends at {len(data)}, inside an item")


def _read_cbor(data: bytes) -> Any:
    import cbor2  # noqa: PLC0415

    def refuse(number: int) -> Callable[..., Any]:
        def decoder(*_: object, **__: object) -> Any:
            raise _not(f"the tag {number}")

        return decoder

    def unknown(tag: Any, *_: object, **__: object) -> Any:
        raise _not(f"the tag {tag.tag}")

    decoder = cbor2.CBORDecoder(
        io.BytesIO(data),
        tag_hook=unknown,
        semantic_decoders={number: refuse(number) for number in _TAGS},
        max_depth=_DEEPER,
        allow_duplicate_keys=False,
    )
    try:
        value = decoder.decode()
    except cbor2.CBORDecodeEOF:
        raise _ends(data) from None
    except cbor2.CBORDecodeError as error:
        raise _why(error) from None
    try:
        decoder.read(1)
    except cbor2.CBORDecodeEOF:
        return value
    raise Unfit("TSME-V016", "something follows the value")


def _why(error: BaseException) -> Unfit:
    """What a library says, with a code; what was refused above comes back as its cause."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, Unfit):
            return at
        if isinstance(at, UnicodeError):
            return Unfit("TSME-V014", "a text is not valid UTF-8")
        at = at.__cause__
    text = str(error)
    if "Duplicate" in text:
        return Unfit("TSME-V013", f"an object has a name twice: {text.rpartition(': ')[2]}")
    if "depth" in text:
        return _deep(_DEEPER + 1)
    return Unfit("TSME-V012", f"it is no CBOR: {text}")


def _read_msgpack(data: bytes) -> Any:
    import msgpack  # noqa: PLC0415

    def extension(kind: int, _: bytes) -> Any:
        raise _not(f"the extension type {kind}")

    try:
        return msgpack.unpackb(
            data, ext_hook=extension, object_pairs_hook=_members, strict_map_key=False
        )
    except msgpack.ExtraData as error:
        at = len(data) - len(error.extra)
        raise Unfit("TSME-V016", f"something follows the value at {at}") from None
    except msgpack.FormatError:
        raise Unfit("TSME-V012", "the byte c1 begins no value") from None
    except msgpack.StackError:
        raise _deep(_DEEPER + 1) from None
    except UnicodeError:
        raise Unfit("TSME-V014", "a text is not valid UTF-8") from None
    except ValueError:  # a length is larger than what is there, or there is too little
        raise _ends(data) from None


def _members(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    out: dict[Any, Any] = {}
    for name, value in pairs:
        _check_name(name)
        if name in out:
            raise Unfit("TSME-V013", f"an object has a name twice: {name!r}")
        out[name] = value
    return out


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        text = f"the key of an object is no text but {_named(name)}"
        raise Unfit("TSME-V005", text)


def _deep(depth: int) -> Unfit:
    text = f"nesting of a value: {depth} asked, the limit is {DEPTH}; this one is fixed"
    return Unfit("TSME-V006", text)


def _named(value: Any) -> str:
    """The kind of what is no value, in the words of its form."""
    kind = type(value).__name__
    names = {"bytes": "a byte string", "Timestamp": "a timestamp", "UndefinedType": "undefined",
             "CBORSimpleValue": "a simple value", "frozendict": "an object", "dict": "an object",
             "list": "an array", "tuple": "an array"}  # fmt: skip
    return names.get(kind, kind)


def _check(value: Any) -> None:
    """Refuse what is no value.  Goes through it level by level."""
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, (dict, list)):
                if depth == DEPTH:
                    raise _deep(depth + 1)
                if isinstance(item, dict):
                    for name in item:
                        _check_name(name)
                    below += item.values()
                else:
                    below += item
            elif item is None or isinstance(item, (bool, str)):
                continue
            elif isinstance(item, int):
                if not INT_MIN <= item <= INT_MAX:
                    raise Unfit("TSME-V002", f"the integer {item} has more than 64 bits")
            elif isinstance(item, float):
                if not math.isfinite(item):
                    raise Unfit("TSME-V003", "NaN and the infinities are no values")
            else:
                raise _not(_named(item))
        level, depth = below, depth + 1


# --- writing -----------------------------------------------------------------------------------


def write(value: Any, form: str) -> bytes:
    """A value, or an answer for programs, as CBOR or MessagePack.

    In an answer byte strings stay what they are, and nothing is null.  Raises TsmeError if it is
    neither; what is refused is the same for both.
    """
    plain = _plain(value)
    data = bytes(cbor.encode(plain, True))
    if form == "cbor":
        return data
    import msgpack  # noqa: PLC0415

    packed: bytes = msgpack.packb(plain)
    return packed


def _plain(value: Any) -> Any:
    """Made of what both forms have.  It is no deeper than a record."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    return None if value is cbor.MISSING else value
