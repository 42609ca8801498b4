"""Choice rules (section "Choice State")."""

from __future__ import annotations

import re

from ..jsonpath.paths import is_path
from .assign import parse_assign
from .context import CheckContext, kind_of, suggest
from .jsonata import is_expression
from .model import And, ChoiceRule, Compare, Condition, Const, Jsonata, Not, Or, Path, Where
from .reader import Members, is_timestamp
from .source import Node

_ORDERS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_ORDERED = tuple(kind + order for kind in ("String", "Numeric", "Timestamp") for order in _ORDERS)
_TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
_WITH_PATH = (*_ORDERED, "BooleanEquals")
OPERATORS = (*_WITH_PATH, *(op + "Path" for op in _WITH_PATH), "StringMatches", *_TESTS)
_COMBINERS = ("And", "Or", "Not")

# Before anything but a star and a backslash, a backslash escapes nothing.
_OPEN_ESCAPE = re.compile(r"(?:[^\\]|\\[*\\])*+(\\[^*\\]?)", re.S)
_NOTHING = And(())  # stands in for a condition that could not be read


def parse_rules(ctx: CheckContext, node: Node) -> tuple[ChoiceRule, ...]:
    """The value of `Choices`: a non-empty array of rules."""
    if not isinstance(node.value, list):
        ctx.wrong_type(node, "Choices", "an array of rules")
        return ()
    if not node.value:
        ctx.error("TSME-C014", node.where, "Choices must hold at least one rule")
    rules = []
    for n, item in enumerate(node.value):
        if isinstance(item.value, dict):
            rules.append(_rule(ctx, item, f"Choices[{n}]/"))
        else:
            ctx.wrong_type(item, "a choice rule", "an object")
    return tuple(rules)


def _rule(ctx: CheckContext, node: Node, place: str) -> ChoiceRule:
    members = Members(ctx, node, place)
    members.require(("Next",), "a choice rule")
    target = members.text("Next") or ""
    members.text("Comment")
    assign = parse_assign(ctx, members.get("Assign"), place)
    if not ctx.jsonata:
        condition = _condition(ctx, node, ("Next", "Assign"))
        return ChoiceRule(condition, target, assign, node.where)
    members.only(("Condition", "Next", "Assign", "Output", "Comment"), "a JSONata choice rule")
    members.require(("Condition",), "a JSONata choice rule")
    test = _jsonata_condition(ctx, members)
    return ChoiceRule(test, target, assign, node.where, members.field("Output"))


def _jsonata_condition(ctx: CheckContext, members: Members) -> Jsonata | bool:
    node, found = members.get("Condition"), members.field("Condition")
    if isinstance(found, Jsonata):
        return found
    if isinstance(found, Const) and isinstance(found.value, bool):
        return found.value
    if node is not None and not is_expression(node.value):
        hint = "write {% $states.input.n > 1 %}"
        ctx.wrong_type(node, "Condition", "an expression or a boolean", hint)
    return False


