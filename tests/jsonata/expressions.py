"""One expression as a program: what it is about is `$`, variables are there by name.

The program is a state that evaluates the expression and ends with what it gives.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import interpreters
from tests.conformance.driver import Run
from tests.conformance.suite import run_elsewhere
from tsme import core, kernel
from tsme.kernel import protocol
from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme_host.compiler.backend.bodies import Bodies, Names
from tsme_host.compiler.backend.emit import Compiled, emit
from tsme_host.compiler.backend.ir import Code, Ins, Lowered, Pooled, Site, StateInfo
from tsme_host.compiler.backend.needs import needed
from tsme_host.compiler.backend.windows import Window
from tsme_host.compiler.frontend.model import Limits, Where
from tsme_host.compiler.jsonata.parser import parse
from tsme_host.compiler.jsonata.tree import JsonataError
from tsme_host.tools import engines

NOW = 1_767_225_600_000
SEED = 1
MADE = 1 << 24  # bytes that an evaluation may make
LARGEST = 1 << 20  # of one value; AWS has room for 873,782 items
NOWHERE = Where("", 1, 1)
QUERY_ERROR = "States.QueryEvaluationError"
Answer = dict[str, Any]  # value; or nothing at all; or error: code, message, hint


@dataclass
class Job:
    """An evaluation: its program with the input, or the answer that there is without running."""

    program: Compiled | None = None
    data: Any = None
    answer: Answer = field(default_factory=dict)


def compile_expression(
    text: str, bindings: Mapping[str, Any], has_data: bool, made: int = MADE
) -> Compiled:
    """The program of an expression.  Raises JsonataError.

    `made`: bytes that it may make, 0 for what programs usually may.
    """
    tree = parse(text)
    shown = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    window = Window(None, bindings)
    bodies = Bodies()
    names = Names(variable=window.slots.get, states=False, data=has_data)
    body = bodies.body(tree, names)
    code: Code = [Ins("ENTER", 0)]
    for name, value in bindings.items():
        code += [Ins("CONST", Pooled(value)), Ins("STORE", window.slot(name))]
    if has_data:
        code.append(Ins("LOAD", 0))
    code += [
        Ins("EVAL", body, Site("jsonata", shown, NOWHERE)),
        Ins("PUT", Pooled([])),
        Ins("END"),
    ]
    for item in code:
        if isinstance(item, Ins):
            item.frame = window
    linked = bodies.code()
    lowered = Lowered(
        code=code,
        bodies=linked,
        states=[StateInfo("Evaluates", "Pass", NOWHERE)],
        windows=[window],
        counters=0,
        stack=max(1, bodies.stack),
        timeout=0,
        needs=needed([*code, *linked]),
        resources=[],
    )
    return emit(lowered, "", Limits(largest=LARGEST if made else 0, step_bytes=made))


def job(asked: Mapping[str, Any]) -> Job:
    """What is asked in the form of reference.py, compiled."""
    has_data = "data" in asked
    try:
        program = compile_expression(asked["expr"], asked.get("bindings") or {}, has_data)
    except JsonataError as error:
        told: dict[str, Any] = {"code": error.code, "message": error.message, "token": error.token}
        return Job(answer={"error": told | {"hint": error.hint}})
    except Exception as error:
        return Job(answer=_broken(f"{type(error).__name__} in the compiler: {error}"))
    return Job(program, asked.get("data"))


def run(on: str, jobs: Iterable[Job]) -> list[Answer]:
    """The answers of an engine of CPython, or of another interpreter; records too are compared."""
    usual = dict(LIMITS)
    try:
        for name in ("program_bytes", "state_bytes", "step_bytes"):
            LIMITS[name] = MADE
        LIMITS["value_bytes"] = LARGEST
        return _run_all(on, list(jobs))
    finally:
        LIMITS.update(usual)


def _run_all(on: str, jobs: list[Job]) -> list[Answer]:
    here = [_tried("cpython", one) if one.program else None for one in jobs]
    answers = [ran[1] if ran else one.answer for one, ran in zip(jobs, here, strict=True)]
    if on == "cpython":
        return answers
    if on == "core":
        for n, one in enumerate(jobs):
            if one.program is not None:
                made, answers[n] = _tried("core", one)
                expected = here[n]
                assert expected is not None
                if made.records != expected[0].records:
                    answers[n] = _broken("the core makes other records")
        return answers
    at = [n for n, one in enumerate(jobs) if one.program is not None]
    sent = []
    for n in at:
        program, ran = jobs[n].program, here[n]
        assert program is not None
        assert ran is not None
        sent.append((program.program, ran[0]))
    for n, problem in zip(at, run_elsewhere(on, sent, {"value_bytes": LARGEST}), strict=True):
        if problem:
            answers[n] = _broken(problem)
    return answers


def _broken(why: str) -> Answer:
    return {"error": {"code": "broken", "message": why}}


def _tried(on: str, one: Job) -> tuple[Run, Answer]:
    """What came of it; a bug must not hide all other answers."""
    try:
        return _run(on, one)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return Run(), _broken(f"{type(error).__name__} in {where}: {error}")


def _run(on: str, one: Job) -> tuple[Run, Answer]:
    """The inputs and records of an evaluation, and what came of it."""
    assert one.program is not None
    if on != "cpython":
        interpreters.find("core")
    with engines.using(on):
        engine = core.kernel(core.runs(Program(one.program.program)))
        ran = Run()
        state = kernel.State()
        event: list[Any] | None = [
            protocol.START, NOW, 1, one.program.digest, SEED, one.data, None, kernel.BEHAVIOUR,
        ]  # fmt: skip
        while event is not None:
            step = engine.step(state, event)
            ran.inputs.append(event)
            ran.records.append(bytes(step.record))
            state = step.state
            event = [protocol.CONTINUE, NOW] if state.status == protocol.RUNNING else None
        return ran, _outcome(state)


def _outcome(state: Any) -> Answer:
    if state.status == protocol.DONE:
        return {"value": state.result}
    error, cause = state.result
    if error != QUERY_ERROR:
        return {"error": {"code": error, "message": cause}}
    if not cause:
        return {}
    code, _, message = cause.partition(": ")
    return {"error": {"code": code, "message": message}}
