"""A transition in its steps, who queued it and what came of it, and its matrix."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Size

from tests.debugger.test_transitions import NOW, crane
from tests.relational_host.schemas import written
from tsme import Engine, FileFlash, Journal
from tsme.kernel.protocol import TIMER
from tsme_host.tools.debugger import matrix, origins, walking
from tsme_host.tools.debugger.opening import Opened, open_file
from tsme_host.tools.debugger.origins import Place
from tsme_host.tools.debugger.transitions import OUTSIDE
from tsme_host.tools.debugger.walking import Walk
from tsme_host.tools.handlers import load_machine

LOWER: dict[str, Any] = {"add": "Lower", "args": {"ok": False}}


def moments(opened: Opened) -> list[Any]:
    track = opened.track
    return [track.moment(number) for number in range(track.first, track.next)]


def schema_of(opened: Opened) -> Any:
    return opened.track.programs[0].machine.schema


def told(opened: Opened, number: int, which: int = 0) -> list[str]:
    one = moments(opened)[number].transitions[which]
    return [step.text for step in walking.steps(schema_of(opened), one)]


def test_steps_come_in_the_order_in_which_they_were_done(tmp_path: Path):
    signals: list[Any] = [{"add": "Ready"}, {"add": "Lift"}, LOWER, {"add": "Lower"}]
    opened = crane(tmp_path, *signals, {"add": "Storm"}, {"remove": "Lamp"}, {"add": "Lamp"})
    assert told(opened, 2) == [
        "called Lift", "Lift adds Lamp", "+ Lift 0 → 1", "+ Lamp 0 → 1", "LampState",
    ]  # fmt: skip
    assert told(opened, 3) == [
        "called Lower", "Lower removes Lift", "LowerEnter refused", "canceled: LowerEnter refused",
    ]  # fmt: skip
    assert told(opened, 4) == [
        "called Lower", "Lower removes Lift", "LowerEnter", "- Lift 1 → 2", "+ Lower 0 → 1",
    ]  # fmt: skip
    assert told(opened, 7)[1:4] == [
        "+ Lamp 2 → 3", "LampState raised ValueError: no bulb", "- Lamp 3 → 4, taken out again",
    ]  # fmt: skip


def test_a_relation_is_marked_at_both_ends(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Ready"}, {"add": "Lift"}, LOWER)
    schema = schema_of(opened)
    one = moments(opened)[3].transitions[0]
    steps = walking.steps(schema, one)
    found = walking.marks(schema, one, steps[:2])
    lift, lower = schema.number("Lift"), schema.number("Lower")
    assert found.now == {lift: "◀─ rem Lower", lower: "─▶ rem Lift"}
    assert found.called == {lower}
    assert walking.marks(schema, one, steps).signs == {lower: "!"}


def wild(folder: Path, seed: int) -> Opened:
    """What a crane did of what nobody has thought about."""
    rng = random.Random(seed)
    names = ["Ready", "Lift", "Lower", "Lamp", "Lock", "Slow", "Storm", "Start", "Power"]
    signals = []
    for _ in range(40):
        states = rng.sample(names, rng.randint(1, 2))
        signals.append({rng.choice(("add", "add", "add", "remove", "set", "can_add")): states})
    return crane(folder, *signals)


@pytest.mark.parametrize("seed", range(4))
def test_all_steps_lead_to_what_is_active_then(tmp_path: Path, seed: int):
    opened = wild(tmp_path, seed)
    schema = schema_of(opened)
    for moment in moments(opened):
        for one in moment.transitions:
            steps = walking.steps(schema, one)
            assert walking.marks(schema, one, steps).active == set(one.after)
            assert walking.marks(schema, one, []).active == set(one.before)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_queued_leads_back_to_who_queued_it(tmp_path: Path, seed: int):
    opened = wild(tmp_path, seed)
    for moment in moments(opened):
        for which in range(len(moment.transitions)):
            there = origins.outcome(opened.track, moment, which)
            later = opened.track.moment(there.number) if there else None
            if there and later:
                found = origins.cause(opened.track, later, there.which)
                assert found == Place(moment.number, which)


def test_what_an_earlier_step_has_left_in_the_queue_is_known(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Lock"}, {"add": "Storm"}, {"add": "Storm"})
    assert len(moments(opened)[1].transitions) == 6  # no more have room in a step
    found = [origins.cause(opened.track, moments(opened)[2], which) for which in range(6)]
    assert found.count(Place(1, 0)) > 2
    assert {place.number for place in found if place} == {1, 2}


def test_what_came_with_a_record_was_queued_by_nobody_here(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Ready"})
    start, signal = moments(opened)
    assert [one.by for one in start.transitions] == [OUTSIDE, 0]
    assert origins.cause(opened.track, signal, 0) is None
    assert origins.outcome(opened.track, signal, 0) is None


LAMP = """\
class Lamp:
    states = [("Start", {}), ("On", {"require": ["Start"]}), ("Late", {})]

    def StartState(m):
        m.timer(3600000, add=["Late"])
"""


def test_a_task_or_timer_leads_to_who_began_it_however_long_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written(tmp_path, LAMP, "lamp.py")
    program = f"{tmp_path / 'lamp.py'}:Lamp"
    flash = FileFlash(str(tmp_path / "l.bin"), 4096, 32)
    engine = Engine(load_machine(program), Journal(flash))
    engine.recover()
    engine.feed((1, NOW, 1, engine.program.digest, 7, None, None, 1))
    for n in range(700):
        engine.feed((8, NOW + n, {"add" if n % 2 else "remove": "On"}))
    engine.feed((TIMER, NOW + 3600000, 1))
    flash.close()
    track = open_file(str(tmp_path / "l.bin"), [program]).track
    last = track.moment(track.next - 1)
    assert last is not None
    assert last.record.input == "timer"
    seen: list[int] = []
    real = track.moment

    def counted(number: int, wanted: Any) -> Any:
        seen.append(number)
        return real(number, wanted)

    monkeypatch.setattr(track, "moment", counted)
    assert origins.cause(track, last, 0) == Place(0, 0)
    assert len(seen) < 300
    first = real(0)
    assert first is not None
    assert origins.outcome(track, first, 0) == Place(track.next - 1, 0)


def rows(opened: Opened, number: int, walk: Walk, room: Size) -> list[str]:
    found = matrix.lines(moments(opened)[number], schema_of(opened), walk, room)
    return ["".join(text for text, _ in line).rstrip() for line in found]


def test_the_matrix_has_sources_as_columns_and_targets_as_rows(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Ready"}, {"add": "Lift"}, {"add": "Lower"})
    assert rows(opened, 3, Walk(), Size(57, 9)) == [
        "add Lower  6 → 8 ticks  2026-01-01 00:00:03.000",
        "           Sta Pow Lig Rea Lif Low Lam Loc Slo Sto Exc",
        "called     ·   ·   ·   ·   ·   *   ·   ·   ·   ·   ·",
        "ticks      ·   ·   ·   ·   +1  +1  ·   ·   ·   ·   ·",
        "Lift       ·   ·   ·   ·   ·   rem ·   ·   ·   ·   ·",
        "Lower      ·   ·   ·   ·   ·   *   ·   ·   ·   ·   ·",
    ]
    assert rows(opened, 3, Walk(0, 1), Size(30, 40)) == [
        "add Lower  6 → 8 ticks  2026-01-01 00:00:03.000",
        "           Lower",
        "called     *",
        "ticks      ·",
        *(f"{name:11}·" for name in schema_of(opened).names),
    ]
    assert len(rows(opened, 3, Walk(), Size(120, 40))) == 4 + len(schema_of(opened).names)
