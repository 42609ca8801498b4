"""State machines in templates of CloudFormation, SAM and the Serverless Framework.

What a template's functions would give is known on the laptop only in part: literals, defaults of
parameters, Sub and Join of those.  Everything else stays as a placeholder, `${Meter.Arn}`.

Source: AWS::StepFunctions::StateMachine, AWS::Serverless::StateMachine and the intrinsic functions
in the CloudFormation guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .placed import PLACEHOLDER, Text, joined, substitute
from .source import Node, Parsed, Value, parse

TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_SUB = re.compile(r"\$\{([^{}]*)\}")
_SHORT = frozenset(
    "And Base64 Cidr Contains EachMemberEquals EachMemberIn Equals FindInMap GetAtt GetAZs If"
    " ImportValue Join Length Not Or RefAll Select Split Sub ToJsonString Transform ValueOf"
    " ValueOfAll".split()
)

# Pseudo parameters that are the same in nearly every account.
_EVERYWHERE = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}

Piece = tuple[str, Sequence[int]]  # text, and the offset of each of its characters


@dataclass(frozen=True)
class Elsewhere:
    """A definition that the template only names: a path, relative to the template."""

    path: str
    values: Mapping[str, str]  # of its placeholders


class TemplateError(Exception):
    """A state machine whose definition is not in the template; `node` is where it says so."""

    def __init__(self, message: str, node: Node, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.hint = hint


def tagged(tag: str, node: Node) -> Value | None:
    """The long form of `!Ref x`, `!GetAtt a.b` and their like, for `parse_yaml`."""
    if tag in ("Ref", "Condition"):
        return {tag: node}
    return {f"Fn::{tag}": node} if tag in _SHORT else None


def machines(root: Node) -> dict[str, Node] | None:
    """The state machines of a template by their names; None if this is no template."""
    if not isinstance(root.value, dict) or "StartAt" in root.value:
        return None
    resources = _member(root, "Resources")
    if resources is not None and isinstance(resources.value, dict):
        items = resources.value.items()
        return {name: node for name, node in items if _type(node) in TYPES}
    found = _member(_member(root, "stepFunctions"), "stateMachines")
    if found is not None and isinstance(found.value, dict):
        return dict(found.value)
    return None


def definition(root: Node, machine: Node, values: Mapping[str, str]) -> Parsed | Elsewhere:
    """The definition of one of the `machines`.  `values` are put into its placeholders first."""
    env = _Environment(root, values)
    about = _member(machine, "Properties") or machine
    given = _member(about, "DefinitionSubstitutions")
    if given is not None and isinstance(given.value, dict):
        for name, node in given.value.items():
            pieces = env.pieces(node)
            text = "".join(part for part, _ in pieces or ())
            if pieces is not None and not PLACEHOLDER.fullmatch(text):
                env.values.setdefault(name, text)
    if (uri := _member(about, "DefinitionUri")) is not None:
        if isinstance(uri.value, str) and "://" not in uri.value:
            return Elsewhere(uri.value, env.values)
        raise TemplateError("the definition is in S3", uri, "name a local file that holds it")
    if (place := _member(about, "DefinitionS3Location")) is not None:
        raise TemplateError("the definition is in S3", place, "name a local file that holds it")
    for name in ("DefinitionString", "Definition", "definition"):
        found = _member(about, name)
        if found is not None:
            return env.parsed(found)
    hint = "it needs Definition, DefinitionString or DefinitionUri"
    raise TemplateError("the state machine has no definition here", machine, hint)


def _member(node: Node | None, name: str) -> Node | None:
    return node.value.get(name) if node is not None and isinstance(node.value, dict) else None


def _type(node: Node) -> Value:
    kind = _member(node, "Type")
    return kind.value if kind is not None else None


class _Made(Node):
    """A text that stands nowhere as it is."""

    def offsets(self) -> list[int]:
        return [self.start] * (len(str(self.value)) + 1)


class _Environment:
    """What is known of a template's values."""

    def __init__(self, root: Node, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.defaults = dict(_EVERYWHERE)
        parameters = _member(root, "Parameters")
        for name, node in (_dict(parameters) if parameters else {}).items():
            default = _member(node, "Default")
            if default is not None and isinstance(default.value, (str, int, float)):
                self.defaults[name] = _text(default.value)

    def parsed(self, node: Node) -> Parsed:
        """The definition that a node holds, as text or as objects."""
        if _call(node) == "Fn::ToJsonString":
            (node,) = _dict(node).values()
        pieces = self.pieces(node)
        if pieces is None:
            return Parsed("", self.resolved(node, node.pointer), ())
        text = joined(pieces, node.source)
        if (name := PLACEHOLDER.fullmatch(text.text.strip())) is not None:
            hint = "name the file that holds it"
            raise TemplateError(f"the definition is what {name[0]} stands for", node, hint)
        root, problems = parse(substitute(text, self.values.get))
        return Parsed("", root, tuple(problems))

    def pieces(self, node: Node) -> list[Piece] | None:
        """The text that a node gives, with placeholders; None if it gives no text."""
        value = node.value
        if isinstance(value, str):
            return [(value, node.offsets())]
        if isinstance(value, (int, float)):
            return [_piece(_text(value), node)]
        name = _call(node)
        if not name:
            return None
        (inner,) = _dict(node).values()
        if name == "Ref" and isinstance(inner.value, str):
            return [_piece(self.default(inner.value), node)]
        if name == "Fn::GetAtt":
            return [_piece(f"${{{'.'.join(_texts(inner))}}}", node)]
        if name == "Fn::Sub":
            return self.sub(inner)
        if name == "Fn::Join" and isinstance(inner.value, list) and len(inner.value) == 2:
            return self.join(*inner.value)
        return [_piece(f"${{{name}}}", node)]

    def default(self, name: str) -> str:
        return self.values.get(name) or self.defaults.get(name, f"${{{name}}}")

    def sub(self, node: Node) -> list[Piece] | None:
        parts = node.value if isinstance(node.value, list) else [node]
        own = {}
        for name, item in (_dict(parts[1]) if len(parts) > 1 else {}).items():
            own[name] = "".join(text for text, _ in self.pieces(item) or [_piece("", item)])
        if not parts or not isinstance(parts[0].value, str):
            return None
        text, places = parts[0].value, parts[0].offsets()
        found: list[Piece] = []
        done = 0
        for match in _SUB.finditer(text):
            name = match[1].strip()
            literal = name.startswith("!")
            new = f"${{{name[1:]}}}" if literal else own.get(name) or self.default(name)
            found += [(text[done : match.start()], places[done:])]
            found += [(new, [places[match.start()]] * (len(new) + 1))]
            done = match.end()
        return [*found, (text[done:], places[done:])]

    def join(self, between: Node, items: Node) -> list[Piece] | None:
        if not isinstance(between.value, str) or not isinstance(items.value, list):
            return None
        found: list[Piece] = []
        for n, item in enumerate(items.value):
            found += [_piece(between.value, item)] if n else []
            found += self.pieces(item) or [_piece("", item)]
        return found

    def resolved(self, node: Node, start: str) -> Node:
        """The objects of a definition, their functions resolved; pointers begin at it."""
        pointer = node.pointer[len(start) :]
        value = node.value
        if _call(node):
            pieces = self.pieces(node)
            if pieces is not None:
                value = "".join(text for text, _ in pieces)
        if isinstance(value, str):
            text = substitute(Text.of(value), self.values.get).text
            if text == node.value:
                return replace(node, pointer=pointer)
            return _Made(text, pointer, node.start, node.source, node.key_start)
        if isinstance(value, list):
            value = [self.resolved(item, start) for item in value]
        elif isinstance(value, dict):
            value = {name: self.resolved(item, start) for name, item in value.items()}
        return replace(node, value=value, pointer=pointer)


def _dict(node: Node) -> dict[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _call(node: Node) -> str:
    """The function that an object of a template calls, or ""."""
    if isinstance(node.value, dict) and len(node.value) == 1:
        (name,) = node.value
        if name == "Ref" or name.startswith("Fn::") and name[4:] in _SHORT:
            return name
    return ""


def _texts(node: Node) -> list[str]:
    """`a.b`, or [a, b]."""
    if isinstance(node.value, list):
        return [str(item.value) for item in node.value]
    return [str(node.value)]


def _text(value: str | int | float) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _piece(text: str, node: Node) -> Piece:
    return text, [node.start] * (len(text) + 1)
