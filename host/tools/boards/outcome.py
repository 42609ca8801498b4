"""The output of an execution that is longer than an answer of its board: by replay."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from .. import progress
from ..errors import HostError
from ..journal import store
from ..journal.image import read_log
from ..journal.replayer import Player, know
from ..limits import no_limits
from ..link.pull import pull
from .programs import Made, journal_of
from .session import Session

_SUCCEEDED = 1  # the state of the kernel


def output_of(board: Session, name: str, program: Made | None) -> Any:
    """What the last execution of a name came to.  `program`: what it ran, if it is at hand; else
    it is looked for beside its journal in the project.

    Raises HostError TSME-N076 if it cannot be told.
    """
    kept = store.kept(journal_of(board.target.project, name))
    known = [know(one) for one in kept]
    with tempfile.TemporaryDirectory(prefix="tsme-") as folder:
        path = str(Path(folder) / "journal.bin")
        if program is not None:
            store.keep(path, program.whole)
            known += [know(one) for one in store.kept(path)]
        with progress.bar(name, "records") as draw:
            pull(board.client, name, path, draw)
        player = Player(known)
        with no_limits():
            for record in read_log(path).records:
                player.play(record)
    if player.state is None or player.state.status != _SUCCEEDED:
        hint = f"tsme journal pull {name}, then tsme history {name}.bin --program FLOW"
        message = f'the output of "{name}" is longer than an answer'
        raise HostError("TSME-N076", message, hint)
    return player.state.result
