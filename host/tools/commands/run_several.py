"""`tsme run` of several workflows: one board, each in a region of its partition."""

from __future__ import annotations

import re
import shlex
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tsme.engine.item_files import GET, LIST, PUT
from tsme.values import cbor

from ...compiler.backend.disasm import disassemble
from ...ending import INTERRUPTED, Stopped
from .. import console
from ..errors import DONE, FAILED, HostError, did_you_mean
from ..files import Loaded, read_program, read_value
from ..handlers import check_tasks, names_class
from ..journal import store
from ..journal.image import read_logs
from ..journal.partition import TABLE, geometry, parts_of
from ..journal.refusals import retiring
from ..journal.session import BLOCK, check_blocks, lay_out, or_resume, taken
from .run_worker import work
from .token import forget, mailbox

SPARE = 4  # regions for which a new partition has more room than for those that are asked for
_NAMED = re.compile(r"([A-Za-z0-9][\w.-]*)=(.+)", re.DOTALL)
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A workflow of several: the region it runs in, and the input of a new execution."""

    name: str
    loaded: Loaded
    value: bytes | None


@dataclass(frozen=True)
class Ways:
    """What one workflow's run does in the same way."""

    command: Callable[[Path, Any, str], list[str]]
    words: Callable[[str, str, Any], str]
    environment: Callable[[str], dict[str, str]]


def is_several(programs: Sequence[str], journal: str | None) -> bool:
    """Are there several, or does the one have a name, or is the journal cut into regions?"""
    if len(programs) > 1 or _NAMED.fullmatch(programs[0]):
        return True
    there = Path(journal) if journal else None
    if there is None or not there.is_file() or not there.stat().st_size:
        return False
    return parts_of(str(there), there.read_bytes()) is not None


def _jobs(programs: Sequence[str], options: Options) -> list[Job]:
    flows: dict[str, str] = {}
    for text in programs:
        found = _NAMED.fullmatch(text)
        name, flow = (found[1], found[2]) if found else (stem(text), text)
        if name in flows:
            hint = f"give one another name: {name}2={flow}"
            raise HostError("TSME-H002", f'two workflows have the name "{name}"', hint)
        if names_class(flow):
            hint = "run it by itself, with a journal of its own"
            raise HostError("TSME-H002", f'"{flow}" is a machine, which runs alone', hint)
        flows[name] = flow
    check_names(options["given"], list(flows))
    values: dict[str, bytes] = {}
    for text in options["given"]:
        found = _NAMED.fullmatch(text)
        which = [found[1]] if found and found[1] in flows else list(flows)
        value = found[2] if found and found[1] in flows else text
        for name in which:
            values[name] = bytes(cbor.encode(read_value(value, form=options["form"])))
    with or_resume(options):
        return [Job(name, read_program(flow), values.get(name)) for name, flow in flows.items()]


def check_names(given: Sequence[str], names: Sequence[str]) -> None:
    """An input NAME=JSON must be for one of those that run."""
    for text in given:
        found = _NAMED.fullmatch(text)
        if found and found[1] not in names and not Path(text).exists():
            hint = did_you_mean(found[1], names) or f"there are {', '.join(names)}"
            if len(names) == 1:
                hint = f"write --input {shlex.quote(found[2])}"
            message = f'--input {shlex.quote(text)}: no workflow here is called "{found[1]}"'
            raise HostError("TSME-H002", message, hint)


def stem(flow: str) -> str:
    """What a workflow is called: by its file, or by what it is in a template or a file."""
    path, _, name = flow.rpartition(":")
    return name if path and "/" not in name else Path(flow).name.split(".")[0]


