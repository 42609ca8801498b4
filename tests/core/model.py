"""A third reading of SPEC 2 and 3, on Python's own values: the records of an execution.

It is written for being compared with, not for speed, and knows what the C core knows.
"""

import binascii
import copy
import struct
from typing import Any

from tests.spec.second_reader import WORDS

from . import tsm

MISSING = object()
STEP = 1
ERRORS = {
    1: ("States.Runtime", "a path names nothing"),
    2: ("States.ResultPathMatchFailure", "ResultPath cannot be written there"),
    3: ("States.IntrinsicFailure", "an intrinsic function cannot take its arguments"),
    5: ("States.Runtime", "a variable has no value"),
    7: ("States.DataLimitExceeded", "a value is larger or deeper than the limit"),
    11: ("States.DataLimitExceeded", "a state makes values of more bytes than step_bytes"),
}


class WorkflowError(Exception):
    """An error of SPEC 2.9, by its number."""


def child(value: Any, name: str | int) -> Any:
    """A member or an item, or MISSING."""
    if isinstance(name, str):
        return value.get(name, MISSING) if isinstance(value, dict) else MISSING
    if isinstance(value, list) and -len(value) <= name < len(value):
        return value[name]
    return MISSING


def is_bulky(value: Any) -> bool:
    """May it make what holds it too large?"""
    return isinstance(value, dict | list) or isinstance(value, str) and len(value.encode()) > 255


def depth(value: Any) -> int:
    """Containers inside each other."""
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, items), default=0)
    return 0


def same_kind(kind: int, a: Any, b: Any) -> bool:
    """Whether a comparison of this type can be made."""
    if kind == 1:
        return all(isinstance(x, int) and not isinstance(x, bool) for x in (a, b))
    return all(isinstance(x, str if kind == 0 else bool) for x in (a, b))


def is_type(k: int, v: Any) -> bool:
    """TEST."""
    number = isinstance(v, int) and not isinstance(v, bool)
    return (v is not MISSING, v is None, isinstance(v, str), number, isinstance(v, bool))[k]


