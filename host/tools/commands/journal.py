"""`tsme journal`: what a journal holds, for people and programs; its other commands by name."""

from __future__ import annotations

import json
from typing import Any

import click

from tsme.values import cbor

from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..forms import answers, ending, option, write
from ..inputs import read_bytes
from ..journal.image import Damage, Log, plain, read_log
from ..journal.partition import Part, in_region, parts_of, region
from ..journal.refusals import behaviour
from ..journal.replayer import Played, play_all, programs_of
from ..journal.wording import said, when
from ..outputs import write_bytes
from .effects import effects
from .journal_files import repair, resize


class Journals(click.Group):
    """Some of its commands are read when they are used: the others need no board, nor schemas."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return sorted([*super().list_commands(ctx), "pull", "query", "metrics"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name == "pull":
            from .journal_pull import pull  # noqa: PLC0415

            return pull
        if cmd_name in ("query", "metrics"):
            from . import journal_query  # noqa: PLC0415

            return journal_query.query if cmd_name == "query" else journal_query.metrics
        return super().get_command(ctx, cmd_name)


_SHORT = "Pull, show, query, export, resize or repair a journal; its effects."


@click.group(cls=Journals, short_help=_SHORT)
def journal() -> None:
    """Read journals: files written by `tsme run`, or pulled from a board."""


@journal.command()
@click.argument("log", metavar="JOURNAL")
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="The .tsm, workflow or machine (FILE.py:CLASS) that ran: adds what it did. Repeatable.",
)
@answers
@in_region
@takes_values
def show(log: str, programs: tuple[str, ...], form: str | None) -> int:
    """Show a journal as a log, one line for each record.

    Of a partition that is cut into regions it lists these, unless --region names one.

    Exits with 1 if records are damaged, or differ from what the program does.
    """
    if region() is None and (parts := parts_of(log, read_bytes(log))) is not None:
        _regions(log, parts, form)
        return DONE
    read = read_log(log)
    if why := behaviour(read, every=True):
        console.note(f"tsme: not replayed: {why}")
    known = [] if why else programs_of(read, programs)
    played = list(play_all(read, known) if known else map(Played, read.records))
    if form:
        console.answer(_plain(read, played, bool(known)), form)
    else:
        _show(read, played, bool(known))
    differs = any(item.difference for item in played)
    broken = read.damage or read.refusal or read.cut is not None
    return FAILED if broken or differs else DONE


def _regions(path: str, parts: list[Part], form: str | None) -> None:
    """What a partition is cut into."""
    told = [{"name": p.name, "kind": p.kind, "start": p.start, "blocks": p.blocks} for p in parts]
    if form:
        console.answer({"partition": path, "regions": told}, form)
        return
    console.out(f"{console.strong(path)}: {console.count(len(parts), 'region')}")
    width = max([len(part.name) for part in parts], default=0)
    for part in parts:
        size = f"{console.count(part.blocks, 'block')} of {part.block} bytes"
        name = console.name(f"{part.name:{width}}")
        console.out(f"  {name}  {part.kind:8}  {size}")
    if any(part.kind == "journal" for part in parts):
        console.note("--region NAME shows what one of them holds")


def _plain(log: Log, played: list[Played], with_program: bool) -> dict[str, Any]:
    return {
        "journal": log.name,
        "blocks": log.blocks,
        "block_size": log.block_size,
        "records": [told(item, with_program) for item in played],
        "damage": [damage.__dict__ for damage in log.damage],
        "torn": log.torn,
        "cut": log.cut,
        "refusal": log.refusal or None,
        "retired": list(log.retired),
    }


def told(item: Played, with_program: bool) -> dict[str, Any]:
    """A record for programs, and what it did if its program is known."""
    entry = plain(item.record)
    if with_program:
        entry |= {"states": item.routes, "started": item.started, "about": item.about or None}
        entry |= {"changed": item.changed} if item.changed else {}
        entry |= {"skipped": item.skipped or None, "difference": item.difference or None}
    return entry


def _show(log: Log, played: list[Played], with_program: bool) -> None:
    if not played and not log.damage and not log.refusal:
        console.out(f"{log.name}: nothing was committed yet")
        return
    size = f"{console.count(log.blocks, 'block')} of {log.block_size} bytes"
    console.out(f"{console.strong(log.name)}: {console.count(len(played), 'record')} in {size}")
    damage = {item.number: item for item in log.damage}
    for item in played:
        for number in sorted(n for n in damage if n <= item.record.number):
            console.out(_damage_line(damage.pop(number)))
        for line in lines(item, with_program):
            console.out(line)
    for left in damage.values():
        console.out(_damage_line(left))
    if log.torn:
        console.out(console.faint("       a write was cut off here; it was never committed"))
    if log.cut is not None:
        console.out(console.bad(f"{_cut_line(log)}; tsme journal repair mends it"))
    if log.retired:
        console.out(console.bad(_retired_line(log)))
    if log.refusal:
        console.out(console.bad(f"a device cannot go on from this journal: {log.refusal}"))


def _damage_line(item: Damage) -> str:
    last = f" to {item.until - 1}" if item.until and item.until > item.number + 1 else ""
    place = f"block {item.block}, offset {item.offset}"
    return console.bad(f"{item.number:5}  damaged: record {item.number}{last} ({place})")


def _cut_line(log: Log) -> str:
    whole = log.blocks * log.block_size
    what = "is cut off" if (log.cut or 0) < whole else "goes on behind its end"
    return f"the file {what}: {log.cut} bytes, not {whole}"


def _retired_line(log: Log) -> str:
    blocks = ", ".join(map(str, log.retired))
    which = f"block {blocks} has" if len(log.retired) == 1 else f"blocks {blocks} have"
    of = f"{len(log.retired)} of {log.blocks}"
    return f"       the flash wears out: {which} failed ({of}) and will not be used any more"


def lines(item: Played, with_program: bool) -> list[str]:
    """A record for people: a line, and one for what it did."""
    record = item.record
    number = console.faint(f"{record.number:5}")
    if record.kind == "checkpoint":
        return [f"{number}  {when(record):24}{'checkpoint':11} {said(record)}"]
    kind = console.name(f"{record.input:11}")
    text = said(record, item.about, bad=console.bad, faint=console.faint)
    shown = [f"{number}  {when(record):24}{kind} {text}".rstrip()]
    indent = " " * 43
    if item.routes or item.started or item.ended or item.changed:
        did = (item.route, " ".join(item.changed), *item.started)
        text = ", ".join([part for part in did if part])
        if item.ended:
            paint = console.good if item.ended == "succeeded" else console.bad
            text = f"{text} → {paint(item.ended)}" if text else paint(item.ended)
        shown.append(indent + text)
    if item.difference:
        shown.append(indent + console.bad(f"differs: {item.difference}"))
    elif item.skipped and with_program:
        shown.append(indent + console.faint(f"not replayed: {item.skipped}"))
    return shown


@journal.command()
@click.argument("log", metavar="JOURNAL")
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help="FILE.json, .cbor, .msgpack or .cborseq (RFC 8742).  [default: the standard output]",
)
@option("Of the standard output.  [default: json]")
@in_region
def export(log: str, output: str, form: str | None) -> int:
    """Write all records of a journal in an open form.

    Each record is an object with named fields, in an array or in a CBOR sequence. Byte strings
    are hexadecimal in JSON.
    """
    sequence = output.endswith(".cborseq")
    form = ending(output) or form or "json"
    if output != "-" and not sequence and not ending(output):
        message = f'"{output}" ends in none of .json, .cbor, .msgpack and .cborseq'
        raise HostError("TSME-H003", message)
    items = [plain(record) for record in read_log(log).records]
    if sequence:
        write_bytes(
            output, b"".join(cbor.encode(item, True) for item in items), "CBOR sequence of records"
        )
    elif form != "json":
        write_bytes(output, write(items, form), "export of a journal")
    else:
        text = json.dumps(items, ensure_ascii=False, indent=2, default=console.opaque)
        write_bytes(output, text.encode() + b"\n", "export of a journal")
    if output != "-":
        console.note(f"{output}: {console.count(len(items), 'record')}")
    return DONE


journal.add_command(effects)
for command in (resize, repair):
    journal.add_command(command)
COMMANDS = (journal,)
