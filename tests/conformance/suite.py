"""Verdicts: each case of a folder, judged on one interpreter."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import interpreters
from tsme.errors import TsmeError
from tsme.kernel.limits import LIMITS
from tsme.values import cbor
from tsme_host.compiler.backend.emit import Compiled
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError
from tsme_host.tools.aws.history import replay_history

from . import dated, definitions, states
from .definitions import text_of, told
from .driver import Run, drive
from .judge import Case, compare
from .verdicts import Verdict, bug, excused, known_differences, verdict

BATCH = interpreters.ROOT / "firmware" / "boards" / "unix" / "batch.py"
# A laptop has room for all of them.
SIZE = 1 << 24
LIMITS["program_bytes"] = LIMITS["state_bytes"] = LIMITS["step_bytes"] = SIZE


def cases(folder: Path) -> Iterator[Case]:
    """All cases below a folder, by file name; other JSON files are passed over.

    Raises ValueError, which names the file, for one that holds no JSON.
    """
    for path in sorted(folder.rglob("*.json")):
        try:
            item = json.loads(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{path} holds no JSON: {error}") from None
        if isinstance(item, dict) and "id" in item and "kind" in item and "expected" in item:
            yield item


def judge_all(
    found: Iterable[Case], on: str, known: dict[str, str] | None = None
) -> list[Verdict]:
    """The verdict on each case, in the order given."""
    known = known_differences() if known is None else known
    verdicts: list[Verdict] = []
    runs: list[tuple[int, Case, _Ran]] = []
    for case in found:
        try:
            ran = _judge(case)
        except Exception as error:  # one broken case, or bug, must not hide all other verdicts
            ran = verdict(case, "failed", bug(error))
        if isinstance(ran, _Ran):
            runs.append((len(verdicts), case, ran))
            ran = verdict(case, "failed", "not judged")
        verdicts.append(ran)
    jobs = [(ran.program, ran.run) for _, _, ran in runs]
    problems = [""] * len(jobs) if on == "cpython" else run_elsewhere(on, jobs)
    for (n, case, ran), problem in zip(runs, problems, strict=True):
        try:
            diffs = [problem] if problem else ran.differences()
        except Outdated as why:
            verdicts[n] = verdict(case, "skipped", f"AWS has changed: {why}", True)
            continue
        except Exception as error:
            diffs = [bug(error)]
        verdicts[n] = verdict(case, "failed" if diffs else "passed", "; ".join(diffs))
    return [excused(v, known) for v in verdicts]


class Outdated(Exception):
    """AWS would not answer today as it was recorded."""


@dataclass(frozen=True)
class _Ran:
    """A case that has run here, and may run elsewhere before its records are judged."""

    program: bytes
    run: Run
    differences: Callable[[], list[str]]


def _judge(case: Case) -> _Ran | Verdict:
    kind = case["kind"]
    if kind == "execution":
        prepared = _prepare(case)
        if isinstance(prepared, Verdict):
            return prepared
        run = drive(case, prepared)
        return _Ran(prepared.program, run, lambda: differences(case, prepared, run))
    if kind == "test_state":
        tested = states.prepare(case)
        if isinstance(tested[0], str):
            return verdict(case, *tested)
        _, made, run = tested
        return _Ran(made.compiled.program, run, lambda: states.differences(case, tested))
    if kind in definitions.KINDS:
        return verdict(case, *definitions.judge(case))
    return verdict(case, "skipped", f"cases of the kind {kind} are not known")


def _prepare(case: Case) -> Compiled | Verdict:
    """The program of an execution; a case is skipped if all that is wrong is refused by name."""
    try:
        return compile_text(text_of(case), step_bytes=SIZE)
    except CompileError as e:
        wrong = [p for p in e.problems if not p.refusal]
        if wrong:
            return verdict(case, "failed", "does not compile: " + told(wrong))
        return verdict(case, "skipped", "; ".join(dict.fromkeys(p.message for p in e.problems)))


def differences(case: Case, compiled: Compiled, run: Run) -> list[str]:
    """What an execution did otherwise than AWS, by its records alone."""
    if run.stuck:
        return [run.stuck]
    try:
        history = replay_history(compiled.program, compiled.debug, run.records, run.notes)
    except TsmeError as e:
        return [str(e)]
    events = [{k: v for k, v in event.items() if k != "time"} for event in history.events]
    answer = history.answer()
    if why := dated.outdated(case, answer):
        raise Outdated(why)
    return compare(case, answer | {"events": events}) + dated.chains(case, events)


def run_elsewhere(
    on: str, jobs: list[tuple[bytes, Run]], limits: dict[str, int] | None = None
) -> list[str]:
    """Run the same inputs on another interpreter, all in one process.  The records of each run
    become those of that interpreter; returns a problem for each, "" for none.  What ends the
    process fails, and the rest runs in a new one."""
    problems: list[str] = []
    while len(problems) < len(jobs):
        left = jobs[len(problems) :]
        answers, said = _run_batch(on, left, limits or {})
        for (_, run), (records, problem) in zip(left, answers, strict=False):
            problems.append(f"{on}: {problem}" if problem else _same(on, run.records, records))
            run.records = records
        if len(answers) < len(left):
            problems.append(f"{on} ended in this case: {said}")
    return problems


def _run_batch(
    on: str, jobs: list[tuple[bytes, Run]], limits: dict[str, int]
) -> tuple[list[Any], str]:
    """What each job gave, [records, problem], up to one that ended the process; its last words."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "jobs"), Path(folder, "results")
        sent = [cbor.encode([program, run.inputs, limits], True) for program, run in jobs]
        source.write_bytes(b"".join(sent))
        target.write_bytes(b"")
        done = interpreters.run(on, BATCH, [source, target, str(SIZE)], heap="256m", timeout=600)
        said = (done.stderr + done.stdout).decode(errors="replace").strip()
        data = target.read_bytes()
    answers: list[Any] = []
    at = 0
    while at < len(data):
        answer, at = cbor.decode(data, at, True)
        answers.append(answer)
    return answers, said or str(done.returncode)


def _same(on: str, here: list[bytes], there: list[bytes]) -> str:
    for n, (a, b) in enumerate(zip(here, there, strict=False)):
        if a != b:
            return f"the record of step {n + 1} differs on {on}: {b.hex()} instead of {a.hex()}"
    return "" if len(here) == len(there) else f"{len(there)} steps on {on}, not {len(here)}"


def as_json(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """What `JSON=file` holds."""
    return [{"id": v.id, "verdict": v.verdict, "why": v.why} for v in verdicts]
