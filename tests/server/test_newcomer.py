"""What docs/SERVER.md begins with, as a newcomer types it, against a real `tsme serve`."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from tests.interpreters import ROOT
from tests.server.processes import serving
from tests.tools.shell import spawn

PAGE = (ROOT / "docs" / "SERVER.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8083"


def script(url: str) -> str:
    """The page's first Python, for a server at another port."""
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert ADDRESS in found[1]
    return found[1].replace(ADDRESS, url)


@pytest.fixture
def garden(tmp_path):
    """What `tsme init` makes."""
    folder = tmp_path / "garden"
    done = spawn("init", folder, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return folder


def typed(folder, url: str) -> str:
    """-> what the page's script prints"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script(url)],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_the_page_begins_with_does_what_it_says(garden):
    promised = re.search(r"it prints `([^`]*)`", PAGE)
    assert promised is not None
    assert "tsme serve --tasks tasks.py " in PAGE
    options = ("--tasks", "tasks.py", "--clock", "accelerated")
    with serving(garden, *options, prints="water!\n") as url:
        assert typed(garden, url) == promised[1] + "\n"


def test_an_execution_goes_on_after_the_server_was_killed(garden):
    from tests.server.served import ROLE, client

    definition = (garden / "soil.asl.json").read_text(encoding="utf-8")
    with serving(garden, "--tasks", "tasks.py", ended_by=signal.SIGKILL, prints="water!\n") as url:
        sfn = client(url)
        made = sfn.create_state_machine(name="soil", definition=definition, roleArn=ROLE)
        arn = sfn.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
        while "WaitStateEntered" not in types(sfn, arn):
            time.sleep(0.05)
        before = types(sfn, arn)
    with serving(garden, "--tasks", "tasks.py", "--clock", "accelerated") as url:  # no water!
        sfn = client(url)
        while sfn.describe_execution(executionArn=arn)["status"] == "RUNNING":
            time.sleep(0.05)
        assert sfn.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
        after = types(sfn, arn)
        assert after[: len(before)] == before
        assert after[len(before) :] == ["WaitStateExited", "ExecutionSucceeded"]


def types(sfn, arn: str) -> list[str]:
    return [one["type"] for one in sfn.get_execution_history(executionArn=arn)["events"]]
