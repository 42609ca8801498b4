"""`tsme replay`: does the journal come out of the program again, byte for byte?"""

from __future__ import annotations

from typing import Any

import click

from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..forms import answers
from ..journal.image import Log, plain, read_log
from ..journal.partition import in_region
from ..journal.quick import Same, identical
from ..journal.replayer import Played, play_all, programs_of


@click.command(short_help="Run a journal's inputs again, compare every byte.")
@click.argument("log", metavar="JOURNAL")
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="The .tsm, workflow or machine (FILE.py:CLASS) that ran, if it is not kept beside the "
    "journal. May be repeated.",
)
@answers
@in_region
@takes_values
def replay(log: str, programs: tuple[str, ...], form: str | None) -> int:
    """Run a journal's inputs through the kernel again and compare every byte.

    Exits with 0 if all records that can be replayed are identical, 1 at the first difference.
    """
    same = identical(log, programs)
    if same:
        if form:
            console.answer(_plain_same(same), form)
        else:
            _show_same(same)
        return DONE
    read = read_log(log)
    if not read.records:
        raise HostError("TSME-H044", f'the journal "{log}" holds no records')
    played = []
    for item in play_all(read, programs_of(read, programs)):
        played.append(item)
        if item.difference:
            break
    if form:
        console.answer(_plain(read, played), form)
    else:
        _show(read, played)
    return FAILED if played[-1].difference or read.damage else DONE


_TORN = "the last write was cut off; it was never committed"
_GONE = "what came before is gone from the journal"


def _did(steps: int, executions: int, checkpoints: int) -> str:
    did = f"{console.count(steps, 'step')}, {console.count(executions, 'execution')}"
    return did + (f", {console.count(checkpoints, 'checkpoint')}" if checkpoints else "")


def _show_same(same: Same) -> None:
    console.out(
        f"{console.good('identical')}: {_did(same.steps, same.executions, same.checkpoints)}"
    )
    if same.skipped:
        console.note(f"{console.count(same.skipped, 'record')} not replayed: {_GONE}")
    if same.torn:
        console.note(_TORN)


def _plain_same(same: Same) -> dict[str, Any]:
    return {
        "identical": True,
        "steps": same.steps,
        "checkpoints": same.checkpoints,
        "executions": same.executions,
        "skipped": [{"record": same.first + n, "why": _GONE} for n in range(same.skipped)],
        "damage": [],
        "torn": same.torn,
        "difference": None,
    }


def _counts(played: list[Played]) -> tuple[int, int, int]:
    """Identical steps and checkpoints, and executions that were seen."""
    same = [item for item in played if not item.skipped and not item.difference]
    steps = sum(item.record.kind == "step" for item in same)
    executions = {
        (item.record.fields["execution"]) for item in same if "execution" in item.record.fields
    }
    return steps, len(same) - steps, len(executions)


def _plain(log: Log, played: list[Played]) -> dict[str, Any]:
    steps, checkpoints, executions = _counts(played)
    last = played[-1]
    out: dict[str, Any] = {
        "identical": not last.difference and not log.damage,
        "steps": steps,
        "checkpoints": checkpoints,
        "executions": executions,
        "skipped": [
            {"record": item.record.number, "why": item.skipped} for item in played if item.skipped
        ],
        "damage": [damage.__dict__ for damage in log.damage],
        "torn": log.torn,
        "difference": None,
    }
    if last.difference:
        got = None if last.got is None else f"{last.got:08x}"
        out["difference"] = plain(last.record) | {"why": last.difference, "got": got}
    return out


def _show(log: Log, played: list[Played]) -> None:
    steps, checkpoints, executions = _counts(played)
    last = played[-1]
    did = _did(steps, executions, checkpoints)
    if last.difference:
        _show_difference(last, did)
    else:
        console.out(f"{console.good('identical')}: {did}")
    for why in dict.fromkeys(item.skipped for item in played if item.skipped):
        number = sum(item.skipped == why for item in played)
        console.note(f"{console.count(number, 'record')} not replayed: {why}")
    for damage in log.damage:
        place = f"block {damage.block}, offset {damage.offset}"
        console.out(console.bad(f"damaged: record {damage.number} ({place})"))
    if log.torn:
        console.note(_TORN)


def _show_difference(item: Played, did: str) -> None:
    record = item.record
    what = f"input {record.input}" if record.kind == "step" else "checkpoint"
    console.out(
        f"{console.bad('different')} at record {record.number} ({what}): {item.difference}"
    )
    console.out(f"  identical before it: {did}")
    if item.got is not None:
        console.out(f"  digest in the journal: {record.digest:08x}")
        console.out(f"  digest of the replay:  {item.got:08x}")
    for name, value in record.fields.items():
        shown = bytes(value).hex() if isinstance(value, bytes) else console.short(value)
        console.out(f"  {name}: {shown}")
    if item.routes:
        console.out(f"  states entered: {item.route}")
    if item.started:
        console.out(f"  then: {', '.join(item.started)}")


COMMANDS = (replay,)
