"""What the validator's parts share: the list of findings, variable scopes, names seen so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..jsonpath.calls import CallError, parse_intrinsic
from ..jsonpath.filters import remark
from ..jsonpath.paths import PathError, parse_path, why_not_reference
from .model import (
    Arr,
    Const,
    Expr,
    Filter,
    Index,
    IntrinsicCall,
    Obj,
    Path,
    Problem,
    Ref,
    StateMachine,
    Where,
)
from .placed import PLACEHOLDER
from .source import Node, placeholder

ParseMachine: TypeAlias = "Callable[[CheckContext, Node, bool, bool], StateMachine]"


@dataclass
class Scope:
    """The variables of one machine (section "Variable Scope").

    An inner scope (branch, Map body) reads the variables of the outer ones, except that the body
    of a distributed Map does not (`isolated`).
    """

    parent: Scope | None = None
    isolated: bool = False
    assigned: dict[str, list[Where]] = field(default_factory=dict)
    uses: list[tuple[str, Where]] = field(default_factory=list)
    reads: list[tuple[str, Where]] = field(default_factory=list)  # of JSONata, with functions

    @property
    def outer(self) -> Scope | None:
        return None if self.isolated else self.parent

    def lookup(self, name: str) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.assigned:
                return True
            scope = scope.outer
        return False

    def visible(self) -> set[str]:
        return set(self.assigned) | (self.outer.visible() if self.outer else set())


@dataclass
class CheckContext:
    """One run of the validator over one source text.

    `parse_machine(ctx, node, isolated, processor)` is `validate`'s way to read an inner machine;
    it stands here because states hold machines and machines hold states.
    """

    parse_machine: ParseMachine
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    scope: Scope = field(default_factory=Scope)
    scopes: list[Scope] = field(default_factory=list)
    state_names: dict[str, Where] = field(default_factory=dict)
    all_names: set[str] = field(default_factory=set)  # of states, in all machines
    labels: dict[str, Where] = field(default_factory=dict)
    jsonata: bool = False  # the query language of the state being read
    all_jsonata: bool = False  # that of the whole workflow
    express: bool = False  # it is to be an EXPRESS workflow of AWS

    def error(self, code: str, where: Where, message: str, hint: str = "") -> None:
        self.problems.append(Problem(code, message, where, hint))

    def warn(self, code: str, where: Where, message: str, hint: str = "") -> None:
        self.warnings.append(Problem(code, message, where, hint, warning=True))

    def templated(self, node: Node) -> bool:
        """Is what stands in a place a placeholder without a value?  Then that is the problem."""
        found = PLACEHOLDER.search(node.value) if isinstance(node.value, str) else None
        if found is None:
            return False
        self.problems.append(placeholder(found.group(), node.inside(found.start())))
        return True

    def wrong_type(self, node: Node, what: str, wanted: str, hint: str = "") -> None:
        if self.templated(node):
            return
        self.error("TSME-C013", node.where, f"{what} must be {wanted}, not {kind_of(node)}", hint)

    # --- paths and calls --------------------------------------------------------------------

    def path(self, node: Node, *, reference: bool = False, roots: str = "any") -> Path:
        """A string node as a path; reports what is wrong and then returns `$`.

        `reference`: only a definite path is allowed.  `roots="input"`: only `$`, as ResultPath
        needs it.
        """
        name = node.where.field
        fallback = Path("$", (), "$", node.where)
        if not isinstance(node.value, str):
            self.wrong_type(node, name, "a path", 'write "$" or "$.name"')
            return fallback
        try:
            path = parse_path(node.value, node.where)
        except PathError as error:
            if self.templated(node):
                return fallback
            message = f"{name} is no path: {error.message} (in {quoted(node.value)})"
            self.error("TSME-C020", node.inside(error.index), message, error.hint)
            return fallback
        if reference and (why := why_not_reference(path)):
            message = f"{name} must be a reference path, which names one place; {why} does not"
            self.error("TSME-C021", node.where, message, "write a path such as $.a.b[0]")
        if roots == "input" and path.root != "$":
            message = f"{name} must start at `$`, not at {root_text(path)}"
            hint = "to set a variable, use Assign" if path.root != "$$" else "write $.name"
            self.error("TSME-C022", node.where, message, hint)
            return fallback
        if roots == "input" and any(isinstance(s, Index) and s.n < 0 for s in path.segments):
            message = f"{name} must be a reference path, in which an index counts from 0"
            self.error("TSME-C021", node.where, message, "write a path such as $.a.b[0]")
        self.use(path)
        return path

    def call(self, node: Node) -> Expr:
        """A string node as an intrinsic call; reports what is wrong and then returns null."""
        assert isinstance(node.value, str)
        try:
            call = parse_intrinsic(node.value, node.where)
        except CallError as error:
            if self.templated(node):
                return Const(None, node.where)
            self.error(error.code, node.inside(error.index), error.message, error.hint)
            return Const(None, node.where)
        self.use_all(call)
        return call

    # --- variables --------------------------------------------------------------------------

    def use(self, path: Path) -> None:
        """Remembers that a path reads a variable, if it does."""
        if path.root not in ("$", "$$"):
            self.scope.uses.append((path.root, path.where))
        for segment in path.segments:
            if isinstance(segment, Filter) and (what := remark(segment.text)):
                guide = "is what AWS's guide calls unsupported in reference paths"
                message = f"{what} in a filter {guide}; its library, Jayway, has it"
                hint = "try it on AWS if the workflow is to run there"
                self.warn("TSME-C023", path.where, message, hint)

    def use_all(self, expr: Expr) -> None:
        match expr:
            case Ref(path):
                self.use(path)
            case IntrinsicCall(args=args) | Arr(items=args):
                for arg in args:
                    self.use_all(arg)
            case Obj(items):
                for _, item in items:
                    self.use_all(item)
            case _:
                pass

    def enter(self, isolated: bool) -> Scope:
        """Opens the scope of an inner machine; returns the outer one for `leave`."""
        outer = self.scope
        self.scope = Scope(outer, isolated)
        self.scopes.append(self.scope)
        return outer

    def leave(self, outer: Scope) -> None:
        self.scope = outer


def kind_of(node: Node) -> str:
    """The JSON type of a value, with its article, for messages."""
    match node.value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a number with a fraction"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def root_text(path: Path) -> str:
    """What a path starts at, for messages.  Not for paths from `$`."""
    return "the context object `$$`" if path.root == "$$" else f"the variable `${path.root}`"


def quoted(text: str, limit: int = 60) -> str:
    """Text of the source, cut to a length that fits into a message."""
    shown = text if len(text) <= limit else text[: limit - 3] + "..."
    return f'"{shown}"'


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None."""
    folded = {k.lower(): k for k in known}
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(name.lower(), folded, 1, 0.6)
    return folded[near[0]] if near else None


def suggest(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a name that is not known."""
    near = closest(name, known)
    return f'did you mean "{near}"?' if near is not None else otherwise
