"""Requests and answers of SMP as smpclient takes them, with any members (docs/SPEC.md, 8.2).

smp has models for the groups that everyone has.  Ours are not among them, and its way of writing
a map sorts the members, which for an input of a workflow is another value.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, ClassVar

import cbor2
from smp.header import OP, Flag, Header, Version

from tsme.values import cbor

OS, FILES, OURS = 0, 8, 65
ECHO, RESET, PARAMETERS = 0, 5, 6
FILE, FILE_STATUS, FILE_HASH = 0, 1, 2


@dataclass(frozen=True)
class Message:
    """An answer: its map.  What is no map is an error of whoever sent it."""

    body: dict[str, Any]

    @classmethod
    def loads(cls, frame: bytes) -> Message:
        """Reads a message; raises ValueError."""
        source = io.BytesIO(frame[8:])
        try:
            body = cbor2.load(source)
        except (cbor2.CBORDecodeError, RecursionError) as error:
            raise ValueError(f"no CBOR: {error}") from None
        if not isinstance(body, dict) or not all(isinstance(name, str) for name in body):
            raise ValueError("no map with texts as keys")
        return cls(body)


class Request:
    """One request; sent again it is the very same bytes."""

    _Response: ClassVar[type[Message]] = Message
    _ErrorV1: ClassVar[type[Message]] = Message
    _ErrorV2: ClassVar[type[Message]] = Message

    def __init__(self, group: int, command: int, write: bool, sequence: int, body: bytes) -> None:
        operation = OP.WRITE if write else OP.READ
        flags = Flag(0)
        self.header = Header(operation, Version.V2, flags, len(body), group, sequence, command)
        self.BYTES = self.header.BYTES + body


def encoded(fields: dict[str, Any]) -> bytes:
    """A map in the order given; values as the device's own codec writes them, and byte strings."""
    out = bytearray()
    cbor.put_head(out, 5, len(fields))
    for name, value in fields.items():
        cbor.encode_into(out, name)
        if isinstance(value, bytes):
            cbor.put_head(out, 2, len(value))
            out += value
        else:
            cbor.encode_into(out, value)
    return bytes(out)


def room(fields: dict[str, Any], most: int) -> int:
    """How many bytes of `data` go into a message of at most so many, beside other members."""
    left = most - 8 - len(encoded({**fields, "data": b""}))
    return max(0, left - (0 if left < 24 else 1 if left < 256 else 2))
