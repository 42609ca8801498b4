"""Compiled programs, taken apart, changed for the worse, and put together with a right digest."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.cbor_items import skip
from tests.laws.values import Source
from tests.laws.workflows import write
from tsme.program import opcodes
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

Json = Any
N = opcodes.NUMBER


@dataclass(frozen=True)
class Parts:
    """A program in pieces; `index` None: as the constants are."""

    needs: Json
    limits: Json
    code: bytes
    consts: tuple[Json, ...]
    index: bytes | None = None
    tail: bytes = b""

    def build(self) -> bytes:
        consts = [cbor.encode(v) if not isinstance(v, bytes) else v for v in self.consts]
        size = sum(map(len, consts))
        form = "<B" if size < 256 else "<H" if size < 65536 else "<I"
        index = b""
        at = 0
        for item in consts:
            index += struct.pack(form, at)
            at += len(item)
        parts = [self.needs, self.limits, self.code]
        parts.append(index if self.index is None else self.index)
        parts.append(b"".join(consts) + self.tail)
        body = b"".join(cbor.encode(part, True) for part in parts)
        return b"\x87\x02\x48" + hashlib.sha256(body).digest()[:8] + body


def take_apart(program: bytes) -> Parts:
    _, _, needs, limits, code, _index, consts = cbor.decode(program, 0, True)[0]
    at = 0
    values = []
    while at < len(consts):
        after = skip(consts, at)
        strange = consts[at] >> 5 in (2, 6)  # bytes, and constants in parts
        values.append(consts[at:after] if strange else cbor.decode(consts, at)[0])
        at = after
    parts = Parts(needs, limits, code, tuple(values))
    assert parts.build() == program
    return parts


def program(*instructions: tuple[str, int], consts: Any = (), **limits: int) -> Parts:
    """A program written by hand."""
    known = {"slots": 2, "stack": 8, "counters": 1, "budget": 64, "timeout": 0, "largest": 5000}
    known |= {"step_bytes": 0, "items": 0}
    code = bytearray()
    for name, operand in instructions:
        if operand > 255:
            code += bytes((0, operand >> 8))
        code += bytes((N[name], operand & 255))
    return Parts(0, list((known | limits).values()), bytes(code), tuple(consts))


# --- mutations ---


def _operation(s: Source, p: Parts) -> Parts:
    code = bytearray(p.code)
    at = s.randrange(len(code) // 2) * 2
    code[at] = s.randrange(len(opcodes.NAMES) + 2)
    return replace(p, code=bytes(code))


def _operand(s: Source, p: Parts) -> Parts:
    code = bytearray(p.code)
    at = s.randrange(len(code) // 2) * 2 + 1
    code[at] = s.of([s.randrange(256), (code[at] + 1) & 255, (code[at] - 1) & 255, 0, 255])
    return replace(p, code=bytes(code))


def _instruction_like(s: Source, p: Parts) -> Parts:
    """Another operation of the same kind of operand: mostly passes the verifier."""
    code = bytearray(p.code)
    at = s.randrange(len(code) // 2) * 2
    kinds = [row.split(b":")[1] for row in opcodes.TABLE]
    code[at] = s.of([n for n, kind in enumerate(kinds) if kind == kinds[code[at]]])
    return replace(p, code=bytes(code))


def _insert(s: Source, p: Parts) -> Parts:
    at = s.randrange(len(p.code) // 2 + 1) * 2
    new = bytes((s.randrange(len(opcodes.NAMES)), s.of([0, 1, 2, s.randrange(256)])))
    return replace(p, code=p.code[:at] + new + p.code[at:])


def _drop(s: Source, p: Parts) -> Parts:
    at = s.randrange(len(p.code) // 2) * 2
    return replace(p, code=p.code[:at] + p.code[at + 2 :])


def _swap(s: Source, p: Parts) -> Parts:
    a, b = (s.randrange(len(p.code) // 2) * 2 for _ in range(2))
    code = bytearray(p.code)
    code[a : a + 2], code[b : b + 2] = code[b : b + 2], code[a : a + 2]
    return replace(p, code=bytes(code))


def _cut(s: Source, p: Parts) -> Parts:
    return replace(p, code=p.code[: s.randrange(len(p.code))])


def _append(s: Source, p: Parts) -> Parts:
    return replace(p, code=p.code + s.of([b"\x00\x01", b"\x00\x00", b"\x00", p.code[:40]]))


def _constant(s: Source, p: Parts) -> Parts:
    if not p.consts:
        return _limit(s, p)
    consts = list(p.consts)
    at = s.randrange(len(consts))
    old = consts[at]
    if isinstance(old, list) and old and s.maybe(70):
        new = list(old)
        new[s.randrange(len(new))] = s.of(
            [-1, 2**63 - 1, 0.5, -2.5, 1e300, "x", None, 0, [], True]
        )
        consts[at] = new
    else:
        numbers = [*range(len(consts) + 1), 191, 192, 255]
        parts = bytes([s.of(numbers) for _ in range(s.of([0, 1, 2]))])
        consts[at] = s.of(
            [
                s.value(),
                s.text(),
                [s.text(), s.text()],
                [0, 1],
                ["a"] * 40,
                s.of([b"\xc6", b"\xc7", b""]) + cbor.encode(parts, True),
            ]
        )
    return replace(p, consts=tuple(consts))


def _constants(s: Source, p: Parts) -> Parts:
    return replace(
        p,
        index=s.of([None, b"", b"\x00", b"\x00\x00" * 300, bytes(range(256)) * 4]),
        tail=s.of([b"", b"\xf6", b"\x9f\xff", b"\xff", b"\x78\xff", b"\x81" * 60 + b"\x00"]),
    )


def _limit(s: Source, p: Parts) -> Parts:
    if not isinstance(p.limits, list) or len(p.limits) != 8:
        return p  # there have been such changes already
    limits = list(p.limits)
    at = s.randrange(8)
    limits[at] = s.of([0, 1, 2, 5, 255, 256, 4096, 65536, 10**8 - 1, 10**8, -1, 2**64 - 1])
    if s.maybe(5):
        limits = s.of([[], limits[:5], [None] * 8, [1.5] * 8, {"a": 1}, 7])
    return replace(p, limits=limits)


def _needs(s: Source, p: Parts) -> Parts:
    return replace(p, needs=s.of([0, 1, 127, 255, 2**63, -1, None, "x", [1]]))


MUTATIONS: list[tuple[int, Callable[[Source, Parts], Parts]]] = [
    (15, _operation),
    (20, _operand),
    (15, _instruction_like),
    (10, _insert),
    (5, _drop),
    (5, _swap),
    (2, _cut),
    (2, _append),
    (20, _constant),
    (3, _constants),
    (10, _limit),
    (2, _needs),
]
_WEIGHTED = [change for weight, change in MUTATIONS for _ in range(weight)]


def mutant(seed: int) -> bytes:
    """The program of a seed: one to three mutations, sometimes of the bytes as they are."""
    s = Source(seed)
    data = compile_text(write(s.randrange(60), s.randrange(1, 5)).text).program
    if s.maybe(5):
        raw = bytearray(data)
        raw[s.randrange(len(raw))] ^= 1 << s.randrange(8)
        return bytes(raw[: s.randrange(len(raw))]) if s.maybe(40) else bytes(raw)
    parts = take_apart(data)
    for _ in range(s.of([1, 1, 1, 2, 3])):
        if len(parts.code) > 1:
            parts = s.of(_WEIGHTED)(s, parts)
    return parts.build()
