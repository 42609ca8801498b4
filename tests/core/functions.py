"""The functions that the C core leaves to its caller, as the Python engine has them."""

from typing import Any

from tsme.errors import IntrinsicError, StatesError, TsmeError
from tsme.program.functions.table import find, functions
from tsme.values import cbor

INTRINSIC, TOO_LARGE = 3, 7


def sequence(data: bytes) -> list[Any]:
    """The values in a CBOR sequence."""
    items = []
    at = 0
    while at < len(data):
        item, at = cbor.decode(data, at)
        items.append(item)
    return items


def encoded(*values: Any) -> bytes:
    """Values as a CBOR sequence."""
    out = bytearray()
    for value in values:
        cbor.encode_into(out, value)
    return bytes(out)


def arities() -> list[int]:
    """How many arguments each function takes."""
    return [row[1] for row in functions()]


def names() -> list[str]:
    """What they are called."""
    return [row[0] for row in functions()]


class Caller:
    """Answers the core, and knows what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, number: int, data: bytes) -> tuple[int, bytes]:
        self.asked.append(number)
        function = find([number])[number][1]
        try:
            return 0, encoded(function(None, *sequence(data)))
        except IntrinsicError:
            return INTRINSIC, b""
        except StatesError as e:
            return (e.number, b"") if e.number else (0, encoded(e.name, e.cause))
        except TsmeError as e:
            assert e.code == "TSME-V006", e  # a value that is too deep
            return TOO_LARGE, b""
