"""`tsme serve` as a process: the AWS CLI talks to it, it ends when it is told, and comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.processes import serving
from tests.server.served import ROLE, client
from tests.tools.shell import assert_one_clear_line, spawn

DEFINITION = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:"


def aws(url: str, *args: str, ok: bool = True) -> str:
    """The AWS CLI, with keys and a region of no meaning.  -> what it prints, or its error"""
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL_SFN": url,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("aws"), "stepfunctions", "--output", "json", *args],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == (0 if ok else 255), done.stderr
    return done.stdout if ok else done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_made_is_there_after_a_restart(tmp_path, number):
    options = ("--region", "eu-central-1", "--account", "123456789012")
    with serving(tmp_path, *options, ended_by=number) as url:
        made = client(url).create_state_machine(name="m", definition=DEFINITION, roleArn=ROLE)
        assert made["stateMachineArn"] == ARN + "m"
    assert (tmp_path / "tsme.db").exists()
    with serving(tmp_path, *options) as url:
        found = client(url).describe_state_machine(stateMachineArn=ARN + "m")
    assert found["creationDate"] == made["creationDate"]


def test_the_aws_cli_makes_lists_publishes_and_deletes(tmp_path):
    with serving(tmp_path, "--region", "eu-central-1", "--account", "123456789012") as url:
        made = json.loads(
            aws(url, "create-state-machine", "--name", "m", "--definition", DEFINITION,
                "--role-arn", ROLE, "--tags", "key=team,value=garden")
        )  # fmt: skip
        arn = made["stateMachineArn"]
        assert arn == ARN + "m"
        machine = ("--state-machine-arn", arn)
        version = json.loads(aws(url, "publish-state-machine-version", *machine))
        assert version["stateMachineVersionArn"] == arn + ":1"
        found = json.loads(aws(url, "describe-state-machine", *machine))
        assert found["definition"] == DEFINITION
        listed = json.loads(aws(url, "list-state-machines"))
        assert [one["name"] for one in listed["stateMachines"]] == ["m"]
        tags = json.loads(aws(url, "list-tags-for-resource", "--resource-arn", arn))
        assert tags == {"tags": [{"key": "team", "value": "garden"}]}
        state = '{"Type": "Pass", "Result": 1, "End": true}'
        tried = json.loads(aws(url, "test-state", "--definition", state))
        assert tried == {"output": "1", "status": "SUCCEEDED"}
        begun = json.loads(aws(url, "start-execution", *machine, "--input", '{"a": 1}'))
        execution = ("--execution-arn", begun["executionArn"])
        while json.loads(aws(url, "describe-execution", *execution))["status"] == "RUNNING":
            pass  # each call takes a second
        events = json.loads(aws(url, "get-execution-history", *execution))["events"]
        assert [events[0]["type"], events[-1]["type"]] == [
            "ExecutionStarted",
            "ExecutionSucceeded",
        ]
        aws(url, "delete-state-machine", *machine)
        error = aws(url, "describe-state-machine", *machine, ok=False)
        assert "(StateMachineDoesNotExist)" in error
        assert f"State Machine Does Not Exist: '{arn}'" in error


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path):
    with serving(tmp_path) as url:
        port = url.rpartition(":")[2]
        done = spawn("serve", "--port", port, cwd=tmp_path)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-S040")
    assert f"127.0.0.1:{port} cannot be served: Address already in use" in done.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--account", "12"), "TSME-S042"),
        (("--region", "here & there"), "TSME-S042"),
        (("--database", "mysql://x"), "TSME-S"),
        (("--database", "/nowhere/tsme.db"), "TSME-S"),
        (("--port", "65536"), "TSME-H001"),
        (("--host", "192.0.2.1"), "TSME-S040"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(tmp_path, options, code):
    done = spawn("serve", "--port", "0", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"tsme: error {code}"), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_without_its_packages_it_says_what_to_install(tmp_path):
    script = (
        "import importlib.util as util; find = util.find_spec\n"
        "gone = ('uvicorn', 'alembic')\n"
        "util.find_spec = lambda name, *more: None if name in gone else find(name, *more)\n"
        "import sys; sys.argv = ['tsme', 'serve']; from tsme_host.start import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-S041")
    assert "are not here: alembic, uvicorn; pip install tsme[serve]" in done.stderr
