"""Payload templates and intrinsic functions, written in JSONata."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..frontend.model import Arr, Const, Expr, Index, IntrinsicCall, Json, Key, Obj, Path, Ref
from ..jsonpath.calls import SIGNATURES
from .spelling import Here, Left, literal, path, plain, settle

# Members of the context object that are always texts, or integers.
_TEXTS: set[tuple[str, ...]] = {
    ("Execution", "Id"),
    ("Execution", "Name"),
    ("Execution", "StartTime"),
    ("State", "Name"),
    ("State", "EnteredTime"),
    ("StateMachine", "Id"),
    ("StateMachine", "Name"),
    ("Task", "Token"),
}
_INTEGERS: set[tuple[str, ...]] = {("State", "RetryCount"), ("Map", "Item", "Index")}
_PIECE = re.compile(r"\\([{}'\\])|(\{\})")
_SAFE = 1 << 53


def template(e: Expr, here: Here, *, null: bool = True) -> Json:
    """The value of a field.  `null`: an index past an array's end gives null."""
    e, here = settle(e, here)
    if isinstance(e, Const):
        return plain(e.value)
    if isinstance(e, Obj):
        return {key: template(item, here, null=null) for key, item in e.items}
    if isinstance(e, Arr):
        return [template(item, here, null=null) for item in e.items]
    if isinstance(e, IntrinsicCall) and e.name == "States.Array":
        return [template(item, here, null=False) for item in e.args]
    return expression(text(e, here, null=null))


def expression(inner: str) -> str:
    return f"{{% {inner} %}}"


def text(e: Expr, here: Here, *, null: bool = False) -> str:
    """The value within an expression."""
    e, here = settle(e, here)
    if isinstance(e, Const):
        return literal(e.value, e.where)
    if isinstance(e, Ref):
        return reference(e.path, here, null=null)
    if isinstance(e, Obj):
        members = [
            f"{literal(key, e.where)}: {text(item, here, null=null)}" for key, item in e.items
        ]
        return "{" + ", ".join(members) + "}"
    if isinstance(e, Arr):
        return array(e.items, here, null=null)
    assert isinstance(e, IntrinsicCall)
    return call(e, here)


def array(items: tuple[Expr, ...], here: Here, *, null: bool = False) -> str:
    """Brackets put the items of an array into the one around, unless it has brackets itself."""
    for item in items:
        settled, _ = settle(item, here)
        if not _is_no_list(settled):
            why = "an array in an expression takes an array that is put into it apart"
            raise Left(why, settled.where)
    return "[" + ", ".join(text(item, here, null=null) for item in items) + "]"


def _is_no_list(e: Expr) -> bool:
    """Is it no array, or one that is written with brackets?"""
    if isinstance(e, IntrinsicCall):
        returns = SIGNATURES[e.name].returns
        return e.name == "States.Array" or returns not in ("array", "any")
    return isinstance(e, (Const, Obj, Arr))


def reference(p: Path, here: Here, *, null: bool = False) -> str:
    found = path(p, here)
    if null and p.segments and isinstance(p.segments[-1], Index):
        here.uses.functions.add("exists")
        return f"($item := {found}; $exists($item) ? $item : null)"
    return found


# --- intrinsic functions ------------------------------------------------------------------------


def call(e: IntrinsicCall, here: Here) -> str:
    """A call as JSONata has it; where it succeeds, its arguments are of the right types."""
    name = e.name.removeprefix("States.")
    if name in _ON_ITS_OWN:
        return _ON_ITS_OWN[name](e, here)
    arguments = [text(item, here) for item in e.args]
    made, condition = _CALLS[name]
    made = made.format(*arguments)
    here.uses.functions.update(re.findall(r"^\$(\w+)\(", made))
    same = name == "Hash" and known_text(e.args[0], here)
    same |= name == "MathAdd" and all(known_integer(item, here) for item in e.args)
    if same or not condition:
        return made
    return here.uses.only_if(made, f"`{e.text}`", condition, e.where)


# What a function becomes, and what must hold of its arguments if it is to be the same.
_CALLS = {
    "UUID": ("$uuid()", ""),
    "ArrayLength": ("$count({})", ""),
    "ArrayUnique": ("$distinct({})", ""),
    "JsonMerge": ("$merge([{}, {}])", ""),
    "Hash": ("$hash({}, {})", "what is hashed is a text"),
    "MathAdd": ("({} + {})", "both are whole numbers"),
    "StringToJson": ("$parse({})", "the text is not blank and names no member twice"),
    "JsonToString": ("$string({})", "it has no number with a fraction or of 16 digits and more"),
    "ArrayPartition": ("$partition({}, {})", "the array is not empty"),
    "Base64Encode": ("$base64encode({})", "the text is ASCII"),
    "Base64Decode": ("$base64decode({})", "it is proper Base64 of ASCII"),
    "StringSplit": (
        "$split({}, {})",
        "the separator is one character, and no piece of the text is empty",
    ),
}