def several(programs: Sequence[str], options: Any, ways: Ways) -> int:
    """Run them, and what is under way in the journal, until none is under way; the exit code is
    the worst of theirs."""
    jobs = _jobs(programs, options)
    if options["tasks"] is not None:
        check_tasks(options["tasks"])
    for job in jobs:
        needed = disassemble(job.loaded.data).resources
        missing = [r for r in needed if r not in (GET, LIST, PUT)]
        if missing and options["tasks"] is None:
            message = f"the workflow {job.name} needs handlers ({', '.join(missing)})"
            raise HostError("TSME-H020", message, "add --tasks TASKS.py")
    journal = options["journal"]
    if journal:
        _not_of_one(journal)
    lock: AbstractContextManager[int | None] = taken(journal) if journal else nullcontext()
    with lock as held, tempfile.TemporaryDirectory(prefix="tsme-") as folder:
        place = Path(folder)
        command = ways.command(place, options, str(place / "several.jobs"))
        command += _files(place, jobs, journal or str(place / "journal.bin"))
        shared = () if held is None else (held,)
        try:
            status = work(command, ways.environment(options["interpreter"]), shared)
            if status in (INTERRUPTED, -signal.SIGINT):
                raise KeyboardInterrupt
        except (KeyboardInterrupt, Stopped) as stop:
            if journal:
                stop.add_note("the same command goes on from the journal")
            raise
        results = _results(place / "result.cbor", status, options, ways)
        if not results:
            message = f'no execution is under way in "{journal}"'
            raise HostError("TSME-H044", message, "tsme run begins one")
        forget(journal)
        if journal:
            used = [digest for log in read_logs(journal) for digest in log.programs]
            store.tidy(journal, [*used, *(disassemble(job.loaded.data).digest for job in jobs)])
        return _report(results, options, ways)


def _not_of_one(journal: str) -> None:
    """A file whose blocks are all of one journal is no place for several."""
    there = Path(journal)
    found = geometry(there.read_bytes()) if there.is_file() else None
    if found and found[1] != TABLE:
        message = f'"{journal}" is the journal of one workflow, and is not cut into regions'
        raise HostError("TSME-H052", message, "name another file for several")
    if found:
        check_blocks(journal, found[2])


def _files(place: Path, jobs: Sequence[Job], journal: str) -> list[str]:
    """What the board reads, and the options that tell where it is."""
    told: list[list[str | None]] = []
    for number, job in enumerate(jobs):
        listing = disassemble(job.loaded.data)
        program = place / f"{number}.tsm"
        program.write_bytes(job.loaded.data[: listing.size])
        given = place / f"{number}.cbor"
        if job.value is not None:
            given.write_bytes(job.value)
        told.append([job.name, str(program), None if job.value is None else str(given)])
        store.keep(journal, job.loaded.data)
    names: dict[str, list[str]] = {}  # of states, by program: another may be under way
    for kept in map(disassemble, (program.data for program in store.kept(journal))):
        names[kept.digest.hex()] = [s.name for s in kept.debug.states] if kept.debug else []
    place.joinpath("several.jobs").write_bytes(cbor.encode(told))
    place.joinpath("names.cbor").write_bytes(cbor.encode(names))
    largest = max([len(job.value or b"") for job in jobs], default=0)
    blocks = max(64, 8 * largest // BLOCK)
    there = Path(journal)
    size = there.stat().st_size if there.is_file() else 0
    room = size // BLOCK or TABLE + blocks * (len(jobs) + SPARE)
    if not size and there.is_file():
        lay_out(journal, room * BLOCK)
    more = [f"journal={journal}", f"blocks={blocks}", f"room={room}", f"mail={mailbox(journal)}"]
    return [*more, f"programs={store.folder(journal)}"]


def _results(path: Path, status: int, options: Any, ways: Ways) -> dict[str, list[Any]]:
    if not path.is_file():
        raise HostError("TSME-H032", f"the board ended without a result (exit code {status})")
    kind, *rest = cbor.decode(path.read_bytes(), 0, True)[0]
    if kind == "refused":
        raise HostError(rest[0], ways.words(rest[0], rest[1], options))
    return dict(rest[0])


def _report(results: dict[str, list[Any]], options: Any, ways: Ways) -> int:
    worst = DONE
    outputs: dict[str, Any] = {}
    for name, result in results.items():
        if result[0] == "refused":
            why = ways.words(result[1], result[2], options)
            if there := options["journal"]:
                why = why.replace(retiring(there), retiring(there, name))
            click.secho(f"{name}: error {result[1]}: {why}", err=True, fg="red")
            worst = 2
            continue
        status, output, error, cause, execution = result
        outputs[name] = output
        if status != "succeeded":
            why = ": ".join(str(part) for part in (error, cause) if part)
            text = f"{name}: execution {execution} {status}: {why or 'no error was named'}"
            click.secho(text, err=True, fg="red")
            worst = max(worst, FAILED)
    if options["as_json"]:
        fields = ("status", "output", "error", "cause", "execution")
        told = {
            name: dict(zip(fields, result, strict=True))
            if result[0] != "refused"
            else {"status": "refused", "error": result[1], "cause": result[2]}
            for name, result in results.items()
        }
        console.out_json(told)
    else:
        console.answer(outputs, options["form"] or "json")
    return worst
