"""A definition as a program, or what is wrong with it, in AWS's words."""

from __future__ import annotations

from typing import Any, Final

from ...compiler.backend.emit import Compiled
from ...compiler.compile import compile_text
from ...compiler.frontend.aws_text import diagnostics
from ...compiler.frontend.check import find_problems
from ...compiler.frontend.model import CompileError, Problem
from ..errors import ApiError

# What a server lets a state make, in place of what suits a board.
ROOM: Final = {"step_bytes": 16 << 20, "items": 40_000}


def compiled(definition: str, kind: str) -> Compiled:
    """The program of a definition; `kind` is STANDARD or EXPRESS.

    Raises ApiError InvalidDefinition, with what AWS would say, or with what only this version
    does not have.
    """
    _, problems = find_problems(definition, express=kind == "EXPRESS")
    if problems:
        raise refused(definition, problems)
    try:
        return compile_text(definition, "", **ROOM)
    except CompileError as error:
        raise refused(definition, error.problems) from None


def refused(definition: str, problems: list[Problem]) -> ApiError:
    """The InvalidDefinition of a definition with problems."""
    said = ", ".join(_line(one) for one in told(definition, problems))
    return ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{said}'")


def told(definition: str, problems: list[Problem]) -> list[dict[str, Any]]:
    """The diagnostics of ValidateStateMachineDefinition: AWS's, then what this version refuses
    by name, under its own code."""
    out: list[dict[str, Any]] = [one.to_json() for one in diagnostics(definition, problems)]
    for one in problems:
        if one.refusal:
            text = one.message + (f"; {one.hint}" if one.hint else "")
            found = {"severity": "ERROR", "code": one.code, "message": text}
            out.append(found | {"location": one.where.pointer or "/"})
    return out


def _line(one: dict[str, Any]) -> str:
    place = one.get("location") or ("null" if one["code"] == "MISSING_END_STATE" else "")
    return f"{one['code']}: {one['message']}" + (f" at {place}" if place else "")
