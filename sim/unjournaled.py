"""A world without flash: all but one seed of 32.

Such a world takes the journal at its word (docs/SPEC.md, 4): when the power goes, the step under
way is durable or gone, and all before it are there.  At a reset the steps since the last one are
made anew from their inputs, and must come to the same state.

Nobody reads what a machine's steps would write, so they make no record and no digest.  That a
value is none is seen where the machine puts it in; what encoding alone refuses (an integer of 65
bits, half a character), and what is too large, at the end or in a seed that writes.
"""

from __future__ import annotations

from typing import Any

from tsme.errors import LimitError
from tsme.kernel import Kernel, Step, StepBuilder
from tsme.kernel.rejected import Rejected
from tsme.machine import Actions, Machine, close, shown
from tsme.machine.drafts import ObjectDraft

_FIELDS = ("client", "pending", "result", "status", "rng", "now", "next_id", "steps", "execution")
_LONGEST = 60
_KERNEL: Any = Kernel  # device code has no types
_MACHINE: Any = Machine


class UnjournaledMachine(_MACHINE):  # type: ignore[misc]
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
            raise Rejected(shown(e), e) from e
        finally:
            state.open = False
            close(actions)


class UnjournaledKernel(_KERNEL):  # type: ignore[misc]
    """As Kernel, without records and digests."""

    def signal(self, state: Any, now: int, given: Any) -> Any:
        """A signal's step, which comes most often, at once.  Raises what the machine does."""
        d = StepBuilder(state, now)
        d.left = 1
        given.now = d.now
        part = ObjectDraft(state.client)
        actions = Actions(d)
        try:
            self.client.stf(part, given, actions)
            d.client = part.value(0, True)
        finally:
            part.open = False
            close(actions)
        return self.finish(d, state, None)

    def finish(self, d: Any, old: Any, event: Any) -> Any:
        step = Step(d, d.actions, None)
        if d.status:
            d.client = None
        d.actions = d.gone = d.changed = None
        return step


def difference(a: Any, b: Any) -> str:
    """Where two states of a machine differ, in words; nothing if they do not."""
    for name in _FIELDS:
        found = _where("" if name == "client" else name, getattr(a, name), getattr(b, name))
        if found:
            return found
    return ""


def _where(path: str, one: Any, other: Any) -> str:
    """The first place where two values differ: also True from 1, and in the order of members."""
    if one is other:
        return ""
    if type(one) is type(other):
        if isinstance(one, dict) and list(one) == list(other):
            pairs = [(str(key), one[key], other[key]) for key in one]
        elif isinstance(one, list) and len(one) == len(other):
            pairs = [(str(k), one[k], other[k]) for k in range(len(one))]
        elif isinstance(one, dict) or repr(one) != repr(other):
            return f"{path or 'it'} is {_short(one)}, not {_short(other)}"
        else:
            return ""
        for name, x, y in pairs:
            if x is not y:
                found = _where(f"{path}.{name}" if path else name, x, y)
                if found:
                    return found
        return ""
    return f"{path or 'it'} is {_short(one)}, not {_short(other)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def unjournaled(what: Any) -> Any:
    """A machine as one that writes nothing down; others as they are."""
    return UnjournaledMachine(what.machine) if type(what) is Machine else what
