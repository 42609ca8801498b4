"""A moment of a track is what a replay of everything comes to, wherever it begins."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.tools.recorded import PLAIN, Device
from tsme.kernel.protocol import TIMER
from tsme_host.tools.debugger import asking, track
from tsme_host.tools.debugger.opening import open_file
from tsme_host.tools.debugger.track import Track
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.image import log_of, read_log
from tsme_host.tools.journal.replayer import play_all, programs_of

TICKS = json.dumps(
    {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Again"},
            "Again": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.end", "IsPresent": True, "Next": "End"}],
                "Default": "Wait",
            },
            "End": {"Type": "Succeed"},
        },
    }
)


def ticking(folder: Path, steps: int, checkpoints: bool) -> str:
    """A journal of a wait that comes back so often."""
    device = Device(folder / "ticks.bin", TICKS, blocks=64)
    device.start({})
    for _ in range(steps):
        (action,) = device.state.pending.values()
        assert action.due is not None
        device.feed(TIMER, action.due - device.state.now, action.id)
        if checkpoints and device.journal.needs_checkpoint():
            device.journal.checkpoint(device.kernel.checkpoint(device.state))
    (folder / "ticks.bin").write_bytes(device.flash.data)
    (folder / "ticks.asl.json").write_text(TICKS)
    return str(folder / "ticks.bin")


def same_everywhere(path: str, program: str, found: Track, each: int = 1) -> None:
    log = read_log(path)
    whole = list(play_all(log, programs_of(log, [program])))
    for played in whole[::each]:
        moment = found.moment(played.record.number)
        assert moment is not None
        assert moment.record == played.record
        assert moment.played.routes == played.routes
        assert moment.played.started == played.started
        assert moment.played.ended == played.ended
        assert moment.after.digest == played.record.digest


def test_every_moment_is_that_of_a_replay(recorded: Path):
    path, program = str(recorded / "g.bin"), str(recorded / "greenhouse.asl.json")
    same_everywhere(path, program, open_file(path, [program]).track)


def test_moments_backwards_are_the_same(recorded: Path):
    path = str(recorded / "g.bin")
    found = open_file(path, []).track  # programs are kept beside
    forward = [found.moment(n) for n in range(found.first, found.next)]
    again = open_file(path, []).track
    back = [again.moment(n) for n in range(found.next - 1, found.first - 1, -1)]
    assert [m and m.after.digest for m in forward] == [m and m.after.digest for m in back[::-1]]


def test_checkpoints_are_where_a_replay_begins(tmp_path: Path):
    path = ticking(tmp_path, 700, checkpoints=True)
    program = str(tmp_path / "ticks.asl.json")
    found = open_file(path, [program]).track
    assert found.sparse() is None
    assert len(found.stretch(600).records) <= 257
    same_everywhere(path, program, found, 41)


def test_anchors_are_made_where_there_are_no_checkpoints(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(track, "LONG", 64)
    path = ticking(tmp_path, 700, checkpoints=False)
    program = str(tmp_path / "ticks.asl.json")
    found = open_file(path, [program]).track
    assert found.time(600) is None  # not yet
    far = found.sparse()
    assert far is not None
    same_everywhere(path, program, found, 41)
    assert found.time(600) is not None
    assert found.anchors
    assert found.sparse() is None


def test_a_long_replay_can_be_left(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(track, "LONG", 64)
    path = ticking(tmp_path, 300, checkpoints=False)
    found = open_file(path, [str(tmp_path / "ticks.asl.json")]).track
    seen: list[int] = []

    def wanted(at: int) -> bool:
        seen.append(at)
        return False

    assert found.moment(300, wanted) is None
    assert len(seen) == 1


def test_a_time_is_found_in_any_stretch(tmp_path: Path):
    path = ticking(tmp_path, 700, checkpoints=True)
    found = open_file(path, [str(tmp_path / "ticks.asl.json")]).track
    for number in (0, 1, 255, 256, 257, 258, 500, found.next - 1):
        now = found.time(number)
        assert now is not None
        at = found.at_time(now)
        assert found.time(at) == now
        assert at == found.next - 1 or (found.time(at + 1) or 0) > now
        assert (found.time(found.at_time(now - 1)) or 0) < now or number == 0
    assert found.at_time(0) == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [("10", 10), ("+5", 25), ("-50", 0), ("99999", 700), ("+5min", 25), ("-1h", 0), ("00:30", 30)],
)
def test_places_are_numbers_and_times(tmp_path: Path, text: str, place: int):
    path = ticking(tmp_path, 200, checkpoints=False)
    found = open_file(path, [str(tmp_path / "ticks.asl.json")]).track
    assert asking.place(found, text, 20) == min(place, found.next - 1)


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_step_is_found_by_its_number(tmp_path: Path, monkeypatch, checkpoints: bool):
    monkeypatch.setattr(track, "LONG", 64)
    path = ticking(tmp_path, 600, checkpoints)
    found = open_file(path, [str(tmp_path / "ticks.asl.json")]).track
    for step in (1, 2, 63, 64, 65, 255, 256, 257, 258, 500, 601):
        number = found.at_step(1, step)
        assert number is not None
        moment = found.moment(number)
        assert moment is not None
        assert (moment.after.execution, moment.after.steps) == (1, step)
        assert moment.record.kind == "step"
        assert asking.place(found, f"#{step}", 300) == number
    assert found.at_step(1, 602) is None
    assert found.at_step(2, 1) is None
    with pytest.raises(HostError, match=r"TSME-H091.*step 700 of execution 1"):
        asking.place(found, "#700", 300)


def test_what_is_no_place_is_said(tmp_path: Path):
    path = ticking(tmp_path, 3, checkpoints=False)
    found = open_file(path, []).track
    with pytest.raises(HostError, match=r"TSME-H091.*neither a record nor a time"):
        asking.place(found, "noon", 1)


def test_a_journal_that_grows_is_read_on(tmp_path: Path):
    path = ticking(tmp_path, 20, checkpoints=False)
    opened = open_file(path, [str(tmp_path / "ticks.asl.json")])
    assert opened.again is not None
    assert opened.again() is None
    assert opened.track.moment(20) is not None
    ticking(tmp_path, 30, checkpoints=False)
    data = opened.again()
    assert data is not None
    assert opened.track.grown(data)
    assert opened.track.next == 31
    assert opened.track.moment(30) is not None


def test_damage_behind_the_first_looks_is_found_and_walked(recorded: Path, tmp_path: Path):
    data = bytearray((recorded / "g.bin").read_bytes())
    whole = open_file(str(recorded / "g.bin"), []).track
    place = whole.raw(10)
    assert place is not None
    data[place.block * 4096 + place.offset + 9] ^= 0x40
    (tmp_path / "g.bin").write_bytes(data)
    found = open_file(str(tmp_path / "g.bin"), [str(recorded / "greenhouse.asl.json")]).track
    assert found.moment(10) is None or found.moment(10).record.kind == "lost"  # type: ignore[union-attr]
    after = found.moment(12)
    assert after is not None
    assert after.after is None
    assert after.played.skipped
    before = found.moment(9)
    assert before is not None
    assert before.after is not None


def test_another_program_is_refused(recorded: Path, tmp_path: Path):
    (tmp_path / "plain.asl.json").write_text(PLAIN)
    (tmp_path / "g.bin").write_bytes((recorded / "g.bin").read_bytes())
    with pytest.raises(HostError, match="TSME-H043"):
        open_file(str(tmp_path / "g.bin"), [str(tmp_path / "plain.asl.json")])


def readable(found: Track) -> dict[int, bytes]:
    """All records of a track that can be read, by number."""
    out: dict[int, bytes] = {}
    number = found.first
    while number < found.next:
        stretch = found.stretch(number)
        out |= {r.number: r.body for r in stretch.records if r.kind != "lost"}
        number = max(stretch.last, number) + 1
    return out


@pytest.mark.parametrize("blocks", [8, 64])
def test_whatever_is_damaged_the_records_are_those_of_a_walk(tmp_path: Path, blocks: int):
    """Of a ring that has gone round, and of one that has not."""
    device = Device(tmp_path / "d.bin", TICKS, blocks=blocks)
    device.start({})
    for _ in range(300):
        (action,) = device.state.pending.values()
        assert action.due is not None
        device.feed(TIMER, action.due - device.state.now, action.id)
        if device.journal.needs_checkpoint() or device.journal.room < 200:
            device.journal.checkpoint(device.kernel.checkpoint(device.state))
    whole = bytes(device.flash.data)
    dice = random.Random(blocks)
    used = [at for at in range(0, len(whole), 32) if whole[at : at + 32].count(0xFF) < 32]
    for _ in range(20):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 3)):
            data[dice.choice(used) + dice.randrange(32)] ^= 1 << dice.randrange(8)
        try:
            log = log_of("d.bin", bytes(data))
            found = Track("d.bin", bytes(data), [])
        except HostError:
            continue
        seen = readable(found)
        assert seen == {r.number: r.body for r in log.records}