def _condition(ctx: CheckContext, node: Node, top: tuple[str, ...]) -> Condition:
    """One rule or nested rule; `top` are the fields that only a rule of `Choices` may have."""
    assert isinstance(node.value, dict)
    members = Members(ctx, node)
    for name in ("Next", "Assign"):
        if name in members and not top:
            place = members.nodes[name].key_where
            message = f'a nested rule has no "{name}"; only the rules of Choices do'
            ctx.error("TSME-C071", place, message, "move it to the outer rule")
    combiners = [name for name in members.nodes if name in _COMBINERS]
    operators = [name for name in members.nodes if name in OPERATORS]
    known = ("Variable", "Comment", "Next", "Assign", *_COMBINERS, *OPERATORS)
    for name, member in members.nodes.items():
        if name in ("Condition", "Output"):
            message = f'"{name}" belongs to JSONata; this state is in JSONPath'
            hint = "use Variable and an operator" if name == "Condition" else "use Assign"
            ctx.error("TSME-C081", member.key_where, message, hint)
        elif name not in known:
            hint = suggest(name, known, "write e.g. NumericEquals, StringMatches, IsPresent")
            message = f'a choice rule has no field or operator "{name}"'
            ctx.error("TSME-C011", member.key_where, message, hint)
    found = combiners + operators
    if len(found) > 1:
        message = " and ".join(f'"{n}"' for n in found) + " in one rule; a rule has one operator"
        ctx.error("TSME-C070", members.nodes[found[-1]].key_where, message, 'combine with "And"')
    if not found:
        if all(name in known for name in members.nodes):  # else that name was meant as one
            hint = "write e.g. NumericEquals, IsPresent, And, Not"
            ctx.error("TSME-C070", node.where, "the rule has no operator", hint)
        return _NOTHING
    if not top:
        members.text("Comment")
    if found[0] in _COMBINERS:
        if "Variable" in members:
            place = members.nodes["Variable"].key_where
            message = f'"Variable" has no meaning next to "{found[0]}"'
            ctx.error("TSME-C070", place, message, "put it into the nested rules")
        return _combine(ctx, found[0], members.nodes[found[0]])
    return _compare(ctx, members, found[0])


def _combine(ctx: CheckContext, name: str, node: Node) -> Condition:
    if name == "Not":
        if isinstance(node.value, dict):
            return Not(_condition(ctx, node, ()))
        ctx.wrong_type(node, "Not", "a rule (an object)")
        return _NOTHING
    if not isinstance(node.value, list):
        ctx.wrong_type(node, name, "an array of rules")
        return _NOTHING
    if not node.value:
        ctx.error("TSME-C014", node.where, f"{name} must hold at least one rule")
    parts = []
    for item in node.value:
        if isinstance(item.value, dict):
            parts.append(_condition(ctx, item, ()))
        else:
            ctx.wrong_type(item, f"a rule of {name}", "an object")
    return And(tuple(parts)) if name == "And" else Or(tuple(parts))


def _compare(ctx: CheckContext, members: Members, op: str) -> Condition:
    members.require(("Variable",), "a comparison")
    variable = members.reference("Variable") or Path("$", (), "$", members.node.where)
    node = members.nodes[op]
    where = members.node.where
    if op.endswith("Path"):
        operand = ctx.path(node, reference=True)
        return Compare(op.removesuffix("Path"), variable, operand, where)
    return _literal(ctx, op, variable, node, where)


def _literal(ctx: CheckContext, op: str, variable: Path, node: Node, where: Where) -> Condition:
    value = node.value
    if op.startswith("Numeric"):
        right, wanted = isinstance(value, (int, float)) and not isinstance(value, bool), "a number"
    elif op.startswith("String"):
        right, wanted = isinstance(value, str), "a string"
    elif op.startswith("Timestamp"):
        right, wanted = isinstance(value, str), "a timestamp"
    else:
        right, wanted = isinstance(value, bool), "true or false"
    if not right and ctx.templated(node):
        return _NOTHING
    if not right:
        meant = is_path(value) and op in _WITH_PATH
        hint = f'use "{op}Path" to compare with a path' if meant else ""
        message = f"{op} compares with {wanted}, not {kind_of(node)}"
        ctx.error("TSME-C013", node.where, message, hint)
        return _NOTHING
    if op.startswith("Timestamp") and isinstance(value, str) and not is_timestamp(value):
        if ctx.templated(node):
            return _NOTHING
        message = f'{op} compares with an RFC 3339 timestamp, not "{value}"'
        ctx.error("TSME-C019", node.where, message, "write 2030-01-31T12:00:00Z")
    if op == "StringMatches" and (open_escape := _OPEN_ESCAPE.match(str(value))):
        message = f"`{open_escape[1]}` is no escape of StringMatches"
        hint = r"write \\* for a star and \\\\ for a backslash, as JSON has them"
        ctx.error("TSME-C014", node.where, message, hint)
    assert isinstance(value, (str, int, float, bool))
    return Compare(op, variable, value, where)
