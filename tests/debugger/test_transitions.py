"""Of a step of a relational machine: its transitions, and who or what decided."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.relational_host.schemas import written
from tsme import Engine, FileFlash, Journal
from tsme.relational.build import build
from tsme.relational.resolve import mask, resolve
from tsme.relational.schema import Schema
from tsme_host.tools.debugger import filters, panels
from tsme_host.tools.debugger.deciding import decide
from tsme_host.tools.debugger.opening import Opened, open_file
from tsme_host.tools.handlers import load_machine

MACHINE = """\
class Crane:
    name = "crane"
    budget = 6
    deadline = 20
    states = [
        ("Start", {}),
        ("Power", {"auto": True, "require": ["Start"]}),
        ("Light", {"auto": True, "require": ["Start"]}),
        ("Ready", {"require": ["Power"]}),
        ("Lift", {"require": ["Ready"], "add": ["Lamp"], "remove": ["Lower"]}),
        ("Lower", {"require": ["Ready"], "remove": ["Lift"]}),
        ("Lamp", {}),
        ("Lock", {"remove": ["Power", "Lift"]}),
        ("Slow", {}),
        ("Storm", {"multi": True}),
    ]

    def LightEnter(m):
        return not m.data.get("dark")

    def LowerEnter(m):
        return m.args.get("ok", True)

    def LampState(m):
        if m.data.get("broken"):
            raise ValueError("no bulb")

    def SlowEnter(m):
        for _ in range(30):
            m.log("still")

    def StormState(m):
        m.data["dark"] = True
        m.data["broken"] = True
        m.can_add("Lift")

    def LockState(m):
        for _ in range(4):
            m.add("Storm")
            m.add("Slow", {"n": 1})
            m.add("Lower")
