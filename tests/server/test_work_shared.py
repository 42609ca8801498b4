"""`tsme worker --database` does the tasks that `tsme serve --workers` leaves."""

from __future__ import annotations

import json
import signal

import pytest

from tests.server.executing import begin, ended, events, kinds
from tests.server.served import client, served
from tests.server.test_work_mocks import machine
from tests.server.test_work_worker import ARN, waits, worker
from tests.server.working import task
from tests.tools.shell import assert_one_clear_line, tsme

TASKS = """
import os
import time
from pathlib import Path

import tsme

tasks = tsme.Tasks()


@tasks.task("{name}")
def who(payload):
    return os.getpid()


@tasks.task("hold", effect="{effect}")
def hold(payload):
    with open(payload["begun"], "a") as ledger:
        ledger.write("x")
    while not Path(payload["go"]).exists():
        time.sleep(0.02)
    return os.getpid()
"""


@pytest.fixture
def file(tmp_path):
    """Makes a tasks file."""

    def make(name, effect="idempotent"):
        path = tmp_path / f"{name}.py"
        path.write_text(TASKS.format(name=name, effect=effect))
        return str(path)

    return make


def branch(resource):
    return {"StartAt": resource, "States": {resource: task(resource)["States"]["T"]}}


def test_each_task_is_done_by_a_worker_that_has_it(database_url, file):
    words = ("--database", database_url, "--tasks")
    with (
        served(database_url, workers=True) as (url, _),
        worker(*words, file("one")) as one,
        worker(*words, file("two")) as two,
    ):
        assert one.ready().startswith("running executions in ")
        two.ready()
        sfn = client(url)
        flow = {
            "StartAt": "P",
            "States": {
                "P": {
                    "Type": "Parallel",
                    "Branches": [branch("one"), branch("two"), branch(ARN + "three")],
                    "ResultPath": "$.all",
                    "Next": "W",
                },
                "W": {"Type": "Wait", "Seconds": 0, "Next": "L"},
                "L": {"Type": "Task", "Resource": "one", "ResultPath": "$.last", "End": True},
            },
        }
        three = sfn.create_activity(name="three")["activityArn"]
        execution = begin(sfn, machine(sfn, "m", flow), {})
        token = sfn.get_activity_task(activityArn=three)["taskToken"]
        sfn.send_task_success(taskToken=token, output="3")
        pids = (one.process.pid, two.process.pid)
        found = json.loads(ended(sfn, execution)["output"])
        assert found == {"all": [*pids, 3], "last": pids[0]}
        assert kinds(events(sfn, execution)).count("TaskSucceeded") == 3
        for each in (one, two):
            assert each.end(signal.SIGTERM) == (0, "")


@pytest.mark.parametrize("effect", ["idempotent", "once"])
def test_what_a_worker_that_is_killed_had_is_done_by_another(postgres_url, file, tmp_path, effect):
    begun, go = tmp_path / "begun", tmp_path / "go"
    begun.touch()
    words = ("--database", postgres_url, "--tasks", file("one", effect))
    with served(postgres_url, workers=True) as (url, _):
        sfn = client(url)
        flow = machine(sfn, "m", task("hold"))
        with worker(*words) as one:
            execution = begin(sfn, flow, {"begun": str(begun), "go": str(go)})
            waits(lambda: begun.read_text() == "x")
            one.process.kill()
        go.write_text("")
        with worker(*words) as two:
            two.ready()
            found = ended(sfn, execution)
            if effect == "once":
                assert (found["error"], begun.read_text()) == ("TSME.Interrupted", "x")
            else:
                assert (found["output"], begun.read_text()) == (str(two.process.pid), "xx")
            assert two.end() == (0, "")


def test_options_that_make_no_sense_together_are_told(file):
    for words, text in (
        (("serve", "--workers", "--tasks", "t.py"), "--tasks has no use with --workers"),
        (("worker", "--database", "x", "--tasks", "t", "--activity", "a"), "--activity is for"),
        (
            ("worker", "--tasks", "t", "--webhook", "u"),
            "--webhook is for a worker with --database",
        ),
    ):
        done = tsme(*words)
        assert done.exit_code == 2
        assert_one_clear_line(done.stderr, "TSME-S066" if words[0] == "serve" else "TSME-S067")
        assert text in done.stderr


def test_what_is_emitted_and_nobody_hears_is_in_the_log_of_the_worker_that_ran_it(
    sqlite_url, file
):
    words = ("--database", sqlite_url, "--tasks", file("one"))
    flow = {"StartAt": "M", "States": {
        "M": {"Type": "Task", "Resource": "tsme:metric", "Parameters": {"wet": 0.5}, "Next": "T"},
        "T": {"Type": "Task", "Resource": "one", "Next": "N"},
        "N": {"Type": "Task", "Resource": "tsme:log", "Parameters": {"dry": 1}, "End": True},
    }}  # fmt: skip
    with served(sqlite_url, workers=True) as (url, _), worker(*words) as one:
        one.ready()
        sfn = client(url)
        execution = begin(sfn, machine(sfn, "m", flow))
        assert ended(sfn, execution)["status"] == "SUCCEEDED"
        code, told = one.end()
    name = execution.rpartition(":")[2]
    assert code == 0
    assert told == f'tsme: log {name}: {{"dry":1}}\n'  # the metric was the server's to tell
