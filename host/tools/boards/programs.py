"""Programs for a board: which one is meant, and bringing it there if it is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ...compiler.backend.disasm import disassemble
from ...compiler.frontend.model import CompileError
from .. import progress
from ..errors import HostError, did_you_mean
from ..files import read_program
from ..handlers import load_machine, names_class
from ..journal import store
from . import lacking, parts, sources
from .project import Project
from .session import Session
from .sources import Source
from .stored import is_digest, matching


@dataclass(frozen=True)
class Made:
    """A program as boards take it, without its part for debugging; `flow`: what it is made of;
    `whole` has that part.  A machine, FILE.py:CLASS, has no bytes: files bring it."""

    flow: str
    digest: str
    data: bytes
    whole: bytes


def made(flow: str) -> Made:
    """Compile a workflow, or read a .tsm file or a class.  Raises CompileError, HostError."""
    if names_class(flow):
        return Made(flow, load_machine(flow).program.digest.hex(), b"", b"")
    loaded = read_program(flow)
    listing = disassemble(loaded.data)
    return Made(flow, listing.digest.hex(), loaded.data[: listing.size], loaded.data)


def of_project(mine: Project, names: tuple[str, ...] = ()) -> dict[str, str]:
    """The workflows of a project, by the names of their executions, or those of some names."""
    for name in names:
        if name not in mine.workflows:
            known = ", ".join(mine.workflows) or "none"
            hint = did_you_mean(name, mine.workflows) or f"there are {known}"
            text = f'no workflow in {mine.place("tsme.toml")} is called "{name}"'
            raise HostError("TSME-N061", text, hint)
    chosen = names or tuple(mine.workflows)
    return {name: mine.place(mine.workflows[name]) for name in chosen}


def needs(mine: Project | None) -> frozenset[str]:
    """The parts of tsme that a project needs, with a main.py of its own; all of them if it cannot
    be read."""
    if mine is None:
        return frozenset()
    try:
        flows = [*of_project(mine).values()]
        data = [one.data for one in map(made, flows) if one.data]
        classes = [flow for flow in flows if names_class(flow)]
        files = {one.name: one.data for one in sources.of_project(mine, classes=classes)}
        if classes:
            files["machines.json"] = b""
        if (own := mine.folder / "main.py").exists():
            files |= {f"main/{one.name}": one.data for one in sources.of_project(mine, str(own))}
    except (HostError, CompileError):  # whoever brings it there is told
        return parts.every() - {parts.CORE}
    return parts.of_programs(data) | parts.of_files(files)


def journal_of(mine: Project | None, name: str) -> str:
    """Where the journal of an execution is pulled to: into the project's folder, or this one."""
    file = name.replace("/", "_") + ".bin"
    file = f"_{file[1:]}" if file.startswith(".") else file
    return mine.place(file) if mine else file


def start_file(mine: Project | None) -> Source | None:
    """What [start] of tsme.toml lets the board begin by itself: `start.json` there, if it says so.
    An empty [start] takes back an earlier one."""
    if mine is None or mine.start is None:
        return None
    told = [
        [name, made(mine.place(mine.workflows[name])).digest, value]
        for name, value in mine.start.items()
    ]
    text = json.dumps(told, ensure_ascii=False) + "\n"
    return Source("start.json", mine.place("tsme.toml"), text.encode())


def remember(board: Session, name: str, program: Made) -> None:
    """Keep a program where the journal of its execution will be, with its names for debugging:
    when the workflow has changed, tsme replay and tsme migrate still need it."""
    if board.target.project is not None:
        store.keep(journal_of(board.target.project, name), program.whole)


def bring(board: Session, program: Made, there: set[str] | None = None) -> bool:
    """Put it into the board's store, unless it is there.  -> was it brought?"""
    if not program.data:
        return False
    if there is None:
        there = {one.digest for one in board.client.programs()}
    lacking.bring(board, parts.of_programs([program.data]))
    if program.digest in there:
        return False
    with progress.bar(program.flow) as draw:
        digest = board.client.load(program.data, draw)
    if digest != program.digest:
        message = f"the board calls the program {digest}, and not {program.digest}"
        raise HostError("TSME-N070", message, "give the same command again")
    there.add(digest)
    return True


def wanted(board: Session, name: str, given: str | None) -> tuple[str, Made | None]:
    """The digest of the program that an execution is to run, which is on the board then, and the
    program itself if it is here.

    `given`: a workflow, a .tsm file, or the beginning of the digest of a program there; None: what
    tsme.toml says of the name, or what it ran before.
    """
    there = [one.digest for one in board.client.programs()]
    if given is not None and not Path(given).exists() and is_digest(given):
        return matching(there, given), None
    mine = board.target.project
    if given is None and mine is not None and name in mine.workflows:
        given = mine.place(mine.workflows[name])
    if given is not None:
        program = made(given)
        bring(board, program, set(there))
        remember(board, name, program)
        return program.digest, program
    for one in board.client.executions():
        if one.name == name and one.program in there:
            return one.program, None
    hint = f"write tsme start {name} {name}.asl.json, or name it in tsme.toml"
    raise HostError("TSME-N063", f'which program is "{name}" to run?', hint)
