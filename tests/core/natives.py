"""Calls of native functions by themselves: arguments of all kinds, and what Python makes of it."""

from __future__ import annotations

import ctypes
import math
import random
import struct
from typing import Any

from tsme.program.expressions import arithmetic, as_text, doubles
from tsme.program.expressions.functions import natives, signatures
from tsme.program.expressions.values import ExpressionError, Sequence
from tsme.values import MISSING, Obj, cbor, numbers

from . import library

ERROR, ELSEWHERE = 13, 98
OPERATORS = 1000  # the first of OPERATE 0 to 5; MINUS is behind them
CONCATENATE, MINUS = OPERATORS + 5, OPERATORS + 6
OUT = ctypes.create_string_buffer(1 << 18)

NUMBERS: list[Any] = [0, 1, -1, 2, 3, 5, 10, -3, 100, 2**31, 2**53, 2**53 + 1, -(2**53) - 1]
NUMBERS += [2**63 - 1, -(2**63), 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 0.2, 0.1 + 0.2, 1 / 3, 0.1 + 0.7]
NUMBERS += [1e15 + 0.5, 999999999999999.9, 1e-6, 1.5e-6, 9.99999999999999e-7, 1e-7, 1e300, 5e-324]
NUMBERS += [123456789.987654321, 99.99999999999999, 1e21, 1.7976931348623157e308, 2.0**53, -0.0]
NUMBERS += [4503599627370496.5, -1234.5678, 3.14159265358979, 2.0, 2.0**60, 0.00012345678901234567]
STRANGE = [math.inf, -math.inf, math.nan]
TEXTS = ["", "a", "b", "abc", "hello world", " a \n b ", "a,b,c", "é", "éa😀b", "\ue000", "😀"]
TEXTS += ["ABC", "1", "12", "-5", "007", "0x1F", "1.5", "x" * 30, "aaa", "\t", '"q\\', "\x01\x1f"]
TEXTS += ["undefined", ",", "-", "123456789", "1234567890", "-0", "a" * 260]
NAMES = ["a", "b", "c", "name", "x" * 24, "é", ""]
MADE = """sum count max min average string substring substringBefore substringAfter lowercase
uppercase length trim contains split join number floor ceil round abs boolean not keys lookup
append exists merge type distinct partition assert *compare*""".split()


def encode(v: Any) -> bytes:
    """A value as the machine has it: nothing, infinities and marks besides those of SPEC 1."""
    if v is MISSING:
        return b"\xf7"
    if isinstance(v, float) and not math.isfinite(v):
        return b"\xfb" + (b"\x7f\xf8" + bytes(6) if v != v else struct.pack(">d", v))  # noqa: PLR0124
    if isinstance(v, Sequence):
        return b"\x9b\0\0\0\1" + struct.pack(">I", len(v)) + b"".join(map(encode, v))
    if isinstance(v, list):
        return head(0x80, len(v)) + b"".join(map(encode, v))
    if isinstance(v, dict):
        members = b"".join(encode(k) + encode(x) for k, x in v.items())
        return head(0xA0, len(v)) + members
    return bytes(cbor.encode(v))


def head(major: int, count: int) -> bytes:
    found = bytearray(cbor.encode(count))
    found[0] |= major
    return bytes(found)


