"""Every example holds under simulation, and a bug planted in it is found, made small and kept."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.examples.relational_bugs import RELATIONAL, Bug
from tsme_sim.campaign import Failure, campaign, shrink
from tsme_sim.coverage import missed
from tsme_sim.reproducer import load, replay, save, simulations, story
from tsme_sim.simulation import Simulation
from tsme_sim.subjects import subjects_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# How many seeds must hold; each takes a few seconds in all.
SEEDS = {
    "counter": 60,
    "loyalty": 25,
    "dentist": 25,
    "greenhouse": 50,
    "coldchain": 60,
    "pumps": 25,
    "house": 60,
    "relay": 60,
    "connection": 40,
    "sensor": 40,
}

MACHINES: dict[str, Bug] = {
    "counter: nobody looks whether it goes below zero": (
        "counter",
        [
            ("counter.py", 'if state["count"] < 0:', "if False:"),
        ],
        "count",
        5,
    ),
    "counter: it stops at zero instead of saying no": (
        "counter",
        [
            (
                "counter.py",
                'state["count"] += input.value',
                'state["count"] = max(0, state["count"] + input.value)',
            ),
        ],
        "came to",
        5,
    ),
    "counter: some of its state is kept outside of the state": (
        "counter",
        [
            (
                "counter.py",
                '        state["count"] += input.value',
                '        Counter.sum = getattr(Counter, "sum", 0) + input.value\n'
                '        state["count"] = Counter.sum',
            ),
        ],
        "",
        5,
    ),
    "loyalty: the message that came last counts again": (
        "loyalty",
        [
            ("loyalty.py", 'if number <= state["tills"]', 'if number < state["tills"]'),
        ],
        "earned",
        10,
    ),
    "loyalty: a card may have one point too few": (
        "loyalty",
        [
            ("loyalty.py", "if points < price:", "if points < price - 1:"),
        ],
        "has -1 points",
        40,
    ),
    "loyalty: a till that says nothing has not printed": (
        "loyalty",
        [
            (
                "loyalty.py",
                'input.error == "NoPaper":',
                'input.error in ("NoPaper", "States.Timeout"):',
            ),
        ],
        "earned",
        20,
    ),
    "loyalty: printing is said to do no harm twice, and is done again after a reset": (
        "loyalty",
        [
            ("sim.py", '"print_voucher": "once"', '"print_voucher": "idempotent"'),
            (
                "loyalty.py",
                'actions.task("settle_voucher", {"voucher": payload["voucher"]}, id=i)',
                "actions.again(i)",
            ),
        ],
        "",
        20,
    ),
    "loyalty: a till that does not answer is not asked again": (
        "loyalty",
        [
            ("loyalty.py", 'state["later"][str(actions.timer(PAUSE))] = voucher', "pass"),
        ],
        "still open",
        10,
    ),
    "dentist: who pays is booked, whether the time is free or not": (
        "dentist",
        [
            ("dentist.py", "OPEN[day] & bits & ~state[day]", "OPEN[day] & bits"),
        ],
        "two patients",
        10,
    ),
    "dentist: a visit may be one quarter of an hour longer than the free time": (
        "dentist",
        [
            ("dentist.py", "range(size - 1)", "range(size - 2)"),
        ],
        "",
        10,
    ),
    "dentist: a cancelled time is not free again": (
        "dentist",
        [
            ("dentist.py", 'state[r["day"]] &= ~quarters', "quarters"),
        ],
        "is not what is booked",
        10,
    ),
    "dentist: after a timeout nobody releases the hold that there may be": (
        "dentist",
        [
            ("dentist.py", 'elif input.error == "Declined":', 'elif input.kind == "failed":'),
        ],
        "held for nothing",
        20,
    ),
    "dentist: a release that failed is not tried again": (
        "dentist",
        [
            ("dentist.py", 'state["later"][str(actions.timer(PAUSE))] = number', "pass"),
        ],
        "nobody goes on",
        20,
    ),
    "dentist: a request that comes twice is two requests": (
        "dentist",
        [
            ("dentist.py", 'if number <= state["last"]:', 'if number < state["last"]:'),
        ],
        "",
        20,
    ),
}

WORKFLOWS: dict[str, Bug] = {
    "greenhouse: opening the valve is said to do no harm twice": (
        "greenhouse",
        [
            ("sim.py", '"open_valve": "once"', '"open_valve": "idempotent"'),
        ],
        "opens twice",
        60,
    ),
    "greenhouse: a meter that stands where it stood means that it did open": (
        "greenhouse",
        [
            (
                "greenhouse.asl.json",
                '"NumericGreaterThanPath": "$litres"',
                '"NumericGreaterThanEqualsPath": "$litres"',
            ),
        ],
        "",
        60,
    ),
    "greenhouse: nobody catches an interrupted valve": (
        "greenhouse",
        [
            ("greenhouse.asl.json", '"TSME.Interrupted", "States.Timeout"', '"States.Timeout"'),
        ],
        "the month ends as failed",
        60,
    ),
    "greenhouse: what was watered is not counted, so that the meter is misread": (
        "greenhouse",
        [
            (
                "greenhouse.asl.json",
                '        "litres.$": "States.MathAdd',
                '        "litre.$": "States.MathAdd',
            ),
        ],
        "",
        20,
    ),
    "coldchain: a probe that stays silent ends the trip": (
        "coldchain",
        [
            (
                "coldchain.asl.json",
                '["States.ALL"], "ResultPath": "$.error"',
                '["NoAnswer"], "ResultPath": "$.error"',
            ),
        ],
        "the trip ends as failed",
        20,
    ),
    "coldchain: at the limit is warm already": (
        "coldchain",
        [
            ("coldchain.asl.json", "NumericGreaterThanPath", "NumericGreaterThanEqualsPath"),
        ],
        "",
        40,
    ),
    "coldchain: only the first probe gives the alarm": (
        "coldchain",
        [
            (
                "coldchain.asl.json",
                "States.ArrayContains($.readings[*].state, 'warm')",
                "States.ArrayContains($.readings[:1].state, 'warm')",
            ),
        ],
        "",
        20,
    ),
    "coldchain: a horn that is broken ends the trip": (
        "coldchain",
        [
            (
                "coldchain.asl.json",
                '"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "No horn"}]',
                '"Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "No horn"}]',
            ),
        ],
        "the trip ends as failed",
        60,
    ),
    "pumps: opening a pump is said to do no harm twice": (
        "pumps",
        [
            ("sim.py", '"open_pump": "once"', '"open_pump": "idempotent"'),
        ],
        "watered twice",
        30,
    ),
    "pumps: three run at a time": (
        "pumps",
        [
            ("pumps.asl.json", '"MaxConcurrency": 2', '"MaxConcurrency": 3'),
        ],
        "too many pumps",
        5,
    ),
    "pumps: an interrupted pump is opened again": (
        "pumps",
        [
            (
                "pumps.asl.json",
                '{"ErrorEquals": ["Jammed"], "IntervalSeconds": 30',
                '{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 30',
            ),
        ],
        "watered twice",
        10,
    ),
    "pumps: only a dry tank closes them": (
        "pumps",
        [
            (
                "pumps.asl.json",
                '{"ErrorEquals": ["States.ALL"], "Next": "Close all"',
                '{"ErrorEquals": ["TankDry"], "Next": "Close all"',
            ),
        ],
        "they run",
        10,
    ),
    "pumps: a bed without water is left out of the list": (
        "pumps",
        [
            ("pumps.asl.json", ".litres[] %}", ".litres[$ > 0][] %}"),
        ],
        "was watered",
        5,
    ),
    "greenhouse: on a wet day with frost the soil keeps more than it can": (
        "greenhouse",
        [
            (
                "greenhouse.asl.json",
                '"Variable": "$soil",\n          "NumericGreaterThanPath": "$garden.capacity"',
                '"And": [{"Variable": "$.today.low", "NumericGreaterThanEquals": 20},\n'
                '{"Variable": "$soil", "NumericGreaterThanPath": "$garden.capacity"}]',
            ),
        ],
        "the soil has",
        200,
    ),
    "house: watering is said to do no harm twice": (
        "house",
        [
            ("sim.py", '"water": "once"', '"water": "idempotent"'),
        ],
        "times in run",
        30,
    ),
    "house: water that may have run does not count": (
        "house",
        [
            (
                "garden.asl.json",
                '"ResultPath": null, "Next": "Count"}]',
                '"ResultPath": null, "Next": "Soak"}]',
            ),
        ],
        "times in run",
        30,
    ),
    "house: wet beds are watered": (
        "house",
        [
            ("garden.asl.json", '"NumericLessThan": 300', '"NumericLessThan": 320'),
        ],
        "are watered",
        10,
    ),
    "house: a pump that does not answer is not switched off again": (
        "house",
        [
            ("tank.asl.json", '"MaxAttempts": 50', '"MaxAttempts": 0'),
        ],
        "the pump is on",
        10,
    ),
    "house: a pump that did not say that it is on is not switched off": (
        "house",
        [
            (
                "tank.asl.json",
                '"ResultPath": null, "Next": "Pump off"}]',
                '"ResultPath": null, "Next": "Full"}]',
            ),
        ],
        "",
        10,
    ),
}
BUGS = MACHINES | WORKFLOWS | RELATIONAL


def simulation(folder: Path) -> type[Simulation]:
    """The one simulation of an example, loaded anew with the modules that lie beside it."""
    for path in folder.glob("*.py"):
        sys.modules.pop(path.stem, None)
    (kind,) = simulations(folder / "sim.py").values()
    return kind


def test_every_example_has_a_simulation_and_bugs_to_find() -> None:
    there = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert {path.parent.name for path in EXAMPLES.glob("*/sim.py")} == there == set(SEEDS)
    for name in SEEDS:
        assert len([bug for bug in BUGS.values() if bug[0] == name]) >= 3


@pytest.mark.parametrize("name", SEEDS)
def test_an_example_holds_and_everything_in_it_is_reached(name: str) -> None:
    kind = simulation(EXAMPLES / name)
    result = campaign(kind, range(SEEDS[name]))
    assert result.failure is None, told(kind, result.failure)
    assert result.seen.seeds == SEEDS[name]
    assert result.seen.faults["reset"]
    assert result.seen.faults["power cut in a flash operation"]
    for thing in subjects_of(kind):
        assert not missed(thing, result.seen.devices[thing.name])


def told(kind: type[Simulation], failure: Failure | None) -> str:
    assert failure
    return "\n".join([f"seed {failure.seed}: {failure.message}", *story(kind, failure)])


def planted(bug: Bug, folder: Path) -> type[Simulation]:
    """The simulation of an example with a bug in it, in a folder of its own."""
    shutil.copytree(EXAMPLES / bug[0], folder, dirs_exist_ok=True)
    for file, old, new in bug[1]:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return simulation(folder)


@pytest.mark.parametrize("title", BUGS)
def test_a_planted_bug_is_found_made_small_and_kept(title: str, tmp_path: Path) -> None:
    _, _, message, seeds = BUGS[title]
    kind = planted(BUGS[title], tmp_path)
    found = campaign(kind, range(seeds)).failure
    assert found, f"not found with {seeds} seeds"
    assert message in found.message
    size = len(found.moves)
    small = shrink(kind, subjects_of(kind), found, seconds=1)
    assert small.same == found.same
    assert 0 < len(small.moves) <= size
    file = tmp_path / "found.sim.json"
    save(file, tmp_path / "sim.py", kind, small)
    kept = load(file).failure
    kind = simulation(tmp_path)  # as in another process
    with pytest.raises(AssertionError) as again:
        replay(kind, kept.seed, kept.moves, kept.without)
    assert str(again.value).startswith(small.message)
