"""`tsme journal effects`: which tasks' effects ran how often, as far as a journal proves it."""

from __future__ import annotations

from typing import Any

import click

from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED
from ..forms import answers
from ..handlers import load_tasks
from ..journal.image import Log, read_log
from ..journal.ledger import ENDS, SUCCEEDED, Bounds, Ledger, LedgerEntry, Total, keep
from ..journal.ledger import FAILED as FAILING
from ..journal.partition import in_region
from ..journal.replayer import Played, programs_of

_WITHOUT = "answered without it"
_LEGEND = """\
At least and at most, as far as records prove it: the start of a `once` task is a record, other
starts and resets are none. Where a `once` task has a check, what it said is believed.\
"""


@click.command()
@click.argument("log", metavar="JOURNAL")
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="The .tsm, workflow or machine (FILE.py:CLASS) that ran, if it is not kept beside the "
    "journal. May be repeated.",
)
@click.option(
    "--tasks",
    "-t",
    metavar="TASKS.py",
    help="The handlers: says which effects they declare. The file is loaded, none is called.",
)
@answers
@in_region
@takes_values
def effects(log: str, programs: tuple[str, ...], tasks: str | None, form: str | None) -> int:
    """Show what became of every task, and how often its handler ran.

    The start of a `once` task is on record before its handler runs, so that it ran once or never;
    its result shows that it did. Of other tasks a result shows that they ran, and nothing shows
    how often: after a reset they start again, and no record is made of that. Without --tasks only
    `once` tasks that were started are known by their effect.

    Exits with 1 if records are damaged, or differ from what the program does.
    """
    read = read_log(log)
    known = programs_of(read, programs)
    handlers = load_tasks(tasks) if tasks else None
    ledger, played = keep(read, known, handlers)
    if form:
        console.answer(_account(read, ledger, played), form)
    else:
        _show(read, ledger, played)
    differs = any(item.difference for item in played)
    return FAILED if read.damage or differs else DONE


def _complete(log: Log, played: list[Played]) -> bool:
    """Whether the account has all that ever happened."""
    return (
        not log.damage
        and not any(item.skipped or item.difference for item in played)
        and (not played or played[0].record.number == 0)
    )


def _account(log: Log, ledger: Ledger, played: list[Played]) -> dict[str, Any]:
    return {
        "journal": log.name,
        "complete": _complete(log, played),
        "actions": [_plain(item) for item in ledger.booked],
        "resources": [
            {
                "resource": total.resource,
                "effect": total.effect or None,
                "actions": len(total.actions),
                **{end.replace(" ", "_"): total.count(end) for end in ENDS},
                **_limits(total.ran),
            }
            for total in ledger.totals()
        ],
        "emitted": ledger.emitted,
        "not_as_declared": list(ledger.strange()),
        "damage": [damage.__dict__ for damage in log.damage],
    }


def _plain(item: LedgerEntry) -> dict[str, Any]:
    out: dict[str, Any] = {
        "execution": item.execution,
        "action": item.action,
        "state": item.state or None,
        "resource": item.resource,
        "effect": item.effect or None,
        "handed_out": item.handed,
        "begun": item.begun,
        "started": item.start,
        "end": item.end,
        "ended": item.ended,
    }
    if item.end == SUCCEEDED:
        out["result"] = item.result
    elif item.error:
        out["error"], out["cause"] = item.result
    return out | _limits(item.ran)


def _limits(ran: Bounds) -> dict[str, int | None]:
    return {"at_least": ran[0], "at_most": ran[1]}


# --- for people --------------------------------------------------------------------------------


def _show(log: Log, ledger: Ledger, played: list[Played]) -> None:
    if not played:
        console.out(f"{log.name}: nothing was committed yet")
        return
    tasks = console.count(len(ledger.booked), "task")
    executions = dict.fromkeys(item.execution for item in ledger.booked)
    said = console.count(len(executions), "execution")
    if any(item.skipped for item in played):
        said += ", as far as it was replayed"
    console.out(f"{console.strong(log.name)}: {tasks} of {said}")
    for execution in executions:
        console.out(f"execution {execution}")
        mine = [item for item in ledger.booked if item.execution == execution]
        console.table([_row(item) for item in mine], right=2)
    if ledger.booked:
        console.out("in all")
        console.table([_sum(total) for total in ledger.totals()])
    for kind, n in ledger.emitted.items():
        console.out(f"  {console.name(kind)}  emitted {_times((0, n))}")
    _remarks(log, ledger, played)


def _remarks(log: Log, ledger: Ledger, played: list[Played]) -> None:
    console.note(_LEGEND)
    if any(item.restored for item in ledger.booked):
        console.note("After a reset restore() may have had another task answer in place of these.")
    for resource in ledger.strange():
        console.note(f"{resource} ran under another effect than the tasks file declares")
    if played[0].record.number:
        console.note(f"what came before record {played[0].record.number} is gone from the journal")
    for why in dict.fromkeys(item.skipped for item in played if item.skipped):
        number = sum(item.skipped == why for item in played)
        console.note(f"{console.count(number, 'record')} not replayed: {why}")
    for item in played:
        if item.difference:
            console.out(console.bad(f"record {item.record.number} differs: {item.difference}"))
    for damage in log.damage:
        place = f"block {damage.block}, offset {damage.offset}"
        console.out(console.bad(f"damaged: record {damage.number} ({place})"))


def _without(item: LedgerEntry) -> bool:
    """It has a result, and its handler never ran: after a reset something else answered."""
    return item.end in (SUCCEEDED, FAILING) and item.ran[1] == 0


def _row(item: LedgerEntry) -> list[str]:
    """Record, action, state, resource, effect, how often it ran, how it ended."""
    handed = "" if item.handed is None else str(item.handed)
    effect = _effect(item.effect, [item])
    if item.begun:
        effect = "once, started" if item.start is None else f"once, started in {item.start}"
    end = item.end
    if _without(item):
        end = f"{_WITHOUT}: {console.short(item.result, 40)}"
    elif item.end == SUCCEEDED:
        end = console.good(f"{end}: ") + console.short(item.result, 40)
    elif item.end == FAILING:
        end = console.bad(f"{end}: {': '.join(str(part) for part in item.result if part)}")
    elif item.error:
        end = console.bad(end)
    action = f"action {item.action}"
    where = item.state or "?"
    return ["", handed, action, where, item.resource, effect, _times(item.ran), end]


def _sum(total: Total) -> list[str]:
    """Resource, effect, how often it ran, and how many actions ended how."""
    apart = [item.end for item in total.actions if _without(item)]
    counts = {end: total.count(end) - apart.count(end) for end in ENDS} | {_WITHOUT: len(apart)}
    ends = ", ".join(f"{n} {end}" for end, n in counts.items() if n)
    effect = _effect(total.effect, total.actions)
    return ["", total.resource, effect, _times(total.ran), ends]


def _effect(known: str, actions: list[LedgerEntry]) -> str:
    """A handler that answered without a start on record was not declared as `once`."""
    if known or not any(item.ran[0] for item in actions):
        return known or "?"
    return "not once"


def _times(ran: Bounds) -> str:
    """`exactly once`, `once or never`, `at least 3 times`, `2 to 3 times`."""
    least, most = ran
    if most == 0:
        return "never"
    if most is None:
        return f"at least {_number(least)}" if least else "perhaps, nobody counted"
    if least == most:
        return f"exactly {_number(most)}"
    if least == 0:
        return "once or never" if most == 1 else f"at most {_number(most)}"
    return f"{least} to {_number(most)}"


def _number(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
