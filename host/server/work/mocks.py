"""Mocked tasks: answers from a MockConfigFile of AWS Step Functions Local, or from a test file.

Which answers an execution gets is said when it starts: the ARN of its machine, "#", and the name
of a test case.  Calls count for each execution, in this process.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from tsme.engine.tasks import TaskError, names
from tsme.kernel.protocol import FAILED

from ...database.tables import executions
from ...tools.scenario.mocks import Mock, read_mock_config
from ...tools.scenario.reader import ScenarioReader
from ...tools.scenario.scenarios import load
from .. import noting
from .pending import PendingTask
from .router import NEVER

# Services whose result comes later than their answer.
_SUBMITTED: Final = re.compile(r"arn:[a-z-]+:states:.*(\.sync(:[0-9]+)?|\.waitForTaskToken)")
_KEPT: Final = 10_000  # executions whose calls are counted


class Mocks:
    """Answers by machine, test case, and state or resource.  The case "" is for executions that
    name none."""

    def __init__(self, machines: dict[str, dict[str, dict[str, Mock]]]) -> None:
        self._machines = machines

    def has(self, machine: str, case: str) -> bool:
        """Whether a machine of this name has this test case."""
        return case in self._machines.get(machine, {})

    def fresh(self, machine: str, case: str) -> dict[str, Mock]:
        """The answers for one execution, none of them used."""
        found = self._machines.get(machine, {}).get(case, {})
        return {name: mock.fresh() for name, mock in found.items()}


def read_mocks(path: str) -> Mocks:
    """Mocks of a file.  Raises HostError with what is wrong in it."""
    root = ScenarioReader(path).root.value
    if isinstance(root, dict) and ("StateMachines" in root or "MockedResponses" in root):
        return Mocks(read_mock_config(path).machines)
    found = load(path)
    machines: dict[str, dict[str, dict[str, Mock]]] = {}
    for case in found.cases:
        machine = Path(case.workflow.path).name.partition(".")[0]
        machines.setdefault(machine, {})[case.name] = case.mocks
        machines[machine].setdefault("", {mock.name: mock for mock in found.shared})
    return Mocks(machines)


class Mocked:
    """A way: tasks that the test case of their execution has an answer for."""

    def __init__(self, mocks: Mocks) -> None:
        self.mocks = mocks
        self.runner: Any = None
        self._of: OrderedDict[int, dict[str, Mock]] = OrderedDict()

    def connect(self, runner: Any) -> None:
        """Which test case an execution has stands in the database of this runner."""
        self.runner = runner

    def has(self, task: PendingTask) -> bool:
        return self._mock(task) is not None

    def effect(self, resource: str) -> str | None:  # noqa: ARG002  an answer can be given twice
        return None

    async def do(self, task: PendingTask) -> Any:
        mock = self._mock(task)
        assert mock is not None
        try:
            answer = mock.next()
        except IndexError:
            said = f"{task.state} has {len(mock.answers)} mocked answers, and was called again"
            raise TaskError("TSME.NoMock", said) from None
        if answer is None:
            return NEVER
        await asyncio.sleep(answer.delay / 1000 * self.runner.clock.scale)
        if answer.kind == FAILED:
            raise TaskError(*answer.fields)
        if _SUBMITTED.fullmatch(task.resource.partition(" ")[0]):
            # A service would have answered at once as well; a mock has one answer for both.
            runner = self.runner
            await noting.submitted(runner, task.execution, task.action, answer.fields[0])
        return answer.fields[0]

    def ending(self) -> None:
        """What it does can be done again."""

    async def leave(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""

    def _mock(self, task: PendingTask) -> Mock | None:
        found = self._of.get(task.execution)
        if found is None:
            found = self._chosen(task)
            if found is None:
                return None
            self._of[task.execution] = found
            if len(self._of) > _KEPT:
                self._of.popitem(last=False)
        for name in (task.state, *names(task.resource)):
            if name in found:
                return found[name]
        return None

    def _chosen(self, task: PendingTask) -> dict[str, Mock] | None:
        """The answers for an execution; None if it is just being written."""
        query = select(executions.c.settings).where(executions.c.id == task.execution)
        with self.runner.database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        machine = (task.machine or "").rpartition(":")[2]
        return self.mocks.fresh(machine, (row.settings or {}).get("mock_case", ""))
