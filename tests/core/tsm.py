"""A second writer of the program format: a tiny assembler, and CBOR by hand.

It shares nothing with the compiler, so that a mistake made there is not repeated here.

    Inc:    ENTER 0
            FIELD "i"
            JUMP Inc

An operand is a label, a number, or for instructions that take a constant, JSON.
"""

import hashlib
import json
import re
import struct
from typing import Any

NAMES = (
    "EXT CONST INT LOAD STORE PICK DROP FIELD KEY INDEX KEYQ INDEXQ OBJECT ARRAY PUT CALL "
    "CONTEXT ENTER JUMP IF UNLESS COMPARE TEST CATCH LIMIT TASK WAIT EMIT CAUGHT RETRY ERROR "
    "RAISE FAIL END FORK MAP QUERY FRAME"
).split()
OPS = {name: number for number, name in enumerate(NAMES)}
CONSTANTS = set("CONST FIELD KEY KEYQ OBJECT PUT CAUGHT RETRY QUERY".split())
JUMPS = {"JUMP", "IF", "UNLESS", "CATCH"}

Value = Any


class Parts(bytes):
    """The numbers of what an array is made of (SPEC 2.14)."""


def head(major: int, number: int) -> bytes:
    """The shortest head of a CBOR item."""
    if number < 24:
        return bytes([major << 5 | number])
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if number < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | info]) + struct.pack(form, number)
    raise OverflowError(number)


def encode(value: Value) -> bytes:
    """A value of SPEC section 1 (and byte strings)."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return encode_float(value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    members = (encode(key) + encode(item) for key, item in value.items())
    return head(5, len(value)) + b"".join(members)


def encode_float(value: float) -> bytes:
    """The shortest of the three that keeps it."""
    exact = struct.pack(">d", value)
    for first, form in ((0xF9, ">e"), (0xFA, ">f")):
        try:
            short = struct.pack(form, value)
        except OverflowError:
            continue
        if struct.pack(">d", struct.unpack(form, short)[0]) == exact:
            return bytes((first,)) + short
    return b"\xfb" + exact


def program(
    code: bytes, constants: list[bytes], slots: int, stack: int, budget: int, largest: int
) -> bytes:
    """The file of a program, from its parts."""
    form = offset_form(sum(map(len, constants)))
    index = b"".join(
        struct.pack(form, sum(map(len, constants[:i]))) for i in range(len(constants))
    )
    budget, largest = (0 if budget == 256 else budget), (0 if largest == 262144 else largest)
    body = encode(0) + encode([slots, stack, 0, budget, 0, largest, 0, 0])
    body += b"".join(encode(part) for part in (code, index, b"".join(constants)))
    return signed(body)


def offset_form(size: int) -> str:
    """How an offset into so many bytes of constants is written."""
    return "<B" if size < 256 else "<H" if size < 65536 else "<I"


def signed(body: bytes) -> bytes:
    """A program whose items behind the digest are `body`."""
    return b"\x87\x02" + encode(hashlib.sha256(body).digest()[:8]) + body


def assemble(
    source: str, *, slots: int = 1, stack: int = 8, budget: int = 256, largest: int = 262144
) -> bytes:
    """A program from text."""
    lines = [line.split("#")[0].strip() for line in source.splitlines()]
    instructions: list[tuple[str, str]] = []
    labels: dict[str, int] = {}
    for line in filter(None, lines):
        label, text = re.fullmatch(r"(?:(\w+):)?\s*(.*)", line).groups()  # type: ignore[union-attr]
        if label:
            labels[label] = len(instructions)
        if text:
            name, _, operand = text.partition(" ")
            instructions.append((name, operand.strip() or "0"))

    constants: list[bytes] = []
    operands: list[int] = []
    for name, operand in instructions:
        number = 0
        if name in CONSTANTS:
            constant = encode(json.loads(operand))
            if constant not in constants:
                constants.append(constant)
            number = constants.index(constant)
        elif name not in JUMPS:
            number = int(operand)
        operands.append(number)

    # An instruction whose operand needs an EXT moves what is behind it, which may make
    # another operand need one.
    wide = [number > 255 for number in operands]
    while True:
        where = [i + sum(wide[:i]) for i in range(len(instructions) + 1)]
        for i, (name, operand) in enumerate(instructions):
            if name in JUMPS:
                operands[i] = where[labels[operand]]
        if wide == (wide := [old or n > 255 for old, n in zip(wide, operands, strict=True)]):
            break
    code = b"".join(
        (bytes([0, number >> 8]) if long else b"") + bytes([OPS[name], number & 255])
        for (name, _), number, long in zip(instructions, operands, wide, strict=True)
    )
    return program(code, constants, slots, stack, budget, largest)


def parts(tsm: bytes) -> list[Value]:
    """The seven items of a program."""
    return decode(tsm, 0)[0]


def with_budget(tsm: bytes, budget: int) -> bytes:
    """The same program with another budget."""
    items = parts(tsm)
    items[3][3] = budget
    return signed(b"".join(map(encode, items[2:])))


def decode(data: bytes, at: int) -> tuple[Value, int]:
    """The item at `at`, and where the next one begins."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    number = info
    if info >= 24:
        size = 1 << (info - 24)
        number = int.from_bytes(data[at : at + size], "big")
        at += size
    if major < 2:
        return (number if major == 0 else -1 - number), at
    if major == 6:
        part, at = decode(data, at)
        return Parts(part), at
    if major in (2, 3):
        part = data[at : at + number]
        return (part if major == 2 else part.decode()), at + number
    if major == 7:
        return {20: False, 21: True, 22: None}[info], at
    items = []
    for _ in range(number * (2 if major == 5 else 1)):
        item, at = decode(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2], strict=True)) if major == 5 else items), at
