"""`tsme repl` on an endpoint: `tsme serve` as users ask it, by its API."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from prompt_toolkit.document import Document

from tests.server.executing import PASS, machine
from tests.server.served import client, served
from tests.tools.shell import assert_one_clear_line, tsme
from tsme_host.tools.errors import HostError
from tsme_host.tools.repl.completion import Completion
from tsme_host.tools.repl.endpoint import Endpoint
from tsme_host.tools.repl.session import Repl
from tsme_host.tools.repl.words import quoted


@pytest.fixture
def dig(sfn: Any) -> str:
    """The ARN of an activity, of which the machine `Order` waits."""
    arn: str = sfn.create_activity(name="dig")["activityArn"]
    states = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Task", "Resource": arn, "HeartbeatSeconds": 600, "Next": "C"},
        "C": PASS,
    }
    machine(sfn, states, "Order")
    machine(sfn, {"F": {"Type": "Fail", "Error": "Rain", "Cause": "wet"}}, "Bad")
    return arn


class Asked:
    """One prompt of an endpoint, which commands are given to."""

    def __init__(self, endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.target = Endpoint(endpoint)
        self.prompt = Repl(self.target, None)
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> Any:
        """-> what is printed, and what is remarked"""
        self._capsys.readouterr()
        assert self.prompt.once(words) == code
        return self._capsys.readouterr()

    def json(self, *words: str) -> Any:
        """The answer for programs."""
        return json.loads(self(*words, "--json").out)


@pytest.fixture
def ask(endpoint: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Asked]:
    """The prompt of an endpoint whose database is empty."""
    found = Asked(endpoint, capsys)
    with found.target:
        yield found


def asked(endpoint: str, *words: str, code: int = 0) -> Result:
    done = tsme("repl", endpoint, "--", *words)
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done


def test_executions_begin_are_listed_completed_waited_for_and_told(ask: Asked, dig: str) -> None:
    begun = ask.json("start", "Order", "first", '{"n": 1}')
    assert (begun["name"], begun["begun"]) == ("first", True)
    assert begun["arn"].endswith(":execution:Order:first")
    (row,) = ask.json("list")
    assert (row["name"], row["status"], row["program"]) == ("first", "running", "Order")
    ask("wait", "first", "--state", "B")
    assert ask.json("states", "first") == [
        {"state": "A", "active": 0, "entered": 1},
        {"state": "B", "active": 1, "entered": 1},
    ]
    assert ask.json("clocks", "first") == {"clocks": {"A": 2, "B": 1}, "time": 3}
    (task,) = ask.json("tasks")
    assert (task["execution"], task["resource"], task["payload"]) == ("first", dig, {"n": 1})
    ask("heartbeat", "first")
    ask("complete", task["token"], '{"z": 1, "a": 2}')
    assert ask("wait", "Order").out == '{"z": 1, "a": 2}\n'
    events = ask.json("history", "first")["events"]
    assert [events[0]["type"], events[-1]["type"]] == ["ExecutionStarted", "ExecutionSucceeded"]
    assert ask.json("history", "first", "2")["events"] == events[-2:]
    journal = ask.json("journal", "first")
    assert [one["input"] for one in journal] == ["start", "heartbeat", "succeeded"]
    assert ask.json("journal", "first", "1") == journal[-1:]
    assert ask.json("status", "Order:first")["output"] == {"z": 1, "a": 2}
    assert ask.json("status")["executions"] == {"succeeded": 1}
    assert ask.json("list", "--status", "running") == []
    assert [one["name"] for one in ask.json("machines")] == ["Bad", "Order", "dig"]
    for words in ("list", "machines", "status", "history first", "journal first", "states first",
                  "clocks first"):  # fmt: skip
        found = ask(*words.split())
        assert found.out
        assert not found.err


def test_what_fails_or_is_stopped_is_the_answer_no(ask: Asked, dig: str) -> None:
    assert "failed: Rain: wet" in ask("start", "Bad", "--wait", code=1).err
    ask("start", "Order", "one")
    ask("fail", "dig", "--error", "Stone", "--cause", "deep")
    assert "one failed: Stone: deep" in ask("wait", "one", code=1).err
    ask("start", "Order", "two")
    assert "two is aborted" in ask("stop", "two", "--cause", "enough").err
    ask("wait", "two", "aborted")
    ask("wait", "two", "succeeded", code=1)


WRONG = (
    (["start", "Ordre"], "TSME-S070", 'did you mean "Order"'),
    (["wait", "none"], "TSME-S070", "list shows"),
    (["status", "arn:x"], "TSME-S069", "InvalidArn"),
    (["start", "Order", "a b"], "TSME-S069", "InvalidName"),
    (["send", "one", "1"], "TSME-H084", "complete"),
    (["logs"], "TSME-H084", "tsme serve"),
    (["complete", "0-0"], "TSME-H083", "no task waits"),
)


def test_what_is_refused_is_one_line(ask: Asked, dig: str, capsys: Any) -> None:
    for words, code, clue in WRONG:
        ask.prompt.line(" ".join(map(quoted, words)))
        said = capsys.readouterr().err
        assert_one_clear_line(said, code)
        assert clue in said


def test_a_list_has_the_newest_and_says_that_there_are_more(ask: Asked, dig: str) -> None:
    for name in ("a", "b", "c"):
        ask("start", "Bad", name, "--wait", code=1)
    assert [one["name"] for one in ask.json("list", "--limit", "2")] == ["c", "b"]
    assert "there are more: --limit 4" in ask("list", "--limit", "2").err
    assert not ask("list", "--limit", "3").err


def test_a_token_is_enough_where_nobody_tells_what_waits(ask: Asked, dig: str) -> None:
    ask("start", "Order", "one")
    (task,) = ask.json("tasks")
    ask.target.address += "/none"  # whose pages are not there, as those of AWS
    with pytest.raises(HostError, match="TSME-S069"):
        ask("tasks")
    ask("complete", task["token"], "7")
    assert ask("wait", "one").out == "7\n"


def test_a_command_line_is_asked_and_exits_as_all_commands(endpoint: str, dig: str) -> None:
    assert json.loads(asked(endpoint, "list", "--json").stdout) == []
    asked(endpoint, "start", "Bad", "--wait", code=1)
    assert_one_clear_line(asked(endpoint, "wait", "none", code=2).stderr, "TSME-S070")


def test_a_name_that_two_machines_have_is_asked_for(ask: Asked, sfn: Any, dig: str) -> None:
    machine(sfn, {"P": PASS}, "Other")
    for name in ("Order", "Other"):
        ask("start", name, "same")
    with pytest.raises(HostError, match="TSME-S070") as said:
        ask("status", "same")
    assert "Order:same" in said.value.hint
    assert ask.json("wait", "Other:same")["status"] == "succeeded"


def test_keys_sign_what_is_asked_beside_the_api_too(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = tmp_path / "keys"
    text = "[one]\naws_access_key_id = AKIAONE\naws_secret_access_key = secret\n"
    keys.write_text(text, encoding="utf-8")
    with served(sqlite_url, auth=str(keys)) as (endpoint, _):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAONE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        sfn = client(endpoint, "AKIAONE", "secret")
        machine(sfn, {"P": PASS}, "Quick")
        ask = Asked(endpoint, capsys)
        ask("start", "Quick", "one", "--wait")
        assert ask.json("tasks") == []
        assert [one["input"] for one in ask.json("journal", "one")] == ["start"]
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with pytest.raises(HostError, match="TSME-S064"):
            ask("tasks")
        assert_one_clear_line(asked(endpoint, "list", code=2).stderr, "TSME-S064")


def test_a_server_that_is_away_is_told_and_asked_again(
    sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(sqlite_url, port=port) as (endpoint, _):
        one = Repl(Endpoint(endpoint), None)
        machine(client(endpoint), {"W": {"Type": "Wait", "Seconds": 1, "End": True}}, "Nap")
        one.line("start Nap nap")
    one.line("list")
    said = capsys.readouterr().err
    assert "tsme: error TSME-S071" in said
    assert "tsme serve" in said
    with served(sqlite_url, port=port):
        assert one.once(["wait", "nap"]) == 0
    assert "was away, and is there again" in capsys.readouterr().err


def test_tab_offers_what_is_there(endpoint: str, dig: str) -> None:
    with Endpoint(endpoint) as target:
        target.start("Order", "first", {})
        offers = Completion(Repl(target, None).at)

        def offered(line: str) -> list[str]:
            found = offers.get_completions(Document(line), None)  # type: ignore[arg-type]
            return [one.text for one in found]

        assert offered("start ") == ["Bad", "Order"]
        assert offered("stop ") == ["first"]
        assert offered("complete ") == ["1-1", "first"]
        assert offered("wait first --state ") == ["A", "B"]
