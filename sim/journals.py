"""What the devices of a saved failure have written, for who looks at it step by step."""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsme.journal import CHECKPOINT, STEP
from tsme_host.compiler.backend.debug import Debug
from tsme_host.tools.files import Loaded, read_program
from tsme_host.tools.journal.archive import Archive, framed
from tsme_host.tools.journal.replayer import Known, know
from tsme_host.tools.limits import no_limits

from .core import is_machine, plain
from .coverage import Coverage
from .device import Device
from .reproducer import Reproducer, load, simulations
from .simulation import Simulation
from .subjects import folder, subjects_of
from .world import World

_BLOCK, _SLOT = 4096, 32


@dataclass(frozen=True)
class Written:
    """A device's journal: the image of all of its steps, up to the failure; and what has run."""

    name: str
    image: bytes
    known: Known
    loaded: Loaded | None


def journals(path: Path) -> tuple[Reproducer, list[Written]]:
    """Run a saved failure again; what each device had written then.

    Raises TsmeError, TSME-S002 and S003, for what is no such file, or has no simulation any more.
    """
    saved = load(path)
    file, _, name = saved.simulation.rpartition(":")
    kind = simulations(path.parent / file, saved.inputs)[name]
    failure = saved.failure
    with no_limits():
        subjects = subjects_of(kind)
        guard = failure.guarded
        world = World(kind, subjects, failure.seed, Coverage(), failure.without, guard)
        with contextlib.suppress(Exception):  # the failure
            world.replay(failure.moves)
        return saved, [_written(kind, device) for device in world.devices]


def _written(kind: type[Simulation], device: Device) -> Written:
    archive = Archive(0, 0, _BLOCK, _SLOT)
    if device.begin:
        archive.add(framed(CHECKPOINT, device.begin.checkpoint, archive.tail))
    for record in device.records:
        archive.add(framed(STEP, bytes(record), archive.tail))
    known, loaded = _known(kind, device)
    return Written(device.name, archive.image(), known, loaded)


def _known(kind: type[Simulation], device: Device) -> tuple[Known, Loaded | None]:
    what: Any = device.what
    if is_machine(what):
        machine = plain(what)
        name = f"{inspect.getsourcefile(what.machine)}:{what.machine.__name__}"
        return Known(name, machine.program, Debug(), machine), None
    path = kind.devices.get(device.name, kind.program)
    loaded = read_program(str(folder(kind) / path))
    return know(loaded), loaded