"""
NOW = 1767225600000


def crane(folder: Path, *signals: Any) -> Opened:
    """What a crane did, a second a signal."""
    written(folder, MACHINE, "crane.py")
    program = f"{folder / 'crane.py'}:Crane"
    flash = FileFlash(str(folder / "c.bin"), 4096, 8)
    engine = Engine(load_machine(program), Journal(flash))
    engine.recover()
    engine.feed((1, NOW, 1, engine.program.digest, 7, None, None, 1))
    for n, signal in enumerate(signals, 1):
        engine.feed((8, NOW + 1000 * n, signal))
    flash.close()
    return open_file(str(folder / "c.bin"), [program])


def lines(opened: Opened, number: int, tab: str = "Transitions") -> list[str]:
    moment: Any = opened.track.moment(number)
    view = filters.view(opened.track, moment, opened.sources)
    found, _ = panels.details(tab, opened.track, moment, view)
    return ["".join(text for text, _ in line) for line in found]


def test_what_became_active_says_by_whom(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Ready"}, {"add": "Lift"}, {"add": "Lower"})
    assert lines(opened, 0) == [
        "add Start  executed",
        "  + Start 0 → 1  called",
        "auto Power, Light  executed",
        "  + Power 0 → 1",
        "  + Light 0 → 1",
        "    called LightEnter",
    ]
    assert lines(opened, 2) == [
        "add Lift  executed",
        "  + Lift 0 → 1  called",
        "  + Lamp 0 → 1  added by Lift",
        "    called LampState",
    ]
    assert "  - Lift 1 → 2  removed by Lower" in lines(opened, 3)


def test_what_is_required_and_why_that_is_not_there(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Lift"}, {"add": ["Lock", "Ready"]}, {"remove": "Start"})
    assert lines(opened, 1) == [
        "add Lift  canceled",
        "  ✗ Lift requires Ready, which is not active",
    ]
    assert lines(opened, 2)[:3] == [
        "add Lock, Ready  canceled",
        "  ✗ Ready requires Power, which is not active",
        "  ✗ Power is removed by Lock",
    ]
    assert lines(opened, 3)[0:3] == [
        "remove Start  executed",
        "  - Start 1 → 2  called",
        "  - Power 1 → 2  requires Start",
    ]


def test_a_handler_that_refuses_is_named(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Ready"}, {"add": "Lower", "args": {"ok": False}})
    assert lines(opened, 2) == [
        'add Lower {"ok": false}  canceled',
        "  ✗ LowerEnter refused",
        "    called LowerEnter",
    ]
    source = lines(opened, 2, "Source")
    assert [line[3:] for line in source if "▶" in line] == ["▶     def LowerEnter(m): "]
    assert "canceled: add Lower" in "".join(text for text, _ in panels.row(opened.track, 2))


def test_a_handler_that_raises_takes_its_state_out_again(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Storm"}, {"add": "Lamp"})
    told = lines(opened, 2)
    assert told[:3] == [
        "add Lamp  canceled",
        "  - Lamp 0 → 2  taken out again",
        "  ✗ LampState raised ValueError: no bulb",
    ]
    assert told[4].startswith("    queued add Exception {")
    assert told[5].startswith("add Exception {")


def test_a_handler_over_its_deadline_is_named(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Slow"})
    assert "  ✗ SlowEnter was over its deadline" in lines(opened, 1)


def test_checks_are_told_and_are_not_canceled(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Storm"})
    assert "can_add Lift  canceled" in lines(opened, 1)
    assert "canceled" not in "".join(text for text, _ in panels.row(opened.track, 1))


def test_an_automatic_one_goes_on_without_whom_somebody_refuses(tmp_path: Path):
    signals = ({"add": "Storm"}, {"remove": "Start"}, {"add": "Start"})
    told = lines(crane(tmp_path, *signals), 3)
    at = told.index("auto Power, Light  executed")
    assert told[at + 1] == "  + Power 2 → 3"
    assert told[at + 2] == "    without: LightEnter refused"


def test_what_waits_is_told_in_its_order(tmp_path: Path):
    opened = crane(tmp_path, {"add": "Lock"})
    waits = [line for line in lines(opened, 1) if line.startswith("waits")]
    assert waits[0].startswith("waits ")
    assert len(waits) > 2
    moment: Any = opened.track.moment(1)
    view = filters.view(opened.track, moment, opened.sources)
    assert [f"waits {one}" for one in view.values(moment.after)["queue"]] == waits
    assert 'waits add Slow {"n": 1}' in waits


def found(opened: Opened, text: str) -> list[int]:
    wanted = filters.read(text)
    assert wanted is not None
    parts = filters.matches(opened.track, wanted, opened.sources, opened.track.first)
    return [number for _, numbers in parts for number in numbers]


def test_changes_and_refusals_are_found(tmp_path: Path):
    signals = ({"add": "Ready"}, {"add": "Lift"}, {"add": "Lower", "args": {"ok": False}},
               {"add": "Lower"}, {"add": "Storm"}, {"add": "Lamp"}, {"remove": "Lamp"},
               {"add": "Lamp"}, {"remove": "Start"}, {"add": ["Lift"]})  # fmt: skip
    opened = crane(tmp_path, *signals)
    assert found(opened, "state:lift") == [2]
    assert found(opened, "changed:lift") == [2, 4]
    assert found(opened, "changed:Lift,Storm") == [2, 4, 5]
    assert found(opened, "changed:Lamp") == [2, 7, 8]
    assert found(opened, "canceled:lower") == [3]
    assert found(opened, "canceled:LowerEnter") == [3]
    assert found(opened, "canceled:any") == [3, 8, 10]
    assert found(opened, "canceled:any kind:start") == []
    assert found(opened, "error:ValueError") == [8]
    assert "ValueError: no bulb" in lines(opened, 8, "Changes")
    assert "ValueError: no bulb" not in lines(opened, 9, "Changes")


def test_what_another_thread_replays_is_not_told_here(tmp_path: Path):
    signals = [{"add": "Ready"}, {"add": "Lift"}, {"add": "Lower"}] * 40
    opened = crane(tmp_path, *signals)
    expected = [[t.called for t in m.transitions] for m in opened.track.moments(0) or ()]
    found: list[Any] = []

    def play() -> None:
        moments = opened.track.moments(0, keep=False) or ()
        found.append([[t.called for t in m.transitions] for m in moments])

    opened.track._stretches.clear()
    threads = [threading.Thread(target=play) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.parametrize("seed", range(12))
def test_the_explanation_leads_where_the_machine_goes(seed: int):
    rng = random.Random(seed)
    names = [f"S{n}" for n in range(rng.randint(2, 9))]

    def some(most: int) -> list[str]:
        return rng.sample(names, rng.randint(0, min(most, len(names))))

    states = [
        (
            name,
            {"multi": rng.random() < 0.2, "require": some(2), "add": some(2), "remove": some(2)},
        )
        for name in names
    ]
    schema = Schema(build("random", 1, states))
    active: list[int] = []
    for _ in range(60):
        kind = rng.choice((0, 0, 1, 2))
        called = rng.sample(range(len(names)), rng.randint(1, 2))
        target, there = resolve(schema, kind, called, active, mask(active))
        assert there == mask(target)
        why = decide(schema, kind, called, active)
        assert sorted(why.target) == sorted(target)
        gone = {*active, *(called if kind != 1 else ())} - {*target}
        assert gone <= {*why.gone}
        assert not {*why.gone} & {*target}
        new = {*target} - {*active} - {*called}
        assert new <= {*why.added}
        active = target
