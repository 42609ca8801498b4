"""The front door of the compiler's front end: text in, checked machine out."""

from __future__ import annotations

from .model import CompileError, Problem, StateMachine
from .source import Flow, parse
from .validate import in_order, validate


def check(text: Flow, filename: str = "", *, express: bool = False) -> StateMachine:
    """Parses and validates a workflow.

    Raises `CompileError` with all problems in the order of their places; those with `refusal`
    set are right in AWS but not supported by this version.  `filename` goes into the error for
    the caller's report; the findings do not depend on it.  `express`: check also what AWS asks
    of workflows of its type EXPRESS.
    """
    machine, problems = find_problems(text, express=express)
    if machine is None:
        raise CompileError(problems, filename)
    return machine


def find_problems(
    text: Flow, *, express: bool = False
) -> tuple[StateMachine | None, list[Problem]]:
    """As `check`, but returns the problems instead of raising."""
    node, problems = parse(text)
    if node is None:
        return None, in_order(problems)
    machine, more = validate(node, express)
    problems = in_order(problems + more)
    return (None if problems else machine), problems
