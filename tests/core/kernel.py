"""The records of an execution as the Python kernel makes them."""

import binascii
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from tsme.kernel import Kernel, State
from tsme.kernel.protocol import CONTINUE, RUNNING, START
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor

from . import machine


def framed(body: bytes, chain: int) -> tuple[bytes, int]:
    """A step's record in slots of 32 bytes (SPEC 4.2), and its crc."""
    start = struct.pack("<I", len(body) | 1 << 24)
    chain = binascii.crc32(start + body, chain)
    record = start + struct.pack("<I", chain) + body
    return record + b"\xff" * (-len(record) % 32), chain


def framed_all(bodies: Iterable[bytes]) -> bytes:
    """Records with these bodies, one behind the other."""
    chain, parts = 0, []
    for body in bodies:
        part, chain = framed(body, chain)
        parts.append(part)
    return b"".join(parts)


def fields_of(event: Sequence[Any]) -> bytes:
    """What an input brings besides its kind and its time."""
    out = bytearray()
    for field in event[2:]:
        cbor.encode_into(out, field, True)
    return bytes(out)


def packed(events: Iterable[Sequence[Any]]) -> bytes:
    """Inputs as the program around the engine reads them."""
    return b"".join(machine.packed(e[0], e[1], fields_of(e)) for e in events)


def records(
    program: bytes, fields: bytes, now: int, between: int, steps: int = 1 << 20
) -> tuple[bytes, Any]:
    """All records; and the last state. At most so many steps."""
    items: list[Any] = []
    at = 0
    while at < len(fields):
        item, at = cbor.decode(fields, at, True)
        items.append(item)
    kernel = Kernel(Interpreter(Program(program)))
    step = kernel.step(State(), (START, now, *items))
    out, chain = framed(step.record, 0)
    parts = [out]
    while step.state.status == RUNNING and len(parts) < steps:
        now += between
        step = kernel.step(step.state, (CONTINUE, now))
        out, chain = framed(step.record, chain)
        parts.append(out)
    return b"".join(parts), step.state
