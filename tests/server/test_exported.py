"""What a server has run is a journal: exported, it replays to the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.shell import tsme
from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.database.records import keep_program
from tsme_host.server.runner import Runner
from tsme_host.server.terms import NewExecution

ARN = "arn:aws:states:us-east-1:000000000000"
AGAIN = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}
FLOW = json.dumps(
    {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": side,
                        "States": {
                            side: {
                                "Type": "Task",
                                "Resource": "add",
                                "Retry": [AGAIN],
                                "End": True,
                            }
                        },
                    }
                    for side in ("Left", "Right")
                ],
                "Next": "Later",
            },
            "Later": {"Type": "Wait", "Seconds": 1, "End": True},
        },
    }
)


class Adding:
    """Adds one; the first time it fails."""

    runner: Runner
    failed = False

    def wanted(self, resource: str) -> bool:
        return resource == "add"

    def start(self, task: Any) -> None:
        if not self.failed:
            self.failed = True
            self.runner.feed(task.execution, FAILED, task.action, "Full", "the bucket is")
            return
        self.runner.feed(task.execution, SUCCEEDED, task.action, task.payload + 1)

    def cancel(self, execution: int, action: int) -> None:
        """Nothing goes on once it has a result."""

    def close(self) -> None:
        """Nothing is under way."""


def test_an_execution_of_a_server_is_exported_and_replayed(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Database.open(database_url) as database:
        with database.write() as connection:
            key = keep_program(connection, compile_text(FLOW).data, FLOW)
        work = Adding()
        work.runner = runner = Runner(database, work)
        runner.start()
        try:
            begun = NewExecution(
                arn=f"{ARN}:execution:m:one", name="one", digest=key, input="3",
                machine=f"{ARN}:stateMachine:m", machine_name="m",
            )  # fmt: skip
            row = runner.wait(runner.begin(begun).result(60)).result(60)
        finally:
            runner.stop()
    assert (row.status, row.output) == ("SUCCEEDED", "[4,4]")
    where = ("--database", database_url)
    assert tsme("store", "export", "one", *where).exit_code == 0
    assert tsme("replay", "one.bin").stdout.startswith("identical: ")
    events = json.loads(tsme("history", "one.bin", "--json").stdout)["events"]
    assert events[0]["executionStartedEventDetails"]["input"] == "3"
    assert json.loads(events[-1]["executionSucceededEventDetails"]["output"]) == [4, 4]
    assert [event["type"] for event in events].count("TaskStateEntered") == 2
    brought = tsme("store", "import", "one.bin", "--name", "again", *where)
    assert "SUCCEEDED" in brought.stdout
    told = json.loads(tsme("store", "stats", "--json", *where).stdout)
    assert [(line["machine"], line["count"]) for line in told] == [
        (None, 1),
        (f"{ARN}:stateMachine:m", 1),
    ]
    assert told[0]["p50"] == told[1]["p50"] >= 2_000
