"""Where the devices of a simulation begin: anew, or where a journal has come to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tsme_host.compiler.backend.debug import Debug
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.image import read_log
from tsme_host.tools.journal.replayer import Known, Player

from .core import is_machine
from .device import Beginning, mark
from .simulation import Simulation
from .subjects import Subject, folder


def beginning(kind: type[Simulation], subjects: Sequence[Subject]) -> Beginning | None:
    """Where a simulation begins; None: anew.

    Raises HostError: TSME-H095 for a journal that nothing can begin at, H040 .. for what is none.
    """
    if not kind.journal:
        return None
    if len(subjects) > 1:
        text = f"{kind.__name__} has a journal and {len(subjects)} devices"
        raise HostError("TSME-H095", text, "give it a `machine` or a `program`")
    return _read(str(folder(kind) / kind.journal), _Same(subjects[0].what))


class _Same:
    """What runs, by its digest."""

    def __init__(self, what: Any) -> None:
        self.what = what
        self.digest = bytes((what.program if is_machine(what) else what).digest)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.digest == self.digest


@lru_cache(maxsize=8)
def _read(path: str, same: _Same) -> Beginning:
    """The journal is read once, not for each seed."""
    what = same.what
    machine = is_machine(what)
    known = Known(path, what.program if machine else what, Debug(), what if machine else None)
    player = Player([known])
    for record in read_log(path).records:
        played = player.play(record)
        if played.difference:
            text = f'record {record.number} of "{path}" differs: {played.difference}'
            raise HostError("TSME-H095", text, "give the program that ran")
    state = player.state
    if state is None:
        raise HostError(
            "TSME-H095", f'nobody knows the state at the end of "{path}": {player.why}'
        )
    if state.status:
        text = f'the execution in "{path}" has ended'
        raise HostError("TSME-H095", text, "take a journal of what is under way")
    return Beginning(bytes(player.kernel.checkpoint(state)), mark(state), state.now)
