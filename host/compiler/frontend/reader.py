"""Reads the members of one JSON object by a table of `fields.Field`, reporting what is wrong.

A field that is wrong reads as if it were absent, so that one mistake gives one finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from ..jsonpath.paths import is_path
from .context import CheckContext, quoted, suggest
from .fields import FIELDS, Field
from .jsonata import is_expression, parse_expression, parse_field
from .model import Const, Expr, IntrinsicCall, Json, Jsonata, Path, Ref
from .payload_template import parse_dynamic, parse_template
from .source import Node

T = TypeVar("T")

# RFC 3339 as AWS reads it: upper-case T and Z, an offset is required.
_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))"
)


def is_timestamp(text: str) -> bool:
    """True for an RFC 3339 timestamp as the States Language wants it (section "Timestamps")."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None or not text.isascii():
        return False
    try:
        datetime.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return True


class Members:
    """The members of one object, read by kind.  `node.value` must be a dict.

    `place`: where it is in its state, as AWS names the fields of JSONata: `Catch[0]/`.
    """

    def __init__(self, ctx: CheckContext, node: Node, place: str = "") -> None:
        assert isinstance(node.value, dict)
        self.ctx = ctx
        self.node = node
        self.place = place
        self.nodes: dict[str, Node] = node.value

    # --- which fields may stand here --------------------------------------------------------

    def only(self, allowed: Iterable[str], what: str) -> None:
        """Reports members that are not in `allowed`; `what` names the object, e.g. `a retrier`."""
        known = tuple(allowed)
        for name, member in self.nodes.items():
            if name not in known:
                message = f'{what} has no field "{name}"'
                hint = suggest(name, known, "fields: " + ", ".join(known))
                self.ctx.error("TSME-C011", member.key_where, message, hint)

    def require(self, names: Iterable[str], what: str) -> None:
        for name in names:
            if name not in self.nodes:
                message = f'{what} needs the field "{name}"'
                self.ctx.error("TSME-C010", self.node.where, message)

    def exclusive(self, group: tuple[str, ...]) -> None:
        present = [name for name in self.nodes if name in group]
        if len(present) > 1:
            last = self.nodes[present[-1]]
            message = " and ".join(f'"{name}"' for name in present) + " exclude each other"
            self.ctx.error("TSME-C015", last.key_where, message, "keep one of them")

    def one_of(self, group: tuple[str, ...], what: str) -> None:
        if not any(name in self.nodes for name in group):
            names = ", ".join(f'"{name}"' for name in group)
            self.ctx.error("TSME-C010", self.node.where, f"{what} needs one of {names}")

    # --- typed access -----------------------------------------------------------------------

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def get(self, name: str) -> Node | None:
        return self.nodes.get(name)

    def text(self, name: str, _field: Field | None = None) -> str | None:
        """A string, or None when absent or wrong."""
        node = self.nodes.get(name)
        if node is None:
            return None
        if isinstance(node.value, str):
            return node.value
        self.ctx.wrong_type(node, name, "a string")
        return None

    def flag(self, name: str) -> bool | None:
        node = self.nodes.get(name)
        if node is None:
            return None
        if isinstance(node.value, bool):
            return node.value
        word = node.value.lower() if isinstance(node.value, str) else ""
        meant = {"yes": "true", "on": "true", "true": "true"} | dict.fromkeys(
            ("no", "off", "false"), "false"
        )
        hint = f"write {meant[word]}, without quotes" if word in meant else ""
        self.ctx.wrong_type(node, name, "true or false", hint)
        return None

    def integer(self, name: str, field: Field | None = None) -> int | None:
        node = self.nodes.get(name)
        if node is None:
            return None
        field = field or FIELDS[name]
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            hint = f'write "{name}Path" to take it from the data' if is_path(node.value) else ""
            self.ctx.wrong_type(node, name, "an integer", hint)
            return None
        return node.value if self._in_range(node, name, node.value, field) else None

    def number(self, name: str, field: Field | None = None) -> int | float | None:
        node = self.nodes.get(name)
        if node is None:
            return None
        field = field or FIELDS[name]
        if not isinstance(node.value, (int, float)) or isinstance(node.value, bool):
            self.ctx.wrong_type(node, name, "a number")
            return None
        return node.value if self._in_range(node, name, node.value, field) else None

    def choice(self, name: str, field: Field | None = None) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        field = field or FIELDS[name]
        if text in field.values:
            return text
        if self.ctx.templated(self.nodes[name]):
            return None
        wanted = ", ".join(f'"{value}"' for value in field.values)
        message = f"{name} must be one of {wanted}, not {quoted(text)}"
        self.ctx.error("TSME-C016", self.nodes[name].where, message, suggest(text, field.values))
        return None

    def path(self, name: str) -> Path | None:
        """InputPath, OutputPath, ResultPath: `$` when absent, None when null."""
        node = self.nodes.get(name)
        if node is None:
            return Path("$", (), "$", self.node.where)
        if node.value is None:
            return None
        if FIELDS[name].kind == "result":
            return self.ctx.path(node, reference=True, roots="input")
        return self.ctx.path(node)

    def reference(self, name: str) -> Path | None:
        """A reference path, or None when absent."""
        node = self.nodes.get(name)
        return None if node is None else self.ctx.path(node, reference=True)

    def dynamic(self, name: str) -> Expr | None:
        """ErrorPath, CausePath: a reference path or a call."""
        node = self.nodes.get(name)
        if node is None:
            return None
        if is_path(node.value):
            return Ref(self.ctx.path(node, reference=True), node.where)
        return parse_dynamic(self.ctx, node)

    def template(self, name: str) -> Expr | None:
        node = self.nodes.get(name)
        return None if node is None else parse_template(self.ctx, node)

    def object(self, name: str) -> Expr | None:
        """A template that must be an object, or what a JSONata state has in its place."""
        node = self.nodes.get(name)
        if self.ctx.jsonata and node is not None and is_expression(node.value):
            return self.field(name)
        if node is not None and not isinstance(node.value, dict):
            self.ctx.wrong_type(node, name, "an object")
            return None
        return self.field(name) if self.ctx.jsonata else self.template(name)

    def literal(self, name: str) -> Const | None:
        node = self.nodes.get(name)
        return None if node is None else Const(node.plain(), node.where)

    def timestamp(self, name: str, _field: Field | None = None) -> str | None:
        node = self.nodes.get(name)
        if node is None:
            return None
        text = self.text(name)
        if text is None or is_timestamp(text):
            return text
        if self.ctx.templated(node):
            return None
        message = f"{name} must be an RFC 3339 timestamp, not {quoted(text)}"
        self.ctx.error("TSME-C019", node.where, message, "write 2030-01-31T12:00:00Z")
        return None

    def read(self, name: str, field: Field) -> Json | Path | Expr:
        """Reads a field by its kind, for options that are only checked and kept."""
        match field.kind:
            case "text":
                return self.text(name)
            case "flag":
                return self.flag(name)
            case "integer":
                return self.either(name, self.integer, field)
            case "number":
                return self.either(name, self.number, field)
            case "choice":
                return self.choice(name, field)
            case "reference":
                return self.reference(name)
            case "template":
                return self.field(name) if self.ctx.jsonata else self.template(name)
            case _:
                return None

    # --- JSONata ----------------------------------------------------------------------------

    def either(
        self,
        name: str,
        literal: Callable[[str, Field | None], T | None],
        field: Field | None = None,
    ) -> T | Jsonata | None:
        """An expression, if a JSONata state gives one, or what `literal` reads."""
        node = self.nodes.get(name)
        if node is None or not self.ctx.jsonata or not is_expression(node.value):
            return literal(name, field)
        found = parse_expression(self.ctx, node, self.place + name)
        return found if isinstance(found, Jsonata) else None

    def field(self, name: str, *has: frozenset[str]) -> Expr | None:
        """A field of a JSONata state that may hold expressions at any depth."""
        node = self.nodes.get(name)
        return None if node is None else parse_field(self.ctx, node, self.place + name, *has)

    # --- helpers ----------------------------------------------------------------------------

    def _in_range(self, node: Node, name: str, value: float, field: Field) -> bool:
        if field.low <= value <= field.high:
            return True
        if field.high == float("inf"):
            wanted = f"at least {field.low:g}"
        else:
            wanted = f"from {field.low:.0f} to {field.high:.0f}"
        message = f"{name} must be {wanted}, not {node.plain()}"
        self.ctx.error("TSME-C014", node.where, message)
        return False


def only_calls(ctx: CheckContext, expr: Expr | None, allowed: frozenset[str], name: str) -> None:
    """Reports a call that `name` (ErrorPath, CausePath) does not accept."""
    if isinstance(expr, IntrinsicCall) and expr.name not in allowed:
        hint = "allowed: " + ", ".join(sorted(allowed))
        message = f"{name} cannot be {expr.name}: it does not give a string"
        ctx.error("TSME-C035", expr.where, message, hint)
