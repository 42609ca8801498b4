"""Emission: instructions become the bytes of docs/SPEC.md, 2."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tsme.program import opcodes
from tsme.values import cbor

from ..frontend.model import CompileError, Limits, Problem, Where
from .debug import write_debug
from .instructions import ALL
from .ir import Body, Code, Ins, Label, Lowered, Pooled, Site
from .pool import Pool

VERSION = 2
SLOTS = 255  # of a frame
USUAL = Limits()


@dataclass(frozen=True)
class Compiled:
    """A program and its debug part.  `data` is what a `.tsm` file holds."""

    program: bytes
    debug: bytes
    digest: bytes
    resources: tuple[str, ...]
    warnings: tuple[Problem, ...] = ()  # what is odd about a workflow that compiles
    retried: tuple[str, ...] = ()  # Task states with a Retry on a wildcard (SPEC 2.9)

    @property
    def data(self) -> bytes:
        return self.program + self.debug


def emit(lowered: Lowered, filename: str = "", limits: Limits = USUAL) -> Compiled:
    """Bytes of a lowered workflow.  Raises CompileError if it is too large for the format."""
    whole = [*lowered.code, *_live(lowered)]
    instructions = [item for item in whole if isinstance(item, Ins)]
    pool = Pool(instructions)
    placed = _place(whole, pool)
    code = bytearray()
    sites: dict[int, Site] = {}
    for item in instructions:
        operand = placed.operand(item, pool)
        if item.site is not None:
            sites[len(code) // 2 + (operand > 255)] = item.site
        if operand > 255:
            code += bytes((ALL["EXT"].number, operand >> 8))
        code += bytes((ALL[item.op].number, operand & 255))
    if len(code) > 131072:
        what = f"{len(code)} bytes of code"
        text = f"the workflow is too large for one program: {what}"
        hint = "a program has at most 131072 bytes of code"
        raise CompileError([Problem("TSME-C091", text, Where("", 1, 1), hint)])
    slots = max(window.size for window in lowered.windows)
    if slots > SLOTS or lowered.counters > 255:
        what = f"{slots - 1} variables of a machine and {lowered.counters} retriers of a state"
        text = f"the workflow is too large for one program: {what}"
        hint = f"a machine has at most {SLOTS - 1} variables, and a state 255 retriers"
        raise CompileError([Problem("TSME-C091", text, Where("", 1, 1), hint)])
    needs = lowered.needs | (opcodes.NEEDS_FLOAT if pool.floats else 0)
    budget, *others = limits.written().values()
    numbers = [lowered.windows[0].size, lowered.stack, lowered.counters, budget]
    numbers += [lowered.timeout, *others]
    parts = [needs, numbers, bytes(code), pool.index(), bytes(pool.data)]
    body = b"".join(cbor.encode(part, True) for part in parts)
    digest = hashlib.sha256(body).digest()[:8]
    program = b"\x87" + cbor.encode(VERSION) + cbor.encode(digest, True) + body
    debug = write_debug(lowered, digest, filename, sites)
    return Compiled(program, debug, digest, tuple(lowered.resources))


def _live(lowered: Lowered) -> Code:
    """The bodies of expressions that the code leads to, in their order."""
    parts: dict[Body, Code] = {}
    part: Code = []
    for item in lowered.bodies:
        if isinstance(item, Body):
            part = parts[item] = []
        part.append(item)
    todo = [item.arg for item in lowered.code if isinstance(item, Ins)]
    live: set[Body] = set()
    for arg in todo:  # grows
        if isinstance(arg, Body) and arg not in live:
            live.add(arg)
            todo += [item.arg for item in parts[arg] if isinstance(item, Ins)]
    return [item for body, code in parts.items() if body in live for item in code]


class _Placed:
    """Where each label is, in instructions, once it is known which operands are long."""

    def __init__(self) -> None:
        self.at: dict[Label, int] = {}

    def operand(self, item: Ins, pool: Pool) -> int:
        if isinstance(item.arg, Label):
            return self.at.get(item.arg, 0)
        if isinstance(item.arg, Pooled):
            return pool.number(item.op, item.arg)
        return item.arg


def _place(code: Code, pool: Pool) -> _Placed:
    """Grow operands until every jump's target fits; it ends since they never shrink."""
    placed = _Placed()
    long: set[int] = set()
    while True:
        at = 0
        for n, item in enumerate(code):
            if isinstance(item, Label):
                placed.at[item] = at
            else:
                at += 2 if n in long else 1
        grown = {
            n
            for n, item in enumerate(code)
            if isinstance(item, Ins) and placed.operand(item, pool) > 255
        }
        if grown <= long:
            if grown == long:
                return placed
            # An operand that was long is short again: EXT with 0 is not allowed, so this
            # happens only if a target moved back, which growing alone cannot do.
            raise AssertionError("placing does not settle")
        long |= grown
