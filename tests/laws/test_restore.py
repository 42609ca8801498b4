"""Law 5: what is pending is a function of the recovered state."""

from __future__ import annotations

from typing import Any

from hypothesis import given, note

from tests.engines import each_engine  # noqa: F401
from tests.laws.drive import Drive
from tests.laws.support import actions_bytes, drive, kernel_of, many, show, start_of
from tests.laws.workflows import Case, cases
from tsme.values import cbor


class Forgetful(Drive):
    """Restores the state from its checkpoint, into a new kernel, after every step."""

    case: Case

    def feed(self, event: Any) -> Any:
        step = super().feed(event)
        data = self.kernel.checkpoint(self.state)
        self.kernel = kernel_of(self.case)
        restored = self.kernel.restore(cbor.decode(data, 0, True)[0])
        assert self.kernel.checkpoint(restored) == data
        assert cbor.encode(list(restored.pending.values()), True) == cbor.encode(
            list(self.state.pending.values()), True
        )
        self.state = restored
        return step


@many(250)
@given(cases())
def test_a_restored_state_goes_on_as_if_nothing_had_happened(case: Case) -> None:
    note(show(case))
    straight = drive(case)
    kernel = kernel_of(case)
    broken = Forgetful(kernel, start_of(kernel, case), case.moves, case.results)
    broken.case = case
    broken.run()
    for event, a, b in zip(straight.events, straight.steps, broken.steps, strict=True):
        assert (a is None) == (b is None), event
        if a:
            assert a.record == b.record, event
            assert actions_bytes(a) == actions_bytes(b), event


@many(100)
@given(cases())
def test_every_tracked_action_started_is_in_the_state(case: Case) -> None:
    """An action that a step hands out is pending after it, or was dropped by the same step; and
    nothing is pending that was never handed out."""
    note(show(case))
    handed: set[int] = set()

    def look(event: Any, step: Any) -> None:
        if step:
            handed.update(a.id for a in step.actions if a.id)
            assert set(step.state.pending) <= handed
            assert not (step.state.status and step.state.pending)

    drive(case, look=look)
