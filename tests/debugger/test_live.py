"""A board's journal is pulled, and pulled on, while one looks at it; by real device code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.cabled import Cabled
from tests.tools.prompted import RELAY
from tests.tools.test_board_commands import ACTIVITY, done, on_terminal, workflow
from tsme_host.tools.boards.session import Where, connected
from tsme_host.tools.commands.debug import followed


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Cabled]:
    with Cabled(tmp_path / "board") as found:
        yield found


def test_what_a_board_does_comes_while_one_looks(
    tmp_path: Path, board: Cabled, monkeypatch: pytest.MonkeyPatch
):
    done("init", "garden", cwd=tmp_path)
    folder = tmp_path / "garden"
    text = (folder / "tsme.toml").read_text(encoding="utf-8")
    (folder / "tsme.toml").write_text(f'port = "{board.port}"\n{text}', encoding="utf-8")
    workflow(folder, "valve", Ask={"Type": "Task", "Resource": ACTIVITY})
    done("start", "valve", cwd=folder)
    monkeypatch.chdir(folder)
    done("journal", "pull", "valve", cwd=folder)
    with connected(Where()) as session:
        client = session.client
        (opened,) = followed(session, ["valve"], ["valve.asl.json"])
        track = opened.track
        before = track.next
        while not (found := client.describe("valve").tokens):
            pass
        client.success(found[0][0], {"open": True})
        assert opened.again is not None
        data = opened.again()
        assert data is not None
        assert track.grown(data)
        assert track.next > before
        moment = track.moment(track.next - 1)
        assert moment is not None
        assert moment.played.ended == "succeeded"
        assert opened.again() is None
    shown = on_terminal(folder, "debug", "--live", "valve", keys=b"q", until=b"record ")
    assert b"succeeded" in shown


def test_all_that_a_board_runs_is_side_by_side_whatever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("relay.py").write_text(RELAY, encoding="utf-8")
    far = Cabled(tmp_path / "board", relational=str(tmp_path), machine="1")
    with far as board, connected(Where(port=board.port)) as one:
        tracks = {item.track.name: item for item in followed(one, [], ["relay.py:Relay"])}
        assert sorted(tracks) == ["count", "relay"]
        for name, value in (("relay", {"add": "Forward"}), ("count", 3)):
            one.client.signal(name, value)
            opened = tracks[name]
            assert opened.again is not None
            data = opened.again()
            assert data is not None
            assert opened.track.grown(data)
        moment = tracks["relay"].track.moment(tracks["relay"].track.next - 1)
        assert moment is not None
        assert "+Forward" in moment.played.changed
        assert moment.transitions
        bare = tracks["count"].track.moment(tracks["count"].track.next - 1)
        assert bare is not None
        assert bare.record.fields["value"] == 3  # nobody has given its class
