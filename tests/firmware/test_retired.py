"""A board is told of blocks of its flash that fail, and goes on without them."""

from __future__ import annotations

from typing import Any

import tsme
from sim.nor import Nor
from tests.laws.support import compiled

FLOW = """{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "work", "Next": "B"},
 "B": {"Type": "Choice", "Default": "A",
       "Choices": [{"Variable": "$", "NumericEquals": 300, "Next": "C"}]},
 "C": {"Type": "Succeed"}}}"""


def board(flash: Nor, told: list[Any]) -> Any:
    engine: Any = tsme.Engine(tsme.Program(compiled(FLOW, 256)), tsme.Journal(flash))
    done = [0]

    @engine.task("work")
    def work(payload: Any) -> int:
        done[0] += 1
        return done[0]

    engine.on("log")(told.append)
    return engine


def test_a_block_that_fails_is_told_once_and_again_after_a_reset() -> None:
    flash = Nor(512, 8)
    told: list[Any] = []
    flash.failing[3] = ("none", "none", False)
    outcome = board(flash, told).run_sync(0)
    assert outcome.output == 300
    assert told == ["blocks 3 of the journal have failed and are not used any more"]
    told.clear()
    board(flash, told).recover()
    assert told == ["blocks 3 of the journal have failed and are not used any more"]


def test_nothing_is_told_of_flash_that_is_whole() -> None:
    told: list[Any] = []
    assert board(Nor(512, 8), told).run_sync(0).output == 300
    assert told == []
