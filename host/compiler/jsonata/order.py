"""The second pass over an expression: words become the nodes of `tree.py`.

Paths become lists of steps, filters stages of their step, calls that end a function tail calls.
For each `%` the step is found whose input it is: `seeking` says of a node which slots have found
none within it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .lexer import Pattern, mistake
from .syntax import Raw
from .tree import (
    Apply,
    Array,
    Binary,
    Bind,
    Block,
    Call,
    Condition,
    Filter,
    Lambda,
    Literal,
    Name,
    Negate,
    Node,
    Object,
    Parent,
    Path,
    Position,
    Regex,
    Scalar,
    Slot,
    Sort,
    Transform,
    Variable,
    Wildcard,
)

_LONGEST = 1 << 63  # integers from -this to this, itself not counted, are exact


def put_in_order(raw: Raw) -> Node:
    """The tree of a parsed expression.  Raises JsonataError."""
    work = _Order()
    node = work.node(raw)
    if isinstance(node, Parent) or node in work.seeking:
        raise mistake("S0217", node.at)
    return node


@dataclass(eq=False)
class _Sought(Slot):
    """`level`: how many steps before this one it is."""

    level: int = 1


def number(value: int | float) -> int | float:
    """An integer beyond what is exact is a binary64."""
    return value if isinstance(value, float) or -_LONGEST <= value < _LONGEST else float(value)


class _Order:
    def __init__(self) -> None:
        self.labels = 0
        self.seeking: dict[Node, list[_Sought]] = {}

    def node(self, raw: Raw) -> Node:
        """Long chains of operators stand left of one another: they are gone down in a loop."""
        spine: list[tuple[Raw, list[Node | None]]] = []
        while raw.kind in ("binary", "call", "condition") and raw.left is not None:
            call = raw.kind == "call"
            spine.append((raw, [self.argument(part) for part in raw.parts] if call else []))
            raw = raw.left
        found = self.kept(raw, self.leaf(raw))
        for outer, arguments in reversed(spine):
            if outer.kind == "call":
                made = self.call(outer, found, arguments)
            elif outer.kind == "condition":
                made = self.condition(outer, found)
            else:
                made = self.joined(outer, found)
            found = self.kept(outer, made)
        return found

    def kept(self, raw: Raw, node: Node) -> Node:
        if raw.keep_array:
            node.keep_array = True
        return node

    def argument(self, raw: Raw) -> Node | None:
        return None if raw.kind == "hole" else self.node(raw)

    # --- what nothing stands left of ----------------------------------------------------------

    def leaf(self, raw: Raw) -> Node:
        at, value = raw.at, raw.value
        if raw.kind in ("name", "operator"):
            step = Name(at=at, value=str(value), keep_array=raw.keep_array)
            return Path(at=at, steps=[step], keep_singleton=raw.keep_array)
        if raw.kind == "variable":
            return Variable(at=at, name=str(value))
        if raw.kind in ("wildcard", "descendant"):
            return Wildcard(at=at, deep=raw.kind == "descendant")
        if raw.kind == "parent":
            slot = _Sought(f"!{self.labels}")
            self.labels += 1
            return Parent(at=at, slot=slot)
        if isinstance(value, Pattern):
            return Regex(at=at, pattern=value.pattern, flags=value.flags)
        if raw.kind in ("string", "number", "value"):
            return Literal(at=at, value=_scalar(value))
        if raw.kind == "end":
            raise mistake("S0207", at)
        return self.around(raw)

    def around(self, raw: Raw) -> Node:
        """What holds others between its beginning and its end."""
        at = raw.at
        if raw.kind == "minus":
            return self.minus(raw)
        if raw.kind == "array":
            array = Array(at=at, items=[])
            for part in raw.parts:
                array.items.append(self.within(array, part))
            return array
        if raw.kind == "object":
            made = Object(at=at, pairs=[])
            for key, value in raw.pairs:
                pair = self.within(made, key), self.within(made, value)
                made.pairs.append(pair)
            return made
        if raw.kind == "block":
            block = Block(at=at, parts=[])
            for part in raw.parts:
                node = self.within(block, part)
                block.parts.append(node)
                block.cons |= node.cons or isinstance(node, Path) and node.steps[0].cons
            return block
        if raw.kind == "lambda":
            assert raw.left is not None
            names = [str(parameter.value) for parameter in raw.parts]
            body = self.node(raw.left)
            _mark_tails(body)
            return Lambda(at=at, parameters=names, signature=raw.signature, body=body)
        assert raw.kind == "transform", raw.kind
        pattern, update, *delete = [self.node(part) for part in raw.parts]
        return Transform(
            at=at, pattern=pattern, update=update, delete=delete[0] if delete else None
        )

    def within(self, outer: Node, raw: Raw) -> Node:
        """A node in another, which seeks the parents that it seeks."""
        node = self.node(raw)
        self.push(outer, node)
        return node

    def minus(self, raw: Raw) -> Node:
        (part,) = raw.parts
        node = self.node(part)
        if isinstance(node, Literal) and _is_number(node.value):
            value = part.value if part.kind == "number" else node.value
            assert isinstance(value, int | float)
            node.value = number(-value)
            return node
        outer = Negate(at=raw.at, value=node)
        self.push(outer, node)
        return outer

    # --- what stands behind something else ----------------------------------------------------

    def call(self, raw: Raw, callee: Node, arguments: list[Node | None]) -> Node:
        node = Call(at=raw.at, callee=callee, arguments=arguments, name=_spelled(callee))
        for argument in arguments:
            if argument is not None:
                self.push(node, argument)
        return node

    def condition(self, raw: Raw, test: Node) -> Node:
        node = Condition(at=raw.at, test=test, then=test, otherwise=None)
        self.push(node, test)
        node.then = self.within(node, raw.parts[0])
        if len(raw.parts) > 1:
            node.otherwise = self.within(node, raw.parts[1])
        return node

    def joined(self, raw: Raw, left: Node) -> Node:
        op = str(raw.value)
        if op == ".":
            return self.step(raw, left)
        if op == "[":
            return self.filtered(raw, left)
        if op == "{":
            if left.group is not None:
                raise mistake("S0210", raw.at)
            left.group = [(self.node(key), self.node(value)) for key, value in raw.pairs]
            return left
        if op == "^":
            return self.sorted(raw, left)
        if op == "@":
            return self.focused(raw, left)
        if op == "#":
            return self.indexed(raw, left)
        right = self.node(raw.parts[0])
        if op == "~>":
            keep = left.keep_array or right.keep_array
            return Apply(at=raw.at, left=left, right=right, keep_array=keep)
        if op == ":=":
            assert isinstance(left, Variable)
            bind = Bind(at=raw.at, name=left.name, value=right)
            self.push(bind, right)
            return bind
        node = Binary(at=raw.at, op=op, left=left, right=right)
        self.push(node, left)
        self.push(node, right)
        return node

    def step(self, raw: Raw, left: Node) -> Node:
        path = left if isinstance(left, Path) else Path(at=left.at, steps=[left])
        if isinstance(left, Parent):
            self.seeking[path] = [_sought(left.slot)]
        rest = self.node(raw.parts[0])
        if isinstance(rest, Path):
            path.steps += rest.steps
        else:
            if rest.predicates:
                rest.stages, rest.predicates = [*rest.predicates], []
            path.steps.append(rest)
        for place, step in enumerate(path.steps):
            if isinstance(step, Literal):
                path.steps[place] = _named(step)
        if any(step.keep_array for step in path.steps):
            path.keep_singleton = True
        for step in (path.steps[0], path.steps[-1]):
            if isinstance(step, Array):
                step.cons = True
        self.resolve(path)
        return path

    def filtered(self, raw: Raw, left: Node) -> Node:
        step = left.steps[-1] if isinstance(left, Path) else left
        if step.group is not None:
            raise mistake("S0209", raw.at)
        predicate = self.node(raw.parts[0])
        if predicate in self.seeking:
            for slot in self.seeking[predicate]:
                if slot.level == 1:
                    self.seek(step, slot)
                else:
                    slot.level -= 1
            self.push(step, predicate)
        found = Filter(predicate, raw.at)
        if isinstance(left, Path):
            step.stages.append(found)
        else:
            step.predicates.append(found)
        return left

    def sorted(self, raw: Raw, left: Node) -> Node:
        path = left if isinstance(left, Path) else Path(at=left.at, steps=[left])
        step = Sort(at=raw.at, terms=[])
        for term, descending in raw.terms:
            step.terms.append((self.within(step, term), descending))
        path.steps.append(step)
        self.resolve(path)
        return path

    def focused(self, raw: Raw, left: Node) -> Node:
        step = left.steps[-1] if isinstance(left, Path) else left
        if step.stages or step.predicates:
            raise mistake("S0215", raw.at)
        if isinstance(step, Sort):
            raise mistake("S0216", raw.at)
        if raw.keep_array:
            step.keep_array = True
        step.focus = str(raw.parts[0].value)
        step.tuple = True
        return left

    def indexed(self, raw: Raw, left: Node) -> Node:
        name = str(raw.parts[0].value)
        if isinstance(left, Path):
            path, step = left, left.steps[-1]
        else:
            path, step = Path(at=left.at, steps=[left]), left
            if step.predicates:
                step.stages, step.predicates = [*step.predicates], []
        if step.stages:
            step.stages.append(Position(name, raw.at))
        else:
            step.index = name
        step.tuple = True
        return path

    # --- parents ------------------------------------------------------------------------------

    def push(self, outer: Node, node: Node) -> None:
        """What `node` seeks, `outer` seeks; lists may be shared, and are the same then."""
        if node not in self.seeking and not isinstance(node, Parent):
            return
        slots = self.seeking.get(node, [])
        if isinstance(node, Parent):
            slots.append(_sought(node.slot))
        if outer in self.seeking:
            self.seeking[outer].extend(slots)
        else:
            self.seeking[outer] = slots

    def resolve(self, path: Path) -> None:
        """Looks in the steps before the last one for what that seeks."""
        last = path.steps[-1]
        slots = self.seeking.get(last, [])
        if isinstance(last, Parent):
            slots.append(_sought(last.slot))
        for slot in slots:
            place = len(path.steps) - 2
            while slot.level > 0:
                if place < 0:
                    self.seeking.setdefault(path, []).append(slot)
                    break
                step = path.steps[place]
                place -= 1
                # Steps with a focus, one behind another, have one input.
                while place >= 0 and step.focus and path.steps[place].focus:
                    step = path.steps[place]
                    place -= 1
                self.seek(step, slot)

    def seek(self, node: Node, slot: _Sought) -> None:
        """Is `node` the step, or one before it?"""
        if isinstance(node, Name) or isinstance(node, Wildcard) and not node.deep:
            slot.level -= 1
            if slot.level == 0:
                if node.ancestor is not None:
                    slot.label = node.ancestor.label
                node.ancestor = slot
                node.tuple = True
        elif isinstance(node, Parent):
            slot.level += 1
        elif isinstance(node, Block):
            if node.parts:
                node.tuple = True
                self.seek(node.parts[-1], slot)
        elif isinstance(node, Path):
            node.tuple = True
            place = len(node.steps) - 1
            self.seek(node.steps[place], slot)
            while slot.level > 0 and place > 0:
                place -= 1
                self.seek(node.steps[place], slot)
        else:
            raise mistake("S0217", node.at)


def _sought(slot: Slot) -> _Sought:
    assert isinstance(slot, _Sought)
    return slot


def _scalar(value: Scalar | Pattern) -> Scalar:
    assert not isinstance(value, Pattern)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _named(step: Literal) -> Name:
    """A text as a step of a path is a name."""
    if not isinstance(step.value, str):
        raise mistake("S0213", step.at, value=step.value)
    return Name(
        at=step.at,
        value=step.value,
        predicates=step.predicates,
        stages=step.stages,
        group=step.group,
        focus=step.focus,
        index=step.index,
        tuple=step.tuple,
        keep_array=step.keep_array,
    )


def _mark_tails(body: Node) -> None:
    """The calls whose results are that of the function's body."""
    if isinstance(body, Call):
        body.tail = not body.predicates and not body.partial
    elif isinstance(body, Condition):
        _mark_tails(body.then)
        if body.otherwise is not None:
            _mark_tails(body.otherwise)
    elif isinstance(body, Block) and body.parts:
        _mark_tails(body.parts[-1])


def _spelled(callee: Node) -> str:
    """What is called, as errors name it."""
    if isinstance(callee, Path):
        callee = callee.steps[0]
    match callee:
        case Name(value=text) | Variable(name=text) | Binary(op=text):
            return text
        case Call():
            return "("
        case Array():
            return "["
        case Object():
            return "{"
        case Apply():
            return "~>"
        case Parent():
            return "%"
        case Wildcard(deep=deep):
            return "**" if deep else "*"
        case Literal(value=str(text)):
            return text
    return ""
