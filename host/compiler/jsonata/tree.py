"""What a JSONata expression is once it is parsed and put in order, for whoever compiles it.

The nodes are those of the reference implementation's tree after its second pass: a path is a list
of steps with the filters of each, `%` knows which step it stands for, a call in tail position is
marked.  Nothing here is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Scalar = str | int | float | bool | None


class JsonataError(Exception):
    """A mistake in an expression.

    `code`: JSONata's own, such as S0203; `message`: its words, as AWS has them; `index`:
    characters from the beginning of the expression; `token`: what was found there; `hint`: what
    to write instead, if there is something to say that AWS does not.
    """

    def __init__(
        self, code: str, message: str, index: int, token: str = "", hint: str = ""
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.index = index
        self.token = token
        self.hint = hint


@dataclass(eq=False)
class Slot:
    """A step whose input some `%` names.  `label`: different for each in an expression."""

    label: str


@dataclass(eq=False)
class Filter:
    """`[expr]` behind a step or a value."""

    expr: Node
    at: int


@dataclass(eq=False)
class Position:
    """`#$name` behind a filter: the rows are numbered there."""

    name: str
    at: int


@dataclass(eq=False, kw_only=True)
class Node:
    """Something that can be evaluated.  `at`: characters from the beginning of the expression.

    The rest says what stands behind it: `predicates` of a value that is no step of a path, in
    order; of a step `stages`, `focus` (`@$name`), `index` (`#$name`), `ancestor` (a `%` further
    on means its input) and `tuple` (it makes or takes rows of bindings); `group` of a value or
    a whole path; `keep_array`: `[]`.  `cons`: an array that stands apart in a path.
    """

    at: int
    predicates: list[Filter] = field(default_factory=list)
    stages: list[Filter | Position] = field(default_factory=list)
    group: Pairs | None = None
    focus: str | None = None
    index: str | None = None
    ancestor: Slot | None = None
    tuple: bool = False
    keep_array: bool = False
    cons: bool = False


Pairs: TypeAlias = list[tuple[Node, Node]]


@dataclass(eq=False, kw_only=True)
class Literal(Node):
    """A text, number, boolean or null.  An integer from -2^63 to 2^63-1 is one."""

    value: Scalar


@dataclass(eq=False, kw_only=True)
class Name(Node):
    """A member by its name."""

    value: str


@dataclass(eq=False, kw_only=True)
class Variable(Node):
    """`$name`; the context if the name is empty, the whole input if it is `$`."""

    name: str


@dataclass(eq=False, kw_only=True)
class Wildcard(Node):
    """`*`, or `**` if it is `deep`."""

    deep: bool


@dataclass(eq=False, kw_only=True)
class Parent(Node):
    """`%`: the input of the step that has the same slot as its `ancestor`."""

    slot: Slot


@dataclass(eq=False, kw_only=True)
class Path(Node):
    """Steps from left to right.  `keep_singleton`: `[]` stands somewhere in it."""

    steps: list[Node]
    keep_singleton: bool = False


@dataclass(eq=False, kw_only=True)
class Binary(Node):
    """`op`: + - * / % & = != < <= > >= in and or `..`; the last within an Array alone."""

    op: str
    left: Node
    right: Node


@dataclass(eq=False, kw_only=True)
class Apply(Node):
    """`left ~> right`."""

    left: Node
    right: Node


@dataclass(eq=False, kw_only=True)
class Negate(Node):
    """`-value`."""

    value: Node


@dataclass(eq=False, kw_only=True)
class Array(Node):
    """`[..]`."""

    items: list[Node]


@dataclass(eq=False, kw_only=True)
class Object(Node):
    """`{..}` in front of nothing."""

    pairs: Pairs


@dataclass(eq=False, kw_only=True)
class Bind(Node):
    """`$name := value`."""

    name: str
    value: Node


@dataclass(eq=False, kw_only=True)
class Condition(Node):
    """`test ? then : otherwise`."""

    test: Node
    then: Node
    otherwise: Node | None


@dataclass(eq=False, kw_only=True)
class Block(Node):
    """`(..; ..)`."""

    parts: list[Node]


@dataclass(eq=False, kw_only=True)
class Lambda(Node):
    """`function($a, $b)<signature>{ body }`; names without the `$`."""

    parameters: list[str]
    signature: str | None
    body: Node


@dataclass(eq=False, kw_only=True)
class Call(Node):
    """`callee(arguments)`.

    An argument that is None is a `?`, which makes it a partial application.  `tail`: the call
    takes the place of the function's body that it ends.  `name`: the callee as AWS names it in
    errors, empty if it has none.
    """

    callee: Node
    arguments: list[Node | None]
    tail: bool = False
    name: str = ""

    @property
    def partial(self) -> bool:
        """Does an argument stay open?"""
        return None in self.arguments


@dataclass(eq=False, kw_only=True)
class Regex(Node):
    """`/pattern/flags`; flags i and m."""

    pattern: str
    flags: str


@dataclass(eq=False, kw_only=True)
class Transform(Node):
    """`| pattern | update, delete |`, a function."""

    pattern: Node
    update: Node
    delete: Node | None


@dataclass(eq=False, kw_only=True)
class Sort(Node):
    """`^(..)`, a step of a path: terms, each with whether it descends."""

    terms: list[tuple[Node, bool]]
