"""Tasks whose result comes from outside: `.waitForTaskToken` and activities."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import tsme
from tsme_host.compiler.compile import compile_text

ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:inspect"
INVOKE = "arn:aws:states:::lambda:invoke.waitForTaskToken"


def flow(resource: str, **fields: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return {"StartAt": "Ask", "States": {"Ask": task}}


ASK = flow(
    INVOKE,
    Parameters={"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token", "n.$": "$.n"}},
)


class Device:
    """An engine on a flash that outlives it, and what its handler was asked."""

    def __init__(self, machine: dict[str, Any], flash: Any = None) -> None:
        self.flash = flash or tsme.RamFlash()
        self.asked: list[Any] = []
        tasks = tsme.Tasks()
        tasks.task("ask", effect="idempotent")(self.asked.append)
        program = tsme.Program(compile_text(json.dumps(machine)).data)
        self.engine = tsme.Engine(program, tsme.Journal(self.flash), tasks=tasks)

    async def run(self, outside: Callable[[], Awaitable[None]]) -> Any:
        running = asyncio.create_task(self.engine.run({"n": 7}))
        await asyncio.sleep(0.01)
        await outside()
        return await running


def test_a_token_completes_the_task_and_the_handlers_own_result_does_not() -> None:
    device = Device(ASK)

    async def outside() -> None:
        assert device.asked == [{"token": "1-1", "n": 7}]
        device.engine.send_heartbeat("1-1")
        device.engine.send_success("1-1", {"answer": 42})

    outcome = asyncio.run(device.run(outside))
    assert (outcome.status, outcome.output) == ("succeeded", {"answer": 42})


def test_a_token_can_fail_the_task() -> None:
    device = Device(ASK)

    async def outside() -> None:
        device.engine.send_failure("1-1", "Refused", "no")

    outcome = asyncio.run(device.run(outside))
    assert (outcome.status, outcome.error, outcome.cause) == ("failed", "Refused", "no")


@pytest.mark.parametrize("token", ["2-1", "1-9", "", "nonsense", "1-1-1"])
def test_a_token_that_nobody_waits_for_is_refused(token: str) -> None:
    device = Device(ASK)

    async def outside() -> None:
        with pytest.raises(tsme.TsmeError, match="TSME-T003"):
            device.engine.send_success(token, None)
        device.engine.send_success("1-1", None)

    assert asyncio.run(device.run(outside)).status == "succeeded"


def test_a_token_from_before_a_reset_still_holds() -> None:
    first = Device(ASK)

    async def cut() -> None:
        running = asyncio.create_task(first.engine.run({"n": 7}))
        await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(cut())
    second = Device(ASK, first.flash)

    async def outside() -> None:
        second.engine.send_success(first.asked[0]["token"], "late but right")

    assert asyncio.run(second.run(outside)).output == "late but right"


def test_an_activity_needs_no_handler_and_waits_for_a_worker() -> None:
    device = Device(flow(ACTIVITY))

    async def outside() -> None:
        ((token, resource, value),) = device.engine.activities("inspect")
        assert (resource, value) == (ACTIVITY, {"n": 7})
        assert device.engine.activities("other") == []
        device.engine.send_success(token, "fine")

    assert asyncio.run(device.run(outside)).output == "fine"


def test_a_token_that_is_never_used_times_out() -> None:
    machine = flow(ACTIVITY, TimeoutSeconds=1)

    async def outside() -> None:
        return

    outcome = asyncio.run(Device(machine).run(outside))
    assert (outcome.status, outcome.error) == ("failed", "States.Timeout")
