"""Expressions of docs/SPEC.md, 2.16, as bytes: an assembler, and the rules of loading.

The numbers come from the page itself, as does everything that the rules say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
SPEC = (DOCS / "SPEC.md").read_text(encoding="utf-8")
RESERVED = SPEC[SPEC.index("### 2.16") :]


def _rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table that begins so, below its two first lines."""
    table, _, _ = text[text.index(head) :].partition("\n\n")
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def _instructions() -> dict[str, tuple[int, str]]:
    """Number and operand of each instruction that may stand in an expression."""
    outer = "EXT CONST INT LOAD CONTEXT PICK DROP JUMP IF UNLESS".split()
    out = {}
    for part, known in ((SPEC, outer), (RESERVED, [])):
        for no, name, operand, *_ in _rows(part, "| no | name |"):
            if name in known or int(no) >= 64:
                out[name] = int(no), operand.split(",")[0]
    return out


INSTRUCTIONS = _instructions()
NAMES = {number: name for name, (number, _) in INSTRUCTIONS.items()}
FUNCTIONS = [
    name
    for _, name in sorted(
        (int(cells[at]), cells[at + 1])
        for cells in _rows(RESERVED, "| f | name |")
        for at in (0, 4)
        if cells[at]
    )
]
OPERATORS = "+ - * / % & = != < <= > >= in .. ~>".split()
WORDS = {
    "OPERATE": OPERATORS,
    "IS": "nothing function array number text object true boolean".split(),
    "BUILD": "sequence array object groups".split(),
    "FUNC": FUNCTIONS,
}


class Refused(Exception):
    """The code breaks a rule of 2.16."""


@dataclass
class Code:
    """An expression: instructions as bytes, their constants, and where its first body begins."""

    code: bytes
    consts: list[Any] = field(default_factory=list)

    def fetch(self, pc: int) -> tuple[str, int, int]:
        """The name at `pc`, its operand, and the index of the next instruction."""
        op, a, after, low = (*self.code[2 * pc : 2 * pc + 4], -1, -1, -1, -1)[:4]
        if NAMES.get(op) == "EXT" and a > 0 and NAMES.get(after, "EXT") != "EXT":
            return NAMES[after], a << 8 | low, pc + 2
        if NAMES.get(op, "EXT") == "EXT":
            raise Refused(f"no instruction (instruction {pc})")
        return NAMES[op], a, pc + 1


def assemble(text: str, patterns: dict[str, bytes]) -> Code:
    """The bytes of a listing of docs/EXPRESSIONS.md."""
    labels: dict[str, int] = {}
    parsed: list[tuple[str, str]] = []
    for line in text.splitlines():
        label, name, operand = re.fullmatch(  # type: ignore[union-attr]
            r"(?:([a-z]+):)?\s*([A-Z]+)\s*(.*?)", re.sub(r"\s+;.*", "", line.rstrip())
        ).groups()
        if label:
            labels[label] = len(parsed)
        parsed.append((name, operand))
    out = Code(b"")

    def operand_of(name: str, operand: str, where: list[int]) -> int:
        kind = INSTRUCTIONS[name][1]
        if name in WORDS:
            return WORDS[name].index(operand)
        if kind == "c":
            value = patterns[operand] if name == "REGEX" else json.loads(operand)
            if value not in out.consts:
                out.consts.append(value)
            return out.consts.index(value)
        if kind == "t":
            return where[labels[operand]]
        if name == "BODY":
            parameters, count = operand.split()
            return 256 * int(parameters) + int(count)
        depth, _, local = operand.rpartition(":")
        return 256 * int(depth or 0) + int(local or 0)

    where = list(range(len(parsed) + 1))
    while True:  # operands that need an EXT move what is behind them
        operands = [operand_of(name, operand, where) for name, operand in parsed]
        at = [0]
        for a in operands:
            at.append(at[-1] + 1 + (a > 255))
        if at == where:
            break
        where = at
    for (name, _), a in zip(parsed, operands, strict=True):
        out.code += bytes((0, a >> 8)) if a > 255 else b""
        out.code += bytes((INSTRUCTIONS[name][0], a & 255))
    return out


