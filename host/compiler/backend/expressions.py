"""Lowering of paths, payload templates, intrinsic calls and the context object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tsme.errors.causes import ERRORS
from tsme.program import opcodes
from tsme.program.functions import table
from tsme.values import cbor

from ..frontend.model import (
    Arr,
    Const,
    Expr,
    Index,
    IntrinsicCall,
    Json,
    Jsonata,
    Key,
    Obj,
    Path,
    Problem,
    Ref,
    Segment,
    TaskState,
)
from ..jsonpath import queries
from ..jsonpath.filter_errors import FilterError, Unsupported
from .builder import Builder
from .ir import Label, Pooled, Site
from .windows import Window

if TYPE_CHECKING:
    from .bodies import Tree


@dataclass(frozen=True)
class InSlot:
    """A slot of the frame, or of one around it."""

    window: Window
    number: int


@dataclass(frozen=True)
class Again:
    """The effective input of a state: what its InputPath gives of slot 0 of its frame."""

    path: Path | None
    window: Window


@dataclass(frozen=True)
class States:
    """What `$states` of JSONata has: the input of the state in a slot, the others, if they are
    there, by their places on the operand stack."""

    input: InSlot | None = None  # None for slot 0
    result: int | None = None
    error: int | None = None


# Where `$` is: None for slot 0, a place on the operand stack counted from the bottom, a slot, or
# what InputPath gives once more; of a JSONata state, where what it has for `$` is.
Dollar = int | InSlot | Again | States | None

# docs/SPEC.md, 2.6, in the order of its numbers.
FUNCTIONS = tuple(name for name, *_ in table.functions())

# The context object: a number of docs/SPEC.md, 2.7, or the name of a constant.
_EXECUTION = {"Id": 0, "Input": 2, "Name": 1, "RoleArn": 4, "StartTime": 3, "RedriveCount": 10}
_MACHINE = {"Id": 8, "Name": 9}


def expr(lo: Builder, e: Expr, dollar: Dollar, within: str = "", field: bool = True) -> None:
    """Push the value of an expression.  `within`: the call that it is an argument of; `field`: it
    is a payload template or a part of one."""
    if isinstance(e, Const):
        constant(lo, e.value)
    elif isinstance(e, Ref):
        kind = "argument" if within else "template"
        path(lo, e.path, dollar, kind, within=within, null=field and not within)
    elif isinstance(e, Obj):
        for _, item in e.items:
            expr(lo, item, dollar, within, field)
        names: list[Json] = [name for name, _ in e.items]
        lo.ins("OBJECT", Pooled(names))
    elif isinstance(e, Arr):
        for item in e.items:
            expr(lo, item, dollar, within, field)
        lo.ins("ARRAY", len(e.items))
    elif isinstance(e, Jsonata):
        evaluate(lo, e, dollar)
    else:
        call(lo, e, dollar, within)


def evaluate(lo: Builder, e: Jsonata, dollar: Dollar) -> None:
    """Push what an expression of JSONata gives; nothing is an error."""
    try:
        _evaluate(lo, e, dollar)
    except RecursionError:
        # The parser bounds what is within brackets; here steps of paths and rows count, too.
        hint = "bind parts of it to variables: AWS evaluates at most 100 in one another"
        lo.refuse("an expression nested as deeply as this one", e.where, hint)
        lo.ins("CONST", Pooled(None))


def _evaluate(lo: Builder, e: Jsonata, dollar: Dollar) -> None:
    from .bodies import Names, TooManyLocals, used  # noqa: PLC0415

    here = dollar if isinstance(dollar, States) else States()
    if isinstance(dollar, InSlot):
        here = States(dollar)
    places = {"result": here.result, "errorOutput": here.error}
    given: list[str] = []
    for name in used(e.tree):
        place = places.get(name)
        if place is not None:
            lo.ins("PICK", place)
            given.append(name)
    slot = here.input
    names = Names(
        given=tuple(given),
        variable=lambda name: _variable(lo, name),
        input=0 if slot is None else _slot(lo, slot.window, slot.number),
        context=_whole_context(lo),
    )
    site = Site("jsonata", e.text, e.where, e.field)
    bodies = lo.bodies
    simple = bodies.simple(e.tree, names)
    if simple is None:
        try:
            lo.ins("EVAL", bodies.body(e.tree, names), site)
        except TooManyLocals:
            hint = "move parts of it to functions in it, or to Assign"
            lo.refuse("an expression with so many variables and loops", e.where, hint)
            lo.ins("CONST", Pooled(None))
        return
    for item in simple:
        lo.ins(item.op, item.arg, site)


def _slot(lo: Builder, window: Window, slot: int) -> int:
    """The operand of LOAD."""
    return lo.frame.level - window.level << 8 | slot


def _variable(lo: Builder, name: str) -> int | None:
    window = lo.scope.finds(name)
    return None if window is None else _slot(lo, window, window.slot(name))


def _whole_context(lo: Builder) -> Tree:
    """The context object, as the names of an expression have it."""
    tree = _tree(_context(lo, True))
    if lo.context is None or not isinstance(tree, dict):
        return tree
    kept = "LOAD", _variable(lo, lo.context) or 0
    return kept if lo.item is None else {"": kept, "Map": tree["Map"]}


def _tree(node: Any) -> Tree:
    if isinstance(node, Const):
        return "CONST", Pooled(node.value)
    if isinstance(node, int):
        return "CONTEXT", node
    return {name: _tree(part) for name, part in node.items()}


def constant(lo: Builder, value: Json) -> None:
    """Push a constant; an integer from 0 to 255 needs no place in the pool."""
    if type(value) is int and 0 <= value < 256:
        lo.ins("INT", value)
    elif isinstance(value, (str, list, dict)) and cbor.encoded_size(value) > lo.largest:
        _too_large(lo)
    else:
        lo.ins("CONST", Pooled(value))


def _too_large(lo: Builder) -> None:
    """In place of a constant that no value may be as large as: the error, when it is come to.

    What follows must be reachable all the same, as far as the verifier can tell.
    """
    after = Label("too large")
    lo.ins("CONST", Pooled(True))
    lo.ins("UNLESS", after)
    for text in ERRORS[6]:
        lo.ins("CONST", Pooled(text))
    lo.ins("FAIL", 3, Site("large", "", lo.state.where))
    lo.label(after)
    lo.ins("INT", 0)


def call(lo: Builder, e: IntrinsicCall, dollar: Dollar, within: str = "") -> None:
    """An intrinsic function.  Functions with any number of arguments take an array.  `within`: the
    call around all of it, which AWS names if an argument is not there."""
    name = e.name.removeprefix("States.")
    args = list(e.args)
    within = within or e.text
    if name == "Array":
        expr(lo, Arr(e.args, e.where), dollar, within)
        return
    if name == "Format":
        args = [args[0], Arr(tuple(args[1:]), e.where)]
    elif name == "MathRandom" and len(args) == 2:
        args.append(Const(None, e.where))
    for arg in args:
        expr(lo, arg, dollar, within)
    if name in ("UUID", "MathRandom"):
        lo.needs |= opcodes.NEEDS_RANDOM
    elif name == "Hash":
        lo.needs |= opcodes.NEEDS_HASH
    site = Site("call", e.text, e.where)
    lo.ins("CALL", FUNCTIONS.index(name), site)


def data(lo: Builder, dollar: Dollar) -> None:
    """Push what `$` is."""
    if isinstance(dollar, int):
        lo.ins("PICK", dollar)
    elif isinstance(dollar, InSlot):
        lo.load(dollar.window, dollar.number)
    elif isinstance(dollar, States):
        data(lo, dollar.input)
    elif dollar is None:
        lo.ins("LOAD", 0)
    elif dollar.path is None:
        lo.ins("CONST", Pooled({}))
    else:
        path(lo, dollar.path, InSlot(dollar.window, 0), "")


def path(
    lo: Builder,
    p: Path,
    dollar: Dollar,
    kind: str,
    soft: bool = False,
    within: str = "",
    null: bool = False,
) -> None:
    """Push the value at a path.  `kind`: of its site, empty if nothing can go wrong.  `soft`:
    nothing there gives `missing`, which TEST takes.
    `null`: an index past the end of an array gives null, if it is the last step."""
    site = None if soft or not kind else Site(kind, p.text, p.where, within)
    segments = list(p.segments)
    if p.root == "$$":
        segments = context(lo, segments)
    steps, query = _plan(lo, p, segments)
    if p.root not in ("$", "$$"):
        lo.variable(p.root, site)
    elif p.root == "$" and dollar is None and steps and isinstance(steps[0], Key) and not soft:
        lo.ins("FIELD", Pooled(steps[0].name), site)
        del steps[0]
    elif p.root == "$":
        data(lo, dollar)
    beyond = steps.pop() if null and not query and steps and isinstance(steps[-1], Index) else None
    for segment in steps:
        if isinstance(segment, Key):
            lo.ins("KEYQ" if soft else "KEY", Pooled(segment.name), site)
        else:
            n = segment.n
            lo.ins("INDEXQ" if soft else "INDEX", -2 * n - 1 if n < 0 else 2 * n, site)
    if isinstance(beyond, Index):
        lo.integer(beyond.n)
        lo.ins("CALL", FUNCTIONS.index("Item"), site)
    if query:
        assert not soft or not steps  # IsPresent takes a reference path
        lo.needs |= opcodes.NEEDS_QUERY
        lo.ins("QUERY", Pooled(query), site)


def _plan(lo: Builder, p: Path, segments: list[Segment]) -> tuple[list[Key | Index], list[Json]]:
    """What a path asks of the device; reports what cannot be asked of it."""
    try:
        if p.root == "$$" and queries.from_document(segments):
            hint = "put what it reads into the data first, with Parameters and ResultPath"
            raise Unsupported("`$` in a filter of the context object", hint)
        return queries.plan(segments)
    except Unsupported as refusal:
        lo.refuse(f"{refusal.what} in the path '{p.text}'", p.where, refusal.hint)
    except FilterError as mistake:
        message = f"{p.where.field} is no path: {mistake} (in '{p.text}')"
        lo.problems.append(Problem("TSME-C020", message, p.where))
    return [], []


def context(lo: Builder, segments: list[Segment]) -> list[Segment]:
    """Push the part of the context object that a path begins with; what is left of the path."""
    names = [s.name if isinstance(s, Key) else "" for s in segments[:3]]
    node = _context(lo, names[:2] == ["Map", "Item"] and names[2:] in (["Index"], ["Value"]))
    rest = list(segments)
    while isinstance(node, dict) and rest:
        head = rest[0]
        if not isinstance(head, Key) or head.name not in node:
            break
        node = node[head.name]
        rest.pop(0)
    _push(lo, node)
    return rest


def _context(lo: Builder, parts: bool) -> dict[str, Any]:
    """The context object by its members: numbers of docs/SPEC.md, 2.7, and constants.

    `parts`: with the parts of Map.Item beside the whole of it, which then has the name "".
    """
    node: dict[str, Any] = {"Execution": _EXECUTION, "StateMachine": _MACHINE, "State": _state(lo)}
    if isinstance(lo.state, TaskState):
        if lo.state.resource.endswith((".waitForTaskToken", ".sync", ".sync:2")):
            node["Task"] = {"Token": 7}
    if lo.item is not None:
        of = lo.frame.level - lo.item << 8  # the frame that is the item
        item = {"": of | 13, "Index": of | 11, "Value": of | 12}
        node["Map"] = {"Item": item if parts else of | 13}
    return node


def _state(lo: Builder) -> dict[str, Any]:
    fields: dict[str, Any] = {"EnteredTime": 5, "Name": Const(lo.state.name, lo.state.where)}
    if isinstance(lo.state, TaskState):
        fields["RetryCount"] = 6
    return fields


def _push(lo: Builder, node: Any) -> None:
    if isinstance(node, Const):
        lo.ins("CONST", Pooled(node.value))
    elif isinstance(node, int):
        lo.needs |= opcodes.NEEDS_INPUT if node == 2 else 0
        lo.ins("CONTEXT", node)
    else:
        for part in node.values():
            _push(lo, part)
        lo.ins("OBJECT", Pooled(list(node)))


def reference(p: Path) -> list[Json]:
    """A reference path as PUT takes it: names and indexes."""
    return [
        s.name if isinstance(s, Key) else s.n for s in p.segments if isinstance(s, (Key, Index))
    ]


def template(e: Expr) -> Json:
    """The payload template that an expression was read from."""
    if isinstance(e, Const):
        return e.value
    if isinstance(e, Obj):
        return {name + suffix(item): template(item) for name, item in e.items}
    if isinstance(e, Arr):
        return [template(item) for item in e.items]
    if isinstance(e, Jsonata):
        return f"{{% {e.text} %}}"
    return e.path.text if isinstance(e, Ref) else e.text


def suffix(e: Expr) -> str:
    """What the name of a template's member ends in, if its value is `e`."""
    return ".$" if isinstance(e, (Ref, IntrinsicCall)) else ""
