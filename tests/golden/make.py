"""Makes the golden corpus: `make golden`, or `python -m tests.golden.make [FOLDER]`.

Without a folder it says what is not as it was, and adds the cases that are new.  The corpus was
written once, when the format was frozen, and is kept: an engine that writes other bytes is wrong,
not the corpus.  What a new behaviour of the engine changes (docs/SPEC.md, 3.5) gets
files of its own beside the old ones.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.golden import workflows
from tests.golden.device import Board, client
from tests.golden.expressions import EXPRESSIONS
from tests.laws.drive import event_of, start_event
from tests.laws.workflows import NAMES
from tsme.kernel.protocol import CONTINUE, MIGRATE, SIGNAL, SLEEP, STATUS
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.files import Loaded
from tsme_host.tools.journal.migration import Planner, Wishes
from tsme_host.tools.journal.replayer import know

FOLDER = Path(__file__).with_name("corpus")
BETWEEN = 3  # ms from a bounded step to the next, as the C core has it
RESULT = {"done": True}  # of a task that no move says anything of
MOST = 40  # moves that come by themselves


class Writer:
    """Runs one case, and notes what was fed to it."""

    def __init__(self, programs: list[bytes | str], value: Any, plan: Any = None) -> None:
        self.board = Board(programs)
        self.programs = programs
        self.plan = plan  # from the first program to the second
        self.moves: list[Any] = []
        program = client(programs[0]).program
        self.do(list(start_event(program, value, context=NAMES)))

    def do(self, move: Any) -> None:
        self.moves.append(move)
        self.board.do(move)

    def settled(self) -> bool:
        """Go on until something outside has to happen; True if the execution is over."""
        while True:
            executor = self.board.executor
            if not executor.busy():
                return True
            if not executor.kernel.client.runnable(executor.state.client):
                return False
            self.do([CONTINUE, executor.state.now + BETWEEN])

    def move(self, move: Any) -> None:
        name, value, passed = move
        state = self.board.executor.state
        match name:
            case "checkpoint" | "reset":
                self.do(name)
            case "sleep":
                self.do([SLEEP, state.now + passed])
            case "signal":
                self.do([SIGNAL, state.now + passed, value])
            case "migrate":
                new = client(self.programs[1]).program.digest
                self.do([MIGRATE, state.now + passed, new, self.plan])
            case "bound":
                self.bound = value
            case _:
                event = [*event_of(state, move, {})]
                if self.bound:
                    event.append(self.bound)
                    self.bound = 0
                self.do(event)

    bound = 0

    def run(self, moves: list[Any]) -> None:
        for move in moves:
            if self.settled():
                raise ValueError(f"it is over before {move}")
            self.move(move)
        for _ in range(MOST):
            if self.settled():
                return
            self.move(("ok", RESULT, 1))
        raise ValueError("it does not end")

    def file(self) -> bytes:
        item = [self.programs, self.moves, self.board.image(), self.board.end()]
        return bytes(cbor.encode(item, True))

    def line(self, name: str) -> str:
        """For the manifest: sizes, and how it ended."""
        state = self.board.executor.state
        shown = [f"{len(w)} bytes" if isinstance(w, bytes) else w for w in self.programs]
        program = ", ".join(shown)
        end = json.dumps(state.result, ensure_ascii=False)
        end = end if len(end) <= 60 else end[:59] + "…"
        check = hashlib.sha256(self.file()).hexdigest()[:16]
        size = sum(len(data) for _, data in self.board.image())
        return (
            f"{name:22} {check}  {program:9}  {len(self.moves):3} inputs  "
            f"journal {size:4} bytes  {STATUS[state.status]} {end}"
        )


def planned(compiled: list[Any]) -> Any:
    """The plan that moves an execution of the first program to the second, if there is one."""
    if len(compiled) < 2:
        return None
    old, new = (know(Loaded("flow.asl.json", one.data, None)) for one in compiled)
    return Planner(old, new, Wishes({}, {}, {})).plan


def cases() -> Iterator[tuple[str, Writer]]:
    """All, each having run to its end."""
    for name, flow in (workflows.ALL_FLOWS | EXPRESSIONS).items():
        try:
            compiled = [compile_text(text, budget=flow.budget) for text in flow.texts]
            writer = Writer([one.program for one in compiled], flow.value, planned(compiled))
            writer.run(flow.moves)
        except Exception as error:
            error.add_note(f"golden case {name}: {getattr(error, 'problems', '')}")
            raise
        yield name, writer
    for name, (machines, value, moves) in workflows.MACHINES.items():
        writer = Writer([*machines], value)
        writer.run(moves)
        yield name, writer


def make(folder: Path) -> None:
    """Write all files and the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, writer in cases():
        (folder / f"{name}.cbor").write_bytes(writer.file())
        lines.append(writer.line(name))
    (folder / "manifest.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def compare(made: Path, kept: Path) -> list[str]:
    """What is not as it was: a line for each file, and for each line of the manifest."""
    told = []
    names = {path.name for folder in (made, kept) for path in folder.glob("*.cbor")}
    for name in sorted(names):
        new, old = made / name, kept / name
        if not old.exists():
            told.append(f"new: {name}")
        elif not new.exists():
            told.append(f"no longer made: {name}")
        elif new.read_bytes() != old.read_bytes():
            told.append(f"changed: {name}")
    before, after = (
        (folder / "manifest.txt").read_text(encoding="utf-8").splitlines()
        for folder in (kept, made)
    )
    lines = difflib.unified_diff(before, after, "kept", "made", n=0)
    return told + [line for line in lines if told and not line.startswith("@@")]


def main(args: list[str]) -> int:
    """With a folder: write there. Without: make all anew and say what is not as it was."""
    if args:
        make(Path(args[0]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        make(made)
        told = compare(made, FOLDER)
        new = [line.removeprefix("new: ") for line in told if line.startswith("new: ")]
        wrong = [line for line in told if line.startswith(("changed", "no longer"))]
        if new and not wrong:
            for name in [*new, "manifest.txt"]:
                shutil.copy(made / name, FOLDER / name)
    sys.stdout.writelines(f"{line}\n" for line in told)
    sys.stdout.write(f"golden: {len(list(FOLDER.glob('*.cbor')))} cases, {len(new)} of them new\n")
    if wrong:
        sys.stdout.write(
            f"golden: {len(wrong)} are not as they were, and nothing was written: an engine that "
            "makes other bytes is wrong, or has another behaviour (docs/SPEC.md, 3.5)\n"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