def pattern(text: str) -> bytes:
    """The bytes of a pattern as docs/EXPRESSIONS.md writes it."""
    labels: dict[str, int] = {}
    for last in (False, True):
        out = b""
        for line in text.splitlines():
            label, name, rest = re.fullmatch(  # type: ignore[union-attr]
                r"(?:([a-z]+):)?\s*([a-z]+)\s*(.*)", line
            ).groups()
            if label:
                labels[label] = len(out)
            words = rest.split()
            if name == "match":
                out += b"\0"
            elif name == "char":
                out += b"\1" + ord(words[0]).to_bytes(3, "little")
            elif name == "in":
                out += bytes((2, len(words)))
                for word in words:
                    out += b"".join(ord(word[n]).to_bytes(3, "little") for n in (0, 2))
            elif name == "either":
                places = [labels[word] if last else 0 for word in words]
                out += b"\4" + b"".join(n.to_bytes(2, "little") for n in places)
            else:
                out += bytes((6, int(words[0])))
    return out


# --- loading ---


_BUILDERS = {"ADD": (0, 1), "SPREAD": (0, 1), "MEMBER": (2,), "GROUP": (3,)}
_CHOICES = {name: len(words) for name, words in WORDS.items()}
_CHOICES |= {"WILD": 2, "DONE": 16, "CONTEXT": 14}
_TAKES = {"RETURN": 1, "SET": 1, "IS": 1, "MINUS": 1, "OPERATE": 2, "NAME": 1, "WILD": 1, "AT": 1}
_TAKES |= {"EACH": 1, "ADD": 1, "SPREAD": 1, "KEEP": 2, "MEMBER": 2, "GROUP": 2, "SORT": 1}
_TAKES |= {
    "ITEM": 1,
    "ORDER": 1,
    "SIGNED": 1,
    "ANSWER": 1,
    "CLONE": 1,
    "UPDATE": 2,
    "REMOVE": 2,
    "UNTUPLE": 1,
    "IF": 1,
    "UNLESS": 1,
}
_GIVES = dict.fromkeys(
    "CONST INT LOAD CONTEXT PICK GET NONE CLOSURE FUNC REGEX HOLE PARTIAL INVOKE IS MINUS OPERATE "
    "NAME ITEM ORDER SIGNED WILD AT POSITION TUPLE CLONE".split(),
    "v",
) | {"EACH": "i", "SORT": "s"}


_KINDS = {"REGEX": bytes, "NAME": str, "SIGNED": str, "FAULT": str, "ITEM": list}


def _signature(v: Any) -> bool:
    text = v if isinstance(v, str) else ""
    return text[:1] == "<" and text[-1:] == ">" and len(text) < 64 and text.count("+") < 3