def known_text(e: Expr, here: Here) -> bool:
    """Is it a text whenever it is anything?"""
    e, _ = settle(e, here)
    if isinstance(e, Const):
        return isinstance(e.value, str)
    if isinstance(e, IntrinsicCall):
        return SIGNATURES[e.name].returns == "string"
    return isinstance(e, Ref) and _is_context(e.path, _TEXTS)


def known_integer(e: Expr, here: Here) -> bool:
    e, _ = settle(e, here)
    if isinstance(e, Const):
        whole = isinstance(e.value, int) and not isinstance(e.value, bool)
        return whole and e.value in range(-_SAFE, _SAFE)
    if isinstance(e, IntrinsicCall):
        return e.name in ("States.ArrayLength", "States.MathAdd")
    return isinstance(e, Ref) and _is_context(e.path, _INTEGERS)


def _is_context(p: Path, members: set[tuple[str, ...]]) -> bool:
    names = tuple(s.name for s in p.segments if isinstance(s, Key))
    return p.root == "$$" and names in members and len(names) == len(p.segments)


def _format(e: IntrinsicCall, here: Here) -> str:
    """Pieces joined by `&`, which shows texts and integers as States.Format does."""
    first = e.args[0]
    if not isinstance(first, Const) or not isinstance(first.value, str):
        raise Left("the template of States.Format is not known before it runs", e.where)
    items = iter(e.args[1:])
    parts: list[str] = []
    plain_text, end, sure = "", 0, True
    for match in _PIECE.finditer(first.value):
        plain_text += first.value[end : match.start()] + (match[1] or "")
        end = match.end()
        if match[2]:
            item = next(items)
            sure = sure and (known_text(item, here) or known_integer(item, here))
            parts += [literal(plain_text, e.where)] if plain_text or not parts else []
            parts.append(text(item, here))
            plain_text = ""
    plain_text += first.value[end:]
    if plain_text or not parts:
        parts.append(literal(plain_text, e.where))
    joined = "(" + " & ".join(parts) + ")" if len(parts) > 1 else parts[0]
    if sure:
        return joined
    condition = "what it shows are texts and whole numbers of at most 15 digits"
    return here.uses.only_if(joined, f"`{e.text}`", condition, e.where)


def _contains(e: IntrinsicCall, here: Here) -> str:
    wanted, _ = settle(e.args[1], here)
    items = text(e.args[0], here)
    found = f"({text(wanted, here)} in {items})"
    if isinstance(wanted, Const) and not isinstance(wanted.value, (list, dict)):
        return found
    if known_text(wanted, here) or known_integer(wanted, here):
        return found
    condition = "the value is no array and no object"
    return here.uses.only_if(found, f"`{e.text}`", condition, e.where)


def _range(e: IntrinsicCall, here: Here) -> str:
    bounds = [item.value for item in e.args if isinstance(item, Const)]
    numbers = [n for n in bounds if isinstance(n, int) and not isinstance(n, bool)]
    if len(numbers) == len(e.args) and numbers[2]:
        first, last, step = numbers
        values: list[Json] = list(range(first, last + (1 if step > 0 else -1), step))
        if len(values) <= 1000:
            return literal(values, e.where)
    arguments = ", ".join(text(item, here) for item in e.args)
    here.uses.functions.add("range")
    condition = "there are at least two numbers"
    return here.uses.only_if(f"$range({arguments})", f"`{e.text}`", condition, e.where)


def _item(e: IntrinsicCall, here: Here) -> str:
    place = e.args[1]
    if isinstance(e.args[0], Ref) and isinstance(place, Const) and isinstance(place.value, int):
        if place.value >= 0:
            return f"{text(e.args[0], here)}[{place.value}]"
    raise Left(f"`{e.text}` takes an item whose number is not written there", e.where)


def _random(e: IntrinsicCall, _here: Here) -> str:
    raise Left("States.MathRandom draws other numbers than $random", e.where)


_ON_ITS_OWN: dict[str, Callable[[IntrinsicCall, Here], str]] = {
    "Array": lambda e, here: array(e.args, here),
    "Format": _format,
    "ArrayContains": _contains,
    "ArrayRange": _range,
    "ArrayGetItem": _item,
    "MathRandom": _random,
}
