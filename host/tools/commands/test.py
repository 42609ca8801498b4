"""`tsme test`: scenarios of workflows, in virtual time, on CPython and MicroPython."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypedDict, Unpack

import click

from tsme.errors import TsmeError

from .. import console, engines
from ..aws.history import replay_history
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..handlers import names_class
from ..journal.image import duration
from ..limits import how_to_raise, limited, limits_of, no_limits
from ..outputs import keep_others, write_bytes
from ..scenario.expectations import CaseOutcome, differences, shown
from ..scenario.scenarios import Case, Scenarios, find, load
from ..scenario.virtual_time import MockAnswer, Run, StartedTask, Unanswered, run
from .test_batches import run_batch


@dataclass
class Result:
    """A case on one interpreter.  `remarks`: what is odd, but no failure."""

    file: str
    name: str
    on: str
    case: Case
    run: Run
    seconds: float
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    outcome: CaseOutcome | None = None


class Options(TypedDict):
    """What `tsme test` takes beside its files."""

    on: str | None
    only: str | None
    junit: str | None
    limits: tuple[str, ...]
    verbose: bool
    as_json: bool


@click.command("test", short_help="Run scenario tests, with tasks mocked.")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--on",
    type=click.Choice([*engines.NAMES, "both"]),
    help="The interpreter; core: CPython with the C core; both: here and on MicroPython.  "
    "[default: core, or cpython where it is not]",
)
@click.option("-k", "only", metavar="TEXT", help="Only cases with TEXT in their file or name.")
@click.option("--junit", metavar="FILE", help="Write the results as JUnit XML.")
@click.option(
    "--limit",
    "limits",
    metavar="NAME=N",
    multiple=True,
    help="Raise a limit that boards have, such as state_bytes=65536. May be repeated.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show what each case did.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@takes_values
def test(paths: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Run scenario tests: *.test.json in the folders given, or the files given.

    A test file says what a workflow is given, what its tasks answer, and what is to come of it;
    docs/TESTING.md tells how. Nothing waits: a month passes in a moment.

    Exits with 0 if all cases passed, 1 if one failed, 2 if a test file cannot be used.
    """
    on, only, junit = options["on"], options["only"], options["junit"]
    here = engines.chosen(on if on in ("core", "cpython") else None)
    limits = limits_of(options["limits"])
    if junit:
        keep_others(junit, "JUnit XML")
    chosen, files = _chosen(paths, only)
    for _, case in chosen:
        case.limits |= limits
    interpreters = (here, "micropython") if on == "both" else (on or here,)
    with engines.using(here):
        results = _run_all(chosen, interpreters)
    shared = [] if only else [_unused(file) for file in files]
    remarks = {file.path: texts for file, texts in zip(files, shared, strict=False) if texts}
    if junit:
        from ..scenario.junit import junit_xml  # noqa: PLC0415

        write_bytes(junit, junit_xml(results), "JUnit XML")
    if options["as_json"]:
        console.out_json([_as_json(result) for result in results])
    else:
        _show(results, remarks, options["verbose"], on == "both")
    return FAILED if any(result.problems for result in results) else DONE


def _chosen(
    paths: tuple[str, ...], only: str | None
) -> tuple[list[tuple[str, Case]], list[Scenarios]]:
    """The cases to run, each with its file."""
    for path in paths:
        if path.endswith(".py") or names_class(path):
            hint = "tsme sim tries machines: docs/SIMULATION.md"
            raise HostError("TSME-H014", f'"{path}" is Python, not a test of a workflow', hint)
    files = [load(path) for path in find(paths)]
    if not files:
        where = ", ".join(f'"{path}"' for path in paths) or "this folder"
        hint = "write one beside a workflow, named as it is: flow.test.json"
        raise HostError("TSME-H070", f"there is no *.test.json in {where}", hint)
    cases = [(file.path, case) for file in files for case in file.cases]
    if only is not None:
        cases = [it for it in cases if only.lower() in f"{it[0]} {it[1].name}".lower()]
        if not cases:
            raise HostError("TSME-H074", f'no case has "{only}" in its file or name')
    return cases, files


# --- running ----------------------------------------------------------------------------------


def _run_all(chosen: list[tuple[str, Case]], interpreters: Iterable[str]) -> list[Result]:
    """Every case here, which finds out the inputs; then the same inputs elsewhere."""
    runs = []
    for _, case in chosen:
        begun = time.perf_counter()
        runs.append((_play(case), time.perf_counter() - begun))
    results: list[Result] = []
    for on in interpreters:
        made = [
            Result(file, case.name, on, case, done, seconds)
            for (file, case), (done, seconds) in zip(chosen, runs, strict=True)
        ]
        if on == "micropython":
            _elsewhere(made)
        for result in made:
            _judge(result)
            result.problems = [how_to_raise(text) for text in result.problems]
        results += made
    return results


