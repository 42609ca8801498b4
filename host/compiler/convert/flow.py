"""The way of data through a state: InputPath .. OutputPath become Arguments and Output."""

from __future__ import annotations

from ..frontend.model import AslState, Assign, Catcher, Expr, Json, Key, Path, Ref, Where
from .spelling import Here, Left, Uses, literal, name, path, steps
from .templates import expression, template, text

INPUT = "$states.input"


def is_root(p: Path | None) -> bool:
    """True for the path `$`."""
    return p is not None and p.root == "$" and not p.segments


def whole(where: Where) -> Ref:
    """The path `$`."""
    return Ref(Path("$", (), "$", where), where)


def effective(state: AslState, uses: Uses) -> Here:
    """What `$` is for the fields of a state."""
    if state.input_path is None:
        return Here(uses, None)
    return Here(uses, path(state.input_path, Here(uses)))


def output(made: Expr, here: Here, into: Path | None, out: Path | None, where: Where) -> Json:
    """What a state's Output is that puts `made` where `into` says, and lets `out` of it out."""
    if out is None:
        return {}
    if out.root != "$":
        return expression(path(out, here))
    if is_root(into):
        # A path of a template gives null for an item that is not there; OutputPath itself fails.
        null = not isinstance(made, Ref)
        return template(Ref(out, where), Here(here.uses, made=made, around=here), null=null)
    if into is None:
        return expression(INPUT + steps(out.segments, where, out.text))
    names = _keys(into)
    keys = [segment.name for segment in out.segments if isinstance(segment, Key)]
    shared = min(len(names), len(keys))
    if len(keys) == len(out.segments) and names[:shared] == keys[:shared]:
        if len(keys) >= len(names):
            rest = Path("$", out.segments[len(names) :], out.text, out.where)
            return template(Ref(rest, where), Here(here.uses, made=made, around=here))
    elif out.segments and out.segments[0] != into.segments[0]:
        return expression(INPUT + steps(out.segments, where, out.text))
    merged = _put(INPUT, names, text(made, here, null=True), here.uses, where)
    return expression(merged + steps(out.segments, where, out.text))


def _keys(p: Path) -> list[str]:
    names = [segment.name for segment in p.segments if isinstance(segment, Key)]
    if len(names) < len(p.segments):
        raise Left(f"{p.text} puts the result into an array", p.where)
    return names


def _put(around: str, names: list[str], value: str, uses: Uses, where: Where) -> str:
    """An object with a member at a place in it; what is on the way is an object, or absent."""
    first, *rest = names
    if rest:
        value = _put(f"{around}.{name(first, where)}", rest, value, uses, where)
    return uses.call("merge", f"[{around}, {{{literal(first, where)}: {value}}}]")


def assign(values: Assign, here: Here) -> dict[str, Json]:
    return {variable: template(e, here) for variable, e in values}


def made_here(made: Expr, here: Here) -> Here:
    """`$` is what a state has made."""
    return Here(here.uses, made=made, around=here)


def catcher(source: dict[str, Json], c: Catcher, uses: Uses) -> dict[str, Json]:
    """An entry of Catch."""
    here = Here(uses, "$states.errorOutput")
    fields = {k: v for k, v in source.items() if k not in ("ResultPath", "Assign")}
    if not is_root(c.result_path):
        root = Path("$", (), "$", c.where)
        fields["Output"] = output(whole(c.where), here, c.result_path, root, c.where)
    if c.assign:
        fields["Assign"] = assign(c.assign, here)
    return fields