class Source:
    """Values and calls, the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def maybe(self, share: float) -> bool:
        return self.rng.random() < share

    def number(self) -> Any:
        kind = self.rng.randrange(5)
        if kind < 3:
            return self.rng.choice(NUMBERS)
        if kind == 3:
            return self.rng.randint(-9, 9)
        return self.rng.uniform(-1, 1) * 10.0 ** self.rng.randint(-8, 17)

    def text(self) -> str:
        if self.maybe(0.6):
            return self.rng.choice(TEXTS)
        return "".join(self.rng.choice("ab, é😀AZ") for _ in range(self.rng.randrange(9)))

    def scalar(self) -> Any:
        kind = self.rng.random()
        if kind < 0.4:
            return self.number()
        if kind < 0.8:
            return self.text()
        return self.rng.choice([True, False, None, 0, "", *STRANGE[: self.maybe(0.2) * 3]])

    def value(self, depth: int = 0) -> Any:
        kind = self.rng.random()
        if kind < 0.5 or depth > 3:
            return self.scalar()
        count = self.rng.choice([0, 1, 1, 2, 3, 5, 25]) if not depth else self.rng.randrange(4)
        if kind < 0.8:
            made = self.rng.choice([self.scalar, self.text, self.number])
            if self.maybe(0.4):
                items = [self.value(depth + 1) for _ in range(count)]
            else:
                items = [made() for _ in range(count)]
            return Sequence(items) if self.maybe(0.2) else items
        return Obj([(self.rng.choice(NAMES), self.value(depth + 1)) for _ in range(count)])

    def objects(self) -> list[Any]:
        return [
            Obj([(self.rng.choice(NAMES), self.value(2)) for _ in range(self.rng.randrange(5))])
            for _ in range(self.rng.randrange(5))
        ]

    def argument(self, kind: str) -> Any:
        """One that fits a parameter, mostly."""
        if self.maybe(0.05):
            return MISSING
        if self.maybe(0.2):
            return self.value()
        made = {"s": self.text, "n": self.number, "b": lambda: self.maybe(0.5)}
        made |= {"a<n>": lambda: [self.number() for _ in range(self.rng.randrange(6))]}
        made |= {"a<s>": lambda: [self.text() for _ in range(self.rng.randrange(6))]}
        made |= {"a<o>": self.objects, "a": lambda: [*made["a<o>"](), self.value()]}
        return made.get(kind, self.value)()

    def call(self) -> tuple[int, list[Any], Any]:
        """A function or an operator, its arguments, and a context."""
        context = self.value() if self.maybe(0.7) else MISSING
        number: int | None
        if self.maybe(0.25):
            number = OPERATORS + self.rng.randrange(7)
            count = 1 if number == MINUS else 2
            kinds = [self.rng.choice("nnnnx") for _ in range(count)]
            return number, [self.argument(kind) for kind in kinds], context
        number = natives.number_of(self.rng.choice(MADE))
        assert number is not None
        kinds = parameters(natives.known(number)[1])
        count = len(kinds) if self.maybe(0.8) else self.rng.randrange(len(kinds) + 2)
        given = [self.argument((kinds + ["x"])[i]) for i in range(count)]
        if natives.known(number)[0] == "*compare*" and count == 3:
            given[2] = self.rng.choice([1, -1])
        return number, given, context


def parameters(signature: str) -> list[str]:
    """What the parameters are, without what makes them optional."""
    out: list[str] = []
    text = signature[1:].partition(":")[0]
    while text:
        if text[0] == "(":
            end = text.index(")") + 1
            out.append(text[1])
        else:
            end = 4 if text[1:2] == "<" else 1
            out.append(text[:end])
        text = text[end:].lstrip("-?+")
    return out


class Asked:
    """What an evaluation is to a function."""

    now = 0
    largest = 262144

    def spend(self, units: int) -> None:
        pass


def operated(number: int, args: list[Any]) -> Any:
    """What OPERATE and MINUS make of operands."""
    if number == CONCATENATE:
        return "".join("" if a is MISSING else as_text.text_of(a) for a in args)
    codes = ("D1002",) if number == MINUS else ("T2001", "T2002")
    for a, code in zip(args, codes, strict=True):
        if a is not MISSING and (not numbers.is_number(a) or arithmetic.is_nan(a)):
            raise ExpressionError(code)
        if a is not MISSING and not arithmetic.is_finite(a):
            raise ExpressionError("D1001")
    if any(a is MISSING for a in args):
        return MISSING
    if number == MINUS:
        return doubles.negate(args[0])
    names = ("add", "subtract", "multiply", "divide", "remainder")
    return getattr(arithmetic, names[number - OPERATORS])(*args)


def in_python(number: int, args: list[Any], context: Any) -> tuple[int, bytes]:
    """Error and result, or cause, as Python has them."""
    try:
        if number >= OPERATORS:
            return 0, encode(operated(number, args))
        function, signature, _ = natives.find(number)
        return 0, encode(function(Asked(), *signatures.validate(signature, args, context)))
    except ExpressionError as e:
        return ERROR, bytes(cbor.encode(e.cause()))


def in_c(number: int, args: list[Any], context: Any) -> tuple[int, bytes]:
    """The same of the core's."""
    given = b"".join(map(encode, args))
    size = ctypes.c_uint32()
    call = library.load().bare_native
    error = call(number, given, len(given), len(args), encode(context), OUT, ctypes.byref(size))
    return error, ctypes.string_at(OUT, size.value)
