"""`tsme repl` and relational machines on boards: real device code behind a cable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tools.cabled import Cabled
from tests.tools.prompted import FLOWS, RELAY, offered
from tests.tools.shell import tsme
from tsme_host.tools.boards.session import Where
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.image import Record
from tsme_host.tools.journal.replayer import Played, Player
from tsme_host.tools.repl.board import Board
from tsme_host.tools.repl.session import Repl


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cabled]:
    """A board that runs a relay, in a folder with its class."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relay.py").write_text(RELAY, encoding="utf-8")
    (tmp_path / "door.asl.json").write_text(json.dumps(FLOWS["door"]), encoding="utf-8")
    with Cabled(tmp_path / "board", relational=str(tmp_path)) as found:
        yield found


def attached(board: Cabled) -> Board:
    return Board(Where(port=board.port), ["relay.py:Relay"])


def test_the_states_of_a_relational_machine_are_changed_waited_for_and_told(
    board: Cabled, capsys: pytest.CaptureFixture[str]
) -> None:
    with attached(board) as target:
        one = Repl(target, None)

        def ask(*words: str, code: int = 0) -> str:
            capsys.readouterr()
            assert one.once(words) == code
            return capsys.readouterr().out

        assert json.loads(ask("clocks", "relay", "--json"))["clocks"]["Ready"] == 1
        assert ask("add", "relay", "Forward") == "executed\n"
        assert ask("add", "relay", "Reverse", "--args", '{"ok": false}', code=1) == "canceled\n"
        assert ask("wait", "relay", "--state", "Forward") == ""
        ask("wait", "relay", "--not", "Forward", "--timeout", "0.1", code=1)
        assert ask("toggle", "relay", "Forward") == "executed\n"
        assert ask("wait", "relay", "--not", "Forward") == ""
        assert ask("send", "relay", '{"add": ["Reverse"]}') == "executed\n"
        found = {
            row["state"]: row["active"] for row in json.loads(ask("states", "relay", "--json"))
        }
        assert (found["Ready"], found["Forward"], found["Reverse"]) == (1, 0, 1)
        assert ask("set", "relay", "Start") == "executed\n"
        assert ask("remove", "relay", "Start", "Ready") == "executed\n"
        clock = json.loads(ask("clocks", "relay", "--json"))["clocks"]
        assert (clock["Forward"], clock["Reverse"], clock["Start"]) == (2, 2, 2)
        assert offered(target, "add relay ") == [*clock]


def test_a_relational_machine_is_asked_what_it_would_do_and_for_its_time(board: Cabled) -> None:
    def ask(*words: str, code: int = 0) -> str:
        done = tsme("repl", board.port, "--program", "relay.py:Relay", "--", *words)
        assert done.exit_code == code, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    assert ask("can-add", "relay", "Forward") == "executed\n"
    assert json.loads(ask("can-remove", "relay", "Ready", "--json")) == "executed"
    assert ask("can-add", "relay", "Reverse", "--args", '{"ok": false}', code=1) == "canceled\n"
    ask("add", "relay", "Forward", "--json")
    assert ask("eval", "relay", "turns", "--args", '{"more": 3}') == "4\n"
    assert "canceled" in ask("eval", "relay", "turn", code=1)
    assert ask("remove", "relay", "Exception") == "executed\n"
    assert ask("add-err", "relay", "Jam", "it is stuck", "--state", "Reverse") == "executed\n"
    assert ask("time", "relay", "Reverse", "Exception") == "1 3\n"
    clock = json.loads(ask("clock", "relay", "Start", "Forward", "--json"))
    assert clock == {"clocks": {"Start": 1, "Forward": 2}, "time": 3}
    assert json.loads(ask("time", "relay", "--json")) == [1, 1, 2, 1, 3]
    assert ask("time", "relay", "--sum") == "8\n"
    assert "did you mean" in ask("time", "relay", "Forwrad", code=2)


def test_what_a_machine_cancels_is_said_with_the_handler_that_raised(board: Cabled) -> None:
    lost = json.dumps({"add": "Forward", "args": {"then": "Nowher"}})

    def said(*words: str, code: int = 1) -> str:
        done = tsme(*words, "--port", board.port)
        assert done.exit_code == code, (done.stdout, done.stderr)
        assert ("has it" in done.stderr) == (code == 0)
        return done.stdout + done.stderr

    told = said("signal", "relay", lost)
    assert told.startswith("canceled\ntsme: relay has canceled it: ForwardState raised TSME-M017")
    assert "no state Nowher" in told
    told = said("signal", "relay", '{"eval": "trns"}')
    assert "relay has canceled it: TSME-M021: Relay has no function trns" in told
    no = '{"add": "Reverse", "args": {"ok": false}}'
    assert "a relation forbids it, or a handler refuses" in said("signal", "relay", no)
    assert said("signal", "relay", '{"eval": "turns"}', code=0).startswith("2\n")
    then = '{"add": "Reverse", "args": {"back": true, "then": "Nowher"}}'
    assert said("signal", "relay", then, code=0).startswith("executed\n")
    for words in (("send", "relay", lost), ("eval", "relay", "trns"),
                  ("add", "relay", "Forward", "--args", '{"then": "Nowher"}')):  # fmt: skip
        done = tsme("repl", board.port, "--", *words)
        assert done.exit_code == 1
        assert "TSME-M0" in done.stderr


