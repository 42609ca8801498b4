"""Functions and their calls."""

from __future__ import annotations

from dataclasses import replace

from ...jsonata.regexes import compile_regex
from ...jsonata.tree import (
    Apply,
    Binary,
    Block,
    Call,
    Lambda,
    Literal,
    Name,
    Node,
    Path,
    Regex,
    Transform,
    Variable,
)
from ..ir import Body as BodyLabel
from ..ir import Label, Pooled
from .base import DEEPEST, Here
from .body import KEEP, OPERATORS, SEQUENCE, Cell, sound
from .inline import Inline
from .levels import straight
from .linked import takes
from .natives import (
    LINKED,
    NATIVES,
    SEQUENCES,
    SIGNATURES,
    TEXTS,
    parameters,
    takes_context,
)
from .scope import Frame
from .walk import everything

_MATCHING = {"contains": 1, "match": 1, "split": 1, "replace": 1}


class Calls(Inline):
    """Calls of native functions, of bodies that are linked in, and of anything else."""

    def call(self, node: Call, here: Here) -> None:
        self.called(node, list(node.arguments), here)

    def apply(self, node: Apply, here: Here) -> None:
        """`a ~> f`, and `a ~> f(b)`, which is `f(a, b)`."""
        right, body = node.right, here.body
        if isinstance(right, Call) and not right.partial and not right.predicates:
            self.called(right, [node.left, *right.arguments], here.down, first=here)
            return
        self.value(node.left, here.down)
        self.value(right, here.down)
        body.ins("OPERATE", OPERATORS["~>"], "~>", node.at)

    def called(
        self, node: Call, arguments: list[Node | None], here: Here, first: Here | None = None
    ) -> None:
        """A call.  `first`: where its first argument is evaluated, one level above the others."""
        body, callee = here.body, node.callee
        name = callee.name if isinstance(callee, Variable) and not callee.predicates else ""
        places = [first.down if first and n == 0 else here.down for n in range(len(arguments))]
        if name and name in LINKED and self.built_in(name, here):
            if None not in arguments and self.inline(node, name, arguments, here, places):
                return
        count = len(arguments)
        self.function(callee, here, arguments, node.keep_array)
        lacks = self.contextual(name, count, here, arguments[0] if arguments else None)
        if self.malformed(name, arguments, here, node):
            return
        for one, place in zip(arguments, places, strict=True):
            if one is None:
                body.ins("HOLE")
            else:
                self.value(one, place)
        token = node.name or name
        if None in arguments:
            body.ins("PARTIAL", count, token or "?", node.at)
            return
        if lacks:
            body.at(here.context)
        level = here.level if self.levels else 0
        body.ins("INVOKE", count | level << 9, token or "?", node.at)
        if node.keep_array and name in SEQUENCES and self.native(name, here) is not None:
            self.kept(here)

    def malformed(self, name: str, arguments: list[Node | None], here: Here, node: Call) -> bool:
        """Of half a character there is no URL; such texts are not on the device."""
        first = arguments[0] if arguments else None
        text = first.value if isinstance(first, Literal) else None
        if name not in ("encodeUrl", "encodeUrlComponent") or not isinstance(text, str):
            return False
        if sound(text) == text or self.native(name, here) is None:
            return False
        here.body.ins("FAULT", Pooled("D3140"), name, node.at)
        return True

    def kept(self, here: Here) -> None:
        """What is on the stack, as a sequence."""
        body = here.body
        value = body.taken()
        body.ins("BUILD", SEQUENCE)
        body.get(value)
        body.ins("SPREAD", body.depth - 2)
        body.ins("DONE", KEEP)

    def contextual(self, name: str, count: int, here: Here, first: Node | None) -> bool:
        """May the context stand for an argument of a call?"""
        if not self.built_in(name, here):
            return self.context_calls
        if not takes_context(name, count):
            return False
        takes = parameters(SIGNATURES.get(name) or LINKED[name])
        if takes[0][0] == "x" and count:
            return False  # it takes anything
        mandatory = sum("?" not in one for one in takes)
        if count >= mandatory and {one[0] for one in takes} == {takes[0][0]} <= set("sn"):
            return False  # what does not fit the first parameter fits no other
        return count < mandatory or first is None or self.kind(first, here) not in takes[0]

    def kind(self, node: Node, here: Here) -> str:
        """The letter of signatures for what a node is for sure; `?` if that is not known."""
        if node.predicates or node.group is not None:
            return "?"
        if isinstance(node, Literal) and node.value is not None:
            kinds = {bool: "b", str: "s"}
            return kinds.get(type(node.value), "n")
        if isinstance(node, Binary) and node.op == "&":
            return "s"
        if isinstance(node, Call) and isinstance(node.callee, Variable):
            name = node.callee.name
            if name in TEXTS and self.native(name, here) is not None:
                return "s"
        return "?"

    def function(
        self, callee: Node, here: Here, arguments: list[Node | None], keep: bool = False
    ) -> None:
        """Push what is called.  Bodies that are linked in check what they are given, unless it
        is known."""
        body = here.body
        name = callee.name if isinstance(callee, Variable) and not callee.predicates else ""
        partial = None in arguments
        if not name or not self.built_in(name, here):
            self.value(callee, here.down)
            self.forgotten(callee, here, "T1007" if partial else "T1005")
            return
        if name in _MATCHING and len(arguments) > 1 and self.matched(name, arguments, here):
            body.ins("CLOSURE", self.link(name, keep))
            if not partial:
                signature = SIGNATURES[name].replace("f<s:o>", "f")
                body.ins("SIGNED", Pooled(signature))
        elif name in LINKED:
            body.ins("CLOSURE", self.link(name, keep))
            if not partial and not self.known_arguments(name, arguments, here):
                body.ins("SIGNED", Pooled(LINKED[name]))
        else:
            body.ins("FUNC", NATIVES[name])

    def forgotten(self, callee: Node, here: Here, code: str) -> None:
        """Of `name(..)` that gives nothing, where there is a `$name`, that is said."""
        first = callee.steps[0] if isinstance(callee, Path) else None
        name = first.value if isinstance(first, Name) else ""
        body = here.body
        known = self.built_in(name, here) or self.local(name, here)
        if not known and self.names.variable(name) is None:
            return
        found, value = Label("found"), body.taken()
        body.get(value)
        body.get(value)
        body.ins("IS", 0)
        body.ins("UNLESS", found)
        body.ins("FAULT", Pooled(code), name, callee.at)
        body.label_(found)

    def matched(self, name: str, arguments: list[Node | None], here: Here) -> bool:
        """May a function that is no regular expression be among the arguments?"""
        at = arguments[1 : 3 if name == "replace" else 2]
        return any(one is not None and self.may_be_function(one, here) for one in at)

    def may_be_function(self, node: Node, here: Here) -> bool:
        if isinstance(node, (Lambda, Transform)):
            return True
        if isinstance(node, Call):
            return node.partial or (self.loose and not self.is_native_call(node, here))
        if isinstance(node, Block) and node.parts:
            return self.may_be_function(node.parts[-1], here)
        if isinstance(node, Variable) and node.name:
            value = self.bound_to(node.name, here)
            if isinstance(value, Node):
                return not isinstance(value, Variable) and self.may_be_function(value, here)
            known = self.built_in(node.name, here)
            return known or (self.loose and self.local(node.name, here))
        return False

    def is_native_call(self, node: Call, here: Here) -> bool:
        callee = node.callee
        return isinstance(callee, Variable) and self.native(callee.name, here) is not None

    def known_arguments(self, name: str, arguments: list[Node | None], here: Here) -> bool:
        """Is it sure that a linked-in body is given what it takes?"""
        if not 1 <= len(arguments) <= takes(name):
            return False
        if name in ("each", "sift"):
            return False  # the first has to be an object
        if len(arguments) == 1:
            return name in ("single", "sort")
        if any(one is not None and self.may_be_function(one, here) for one in arguments[2:]):
            return False
        function = arguments[1]
        return function is not None and self.is_function(function, here)

    def is_function(self, node: Node, here: Here) -> bool:
        """Is it a function for sure?"""
        if isinstance(node, (Lambda, Transform)):
            return not node.predicates
        if isinstance(node, Variable) and not node.predicates:
            if self.built_in(node.name, here):
                return True
            value = self.bound_to(node.name, here)
            return isinstance(value, Lambda) and not value.predicates
        return False

    # --- functions ---

    def lambda_(self, node: Lambda, here: Here) -> None:
        body = here.body
        inner = self.child("function", len(node.parameters), here)
        frame = Frame(inner, here.frame, id(node), opaque=True)
        for n, name in enumerate(node.parameters):
            frame.give(name, Cell(inner, n + 1))
        inside = replace(here, body=inner, frame=frame, level=1)
        inside = inside.within(self.frame_of(node, inside, frame))
        if not self.too_deep(node.body, inside):
            self.tail(node.body, inside)
        signed = "-" in (node.signature or "")
        if signed or (self.context_calls and body.loops == 0):
            body.at(here.context)
        body.ins("CLOSURE", inner.label)
        if node.signature is not None:
            body.ins("SIGNED", Pooled(node.signature))

    def frame_of(self, node: Lambda, inside: Here, frame: Frame) -> Frame:
        """The frame of a call: its parameters, and what its body binds."""
        more = self.frame(node, [node.body], inside)
        for name, cell in more.cells.items():
            if name not in frame.cells:
                frame.cells[name] = cell
        frame.flags = more.flags
        return frame

    def tail(self, node: Node, here: Here) -> None:
        """The value of a body, and its end."""
        self.value(node, here)
        here.body.ins("RETURN")

    def too_deep(self, node: Node, here: Here) -> bool:
        """Make sure that evaluations may be as deep as they will be on this way.  If they never
        may, the evaluation ends here."""
        deep = here.level - 1 + straight(node)
        body = here.body
        if deep > DEEPEST:
            body.ins("FAULT", Pooled("D1011"), "depth", node.at)
            body.ins("NONE")
            return True
        if self.levels and body is not self.top and deep > body.checked:
            body.ins("LEVEL", deep, "depth", node.at)
        body.checked = max(body.checked, deep)
        return False

    def transform(self, node: Transform, here: Here) -> None:
        inner = self.child("transform", 1, here)
        given, result = Cell(inner, 1), inner.new()
        frame = Frame(inner, here.frame, id(node), opaque=True)
        inside = replace(here, body=inner, frame=frame, level=1, outer=False)
        inner.get(given)
        inner.ins("CLONE")
        inner.set(result)
        self._edit(node, replace(inside, context=result))
        inner.get(result)
        inner.ins("RETURN")
        here.body.ins("CLOSURE", inner.label)
        here.body.ins("SIGNED", Pooled("<(oa):o>"))

    def _edit(self, node: Transform, here: Here) -> None:
        body = here.body
        self.value(node.pattern, here)
        with body.each():
            item = body.taken()
            at = replace(here, context=item)
            body.get(item)
            self.value(node.update, at)
            body.ins("UPDATE", 0, "|", node.update.at)
            if node.delete is not None:
                body.get(item)
                self.value(node.delete, at)
                body.ins("REMOVE", 0, "|", node.delete.at)

    def regex(self, node: Regex, here: Here) -> None:
        pattern = compile_regex(node.pattern, node.flags, node.at)
        here.body.ins("REGEX", Pooled(pattern))  # type: ignore[arg-type]

    def link(self, name: str, keep: bool = False) -> BodyLabel:
        """A body to be linked in."""
        key = name + ("[]" if keep else "")
        return self.linked.setdefault(key, BodyLabel(key, takes(name)))

    # --- what the whole expression says ---

    def look(self, tree: Node) -> None:
        """What has to be known before."""
        nodes = list(everything(tree))
        callees = {id(one.callee) for one in nodes if isinstance(one, Call)}
        self.context_calls = any(
            (isinstance(one, Variable) and id(one) not in callees and one.name in SIGNATURES)
            or (isinstance(one, Lambda) and "-" in (one.signature or ""))
            for one in nodes
        )
        self.loose = any(isinstance(one, Lambda) for one in nodes)
