"""Laws 3 and 6: commit before effect, and honest effects after a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import each_engine  # noqa: F401
from tests.laws.plant import Plant
from tests.laws.smallest import must
from tests.laws.support import many, show
from tests.laws.test_semantics import identical
from tests.laws.workflows import Case, cases

INTERRUPTED = "TSME.Interrupted"


def honest(plant: Plant) -> None:
    """What the ledger may say, whatever happened."""
    for entry in plant.ledger.begun:
        same = plant.ledger.of(entry.action)
        assert {b.resource for b in same} == {entry.resource}
        assert all(identical(b.payload, entry.payload) for b in same), "the same work again"
        if entry.effect == "once":
            assert len(same) == 1, "law 6: a once task ran twice"
        else:
            assert len({b.life for b in same}) == len(same), "twice in one life"


def failures(plant: Plant) -> set[int]:
    """Actions that ended with TSME.Interrupted."""
    return {event[2] for event in plant.events if event[0] == 3 and event[3] == INTERRUPTED}


@many(100)
@given(cases(exact=True))
def test_nothing_starts_before_its_step_is_durable(case: Case) -> None:
    """Each handler and each emitter looks into the flash itself (plant.py)."""
    must(straight, case, show)


def straight(case: Case) -> None:
    plant = Plant(case)
    plant.run()
    honest(plant)
    assert not failures(plant)
    assert plant.recovered().status
    assert identical(plant.ledger.emitted, plant.emits), "each once"


@many(40)
@given(cases(exact=True), st.sampled_from(["none", "first", "half", "random", "all"]))
def test_every_cut_of_the_power_is_survived_honestly(case: Case, shape: str) -> None:
    """The power goes in each operation of the flash, in one run after the other."""
    must(lambda c: cut_everywhere(c, shape), case, show)


def cut_everywhere(case: Case, shape: str) -> None:
    clean = Plant(case)
    want = clean.run()
    for op in range(1, min(clean.flash.ops, 40) + 1):
        plant = Plant(case)
        plant.flash.cut_at(op, shape)
        assert plant.live() is None
        outcome = plant.run()
        honest(plant)
        interrupted = failures(plant)
        for action in interrupted:
            assert all(b.effect == "once" for b in plant.ledger.of(action))
        if not interrupted:
            assert (outcome.status, outcome.error) == (want.status, want.error)
            assert identical(outcome.output, want.output)


@many(100)
@given(cases(exact=True), st.integers(0, 6))
def test_a_cut_in_the_middle_of_a_handler(case: Case, die_in: int) -> None:
    must(lambda c: cut_inside(c, die_in), case, show)


def cut_inside(case: Case, die_in: int) -> None:
    plant = Plant(case)
    plant.die_in = die_in
    if plant.live() is not None:
        return  # there were not so many
    last = plant.ledger.begun[-1]
    plant.die_in = None
    plant.run()
    honest(plant)
    told = failures(plant)
    if last.action not in told and ('"Parallel"' in case.text or '"Map"' in case.text):
        return  # an error of a branch beside it has ended this one
    if last.effect == "once":
        assert last.action in told, "law 6: nobody was told"
    else:
        assert len(plant.ledger.of(last.action)) == 2, "it starts again under the same id"


ONCE: dict[str, Any] = {
    "StartAt": "Open",
    "States": {
        "Open": {
            "Type": "Task",
            "Resource": "valve",
            "Next": "Done",
            "Catch": [{"ErrorEquals": [INTERRUPTED], "Next": "Look", "ResultPath": "$.error"}],
        },
        "Look": {"Type": "Task", "Resource": "look", "ResultPath": "$.seen", "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}


def once_case(retry: bool) -> Case:
    definition = json.loads(json.dumps(ONCE))
    if retry:
        rule = {"ErrorEquals": [INTERRUPTED], "MaxAttempts": 1}
        definition["States"]["Open"]["Retry"] = [rule]
    # seed 1: "look" is idempotent, "valve" is once
    return Case(definition, {}, results={"look": "closed", "valve": "open"}, seed=1)


def test_a_workflow_catches_the_interruption() -> None:
    plant = Plant(once_case(False))
    assert plant.effects == {"look": "idempotent", "valve": "once"}
    plant.die_in = 0
    assert plant.live() is None
    plant.die_in = None
    outcome: Any = plant.run()
    assert outcome.output["error"]["Error"] == INTERRUPTED
    assert outcome.output["seen"] == "closed"
    assert [b.resource for b in plant.ledger.begun] == ["valve", "look"]


def test_a_retry_of_an_interruption_is_a_new_action() -> None:
    plant = Plant(once_case(True))
    plant.die_in = 0
    assert plant.live() is None
    plant.die_in = None
    assert plant.run().output == "open"
    assert [b.resource for b in plant.ledger.begun] == ["valve", "valve"]
    assert len({b.action for b in plant.ledger.begun}) == 2
    honest(plant)


@pytest.mark.parametrize("cut", ["begun", "before"])
def test_a_start_that_is_not_on_record_has_not_happened(cut: str) -> None:
    """The power goes while the *started* is written: then the handler never ran, and runs."""
    plant = Plant(once_case(False))
    # operations of the flash: claim, erase, start, started
    ops = []
    clean = Plant(once_case(False))
    clean.boot().watch = lambda event, step: ops.append((event[0], clean.flash.ops))
    import asyncio

    asyncio.run(clean.engine.run({}))
    started = next(op for kind, op in ops if kind == 7)
    plant.flash.cut_at(started, "none" if cut == "before" else "all")
    assert plant.live() is None
    assert not plant.ledger.begun
    outcome: Any = plant.run()
    honest(plant)
    if cut == "before":
        assert outcome.output == "open"
    else:  # on record, but nobody can tell that the handler had not run
        assert outcome.output["error"]["Error"] == INTERRUPTED
