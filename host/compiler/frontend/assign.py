"""Assign and the names of variables (sections "Assign", "Variable Scope")."""

from __future__ import annotations

import re

from .context import CheckContext, Scope, suggest
from .fields import VARIABLE_NAME_MAX
from .jsonata import parse_field
from .model import Assign, Expr
from .payload_template import parse_dynamic, parse_template
from .source import Node


def parse_assign(
    ctx: CheckContext, node: Node | None, place: str = "", *has: frozenset[str]
) -> Assign:
    """The value of `Assign`; enters its variables into the current scope.

    `place`, `has`: of JSONata, as `jsonata.parse_field` takes them.
    """
    if node is None:
        return ()
    if not isinstance(node.value, dict):
        ctx.wrong_type(node, "Assign", "an object of variables")
        return ()
    items: list[tuple[str, Expr]] = []
    for key, member in node.value.items():
        dynamic = key.endswith(".$") and not ctx.jsonata
        name = key[:-2] if dynamic else key
        value: Expr
        if ctx.jsonata:
            value = parse_field(ctx, member, f"{place}Assign/{name}", *has)
        else:
            value = parse_dynamic(ctx, member) if dynamic else parse_template(ctx, member)
        _check_name(ctx, name, member)
        if any(name == other for other, _ in items):
            message = f'the variable "{name}" is assigned twice in one Assign'
            ctx.error("TSME-C037", member.key_where, message, "keep one of them")
        ctx.scope.assigned.setdefault(name, []).append(member.key_where)
        items.append((name, value))
    return tuple(items)


def _check_name(ctx: CheckContext, name: str, member: Node) -> None:
    place = member.key_where
    if name.startswith("$"):
        message = f'"{name}" is no variable name'
        ctx.error("TSME-C060", place, message, f'write "{name.lstrip("$")}", without `$`')
    elif not name.isidentifier():
        hint = "start with a letter, go on with letters, digits and `_`"
        ctx.error("TSME-C060", place, f'"{name}" is no variable name', hint)
    elif name == "states":
        ctx.error("TSME-C060", place, 'the variable name "states" is reserved', "rename it")
    elif len(name) > VARIABLE_NAME_MAX:
        message = f"a variable name has at most {VARIABLE_NAME_MAX} characters, not {len(name)}"
        ctx.error("TSME-C060", place, message, "shorten it")


# A variable that a Catch of a state sets.  Where the state is comes first.
_BY_CATCH = re.compile(r"(.*)/Catch/[0-9]+/Assign/[^/]*")


def _is_foreign(scope: Scope, name: str) -> bool:
    """Does a name that a scope assigns belong to one around it?

    What is only set by the Catch of a state is another variable within that state, which has
    ended when the Catch begins.
    """
    inside = scope.assigned[name][0].pointer
    outer = scope.outer
    while outer is not None:
        for where in outer.assigned.get(name, ()):
            caught = _BY_CATCH.fullmatch(where.pointer)
            if caught is None or not inside.startswith(caught[1] + "/"):
                return True
        outer = outer.outer
    return False


def check_variables(ctx: CheckContext) -> None:
    """After the whole source was read: every variable used must be assigned somewhere in scope,
    and an inner machine must not assign a name of an outer one."""
    for scope in ctx.scopes:
        for name, places in scope.assigned.items():
            if _is_foreign(scope, name):
                where = places[0]
                message = (
                    f'the variable "{name}" belongs to an outer scope, which cannot be assigned'
                )
                ctx.error("TSME-C062", where, message, "use another name")
        for name, where in scope.uses:
            if scope.lookup(name):
                continue
            if scope.isolated and scope.parent is not None and scope.parent.lookup(name):
                hint = "pass it in with ItemSelector"
                message = f"the body of a distributed Map cannot read the variable ${name}"
            else:
                message = f"no Assign in scope sets the variable ${name}"
                hint = suggest(name, scope.visible(), "write $." + name + " to read the input")
            ctx.error("TSME-C061", where, message, hint)
        _check_reads(ctx, scope)


def _check_reads(ctx: CheckContext, scope: Scope) -> None:
    """In JSONata a variable that nothing sets is undefined, which is no mistake by itself."""
    unknown = [(name, where) for name, where in scope.reads if not scope.lookup(name)]
    if not unknown:
        return
    from ..jsonata.functions import built_in  # noqa: PLC0415

    functions = built_in()
    for name, where in unknown:
        if name not in functions:
            message = f"no Assign in scope sets the variable ${name}, so it is undefined"
            known = scope.visible() | functions | {"states"}
            hint = suggest(name, known, "no function has that name, either")
            if scope.isolated and scope.parent is not None and scope.parent.lookup(name):
                message = f"the body of a distributed Map cannot read the variable ${name}"
                hint = "pass it in with ItemSelector"
            elif name == "eval":
                hint = "AWS has no $eval: an expression is known when the workflow is made"
            ctx.warn("TSME-C061", where, message, hint)