def test_moments_of_a_relational_machine_are_waited_for_and_told_by_their_ticks(
    board: Cabled, capsys: pytest.CaptureFixture[str]
) -> None:
    with attached(board) as target:
        one = Repl(target, None)

        def ask(*words: str, code: int = 0) -> str:
            capsys.readouterr()
            assert one.once(words) == code
            return capsys.readouterr().out

        def meanwhile(*words: str, do: dict[str, Any]) -> str:
            """What a command says that begins to wait before something is done."""
            usual = target.describe
            told = [0]

            def describe(name: str) -> Any:
                told[0] += 1
                if told[0] == 2:
                    target.send("relay", do)
                return usual(name)

            target.describe = describe  # type: ignore[method-assign]
            try:
                return ask(*words)
            finally:
                target.describe = usual  # type: ignore[method-assign]

        assert ask("when", "relay", "Start", "Ready") == "1 1\n"
        assert ask("when-not", "relay", "Forward", "Reverse") == "0 0\n"
        ask("when", "relay", "Start", "Forward", "--timeout", "0", code=1)
        assert meanwhile("when", "relay", "Forward", do={"add": "Forward"}) == "1\n"
        # Within one step it is active, and not any more.
        back = {"add": "Reverse", "args": {"back": True}}
        found = json.loads(meanwhile("when", "relay", "Reverse", "--json", do=back))
        assert found["ticks"] == {"Reverse": 1}
        assert ask("clock", "relay", "Reverse", "--json") == ask(
            "clocks", "relay", "Reverse", "--json"
        )
        assert ask("when-time", "relay", "Forward=3", "Reverse=2") == "3 2\n"
        assert meanwhile("when-ticks", "relay", "Forward", do={"remove": "Forward"}) == "4\n"
        ask("when-ticks", "relay", "Forward", "2", "--timeout", "0", code=1)
        with pytest.raises(HostError, match="TSME-H002"):
            ask("when-time", "relay", "Forward")
        one.once(["stop", "relay"])
        ask("when", "relay", "Forward", code=1)
        one.once(["start", "door", "door.asl.json"])
        with pytest.raises(HostError, match="TSME-H017"):
            ask("when", "door", "Forward")


def test_a_wait_sees_the_step_that_ends_an_execution_and_counts_anew_in_the_next(
    board: Cabled, capsys: pytest.CaptureFixture[str]
) -> None:
    last = {"add": "Forward", "args": {"last": True}}
    with attached(board) as target:
        usual = target.describe
        (relay,) = target.executions()

        def told(*words: str, meanwhile: Mapping[int, Callable[[], object]]) -> str:
            """What a command says that waits while this is done, each before that look."""
            looks = [0]

            def describe(name: str) -> Any:
                looks[0] += 1
                meanwhile.get(looks[0], str)()
                return usual(name)

            capsys.readouterr()
            target.describe = describe  # type: ignore[method-assign]
            try:
                assert Repl(target, None).once(words) == 0
            finally:
                target.describe = usual  # type: ignore[method-assign]
            return capsys.readouterr().out

        def end() -> None:
            target.send("relay", last)

        def another() -> None:
            end()
            with target._line() as line:
                line.client.start("relay", relay.program, None)

        def once_more() -> None:
            target.send("relay", {"remove": "Forward"})

        target.send("relay", {"add": "Forward"})
        target.send("relay", {"remove": "Forward"})
        target.send("relay", {"add": "Reverse"})
        ticks = ("when-ticks", "relay", "Forward", "2", "--timeout", "60")
        done = {2: another, 3: lambda: target.send("relay", {"add": "Forward"}), 4: once_more}
        assert told(*ticks, meanwhile=done) == "2\n"
        assert told("when", "relay", "Forward", "--timeout", "60", meanwhile={2: end}) == "3\n"
        assert target.describe("relay")["status"] == "succeeded"


def test_who_waits_on_a_board_replays_what_is_new_alone(
    board: Cabled, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[int] = []
    play = Player.play

    def counted(player: Player, record: Record) -> Played:
        played.append(record.number)
        return play(player, record)

    monkeypatch.setattr(Player, "play", counted)
    with attached(board) as target:
        following = target.following("relay")
        for _ in range(3):
            following.moments(target.describe("relay"))
        target.send("relay", {"add": "Forward"})
        (moment,) = following.moments(target.describe("relay"))
    assert moment.active("Forward")
    assert len(played) == len(set(played))
    assert moment.record == len(played) - 1