def _play(case: Case) -> Run:
    """Run a case here."""
    played = None
    if case.handlers:
        from ..scenario.handlers import Handlers  # noqa: PLC0415  brings asyncio

        played = Handlers(case.handlers, case.world, case.begin.now)

    def ask(call: StartedTask) -> MockAnswer | None:
        mock = case.mock(call)
        if mock is None and played:
            return played.answer(call)
        if mock is None:
            hint = f'add "{call.state}" to "tasks"'
            raise Unanswered(f"{call.state} calls {call.resource}, which is not mocked; {hint}")
        try:
            return mock.next()
        except IndexError:
            times = console.count(len(mock.answers), "answer")
            what = f"{call.state} calls {call.resource} once more, but has {times}"
            raise Unanswered(f"{what}; its payload is {shown(call.payload)}") from None

    with limited(case.limits):
        done = run(case.workflow.what, case.begin, ask)
    if played:
        done.world = played.world
    return done


def _elsewhere(results: list[Result]) -> None:
    """The same inputs on MicroPython: its records are what is judged."""
    began = time.perf_counter()
    jobs = [(r.case.workflow.program, r.run.inputs, r.case.limits) for r in results]
    found = run_batch(jobs)
    seconds = (time.perf_counter() - began) / max(1, len(results))
    for result, (records, problem) in zip(results, found, strict=True):
        here = result.run.records
        result.seconds = seconds
        if problem:
            result.problems.append(problem)
        elif records != here:
            pairs = zip(here, records, strict=False)
            number = next((n for n, (a, b) in enumerate(pairs, 1) if a != b), len(records))
            result.problems.append(f"step {number} differs from the same step on CPython")


def _judge(result: Result) -> None:
    """What is wrong with a result."""
    case, done = result.case, result.run
    result.remarks = [m.unused for m in case.mocks.values() if not m.shared and m.unused]
    if done.records:
        with no_limits():
            try:
                workflow = case.workflow
                told = replay_history(workflow.program, workflow.debug, done.records)
            except TsmeError as error:
                result.problems.append(str(error))
                return
        result.outcome = CaseOutcome(told, done)
    if done.problem:
        result.problems.append(done.problem)
    elif result.outcome and case.expected:
        result.problems += differences(case.expected, result.outcome)
    elif result.outcome and result.outcome.history.status == "RUNNING":
        result.problems.append(f"it waits forever for {', '.join(done.waits_for) or 'nothing'}")


def _unused(file: Scenarios) -> list[str]:
    """The mocks of a whole file that no case used."""
    unused = [mock for mock in file.shared if mock.ours and not any(m.used for m in mock.ours)]
    return [f'"{mock.name}" is mocked, but no case calls it' for mock in unused]


# --- telling ----------------------------------------------------------------------------------


def _show(results: list[Result], remarks: dict[str, list[str]], verbose: bool, both: bool) -> None:
    for (file, on), group in groupby(results, lambda result: (result.file, result.on)):
        console.out(console.strong(file) + (f" on {on}" if both or on == "micropython" else ""))
        for result in group:
            _show_one(result, verbose)
        if on == results[0].on:
            for text in remarks.get(file, []):
                console.out(f"  {console.faint('!')} {text}")
    failed = sum(bool(result.problems) for result in results)
    odd = len({(r.file, r.name, text) for r in results for text in r.remarks})
    odd += sum(map(len, remarks.values()))
    counts = [console.good(f"{len(results) - failed} passed")] if failed < len(results) else []
    counts += [console.bad(f"{failed} failed")] if failed else []
    counts += [f"{console.count(odd, 'mock')} not used up"] if odd else []
    files = console.count(len({result.file for result in results}), "file")
    console.out()
    console.out(f"{files}, {console.count(len(results), 'case')}: {', '.join(counts)}")


def _as_json(result: Result) -> dict[str, Any]:
    """A result with --json; `answer` is the execution's, as far as it came."""
    return {
        "file": result.file,
        "name": result.name,
        "on": result.on,
        "passed": not result.problems,
        "problems": result.problems,
        "remarks": result.remarks,
        "duration_ms": result.run.duration,
        "states": result.outcome.states if result.outcome else [],
        "answer": result.outcome.history.answer() if result.outcome else None,
    }


def _show_one(result: Result, verbose: bool) -> None:
    mark = console.bad("✗") if result.problems else console.good("✓")
    took = console.faint(f"({duration(result.run.duration)})")
    console.out(f"  {mark} {result.name} {took}")
    for text in result.problems:
        console.out(f"      {console.bad(text)}")
    for text in result.remarks:
        console.out(f"      {console.faint('!')} {text}")
    if not result.outcome or not (verbose or result.problems):
        return
    history = result.outcome.history
    console.out(console.faint(f"      entered: {' → '.join(result.outcome.states)}"))
    if not verbose:
        return
    for call in result.run.calls:
        name = f"{call.state} calls {call.resource}" if call.state else call.resource
        console.out(console.faint(f"      {name}: {shown(call.payload)}"))
    answer = [f"{name} {shown(value)}" for name, value in history.answer().items()]
    console.out(console.faint(f"      {', '.join(answer[1:]) or answer[0]}"))


COMMANDS = (test,)
