"""A kernel that writes nothing down, for worlds in which nobody reads it.

Without faults of the power there is no journal, and nothing to replay, but in one seed of sixteen:
in the others a machine's steps make no record and no digest.  That a value is none is seen where
the machine puts it in; only what encoding alone refuses (an integer of 65 bits, half a character)
waits for a seed that writes.
"""

from __future__ import annotations

from typing import Any

from tsme.drafts import ObjectDraft, own
from tsme.errors import LimitError
from tsme.kernel import SIGNAL, Draft, Kernel, Step
from tsme.rejected import Rejected
from tsme.stf import Actions, Input, Machine, _shown

_KERNEL: Any = Kernel  # device code has no types
_MACHINE: Any = Machine


class LightMachine(_MACHINE):  # type: ignore[misc]
    """As Machine, but for what a step has changed."""

    def call(self, d: Any, function: Any, part: Any, given: Any) -> Any:
        state = ObjectDraft(part)
        actions = Actions(d)
        try:
            function(state, given, actions)
            return state.value(0, True)
        except (LimitError, MemoryError):
            raise
        except Exception as e:
            raise Rejected(_shown(e), e) from e
        finally:
            state.open = False
            actions._d = None


class LightKernel(_KERNEL):  # type: ignore[misc]
    """As Kernel, without records and digests; and what comes most often, a signal, at once."""

    def step(self, state: Any, event: Any) -> Any:
        if event[0] != SIGNAL or state.status or not state.execution:
            return _KERNEL.step(self, state, event)
        client = self.client
        d = Draft(state, event[1])
        d.left = 1  # type: ignore[attr-defined]
        given = Input("signal", d.now)
        given.value = own(event[2])
        d.client = client.call(d, client.stf, state.client, given)
        return self.finish(d, state, event)

    def finish(self, d: Any, old: Any, event: Any) -> Any:
        step = Step(d, d.actions, None)
        if d.status:
            d.client = None
        d.actions = d.gone = d.changed = None
        return step


def light(what: Any) -> Any:
    """A machine as one that writes nothing down; others as they are."""
    return LightMachine(what.machine) if type(what) is Machine else what
