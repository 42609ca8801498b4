"""`make conformance ON=endpoint`: recorded cases through `tsme serve`, as boto3 sees them.

A server of this process, at a port of its own: SQLite on disk, durable, its clock accelerated.
Calls of services are answered as they were recorded; workers poll for activities.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from tests.server.served import ROLE, client, served
from tsme.engine.tasks import TaskError, is_activity
from tsme.kernel import Action, protocol
from tsme.values.timestamp import ms
from tsme_host.server import noting
from tsme_host.server.server import Server
from tsme_host.server.work.pending import PendingTask
from tsme_host.server.work.router import NEVER
from tsme_host.tools.aws.events import NOTHING

from . import dated
from .definitions import text_of
from .driver import Stuck, World
from .judge import Case, compare, differing, match
from .states import request_of
from .verdicts import Verdict, bug, excused, known_differences, verdict

_ACCOUNT = "111111111111"  # of all recordings
_LIMIT = 20.0  # seconds in which a case has to end
_REFUSED = ("TSME-C", "is not in this version", "calls nothing for TestState")
_LATE = 3_600_000  # ms, more than any recorded timeout
_ROWS = ("roleArn", "stateMachineAliasArn", "stateMachineVersionArn")  # not in recordings
_TEXTS = (
    "input", "output", "variables", "result", "afterInputPath", "afterParameters",
    "afterArguments", "afterResultSelector", "afterResultPath", "afterItemsPath",
    "afterItemSelector",
)  # fmt: skip


class Recorded:
    """A way of doing tasks: as it was recorded of the case under way."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.stuck = ""
        self.runner: Any = None

    def connect(self, runner: Any) -> None:
        """What services answer at once goes to this runner."""
        self.runner = runner

    def has(self, task: PendingTask) -> bool:
        if self.world is None or not is_activity(task.resource):
            return self.world is not None
        # What somebody took when it was recorded is taken by a worker here, too.
        taken = task.state in self.world.workers
        return not taken and any(one.get("resource") == task.resource for one in self.world.left)

    def effect(self, resource: str) -> str | None:
        return None

    async def do(self, task: PendingTask) -> Any:
        assert self.world is not None
        answer = self.answer(task.action, task.resource, task.payload, task.state)
        note = self.world.notes.get(task.action)
        if note is not None and note.submitted is not NOTHING:
            await noting.submitted(self.runner, task.execution, task.action, note.submitted)
        if answer is None:
            return NEVER
        kind, *fields = answer
        if kind == protocol.FAILED:
            raise TaskError(*fields)
        return fields[0]

    def answer(self, action: int, resource: str, payload: Any, state: str) -> list[Any] | None:
        """What was recorded of a call.  Raises TaskError if it is not there."""
        assert self.world is not None
        asked = (action, protocol.TASK, None, None, resource, payload, 0, 0, None)
        try:
            return self.world.answer(Action(*asked), state)
        except Stuck as stuck:
            self.stuck = str(stuck)
            raise TaskError("Recorded.Stuck", self.stuck) from None

    def ending(self) -> None:
        """What it does can be done again."""

    async def leave(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""


class Endpoint:
    """A server, and boto3 that talks to it."""

    def __init__(self, url: str, server: Server) -> None:
        self.sfn = client(url)
        self.clock: Any = server.clock  # an accelerated one
        self.way = Recorded()
        self.way.connect(server.runner)
        server.runner.work.ways.insert(0, self.way)
        self.number = 0

    def judge(self, case: Case) -> Verdict:
        """The verdict on one case."""
        ask = {
            "execution": self._execution,
            "create": self._create,
            "validate": self._validate,
            "references": self._references,
            "test_state": self._state,
        }.get(case["kind"])
        if ask is None:
            return verdict(case, "skipped", f"cases of the kind {case['kind']} are not known")
        try:
            diffs = ask(self._own(case))
        except _Skipped as why:
            return verdict(case, "skipped", str(why), why.known)
        return verdict(case, "failed" if diffs else "passed", "; ".join(diffs))

    def _own(self, case: Case) -> Case:
        """A case whose machine has a name of its own."""
        self.number += 1
        name = ((case.get("context") or {}).get("StateMachine") or {}).get("Name")
        if not name or "<" in name:  # it was not recorded
            return case
        text = json.dumps(case, ensure_ascii=False)
        own: Case = json.loads(text.replace(name, f"Case_{self.number}"))
        return own

    # Executions.

    def _execution(self, case: Case) -> list[str]:
        names = case.get("context") or {}
        role = (names.get("Execution") or {}).get("RoleArn") or ROLE
        machine = (names.get("StateMachine") or {}).get("Name", "<")
        if "<" in machine:  # it was not recorded
            machine, names = f"Case_{self.number}", {}
        kind = case.get("machine_type") or "STANDARD"
        try:
            arn = self.sfn.create_state_machine(
                name=machine, definition=text_of(case), roleArn=role, type=kind
            )["stateMachineArn"]
        except ClientError as error:
            raise _unless_ours(error) from None
        self._answer_as(case)
        request = {"stateMachineArn": arn, "input": json.dumps(case["input"], ensure_ascii=False)}
        if name := (names.get("Execution") or {}).get("Name"):
            request["name"] = name
        if kind == "EXPRESS":
            answer, events = self._express(request)
        else:
            answer, events = self._standard(case, request)
        if self.way.stuck:
            return [self.way.stuck]
        if why := dated.outdated(case, answer):
            raise _Skipped(f"AWS has changed: {why}", True)
        told = answer | {"events": events}
        if kind == "EXPRESS":
            return compare(case, told, events=False)
        return compare(case, told) + dated.chains(case, events)

    def _answer_as(self, case: Case) -> World:
        world = self.way.world = World(case)
        self.way.stuck = ""
        return world

    def _express(self, request: dict[str, str]) -> tuple[dict[str, Any], list[Any]]:
        return _answer(self.sfn.start_sync_execution(**request)), []

    def _standard(self, case: Case, request: dict[str, str]) -> tuple[dict[str, Any], list[Any]]:
        world = self._answer_as(case)
        activities = self._activities(case)
        for arn in activities:
            self.sfn.create_activity(name=arn.rpartition(":")[2])
        # What was stopped waits until it is.
        self.clock.virtual = case["expected"]["status"] != "ABORTED"
        if "clock" in case:
            self.clock.move(ms(case["clock"]))
        execution = self.sfn.start_execution(**request)["executionArn"]
        for arn in activities:
            if any(world.workers.values()):
                self._work(case, arn)
        found = self._ended(case, execution)
        for arn in activities:
            self.sfn.delete_activity(activityArn=arn)
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
        events = [_event(event) for page in pages for event in page["events"]]
        return _answer(found), events

    def _ended(self, case: Case, execution: str) -> dict[str, Any]:
        end = time.monotonic() + _LIMIT
        while True:
            found: dict[str, Any] = self.sfn.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            if case["expected"]["status"] == "ABORTED":
                said = {
                    k: case["expected"][k] for k in ("error", "cause") if k in case["expected"]
                }
                self.sfn.stop_execution(executionArn=execution, **said)
            elif time.monotonic() > end:
                self.sfn.stop_execution(executionArn=execution)
                self.way.stuck = "it does not end"
            time.sleep(0.005)

    def _activities(self, case: Case) -> list[str]:
        """The activities that a case calls, in the order of the calls."""
        resources = [one.get("resource") or "" for one in case["tasks"]]
        return [resource for resource in resources if is_activity(resource)]

    def _work(self, case: Case, arn: str) -> None:
        """A worker takes a task of an activity, and does with it what was recorded."""
        assert self.way.world
        state = next(one["state"] for one in case["tasks"] if one.get("resource") == arn)
        name = self.way.world.workers[state].pop(0)
        given = {"workerName": name} if name else {}
        taken = self.sfn.get_activity_task(activityArn=arn, **given)
        answer = self.way.answer(0, arn, json.loads(taken["input"]), state)
        if answer is None:
            self.clock.jump(self.clock.now() + _LATE)
            return
        kind, *fields = answer
        token = {"taskToken": taken["taskToken"]}
        if kind == protocol.SUCCEEDED:
            self.sfn.send_task_success(output=json.dumps(fields[0]), **token)
        else:
            said = {k: v for k, v in zip(("error", "cause"), fields, strict=True) if v is not None}
            self.sfn.send_task_failure(**said, **token)

    # What is told by the definition alone, or by one state.

    def _create(self, case: Case) -> list[str]:
        wanted = case["expected"]
        try:
            self.sfn.create_state_machine(
                name=f"Case_{self.number}", definition=text_of(case), roleArn=ROLE,
                type=case.get("machine_type") or "STANDARD",
            )  # fmt: skip
        except ClientError as error:
            _unless_ours(error)
            code, text = _said(error)
            diffs = [] if code == wanted.get("code", code) else [f"{code}, not {wanted['code']}"]
            told = wanted.get("create_error")
            if told is not None and not match(told, text):
                diffs.append(f"refused as {text!r} instead of {told!r}")
            return diffs
        return ["accepted, but AWS refuses it"]

    def _validate(self, case: Case) -> list[str]:
        kind = case.get("machine_type") or "STANDARD"
        answer = self.sfn.validate_state_machine_definition(definition=text_of(case), type=kind)
        del answer["ResponseMetadata"]
        if any(one["code"].startswith("TSME-") for one in answer["diagnostics"]):
            raise _Skipped("; ".join(one["message"] for one in answer["diagnostics"]))
        shown = {name: answer[name] for name in case["expected"] if name in answer}
        return differing(case["expected"], shown)

    def _references(self, case: Case) -> list[str]:
        try:
            arn = self.sfn.create_state_machine(
                name=f"Case_{self.number}", definition=text_of(case), roleArn=ROLE
            )["stateMachineArn"]
        except ClientError as error:
            raise _unless_ours(error) from None
        found = self.sfn.describe_state_machine(stateMachineArn=arn).get("variableReferences", {})
        wanted = case["expected"]["variable_references"]
        return [] if found == wanted else [f"{found} instead of {wanted}"]

    def _state(self, case: Case) -> list[str]:
        asked = request_of(case)
        request: dict[str, Any] = {
            "definition": asked.definition,
            "input": json.dumps(asked.input),
            "inspectionLevel": asked.level,
            "variables": json.dumps(asked.variables),
            "revealSecrets": asked.reveal,
        }
        more = {
            "stateName": asked.state,
            "roleArn": asked.role,
            "context": None if asked.context is None else json.dumps(asked.context),
            "mock": asked.mock,
            "stateConfiguration": asked.configuration or None,
        }
        request |= {name: value for name, value in more.items() if value is not None}
        try:
            answer = self.sfn.test_state(**request)
        except ParamValidationError as error:
            raise _Skipped(f"boto3 itself refuses it: {error}") from None
        except ClientError as error:
            _unless_ours(error)
            code, text = _said(error)
            return differing(case["expected"], {"api_error": text, "code": code})
        del answer["ResponseMetadata"]
        return differing(case["expected"], _parsed(answer))


class _Skipped(Exception):
    """A case that this version does not have, or AWS has no more."""

    def __init__(self, why: str, known: bool = False) -> None:
        super().__init__(why)
        self.known = known


def _said(error: ClientError) -> tuple[str, str]:
    return error.response["Error"]["Code"], error.response["Error"]["Message"]


def _unless_ours(error: ClientError) -> Exception:
    """Raises _Skipped for what this version refuses by name; else what AWS would not refuse."""
    _, text = _said(error)
    if any(ours in text for ours in _REFUSED):
        raise _Skipped(text)
    return AssertionError(f"refused, but AWS takes it: {text}")


def _answer(found: dict[str, Any]) -> dict[str, Any]:
    """The result, as recordings have it."""
    out: dict[str, Any] = {k: found[k] for k in ("status", "error", "cause") if k in found}
    if found["status"] == "SUCCEEDED":
        out["output"] = json.loads(found["output"])
    return out


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """An event of the API, as recordings have it."""
    out = {"id": event["id"], "prev": event["previousEventId"], "type": event["type"]}
    about: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails")), {})
    details = {}
    for name, value in about.items():
        if name == "name":
            out["state"] = value
        elif name in ("input", "output"):
            out[name] = json.loads(value)
        elif name == "assignedVariables":
            out["assigned_variables"] = {k: json.loads(v) for k, v in value.items()}
        elif name == "parameters":
            details[name] = json.loads(value)
        elif not name.endswith("Details") and name not in _ROWS:
            details[name] = value
    return out | ({"details": details} if details else {})


def _parsed(answer: Any) -> Any:
    """An answer of TestState with its texts of JSON as values."""
    if not isinstance(answer, dict):
        return answer
    return {
        name: json.loads(value) if name in _TEXTS else _parsed(value)
        for name, value in answer.items()
    }


def judge_all(found: Iterable[Case], known: dict[str, str] | None = None) -> list[Verdict]:
    """The verdict on each case, in the order given."""
    known = known_differences() if known is None else known
    verdicts = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/tsme.db"
        with served(url, account=_ACCOUNT, clock="accelerated", rate=0) as (place, server):
            endpoint = Endpoint(place, server)
            for case in found:
                try:
                    said = endpoint.judge(case)
                except Exception as error:  # one broken case must not hide all other verdicts
                    said = verdict(case, "failed", bug(error))
                verdicts.append(excused(said, known))
    return verdicts
