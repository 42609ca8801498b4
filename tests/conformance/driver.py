"""Runs a recorded case on the CPython kernel, in virtual time.

The driver stands for everything outside: it answers tasks from the recording, lets timers fire,
and stops what was stopped.  The kernel sees nothing but inputs; they are kept, so that another
interpreter can be given the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tsme import kernel
from tsme.kernel import protocol
from tsme.program import interpreter
from tsme.values import timestamp
from tsme_host.compiler.backend.emit import Compiled
from tsme_host.tools.aws.events import Note
from tsme_host.tools.journal.listing import Listing, listing

from .judge import Case, match

START = "2026-01-01T00:00:00Z"  # the time at which a run begins, unless the case says
SEED = 1
ECHO = "id_function.py"  # the source of a Lambda function
_STEPS = 10000  # more than any recorded execution needs


class Stuck(Exception):
    """The execution asks for what the recording does not have."""


@dataclass
class Run:
    """What a kernel was given, and what it made of it."""

    inputs: list[list[Any]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    notes: dict[int, Note] = field(default_factory=dict)
    stuck: str = ""


class World:
    """The outside of one case: who answers a task, and how."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.left = list(case["tasks"])
        self.workers = _workers(case)
        self.unpaired = [] if case["tasks_complete"] else _outputs(case)
        self.notes: dict[int, Note] = {}

    def answer(self, action: Any, state: str) -> list[Any] | None:
        """The kind and fields of a task's result; None if it is never answered."""
        number, resource, payload = action.id, action[4], action[5]
        if isinstance(payload, dict) and "ReaderConfig" in payload:
            return _read(self.case, resource, payload)
        if isinstance(payload, dict) and {"MapRunArn", "Results"} <= payload.keys():
            return _written(payload)
        for n, entry in enumerate(self.left):
            if entry.get("state", state) == state and match(entry["parameters"], payload):
                del self.left[n]
                return self.outcome(number, entry)
        if self.case["tasks_complete"] and ":activity:" in resource:
            # All calls are there and this is none of them: nobody was there to be called.
            self.notes[number] = Note(absent=True)
            return [protocol.FAILED, "States.Runtime", f"The activity {resource} does not exist."]
        if not self.case["tasks_complete"]:
            echoed = _echoed(self.case, resource, payload)
            return echoed or _told(self.case["expected"])
        raise Stuck(f"no recorded answer fits the call of {resource} in {state}: {payload}")

    def outcome(self, number: int, entry: dict[str, Any]) -> list[Any] | None:
        outcome = entry.get("outcome") or {}
        if not outcome and self.unpaired:
            outcome = {"output": self.unpaired.pop(0)}
        about: dict[str, Any] = {"event": outcome.get("event", "")}
        if "submitted" in entry:
            about["submitted"] = entry["submitted"]
        workers = self.workers.get(entry.get("state"), [])
        if workers:
            about["worker"] = workers.pop(0)
        self.notes[number] = Note(**about)
        if "output" in outcome:
            return [protocol.SUCCEEDED, outcome["output"]]
        if not outcome or outcome.get("timed_out"):
            return None
        return [protocol.FAILED, outcome.get("error"), outcome.get("cause")]


def _read(case: Case, resource: str, payload: dict[str, Any]) -> list[Any]:
    """What an ItemReader finds among a case's objects."""
    objects = [o for o in case.get("s3") or [] if o["bucket"] == payload.get("Bucket")]
    if resource.endswith(":listObjectsV2"):
        prefix = payload.get("Prefix", "")
        return [protocol.SUCCEEDED, [_listed(o) for o in objects if o["key"].startswith(prefix)]]
    for o in objects:
        if o["key"] == payload.get("Key"):
            return [protocol.SUCCEEDED, o["body"]]
    return [protocol.FAILED, "S3.NoSuchKeyException", "The specified key does not exist."]


def _written(payload: dict[str, Any]) -> list[Any]:
    """What a ResultWriter says of the results that it has written."""
    run = payload["MapRunArn"].split(":")[-1]
    key = "/".join([part for part in (payload.get("Prefix"), run, "manifest.json") if part])
    return [protocol.SUCCEEDED, {"Bucket": payload.get("Bucket"), "Key": key}]


def _listed(o: dict[str, str]) -> dict[str, Any]:
    tag = f'"{hashlib.md5(o["body"].encode(), usedforsecurity=False).hexdigest()}"'
    size = len(o["body"].encode())
    more = {"LastModified": 1767225600.0, "Size": size, "StorageClass": "STANDARD"}
    return {"Etag": tag, "Key": o["key"], **more}


