"""A moment in files: its journal, its programs, and a simulation that goes on from there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from tsme.journal import CHECKPOINT

from ..errors import HostError
from ..journal import store
from ..journal.archive import Archive, framed
from ..journal.image import read_records
from ..journal.replayer import Known, Player
from ..outputs import write_bytes
from .index import walked
from .moments import Moment
from .opening import Opened
from .track import Track

_BLOCK: Final = 4096  # as `tsme run` makes them, which can then go on from it
_SLOT: Final = 32

_TEXT: Final = '''\
"""Record {number} of {journal}, again.

    tsme sim {file}        many seeds of what may come after it
    tsme replay {image}    the steps that lead to it
    tsme debug {image}
"""

{imports}from tsme.testing import Simulation


class {name}(Simulation):
    {what}
    journal = "{image}"  # every seed begins at its end
{more}
'''


def records_to(track: Track, number: int) -> Archive:
    """The records from the nearest place where the state is known to this one.

    Raises HostError, TSME-H092, if there is no such place.
    """
    start = track.begins(number)
    if start is None:
        message = f"nobody knows the state at record {number}: what came before is gone"
        raise HostError("TSME-H092", message, "take a moment behind a checkpoint")
    body = track.anchors.get(start)
    archive = Archive(start, track.records.chain(start), _BLOCK, _SLOT)
    if body is not None:  # one that was made: it takes the number of the record before
        archive = Archive(start - 1, 0, _BLOCK, _SLOT)
        archive.add(framed(CHECKPOINT, body, 0))
    for n in range(start, number + 1):
        raw = track.raw(n)
        if raw is None:
            message = f"record {n}, before record {number}, is damaged"
            raise HostError("TSME-H092", message, "take a moment before it")
        archive.add(framed(raw.kind, raw.body, archive.tail))
    return archive


def check(path: str, image: bytes, programs: list[Known], moment: Moment) -> None:
    """An image leads to the state that the moment has.  Raises HostError, TSME-H092."""
    found = walked(path, image)
    player = Player(programs)
    items = [
        (n, kind, body, 0, 0)
        for n, kind, body in zip(found.numbers, found.kinds, found.bodies, strict=True)
    ]
    for record in read_records(items):
        played = player.play(record)
        if played.difference:
            raise HostError("TSME-H092", f"record {record.number} differs: {played.difference}")
    state = player.state
    if state is None or state.digest != moment.after.digest or state.steps != moment.after.steps:
        raise HostError("TSME-H092", "what was written leads to another state", "report it")


def reproduce(opened: Opened, moment: Moment) -> str:
    """Write a moment into the folder of its journal, and say what was written.

    Raises HostError: TSME-H092 if it cannot be had again, H013 if it cannot be written.
    """
    track, folder = opened.track, opened.folder
    if moment.after is None or moment.known is None:
        why = moment.played.skipped or "no program is given"
        raise HostError("TSME-H092", f"record {moment.number} cannot be replayed: {why}")
    image = records_to(track, moment.number).image()
    check(track.name, image, track.programs, moment)
    stem = f"{Path(track.name).name.partition('.')[0]}-{moment.number}"
    target = folder / f"{stem}.bin"
    write_bytes(str(target), image, "image of flash")
    digest = bytes(moment.known.program.digest)
    for loaded in opened.loaded:
        if bytes(loaded.data[3:11]) == digest:
            store.keep(str(target), loaded.data)
    if moment.after.status:
        return f"written: {target}; the execution has ended there, so nothing can be simulated"
    script = folder / f"{stem}.py"
    write_bytes(
        str(script), _script(opened, moment, target, stem).encode(), "simulation of a moment"
    )
    return f"written: {target} and {script.name} (tsme sim {script})"


def picture(opened: Opened, number: int, svg: bytes) -> str:
    """Write a screen beside its journal, and say so.  Raises HostError: TSME-H013."""
    path = opened.folder / f"{Path(opened.track.name).stem}-{number}.svg"
    write_bytes(str(path), svg, "screen as SVG")
    return f"written: {path}"


def _script(opened: Opened, moment: Moment, image: Path, stem: str) -> str:
    known = moment.known
    assert known is not None
    name = "".join(part.capitalize() for part in re.findall(r"[A-Za-z0-9]+", stem))
    name = name if name[:1].isalpha() else f"Moment{name}"
    imports, more = "", ""
    if known.machine is not None:
        path, _, kind = known.name.rpartition(":")
        imports = f"from {Path(path).stem} import {kind}\n"
        what = f"machine = {kind}"
        if Path(path).resolve().parent != image.resolve().parent:
            place = str(Path(path).resolve().parent)
            imports = f"import sys\n\nsys.path.insert(0, {place!r})\n{imports}"
    else:
        what = f'program = "{_program(opened, known, image)}"'
        scenario = image.with_name(known.debug.filename.partition(".")[0] + ".test.json")
        if known.debug.filename and scenario.is_file():
            more = f'    scenario = "{scenario.name}"\n'
    return _TEXT.format(
        number=moment.number, journal=opened.track.name, file=f"{stem}.py", image=image.name,
        imports=imports, name=name, what=what, more=more,
    ).rstrip() + "\n"  # fmt: skip


def _program(opened: Opened, known: Known, image: Path) -> str:
    """The very program that ran, as it is kept beside the image; its path from there."""
    digest = bytes(known.program.digest)
    for loaded in opened.loaded:
        if bytes(loaded.data[3:11]) == digest:
            beside = image.with_name(f"{image.stem}.tsm")
            write_bytes(str(beside), loaded.data, "program")
            return beside.name
    return os.path.relpath(known.name, image.parent)
