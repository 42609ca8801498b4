"""What of a world runs in C, where setup could build it: native_modules/machines."""

from __future__ import annotations

from heapq import heappop
from typing import Any

from tsme.draft import native as _native
from tsme.errors import fault, over
from tsme.journal import Journal
from tsme.journal.info import Info
from tsme.kernel import Kernel
from tsme.machine import Machine
from tsme.relational import Relational

from .nor import Nor, PowerLoss

_NATIVE: Any = _native  # device code has no types
core = _NATIVE.core
_LIMITS = (7, 8)  # journal's errors that name what was asked, and the limit


def _journal_error(code: int, numbers: tuple[int, ...]) -> Exception:
    name = f"TSME-J{code:03}"
    if code in _LIMITS:
        return over(name, numbers[0], numbers[1])
    return fault(name, *numbers[: _NUMBERS[code]])


_NUMBERS = {5: 3, 6: 0, 10: 0, 11: 2}


class _Device:
    """What of a device is in C, without it."""

    state: Any
    quick = labelled = False
    stf = inputs = count = None

    @property
    def value(self) -> Any:
        """A machine's state."""
        return self.state.client

    def signal(self, value: Any) -> None:
        """A signal from outside.  Raises Mistake if it is refused by an error, not on purpose."""
        self.signal_slowly(value)

    def signal_slowly(self, value: Any) -> None:
        """The same in Python."""
        raise NotImplementedError


class _World:
    """What of a world is in C, without it."""

    done = 0


if core:
    core.bind(journal_error=_journal_error, Info=Info, PowerLoss=PowerLoss, heappop=heappop)

DeviceBase: Any = core.Device if core else _Device
WorldBase: Any = core.World if core else _World


def journal_on(flash: Nor) -> Any:
    """A journal on it."""
    return core.Journal(flash) if core else Journal(flash)


def is_machine(what: Any) -> bool:
    """Is it one of either kind, and no workflow?"""
    return isinstance(what, (Machine, Relational))


def plain(machine: Any) -> Any:
    """The same machine without a guard."""
    kind: Any = Relational if isinstance(machine, Relational) else Machine
    return kind(machine.machine)


def core_runs() -> bool:
    """Does the loop of worlds run in C?"""
    return bool(core)


def is_quick(client: Any) -> bool:
    """Are steps of it made in C?  None: of any machine."""
    return bool(core) and (client is None or type(client) is Machine)


def recover(device: Any, replay: Any, newest: list[Any] | None) -> Any:
    """What a journal's recovery found, and the state of a device whose steps are made in C.

    newest: where the recovery before has begun; None if nothing is remembered.
    """
    return core.recover(device.journal, device.stf, device.kernel, replay, newest)


def kernel_of(client: Any, room: int | None = None) -> Any:
    """The kernel of what runs on a device."""
    return _NATIVE.MachineKernel(client, room) if is_quick(client) else Kernel(client, room)
