"""A process apart that is ended from another thread: it is gone, and nobody asks it again."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tsme_sim import jobs
from tsme_sim.apart import Apart, Died
from tsme_sim.jobs import Hands

TARGET = "tests.sim.test_hands:Idle"


class Idle:
    """In the process: what does nothing."""

    def pid(self) -> int:
        return os.getpid()


def asked(hands: Hands) -> str:
    with pytest.raises(Died) as died:
        hands.ask("pid")
    return died.value.how


def assert_gone(pid: int) -> None:
    # It would still be there had it died, and had nobody waited for it.
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_is_ended_between_two_questions_is_gone_with_the_next():
    hands = Hands(TARGET, ())
    pid = hands.ask("pid")
    hands.kill()
    assert asked(hands) == "is not wanted any more"
    assert_gone(pid)


def test_one_that_is_ended_while_it_begins_is_gone_too(monkeypatch: pytest.MonkeyPatch):
    pids = []

    def ended_as_it_begins(hands: Hands) -> Callable[..., Apart]:
        def begin(*given: object) -> Apart:
            apart = Apart(*given)  # type: ignore[arg-type]
            pids.append(apart._process.pid)
            hands.kill()
            return apart

        return begin

    hands = Hands(TARGET, ())
    monkeypatch.setattr(jobs, "Apart", ended_as_it_begins(hands))
    assert asked(hands) == "was ended by SIGKILL"
    assert asked(hands) == "is not wanted any more"
    assert_gone(*pids)
