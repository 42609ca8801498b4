"""What of a world runs in C, where setup could build it: native_modules/machines."""

from __future__ import annotations

from typing import Any

from tsme.errors import fault, over
from tsme.journal import Journal
from tsme.journal.info import Info
from tsme.kernel import Kernel
from tsme.machine import Machine
from tsme.machine import native as _native

from .nor import Nor

_NATIVE: Any = _native  # device code has no types
core = _NATIVE.core
_LIMITS = (7, 8)  # journal's errors that name what was asked, and the limit


def _journal_error(code: int, numbers: tuple[int, ...]) -> Exception:
    name = f"TSME-J{code:03}"
    if code in _LIMITS:
        return over(name, numbers[0], numbers[1])
    return fault(name, *numbers[: _NUMBERS[code]])


_NUMBERS = {5: 3, 6: 0, 10: 0, 11: 2}

if core:
    core.bind(journal_error=_journal_error, Info=Info)


def journal_on(flash: Nor) -> Any:
    """A journal on it."""
    return core.Journal(flash) if core else Journal(flash)


def kernel_of(client: Any, room: int | None = None) -> Any:
    """The kernel of what runs on a device."""
    quick = core and type(client) is Machine
    return _NATIVE.MachineKernel(client, room) if quick else Kernel(client, room)