class Checked:
    """What the rules of loading make sure of; raises Refused."""

    def __init__(self, code: Code, entry: int = 0) -> None:
        self.code = code
        self.around: dict[int, int | None] = {entry: None}
        self.size: dict[int, tuple[int, int]] = {}
        self.reached: set[int] = set()
        self.starts: list[int] = []  # of instructions, or of their EXT
        pc = 0
        while 2 * pc < len(code.code):
            self.starts.append(pc)
            pc = code.fetch(pc)[2]
        todo = [entry]
        while todo:
            body = todo.pop()
            todo += self._body(body)
        for pc in self.starts:
            if pc not in self.reached:
                self._refuse(pc, "nothing leads here")

    def _refuse(self, pc: int, text: str) -> None:
        raise Refused(f"{text} (instruction {pc})")

    def _body(self, body: int) -> list[int]:
        """The bodies that it names."""
        name, n, first = self.code.fetch(body)
        if body not in self.starts or name != "BODY" or n % 256 < 1 + n // 256:
            self._refuse(body, "no body")
        self.size[body] = n % 256, n // 256
        self.reached.add(body)
        named: list[int] = []
        again: list[int] = []
        shapes: dict[int, str] = {}
        todo = [(first, "")]
        while todo:
            pc, shape = todo.pop()
            if pc in shapes:
                if shapes[pc] != shape:
                    self._refuse(pc, f"the stack is {shape}, and {shapes[pc]} on another way")
                continue
            shapes[pc] = shape
            if pc not in self.starts:
                self._refuse(pc, "no instruction begins here")
            self.reached.add(pc)
            name, a, after = self.code.fetch(pc)
            if INSTRUCTIONS[name][1] == "0" and a:
                self._refuse(pc, f"{name} {a}")
            if name in ("BODY", "EVAL", "EXPECT"):
                self._refuse(pc, f"{name} in a body")
            self._names(pc, body, name, a)
            behind, at_target = self._effect(pc, name, a, shape)
            if name == "CLOSURE":
                named.append(a)
                if self.around.setdefault(a, body) not in (body, None):
                    self.around[a] = None  # of several: it is gone through again
                    again.append(a)
            elif INSTRUCTIONS[name][1] == "t":
                back = self.code.fetch(a)[0] in ("NEXT", "STEP") and name == "JUMP"
                if a <= pc and not back:
                    self._refuse(pc, "a jump backward")
                todo.append((a, at_target))
            if name not in ("JUMP", "RETURN", "FAULT"):
                todo.append((after, behind))
        return [other for other in named if other not in self.size] + again

    def _names(self, pc: int, body: int, name: str, a: int) -> None:
        """Are the locals, constants and functions there?"""
        if name in ("GET", "SET"):
            place: int | None = body
            for _ in range(a // 256):
                place = self.around[place] if place is not None else None
            if place is None or a % 256 >= self.size[place][0] or (name == "SET" and a > 255):
                self._refuse(pc, f"local {a}")
        elif name in ("LOAD", "CONTEXT") and a > (0 if name == "LOAD" else 13):
            self._refuse(pc, f"no frame around, and one slot: {name} {a}")
        elif name == "ORDER" and a < 2:
            self._refuse(pc, "ORDER by nothing")
        elif name == "INVOKE" and a // 512 > 100:
            self._refuse(pc, "INVOKE stands too deep")
        elif INSTRUCTIONS[name][1] in ("k", "f") and a >= _CHOICES[name]:
            self._refuse(pc, f"{name} {a}")
        elif INSTRUCTIONS[name][1] == "c":
            kind = _KINDS.get(name, object)
            if a >= len(self.code.consts):
                self._refuse(pc, f"constant {a}")
            if name == "SIGNED" and not _signature(self.code.consts[a]):
                self._refuse(pc, f"constant {a}")
            plain = name == "REGEX" or not isinstance(self.code.consts[a], bytes)
            if not isinstance(self.code.consts[a], kind) or not plain:
                self._refuse(pc, f"constant {a}")

    def _effect(self, pc: int, name: str, a: int, shape: str) -> tuple[str, str]:
        """The stack behind the instruction, and at its target: v, i, s, or a builder's number."""
        taken = {"PARTIAL": a + 1, "INVOKE": a % 256 + 1, "TUPLE": a, "DROP": a}.get(name)
        taken = _TAKES.get(name, 0) if taken is None else taken
        if shape[len(shape) - taken :] != "v" * taken or taken > len(shape):
            self._refuse(pc, f"{name} of {shape}")
        rest = shape[: len(shape) - taken]
        if name in _BUILDERS and (a >= len(rest) or rest[a] not in map(str, _BUILDERS[name])):
            self._refuse(pc, f"{name} to {rest}")
        if name in ("KEEP", "POSITION") and (a >= len(rest) or rest[a] != "i"):
            self._refuse(pc, f"{name} of {rest}")
        if name == "KEEP" and (a < 1 or rest[a - 1] not in "01"):
            self._refuse(pc, f"KEEP to {rest}")
        if name == "PICK" and (a >= len(rest) or rest[a] != "v"):
            self._refuse(pc, f"PICK of {rest}")
        if name == "RETURN" and rest:
            self._refuse(pc, f"RETURN with {rest}")
        tops = {"NEXT": "i", "STEP": "s", "ANSWER": "s", "DONE": "0123"}
        if name in tops and (not rest or rest[-1] not in tops[name]):
            self._refuse(pc, f"{name} of {rest}")
        if name == "NEXT":
            return rest + "v", rest[:-1]
        if name == "STEP":
            return rest + "vv", rest[:-1] + "v"
        if name == "DONE":
            rest = rest[:-1] + "v"
        elif name == "BUILD":
            rest += str(a)
        elif name == "UNTUPLE":
            rest += "v" * a
        rest += _GIVES.get(name, "")
        return rest, rest
