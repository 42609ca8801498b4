"""`tsme history`: an execution as AWS's GetExecutionHistory would tell it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from ...compiler.backend.disasm import disassemble
from .. import console
from ..aws.causes import compact
from ..aws.events import Event, History
from ..aws.history import replay_history
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..files import Loaded, read_program
from ..forms import answers
from ..journal import store
from ..journal.image import Execution, Log, executions, read_log
from ..journal.partition import in_region
from ..journal.refusals import worded
from ..journal.replayer import check_program, given_of, know
from ..limits import no_limits

_TRUNCATED = {"truncated": False}
_NO_DETAILS = ("LambdaFunctionStarted", "MapRunSucceeded", "MapRunAborted")
_HAS_DETAILS = (
    "Execution",
    "Task",
    "LambdaFunction",
    "Activity",
    "MapIteration",
    "MapRun",
    "EvaluationFailed",
)


@click.command()
@click.argument("log", metavar="JOURNAL")
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="The .tsm or workflow that ran, if it is not kept beside the journal. May be repeated.",
)
@click.option("--execution", type=int, metavar="N", help="Its number.  [default: the last one]")
@click.option(
    "--include-execution-data/--no-include-execution-data",
    "data",
    default=True,
    help="Whether JSON has the inputs and outputs.  [default: it has]",
)
@click.option("--table", is_flag=True, help="Print a line for each event.")
@answers
@in_region
@takes_values
def history(
    log: str,
    programs: tuple[str, ...],
    execution: int | None,
    data: bool,
    table: bool,
    form: str | None,
) -> int:
    """Show an execution as AWS's GetExecutionHistory would.

    The events are worked out by replaying the journal; the device stores none of them. On a
    terminal they are a table, else JSON as `aws stepfunctions get-execution-history` prints it.

    Exits with 1 if the journal is damaged behind the events shown.
    """
    read = read_log(log)
    if machines := [path for path in programs if ".py:" in path]:
        hint = f"write tsme journal show {shlex.quote(log)} --program {shlex.quote(machines[0])}"
        message = f'"{machines[0]}" is a machine, whose history AWS has no words for'
        raise HostError("TSME-H014", message, hint)
    loaded = given_of(read, programs, read_program, lambda item: disassemble(item.data).digest)
    if loaded:
        check_program(read, [know(item) for item in loaded])
    loaded += store.kept(log)
    check_program(read, [know(item) for item in loaded])
    found = executions(read)
    chosen = _choose(read, found, execution)
    with worded(log, "give that one with --program too"):
        told = tell(loaded, chosen)
    if form or not (table or sys.stdout.isatty()):
        console.answer(as_api(told, data), form or "json")
    else:
        show(told)
    if len(found) > 1 and execution is None:
        all_of_them = _numbers([item.number for item in found])
        console.note(f"this is execution {chosen.number}; the journal holds {all_of_them}")
    if chosen.broken:
        console.note(f"what follows in execution {chosen.number} is damaged")
    return FAILED if chosen.broken else DONE


def _choose(log: Log, found: list[Execution], number: int | None) -> Execution:
    """The execution asked for, if its events can be told."""
    of_it = [item for item in found if number in (None, item.number)]
    if not of_it:
        what = "no execution" if number is None else f"no execution {number}"
        hint = f"it holds {_numbers([item.number for item in found])}" if found else ""
        raise HostError("TSME-H044", f'the journal "{log.name}" holds {what}', hint)
    chosen = of_it[-1]
    if not chosen.steps:
        message = f'the journal "{log.name}" does not reach back to the start of execution '
        whole = [item.number for item in found if item.steps]
        hint = f"it does for {_numbers(whole)}" if whole else ""
        raise HostError("TSME-R005", message + str(chosen.number), hint)
    return chosen


def _numbers(found: list[int]) -> str:
    """`1`, `1 and 2`, `3 to 9`: executions follow one another."""
    if len(found) == 1:
        return str(found[0])
    return f"{found[0]} {'and' if len(found) == 2 else 'to'} {found[-1]}"


def tell(programs: list[Loaded], execution: Execution) -> History:
    """The history of an execution of one of the programs."""
    for loaded in programs:
        known = know(loaded)
        if known.program.digest != execution.program:
            continue
        size = known.program.size
        if size == len(loaded.data):
            hint = "compile it without --no-debug, or give the workflow"
            raise HostError("TSME-H046", f'"{loaded.name}" has no debug part', hint)
        with no_limits():
            parts = loaded.data[:size], loaded.data[size:]
            return replay_history(*parts, execution.steps, None, _others(programs, loaded))
    message = f"execution {execution.number} ran another program ({execution.program.hex()})"
    raise HostError("TSME-H043", message, "give that one with --program too")


def _others(programs: list[Loaded], began: Loaded) -> Iterator[tuple[bytes, bytes]]:
    """What an execution may have moved to, as far as it has a debug part."""
    for loaded in programs:
        size = know(loaded).program.size
        if loaded is not began and size < len(loaded.data):
            yield loaded.data[:size], loaded.data[size:]


# --- as the AWS API answers -------------------------------------------------------------------


def as_api(told: History, data: bool = True) -> dict[str, list[Event]]:
    """The answer of GetExecutionHistory, as the AWS CLI prints it.  `data`: includeExecutionData;
    without it AWS leaves out inputs and outputs, but not the `parameters` of a task."""
    return {"events": [_api_event(event, data) for event in told.events]}


def _api_event(event: Event, data: bool) -> Event:
    kind = event["type"]
    out: Event = {
        "timestamp": _time(event["time"]).isoformat(timespec="microseconds"),
        "type": kind,
        "id": event["id"],
        "previousEventId": event["prev"],
    }
    if name := _details_name(kind):
        out[name] = _details(event, data)
    return out


def _details_name(kind: str) -> str:
    """The member that holds the details of an event; empty if it has none."""
    for ending in ("StateEntered", "StateExited"):
        if kind.endswith(ending):
            return f"s{ending[1:]}EventDetails"
    if kind in _NO_DETAILS or not (kind.startswith(_HAS_DETAILS) or kind == "MapStateStarted"):
        return ""
    if kind.endswith(("StateAborted", "StateFailed", "StateSucceeded")):
        return ""
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def _details(event: Event, data: bool) -> Event:
    out: Event = {}
    if "state" in event:
        out["name"] = event["state"]
    for name in ("input", "output"):
        if name in event and data:
            out[name] = compact(event[name])
            out[f"{name}Details"] = dict(_TRUNCATED)
    if "assigned_variables" in event:
        assigned = event["assigned_variables"]
        out["assignedVariables"] = {name: compact(value) for name, value in assigned.items()}
        out["assignedVariablesDetails"] = dict(_TRUNCATED)
    for name, value in event.get("details", {}).items():
        out[name] = compact(value) if name == "parameters" else value
    return out


def _time(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


# --- as a table -------------------------------------------------------------------------------


def show(told: History) -> None:
    """A line for each event, and how the execution stands."""
    rows = [
        (
            console.faint(str(event["id"])),
            console.faint(str(event["prev"])),
            _time(event["time"]).replace(tzinfo=None).isoformat(" ", "milliseconds"),
            console.name(event["type"]),
            event.get("state", ""),
            _shown(event),
        )
        for event in told.events
    ]
    console.table(rows, ("id", "prev", "time (UTC)", "type", "state", "details"), right=2)
    answer = told.answer()
    status = answer.pop("status")
    paint = {"SUCCEEDED": console.good, "RUNNING": console.name}.get(status, console.bad)
    about = ", ".join(_named(name, value) for name, value in answer.items())
    console.out(f"{paint(status)}  {about}".rstrip())


def _shown(event: Event) -> str:
    more: dict[str, Any] = {
        name: event[name] for name in ("input", "output", "assigned_variables") if name in event
    }
    if "assigned_variables" in more:
        more["assigned"] = more.pop("assigned_variables")
    more |= event.get("details", {})
    return ", ".join(_named(name, value) for name, value in more.items())


def _named(name: str, value: Any) -> str:
    plain = isinstance(value, str) and "\n" not in value and name not in ("input", "output")
    return f"{name} {value if plain else console.short(json.loads(compact(value)))}"


COMMANDS = (history,)
