"""Operands of the instructions of expressions (docs/SPEC.md, 2.16) in words."""

from __future__ import annotations

from typing import Final

OPERATORS: Final = "+ - * / % & = != < <= > >= in .. ~>".split()
KINDS: Final = "nothing function array number text object true boolean".split()
BUILDERS: Final = "sequence array object groups".split()
WILDS: Final = ("*", "**")
FIELDS: Final = (
    "boolean",
    "text",
    "seconds",
    "percentage",
    "array",
    "array or object",
    "object",
    "number",
)
_DONE: Final = ("flat", "last step", "kept", "apart")
_CHOICES: Final = {
    "OPERATE": OPERATORS,
    "IS": KINDS,
    "BUILD": BUILDERS,
    "WILD": WILDS,
    "EXPECT": FIELDS,
}


def words(name: str, operand: int) -> str | None:
    """What an operand says; None if it is no instruction of expressions that has words."""
    if name in _CHOICES:
        choices = _CHOICES[name]
        return choices[operand] if operand < len(choices) else f"{operand}?"
    if name in ("GET", "SET"):
        distance, local = operand >> 8, operand & 255
        return f"local {local}" + (f", {distance} out" if distance else "")
    if name == "BODY":
        return f"{operand >> 8} given, {operand & 255} locals"
    if name == "INVOKE":
        most = ", or fewer" if operand & 256 else ""
        level = f", {operand >> 9} deep" if operand >> 9 else ""
        return _plural(operand & 255) + most + level
    if name == "PARTIAL":
        return _plural(operand)
    if name == "DONE":
        return ", ".join(word for bit, word in enumerate(_DONE) if operand >> bit & 1)
    return None


def _plural(n: int) -> str:
    return f"{n} argument" + ("" if n == 1 else "s")
