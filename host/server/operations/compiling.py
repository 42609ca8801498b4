"""A definition as a program, or what is wrong with it, in AWS's words."""

from __future__ import annotations

import json
from typing import Any, Final

from ...compiler.backend.emit import Compiled
from ...compiler.compile import compile_text
from ...compiler.frontend.aws_text import diagnostics
from ...compiler.frontend.check import check
from ...compiler.frontend.model import CompileError, Limits, Problem
from ..errors import ApiError
from ..room import PROGRAM

EXPRESS: Final = 300  # seconds that an express execution may run


def compiled(definition: str, kind: str) -> Compiled:
    """The program of a definition; `kind` is STANDARD or EXPRESS.

    Raises ApiError InvalidDefinition, with what AWS would say, or with what only this version
    does not have.
    """
    try:
        return program_of(definition, kind)
    except CompileError as error:
        raise refused(definition, error.problems) from None


def program_of(definition: str, kind: str) -> Compiled:
    """The same, with the room of a server unless the Comment says something else.

    Raises CompileError.
    """
    machine = check(definition, express=kind == "EXPRESS")
    if kind == "EXPRESS":
        definition = _in_time(definition)
    usual, said = Limits(), machine.limits
    room = {
        name: value
        for name, value in PROGRAM.items()
        if getattr(said, name) == getattr(usual, name)
    }
    return compile_text(definition, "", **room)


def _in_time(definition: str) -> str:
    """The definition of an express workflow, which has five minutes, if it says no less."""
    machine: dict[str, Any] = json.loads(definition)
    if machine.get("TimeoutSeconds", EXPRESS + 1) <= EXPRESS:
        return definition
    return json.dumps(machine | {"TimeoutSeconds": EXPRESS}, ensure_ascii=False)


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
