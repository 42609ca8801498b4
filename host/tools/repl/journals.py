"""Journals of a board for its prompt: pulled into a folder for as long as that lasts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...compiler.backend.disasm import disassemble
from ...compiler.frontend.model import CompileError
from .. import progress
from ..boards import project
from ..boards.programs import journal_of, made
from ..boards.session import Session
from ..commands.history import as_api, tell
from ..errors import HostError
from ..files import Loaded, is_schema, read_program
from ..journal import store
from ..journal.image import Log, executions, read_log
from ..journal.refusals import behaviour
from ..journal.replayer import Known, Played, Player, find, know, with_earlier
from ..limits import no_limits
from ..link.pull import pull
from .states import Event

_LACKS = "give what ran with --program: a workflow, or FILE.py:CLASS for a machine"


class Journals:
    """`programs`: workflows, .tsm files, machines (FILE.py:CLASS) or relational schemas that ran,
    or will.

    What of the project, or beside its journals, made what a journal holds is found as well.
    `machines`: those of them that are state machines.
    Raises HostError, CompileError for a program that is none.
    """

    def __init__(self, programs: Sequence[str] = ()) -> None:
        self.machines = [
            each for path in programs if ".py:" in path for each in with_earlier(find(path))
        ]
        self._programs: dict[str, Loaded] = {}
        self._named: list[str] = []  # states of relational machines
        for path in programs:
            if ".py:" in path:
                continue
            if is_schema(path):
                self._named += [one.name for one in _schema(path).states]
            else:
                one = read_program(path)
                self._programs[_digest(one.data)] = one
        self._looked = False  # has the project been?
        self._folder = tempfile.TemporaryDirectory(prefix="tsme-")

    def close(self) -> None:
        """Throw away what was pulled."""
        self._folder.cleanup()

    def know(self, data: bytes) -> None:
        """A program, with its part for debugging."""
        self._programs.setdefault(_digest(data), Loaded("", data, None))

    @property
    def programs(self) -> list[Loaded]:
        """All that are known by now."""
        return [*self._programs.values()]

    def states(self) -> list[str]:
        """The names of the states of all programs that are known by now."""
        found = [*self._named]
        for one in self._programs.values():
            debug = disassemble(one.data).debug
            found += [] if debug is None else [debug.state(n) for n in range(len(debug.states))]
        return found

    def name(self, digest: str) -> str:
        """What a program is called here; its file, "" if nobody knows."""
        return Path(self._programs[digest].name).name if digest in self._programs else ""

    def pulled(self, board: Session, name: str) -> Log:
        """The journal as it is on the board now; what was pulled before does not come again."""
        path = Path(self._folder.name) / Path(journal_of(None, name)).name
        with progress.bar(name, "records") as draw:
            pull(board.client, name, str(path), draw)
        self._look()
        mine = board.target.project
        for one in store.kept(journal_of(mine, name)) if mine else ():
            self._programs.setdefault(_digest(one.data), one)
        return read_log(str(path))

    def runs(self, digest: str) -> bool:
        """Is the machine of this digest known, or found in the project?"""
        self._look()
        return any(one.program.digest.hex() == digest for one in self.machines)

    def _look(self) -> None:
        if self._looked:
            return
        self._looked = True
        mine = project.found()
        for flow in mine.workflows.values() if mine else ():
            try:
                one = made(mine.place(flow)) if mine else None
                if one is not None and not one.data:
                    self.machines += with_earlier(find(one.flow))
                    continue
            except (CompileError, HostError):  # being edited
                continue
            if one is not None:
                self._programs.setdefault(one.digest, Loaded(flow, one.whole, None))

    def _known(self, log: Log) -> list[Known]:
        wanted = {digest.hex() for digest in log.programs}
        found = [know(one) for digest, one in self._programs.items() if digest in wanted]
        return [*found, *(one for one in self.machines if one.program.digest.hex() in wanted)]

    def relational(self, log: Log) -> list[Known]:
        """The versions of the relational machine that ran last; none if it is of another kind, or
        not known."""
        found = [one for one in self._known(log) if hasattr(one.machine, "schema")]
        newest = log.programs[-1:]
        return found if any([one.program.digest] == newest for one in found) else []

    def played(self, log: Log) -> tuple[list[Played], bool]:
        """Each record, and what it did where its program is known.  -> also: is one?"""
        known = [] if behaviour(log, every=True) else self._known(log)
        if not known:
            return [Played(record) for record in log.records], False
        player = Player(known)
        with no_limits():
            return [player.play(record) for record in log.records], True

    def machine(self, log: Log) -> Any:
        """The state of a state machine after all that a journal holds; None of what is none.

        Raises HostError TSME-H043 if what ran is not known.
        """
        player = self._after(log)
        if player.now.machine is None or hasattr(player.now.machine, "schema"):
            return None
        return player.state.client

    def _after(self, log: Log) -> Any:
        player = Player(self._known(log))
        with no_limits():
            for record in log.records:
                player.play(record)
        if player.state is None or player.now is None:
            raise HostError("TSME-H043", f"its states are not known: {player.why}", _LACKS)
        return player

    def events(self, log: Log) -> list[Event]:
        """The events of the last execution.  Raises HostError if they cannot be told."""
        found = executions(log)
        if not found or not found[-1].steps:
            message = "its journal does not reach back to the start of the execution"
            raise HostError("TSME-R005", message, "journal shows what there is")
        try:
            told = tell(self.programs, found[-1])
        except HostError as error:
            if error.code != "TSME-H043":
                raise
            raise HostError(error.code, error.message, _LACKS) from None
        return [*as_api(told)["events"]]


def _schema(path: str) -> Any:
    from .. import schemas  # noqa: PLC0415

    found, wrong = schemas.check(path)
    if found is None:
        first = next(one for one in wrong if not one.problem.warning)
        where = first.problem.where
        text = f"{first.file.name}:{where.line}:{where.column}: {first.problem.message}"
        raise HostError(first.problem.code, text, f"tsme check {path} shows all problems")
    return found.schema


def _digest(data: bytes) -> str:
    return disassemble(data).digest.hex()