def _echoed(case: Case, resource: str, payload: Any) -> list[Any] | None:
    """What a Lambda function gives that is known to give back what it gets: calls of a
    distributed Map's items are in no history, so no answer of theirs is recorded."""
    invoked = resource.startswith("arn:aws:states:::lambda:invoke")
    name = payload.get("FunctionName") if invoked and isinstance(payload, dict) else resource
    names = str(name).split(":")
    name = names[6] if len(names) > 6 else names[0]
    if (case.get("lambdas") or {}).get(name) != ECHO:
        return None
    if not invoked:
        return [protocol.SUCCEEDED, payload]
    given = payload.get("Payload", {})
    more = {"ExecutedVersion": "$LATEST", "StatusCode": 200}
    return [protocol.SUCCEEDED, more | {"Payload": {} if given is None else given}]


def _told(expected: dict[str, Any]) -> list[Any]:
    """How a call must have ended of which only the execution's result was recorded: with the
    error that failed it or was caught, else with the output."""
    output = expected.get("output")
    told = {"Error": expected.get("error"), "Cause": expected.get("cause")}
    if expected["status"] == "SUCCEEDED":
        if not isinstance(output, dict) or output.keys() != told.keys():
            return [protocol.SUCCEEDED, output]
        told = output
    return [protocol.FAILED, told["Error"], told["Cause"]]


def _workers(case: Case) -> dict[str | None, list[str]]:
    """Who took the activities of each state: outside facts that only the events have."""
    found: dict[str | None, list[str]] = {}
    for event in case["expected"].get("events") or []:
        if event["type"] == "ActivityStarted":
            name = (event.get("details") or {}).get("workerName", "")
            found.setdefault(event.get("in_state"), []).append(name)
    return found


def _outputs(case: Case) -> list[Any]:
    """What tasks gave of which it was not recorded to which call it belongs."""
    events = case["expected"].get("events") or []
    return [
        e["output"] for e in events if e["type"].endswith(("TaskSucceeded", "FunctionSucceeded"))
    ]


def drive(case: Case, compiled: Compiled) -> Run:
    """Runs a case to its end, or to where the recording has no answer."""
    what = listing(compiled.program, compiled.debug)
    world = World(case)
    run = Run(notes=world.notes)
    core = kernel.Kernel(interpreter.Interpreter(what.program))
    now = timestamp.ms(case.get("clock") or START)
    event: list[Any] | None = [
        protocol.START,
        now,
        1,
        compiled.digest,
        SEED,
        case["input"],
        _names(case),
        kernel.BEHAVIOUR,
    ]
    state = kernel.State()
    due: list[list[Any]] = []  # answers on their way
    try:
        while event is not None and len(run.inputs) < _STEPS:
            step = core.step(state, event)
            if step is not None:
                run.inputs.append(event)
                run.records.append(bytes(step.record))
                state = step.state
                if state.status != protocol.RUNNING:
                    return run
                due += _answers(world, what, step, state)
            event = _next(case, core, state, due)
        run.stuck = "it does not end" if event else "it waits for what never comes"
    except Stuck as stuck:
        run.stuck = str(stuck)
    return run


def _names(case: Case) -> list[Any] | None:
    """The names that the recorded run had, as the start input takes them."""
    names = case.get("context")
    if not names:
        return None
    execution, machine = names.get("Execution") or {}, names.get("StateMachine") or {}
    found = [execution.get("Id"), execution.get("Name"), execution.get("RoleArn")]
    return [*found, machine.get("Id"), machine.get("Name")]


def _answers(world: World, what: Listing, step: Any, state: Any) -> list[list[Any]]:
    out = []
    for action in step.actions:
        if action.id in state.pending and action.kind == protocol.TASK:
            frame = state.client[action.frame]
            answer = world.answer(action, what.states[frame.state].name)
            if answer is not None:
                kind, *fields = answer
                out.append([kind, state.now + 1, action.id, *fields])
    return out


def _next(case: Case, core: Any, state: Any, due: list[list[Any]]) -> list[Any] | None:
    """The next input: what can go on, then answers, then a stop, then the earliest timer."""
    if core.client.runnable(state.client):
        return [protocol.CONTINUE, state.now]
    if due:
        return due.pop(0)
    if case["expected"]["status"] == "ABORTED":
        expected = case["expected"]
        return [protocol.STOP, state.now + 1, expected.get("error"), expected.get("cause")]
    timers = [(a.due, a.id) for a in state.pending.values() if a.due]
    if not timers:
        return None
    time, number = min(timers)
    return [protocol.TIMER, time, number]
