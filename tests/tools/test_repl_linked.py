"""`tsme repl` and a relational machine whose class nobody has here: its board tells its clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.cabled import Cabled
from tests.tools.prompted import RELAY, offered
from tsme_host.tools.boards.session import Where
from tsme_host.tools.errors import HostError
from tsme_host.tools.repl.board import Board
from tsme_host.tools.repl.session import Repl


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cabled]:
    """A board that runs a relay, and a folder with nothing of it."""
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "relay.py").write_text(RELAY, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    with Cabled(tmp_path / "board", relational=str(tmp_path / "there")) as found:
        yield found


def test_clocks_and_waits_need_no_class_while_the_machine_runs(
    board: Cabled, capsys: pytest.CaptureFixture[str]
) -> None:
    with Board(Where(port=board.port)) as target:
        one = Repl(target, None)

        def ask(*words: str, code: int = 0) -> str:
            capsys.readouterr()
            assert one.once(words) == code
            return capsys.readouterr().out

        assert ask("time", "relay") == "1 1 0 0 0\n"
        ask("add", "relay", "Forward")
        assert json.loads(ask("clocks", "relay", "--json"))["clocks"]["Forward"] == 1
        assert ask("time", "relay", "Forward", "Exception") == "1 0\n"
        active = {
            row["state"]: row["active"] for row in json.loads(ask("states", "relay", "--json"))
        }
        assert (active["Forward"], active["Reverse"]) == (1, 0)
        assert ask("when", "relay", "Start", "Forward") == "1 1\n"
        assert ask("when-not", "relay", "Reverse") == "0\n"
        found = json.loads(ask("when-time", "relay", "Forward=1", "--json"))
        assert (found["ticks"], "record" in found) == ({"Forward": 1}, False)
        assert ask("wait", "relay", "--state", "Forward") == ""
        ask("when", "relay", "Reverse", "--timeout", "0", code=1)
        with pytest.raises(HostError, match='TSME-H002: there is no state "Forwrad"'):
            ask("time", "relay", "Forwrad")
        assert offered(target, "add relay F") == ["Forward"]
        ask("remove", "relay", "Forward")
        ask("add", "relay", "Forward", "--args", '{"last": true}')
        with pytest.raises(HostError, match="TSME-H0"):  # then its journal alone tells
            ask("time", "relay")


def test_what_came_and_went_is_known_and_a_board_that_was_reset_is_followed_again(
    board: Cabled,
) -> None:
    with Board(Where(port=board.port)) as target:
        following = target.following("relay")

        def seen(*states: str) -> list[list[int]]:
            moments = following.moments(target.describe("relay"), states)
            return [list(one.clock.values()) for one in moments]

        def change(**value: Any) -> None:
            target.send("relay", value)

        assert seen() == [[1, 1, 0, 0, 0]]
        assert seen() == []
        change(add="Forward")
        change(remove="Forward")
        assert seen() == [[1, 1, 1, 0, 0], [1, 1, 2, 0, 0]]
        change(add="Forward")
        change(add="Reverse")
        assert seen("Forward") == [[1, 1, 3, 1, 0], [1, 1, 4, 1, 0]]
        change(add="Forward")
        change(remove="Forward")
        assert seen() == [[1, 1, 6, 2, 0]]
        board.cut()
        change(add="Reverse")
        assert seen() == [[1, 1, 6, 3, 0]]
