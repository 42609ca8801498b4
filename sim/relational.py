"""A device that runs a relational machine: its states, as a check may look at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from tsme.kernel.protocol import START

from .device import Device


class RelationalDevice(Device):
    """value: the machine's own values, m.data; None before the first execution."""

    called = "a step"

    @property
    def value(self) -> Any:
        """The machine's own values: m.data."""
        part = self.state.client
        return part and part.data

    def is_active(self, states: str | Sequence[str]) -> bool:
        """Are all of these states active?"""
        wanted = [states] if isinstance(states, str) else states
        return set(wanted) <= set(self.active_states())

    def active_states(self) -> list[str]:
        """In the machine's order."""
        part = self.state.client
        names: list[str] = self.client.schema.named(part.node.active) if part else []
        return names

    def ticks(self, state: str) -> int:
        """Of a state; odd while it is active."""
        (i,) = self.client.schema.indexes(state)
        part = self.state.client
        return int(part.ticks[i]) if part else 0

    def make(self, event: Any) -> Any:
        """As Device.make; what a handler raised is a mistake, if it is no rejection."""
        self.client.raised = None
        step = super().make(event)
        if self.client.raised:
            name, e = self.client.raised
            self.refused(e, name + "()")
        return step

    def counting(self, count: Callable[..., None], seen: Counter[str]) -> Callable[..., None]:
        """count, and how often each state became active."""
        names = self.client.schema.names
        part = self.state.client
        before = list(part.ticks) if part else [0] * len(names)

        def count_states(event: Any, step: Any, counted: bool = False) -> None:
            count(event, step, counted)
            if event[0] == START:
                before[:] = [0] * len(names)
            if not step.state.client:
                return  # it is over
            ticks = step.state.client.ticks
            for name, was, now in zip(names, before, ticks, strict=True):
                if now > was:
                    seen[name] += (now + 1) // 2 - (was + 1) // 2
            before[:] = ticks

        return count_states
