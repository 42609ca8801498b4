"""An endpoint of Step Functions as the target of a prompt: `tsme serve`, by its API.

All but tasks and journals is asked as boto3 asks for it, so that it is there at AWS too.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from ...server.work import asking
from ..errors import HostError, did_you_mean
from .states import Event, States
from .targets import Execution, Following, Moment, Started, Target, Told, Waiting

_PAGE: Final = 100  # of a list
_CONNECTIONS: Final = 2  # of the prompt and of completion
_PATIENCE: Final = 30.0  # seconds for what is no call of the API
_REFUSED: Final = (400, 401, 403)  # without an answer of the page's
_NONE: Final = ("ExecutionDoesNotExist", "InvalidArn")
_TIMES: Final = ("startDate", "stopDate", "redriveDate")


class Endpoint(Target):
    """`address`: its URL.  Raises HostError TSME-S062, TSME-S063 as a worker does, TSME-S071 where
    nobody answers, TSME-S064 and TSME-S069 for what is refused."""

    kind = "endpoint"

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.returns = 0
        self._api = asking.client(self.address, _CONNECTIONS)
        self._lock = threading.RLock()  # completion asks from a thread of its own
        self._away = False
        self._arns: dict[str, str] = {}  # of machines by name, as last seen
        self._ask("list_state_machines", maxResults=1)

    def close(self) -> None:
        self._api.close()

    def _ask(self, operation: str, **request: Any) -> Told:
        with self._lock:
            given = {name: value for name, value in request.items() if value is not None}
            try:
                answer: Told = getattr(self._api, operation)(**given)
            except (exceptions.ConnectionError, HTTPClientError) as error:
                raise self._gone(str(error)) from None
            except ClientError as error:
                self._there()
                told = error.response["Error"]
                raise self._refusal(told["Code"], told["Message"]) from None
            except BotoCoreError as error:  # what the API's model does not allow
                text = " ".join(str(error).split())
                raise HostError("TSME-S069", f"{self.address} cannot be asked: {text}") from None
            self._there()
            answer.pop("ResponseMetadata", None)
            return answer

    def _gone(self, why: str) -> HostError:
        self._away = True
        hint = "start it (tsme serve), or see that the address is right"
        return HostError("TSME-S071", f"{self.address} is away: {why}", hint)

    def _there(self) -> None:
        if self._away:
            self._away = False
            self.returns += 1

    def _refusal(self, code: str, message: str) -> HostError:
        found = asking.refused(asking.Refused(code, message), self.address)
        if found.hint:  # the keys
            return found
        return HostError("TSME-S069", f"{self.address} refuses: {code}: {message}")

    def _all(self, operation: str, member: str, most: int = 10_000, **request: Any) -> list[Told]:
        """All of a list that comes in pages."""
        out: list[Told] = []
        token = None
        while len(out) < most:
            size = min(_PAGE, most - len(out))
            answer = self._ask(operation, nextToken=token, maxResults=size, **request)
            out += answer[member]
            token = answer.get("nextToken")
            if not token:
                break
        return out

    def _page(self, path: str, **query: int) -> Told:
        """What only `tsme serve` has, from below /page/."""
        import httpx  # noqa: PLC0415

        url = str(httpx.URL(f"{self.address}/page/{path}", params=query))
        with self._lock:
            try:
                answer = httpx.get(url, headers=asking.signed(url), timeout=_PATIENCE)
            except httpx.HTTPError as error:
                raise self._gone(str(error)) from None
            self._there()
        try:
            found: Told = answer.json()
        except ValueError:
            if answer.status_code in _REFUSED:
                text = " ".join(answer.text.split())
                raise self._refusal("AccessDeniedException", text) from None
            message = f"{self.address} does not tell that: only tsme serve does"
            raise HostError("TSME-S069", message, "ask a tsme serve of this release") from None
        if answer.status_code != httpx.codes.OK:
            raise self._refusal(str(found.get("error")), str(found.get("message")))
        return found

    # --- executions ---

    def executions(self, status: str | None = None, most: int = 1000) -> list[Execution]:
        found = []
        for machine, arn in self._machines().items():
            rows = self._all(
                "list_executions", "executions", most, stateMachineArn=arn,
                statusFilter=status.upper() if status else None,
            )  # fmt: skip
            found += [_row(one, machine) for one in rows]
        return sorted(found, key=lambda one: one.started or 0, reverse=True)[:most]

    def _machines(self) -> dict[str, str]:
        """The ARN of each standard machine: executions of express ones are not listed."""
        rows = self._all("list_state_machines", "stateMachines")
        self._arns = {one["name"]: one["stateMachineArn"] for one in rows}
        return {one["name"]: one["stateMachineArn"] for one in rows if one["type"] == "STANDARD"}

    def arn(self, name: str) -> str:
        """The execution that is meant: its ARN, its name, MACHINE:NAME, or a machine's name for
        the newest of its executions.  Raises HostError TSME-S070 if there is none, or several."""
        if name.startswith("arn:"):
            return name
        machines = self._machines()
        machine, colon, own = name.rpartition(":")
        among = {machine: machines[machine]} if colon and machine in machines else machines
        fit = []
        for arn in among.values():
            wanted = arn.replace(":stateMachine:", ":execution:", 1) + f":{own}"
            try:
                self._ask("describe_execution", executionArn=wanted)
            except HostError as error:
                if not any(f" {code}:" in error.message for code in _NONE):
                    raise
                continue
            fit.append(wanted)
        if len(fit) == 1:
            return fit[0]
        if fit:
            which = ", ".join(":".join(arn.rsplit(":", 2)[1:]) for arn in fit)
            hint = f"write MACHINE:NAME: {which}"
            raise HostError("TSME-S070", f'several machines have an execution "{name}"', hint)
        if name in machines:
            newest = self._ask("list_executions", stateMachineArn=machines[name], maxResults=1)
            for one in newest["executions"]:
                return str(one["executionArn"])
        message = f'there is no execution "{name}" at {self.address}'
        hint = did_you_mean(name, machines) or "list shows what there is"
        raise HostError("TSME-S070", message, hint)

    def describe(self, name: str) -> Told:
        found = self._ask("describe_execution", executionArn=self.arn(name))
        told = {key: value for key, value in found.items() if not key.endswith("Details")}
        told = {"name": told.pop("name"), "status": told.pop("status").lower()} | told
        for key in ("input", "output"):
            if key in told:
                told[key] = json.loads(told[key])
        for key in _TIMES:
            if key in told:
                told[key] = _text(told[key])
        return told

    def start(self, what: str, other: str | None, value: Any) -> Started:
        text = json.dumps(value, ensure_ascii=False)
        found = self._ask(
            "start_execution", stateMachineArn=self._machine(what), name=other, input=text
        )
        arn = str(found["executionArn"])
        return Started(arn.rpartition(":")[2], arn=arn)

    def _machine(self, name: str) -> str:
        if name.startswith("arn:"):
            return name
        machine, _, alias = name.partition(":")
        self._machines()
        if machine not in self._arns:
            known = ", ".join(self._arns) or "none"
            hint = did_you_mean(machine, self._arns) or f"there are {known}"
            message = f'there is no state machine "{machine}" at {self.address}'
            raise HostError("TSME-S070", message, hint)
        return self._arns[machine] + (f":{alias}" if alias else "")

    def stop(self, name: str, error: str | None, cause: str | None) -> None:
        self._ask("stop_execution", executionArn=self.arn(name), error=error, cause=cause)

    def send(self, name: str, value: Any) -> Any:  # noqa: ARG002
        message = "an endpoint runs workflows, and these take no signals"
        raise HostError("TSME-H084", message, "complete gives a task that waits its result")

    # --- tasks ---

    def token(self, task: str) -> str:
        try:
            return super().token(task)
        except HostError as error:
            if error.code != "TSME-S069":
                raise
            return task  # who cannot tell what waits knows a token all the same

    def tasks(self) -> list[Waiting]:
        return [
            Waiting(
                one["token"], one["execution"], one["activity"] or "",
                None if one["input"] is None else json.loads(one["input"]),
            )
            for one in self._page("tasks")["tasks"]
        ]  # fmt: skip

    def succeed(self, token: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self._ask("send_task_success", taskToken=token, output=text)

    def fail(self, token: str, error: str, cause: str | None) -> None:
        self._ask("send_task_failure", taskToken=token, error=error, cause=cause)

    def beat(self, token: str) -> None:
        self._ask("send_task_heartbeat", taskToken=token)

    # --- what it has done ---

    def history(self, name: str) -> list[Event]:
        found = self._all("get_execution_history", "events", 100_000, executionArn=self.arn(name))
        return [one | {"timestamp": _text(one["timestamp"])} for one in found]

    def following(self, name: str) -> Following:
        return _Asked(self, name)

    def records(self, name: str, last: int) -> list[Told]:
        """The last records of an execution's journal, as the page shows them."""
        arn = quote(self.arn(name), safe="")
        found: deque[Told] = deque(maxlen=last)
        after = now = 0  # times count from the record before, so all are read
        while True:
            answer = self._page(f"records/{arn}", after=after, now=now)
            found.extend(answer["records"])
            if not answer["records"]:
                return [*found]
            after = found[-1]["number"] + 1
            now = found[-1].get("time", 0)
            if after >= answer["total"]:
                return [*found]

    def machines(self) -> list[Told]:
        rows = self._all("list_state_machines", "stateMachines")
        told = [
            {"name": one["name"], "kind": "machine", "type": one["type"],
             "arn": one["stateMachineArn"]} for one in rows
        ]  # fmt: skip
        rows = self._all("list_activities", "activities")
        return told + [
            {"name": one["name"], "kind": "activity", "arn": one["activityArn"]} for one in rows
        ]

    def log(self, start: int) -> tuple[str, int]:  # noqa: ARG002
        message = "an endpoint has no log that could be asked for"
        raise HostError("TSME-H084", message, "tsme serve writes it where it was started")

    def status(self) -> Told:
        counts: dict[str, int] = {}
        for one in self.executions():
            counts[one.status] = counts.get(one.status, 0) + 1
        return {
            "kind": self.kind,
            "address": self.address,
            "machines": len(self._arns),
            "executions": counts,
        }


class _Asked(Following):
    """By the history of an execution at an endpoint."""

    def __init__(self, target: Endpoint, name: str) -> None:
        self._target = target
        self._name = name

    def states(self, told: Told) -> States:  # noqa: ARG002
        return self._target.seen(self._name)

    def moments(self, told: Told, states: Sequence[str] = ()) -> Sequence[Moment]:  # noqa: ARG002
        message = "an endpoint runs workflows, which are no relational machines"
        raise HostError("TSME-H084", message, "states and clocks show those of a workflow")


def _row(one: Told, machine: str) -> Execution:
    return Execution(
        one["name"],
        one["status"].lower(),
        machine,
        arn=one["executionArn"],
        started=_ms(one.get("startDate")),
        stopped=_ms(one.get("stopDate")),
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _text(moment: Any) -> Any:
    return (
        moment.astimezone(UTC).isoformat(timespec="milliseconds")
        if isinstance(moment, datetime)
        else moment
    )