class Model:
    """One execution of a program."""

    def __init__(self, program: bytes) -> None:
        _, self.program_digest, _, limits, self.code, index, consts = tsm.parts(program)
        self.budget: int = limits[3] or 256
        self.largest: int = limits[5] or 262144
        self.step_bytes: int = limits[6] or 24576
        offsets = struct.iter_unpack(tsm.offset_form(len(consts)), index)
        self.consts = [tsm.decode(consts, offset)[0] for (offset,) in offsets]
        for n, value in enumerate(self.consts):
            if isinstance(value, tsm.Parts):
                self.consts[n] = [
                    self.consts[part] if part < 192 else WORDS[part - 192] for part in value
                ]
        self.slots: list[Any] = [MISSING] * limits[0]
        self.pc = self.entry = self.state = self.entered = self.now = self.status = 0
        self.digest = self.chain = 0
        self.transitions = self.left = self.bytes = self.before = 0
        self.result: bytes = b""

    def step(self, kind: int, now: int, fields: bytes = b"") -> bytes:
        """The record of one step."""
        dt, self.now = now - self.now, now
        self.written: set[int] = set()
        self.puts: list[int] = []
        if kind == 1:
            items, at = [], 0
            while at < len(fields):
                item, at = tsm.decode(fields, at)
                items.append(item)
            self.digest = binascii.crc32(fields)
            self.slots[0] = items[3]
            self.written.add(0)
        try:
            self.run()
        except WorkflowError as error:
            self.status = 2
            self.result = tsm.encode(list(ERRORS[error.args[0]]))
        self.digest = binascii.crc32(self.delta(dt), self.digest)
        body = struct.pack("<I", self.digest) + tsm.encode(kind) + tsm.encode(dt) + fields
        start = len(body).to_bytes(3, "little") + bytes([STEP])
        self.chain = binascii.crc32(start + body, self.chain)
        record = start + struct.pack("<I", self.chain) + body
        return record + b"\xff" * (-len(record) % 32)

    def delta(self, dt: int) -> bytes:
        """What the step changed (SPEC 3.4)."""
        out = b"".join(map(tsm.encode, (self.status, dt, 1, None, [], [])))
        if self.status:
            return out + self.result
        ago = self.now - self.entered
        frame: list[Any] = [0, None, self.pc, self.entry, 0, self.state, ago, 0, [], None, None]
        out += tsm.encode(frame)
        for slot in sorted(self.written):
            if slot == 0 and self.puts and len(self.puts) <= 8:
                for c in self.puts:
                    value = self.slots[0]
                    for name in self.consts[c]:
                        value = child(value, name)
                    out += tsm.encode([0, c])
                    out += b"\xf7" if value is MISSING else tsm.encode(value)
            else:
                out += tsm.encode(slot) + tsm.encode(self.slots[slot])
        return out

    def write(self, slot: int, value: Any) -> None:
        self.slots[slot] = value
        self.written.add(slot)
        if slot == 0:
            self.puts = []

    def put(self, c: int, value: Any) -> None:
        """SPEC 2.5."""
        path = self.consts[c]
        if 0 not in self.written or self.puts:
            self.written.add(0)
            if c not in self.puts:
                self.puts.append(c)
        root = ["", copy.deepcopy(self.slots[0])]
        parent: Any = root
        last: Any = 1
        for name in path:
            at = parent[last]
            if isinstance(name, int):
                if child(at, name) is MISSING:
                    raise WorkflowError(2)
            elif not isinstance(at, dict):
                raise WorkflowError(2)
            else:
                at.setdefault(name, {})
            parent, last = at, name
        parent[last] = value
        if is_bulky(value):
            self.fit(root[1])
        self.slots[0] = root[1]

    def fit(self, value: Any) -> Any:
        if depth(value) > 32 or len(tsm.encode(value)) > self.largest:
            raise WorkflowError(7)
        return value

    def made(self, value: Any) -> Any:
        """The result of OBJECT or ARRAY."""
        items = value.values() if isinstance(value, dict) else value
        if any(map(is_bulky, items)):
            size = len(tsm.encode(self.fit(value)))
            self.bytes += size if size > 255 else 0
            self.left = max(0, self.left - size // 256) if self.bytes < self.step_bytes else 0
            if self.bytes - self.before > self.step_bytes:
                raise WorkflowError(11)
        return value

    def run(self) -> None:
        """Instructions until the step ends."""
        stack: list[Any] = []
        self.left = self.budget
        self.bytes = self.before = 0
        while True:
            start = self.pc
            op, n = self.code[2 * self.pc : 2 * self.pc + 2]
            self.pc += 1
            if op == 0:
                op, low = self.code[2 * self.pc : 2 * self.pc + 2]
                n = n << 8 | low
                self.pc += 1
            match tsm.NAMES[op]:
                case "ENTER":
                    if not self.left:
                        self.pc = start
                        return
                    self.left -= 1
                    self.before = self.bytes
                    self.transitions += 1
                    self.state, self.entered, self.entry = n, self.now, self.pc
                case "JUMP":
                    self.pc = n
                case "IF" | "UNLESS" as name:
                    self.pc = n if stack.pop() is (name == "IF") else self.pc
                case "STORE":
                    self.write(n, stack.pop())
                case "PUT":
                    self.put(n, stack.pop())
                case "END":
                    self.status, self.result = 1, tsm.encode(self.slots[0])
                    return
                case name:
                    self.data(name, n, stack)

    def data(self, name: str, n: int, stack: list[Any]) -> None:
        """Instructions that only touch the stack."""

        def pop(count: int) -> list[Any]:
            taken = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            return taken

        z = (n >> 1) ^ -(n & 1)
        match name:
            case "CONST":
                stack.append(self.consts[n])
            case "INT":
                stack.append(n)
            case "LOAD":
                if self.slots[n] is MISSING:
                    raise WorkflowError(5)
                stack.append(self.slots[n])
            case "PICK":
                stack.append(stack[n])
            case "DROP":
                pop(n)
            case "FIELD" | "KEY" | "INDEX":
                value = self.slots[0] if name == "FIELD" else stack.pop()
                found = child(value, z if name == "INDEX" else self.consts[n])
                if found is MISSING:
                    raise WorkflowError(1)
                stack.append(found)
            case "KEYQ" | "INDEXQ":
                stack.append(child(stack.pop(), z if name == "INDEXQ" else self.consts[n]))
            case "OBJECT":
                names = self.consts[n]
                stack.append(self.made(dict(zip(names, pop(len(names)), strict=True))))
            case "ARRAY":
                stack.append(self.made(pop(n)))
            case "CALL":
                a, b = pop(2)
                if not same_kind(1, a, b) or not -(2**31) <= min(a, b) <= max(a, b) < 2**31:
                    raise WorkflowError(3)
                stack.append(a + b)
            case "COMPARE":
                a, b = pop(2)
                kind, relation = divmod(n, 8)
                assert kind != 2 or relation == 0, "booleans are equal or not"
                holds = same_kind(kind, a, b)
                holds = holds and (a == b, a < b, a > b, a <= b, a >= b)[relation]
                stack.append(holds)
            case "TEST":
                stack.append(is_type(n, stack.pop()))
            case _:
                raise NotImplementedError(name)


def start_fields(program: bytes, value: Any) -> bytes:
    """What the input *start* brings besides its time."""
    return start_fields_of(tsm.parts(program)[1], value)


def start_fields_of(digest: bytes, value: Any) -> bytes:
    """The same, of the program with this digest."""
    return b"".join(map(tsm.encode, (1, digest, 7, value, None, 1)))


def records(program: bytes, fields: bytes, now: int, between: int) -> tuple[bytes, Model]:
    """All records of an execution whose *continue* comes `between` ms after each step."""
    model = Model(program)
    out = [model.step(1, now, fields)]
    while model.status == 0:
        now += between
        out.append(model.step(0, now))
    return b"".join(out), model
