"""A body as its code grows: instructions, locals, the depth of its stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ...frontend.model import Where
from ..ir import Body as BodyLabel
from ..ir import Code, Ins, Label, Operand, Pooled, Site

OPERATORS: Final = {op: n for n, op in enumerate("+ - * / % & = != < <= > >= in .. ~>".split())}
NOTHING, FUNCTION, ARRAY, NUMBER, TEXT, OBJECT, TRUE, BOOLEAN = range(8)  # what IS asks
SEQUENCE, LIST, MEMBERS, GROUPS = range(4)  # builders
FLATTEN, LAST, KEEP, APART = 1, 2, 4, 8  # bits of DONE

_PUSH: Final = frozenset(
    "CONST INT LOAD CONTEXT PICK GET NONE CLOSURE FUNC REGEX HOLE BUILD".split()
)
_POP: Final = frozenset("SET ADD SPREAD ANSWER IF UNLESS RETURN".split())
_TWO: Final = frozenset("KEEP MEMBER GROUP UPDATE REMOVE".split())


Fact: TypeAlias = tuple[int, str, str]  # what it is about, a name, and what is to be done
Facts: TypeAlias = set[Fact]


MOST_LOCALS: Final = 255  # of a body: its operand has 8 bits for them


class TooManyLocals(Exception):
    """A body has more values to keep than instructions can name."""


class Again(Exception):
    """Something is known now that had to be known earlier: once more from the beginning."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A local of a body."""

    body: Body
    number: int


@dataclass(eq=False)
class Body:
    """`zero`: what local 0 has, where that is known: a cell, None for nothing, or itself for
    something else.  `checked`: how deep evaluations may be, so far, of all ways here."""

    label: BodyLabel
    parent: Body | None
    count: int
    code: Code = field(default_factory=list)
    depth: int = 0
    deepest: int = 0
    zero: Cell | Body | None = None
    checked: int = 0
    loops: int = 0
    number: int = 0  # of the bodies of an expression
    begun: int = 0  # how many loops have begun
    facts: Facts = field(default_factory=set)

    def ins(self, op: str, arg: Operand = 0, token: str = "", at: int = 0) -> None:
        site = Site("token", token, Where("", 1, at + 1)) if token else None
        self.code.append(Ins(op, arg, site))
        self.depth += _change(op, arg)
        self.deepest = max(self.deepest, self.depth)

    def label_(self, label: Label) -> None:
        self.code.append(label)

    def __post_init__(self) -> None:
        if self.count > MOST_LOCALS:
            raise TooManyLocals

    def new(self) -> Cell:
        self.count += 1
        if self.count > MOST_LOCALS:
            raise TooManyLocals
        return Cell(self, self.count - 1)

    def get(self, cell: Cell) -> None:
        distance, body = 0, self
        while body is not cell.body:
            assert body.parent is not None
            distance, body = distance + 1, body.parent
        self.ins("GET", distance << 8 | cell.number)

    def set(self, cell: Cell) -> None:
        assert cell.body is self
        self.ins("SET", cell.number)

    def taken(self) -> Cell:
        """Pop into a new local."""
        cell = self.new()
        self.set(cell)
        return cell

    def const(self, value: object) -> None:
        if isinstance(value, str):
            value = sound(value)
        if type(value) is int and 0 <= value < 65536:
            self.ins("INT", value)
        else:
            self.ins("CONST", Pooled(value))  # type: ignore[arg-type]

    def at(self, context: Cell | None) -> None:
        """Let local 0 be this, for what is called with it."""
        if self.zero is not context:
            self.push(context)
            self.ins("SET", 0)
            self.zero = context

    def push(self, context: Cell | None) -> None:
        if context is None:
            self.ins("NONE")
        else:
            self.get(context)

    @contextmanager
    def each(self) -> Iterator[int]:
        """A loop over the value on the stack: each item is pushed.  Gives the iterator's place."""
        place = self.depth - 1
        self.ins("EACH")
        with self.again("NEXT"):
            yield place
        self.depth = place

    @contextmanager
    def again(self, op: str) -> Iterator[None]:
        """What begins with a NEXT or STEP and ends by going back to it."""
        top, end = Label(op.lower()), Label("end")
        fact = self.number, str(self.begun), "local 0"
        self.begun += 1
        self.loops += 1
        checked = self.checked
        if fact in self.facts:
            self.zero = self
        zero = self.zero
        self.label_(top)
        self.ins(op, end)
        yield
        self.ins("JUMP", top)
        self.label_(end)
        self.checked = checked
        self.loops -= 1
        if self.zero is not zero and fact not in self.facts:
            self.facts.add(fact)  # where the loop begins, local 0 has one of two values
            raise Again
        self.zero = zero

    @contextmanager
    def maybe(self) -> Iterator[None]:
        """Code that is not always come to: what it makes sure of does not hold behind it."""
        checked, zero = self.checked, self.zero
        yield
        self.checked = checked
        if self.zero is not zero:
            self.zero = self

    def truth(self, strict: bool) -> None:
        if not strict:
            self.ins("IS", TRUE)


def sound(text: str) -> str:
    """A text as the device has it: halves of characters are none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _change(op: str, arg: Operand) -> int:
    """How much deeper the stack is behind an instruction."""
    n = arg if isinstance(arg, int) else 0
    if op in _PUSH or op in ("NEXT", "POSITION"):
        return 1
    if op in _POP:
        return -1
    if op in _TWO:
        return -2
    special = {"INVOKE": -(n & 255), "PARTIAL": -n, "TUPLE": 1 - n, "UNTUPLE": n - 1}
    special |= {"OPERATE": -1, "STEP": 2, "DROP": -n}
    return special.get(op, 0)
