"""What a campaign has covered and found, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tsme.kernel.protocol import INPUTS
from tsme_host.tools import console

from .campaign import Failure, Result
from .coverage import Missed, Seen, missed
from .simulation import Simulation
from .subjects import Subject

_MOST = 12  # names in a line
_BEGIN, _END = 6, 30  # lines of a long story that are shown


def summary(kind: type[Simulation], those: Sequence[Subject], result: Result) -> Iterator[str]:
    """What was covered, and what never."""
    seen = result.seen
    speed = f", {seen.steps / result.seconds:,.0f} steps/s" if result.seconds > 0.2 else ""
    said = f"{console.count(seen.seeds, 'seed')}, {seen.moves:,} moves, {seen.steps:,} steps"
    yield f"{console.strong(kind.__name__)}: {said} in {result.seconds:.1f} s{speed}"
    if seen.faults:
        yield f"  faults    {_counts(seen.faults)}"
    for subject in those:
        of = seen.devices.get(subject.name)
        if of:
            yield from _device(subject, of, len(those) > 1)
    for path, gaps in unreached(result).items():
        yield f"  {console.bad('never run')} {path}: lines {gaps}"


def _device(subject: Subject, seen: Seen, several: bool) -> Iterator[str]:
    if several:
        yield f"  {console.strong(subject.name)}"
    inputs = {name: n for name, n in zip(INPUTS, seen.inputs, strict=True) if n}
    yield f"  inputs    {_counts(inputs)}"
    rows: list[tuple[str, Any]] = [
        ("tasks", seen.tasks), ("rejected", seen.rejected), ("states", seen.states),
        ("retries", seen.retries), ("ends", seen.ends),
    ]  # fmt: skip
    for name, counts in rows:
        if counts:
            yield f"  {name:<9} {_counts(counts)}"
    if seen.edges or seen.catches:
        kinds = f"{len(seen.edges)} kinds of transitions"
        yield f"  {'ways':<9} {kinds}, {len(seen.catches)} of catches"
    gaps = missed(subject, seen)
    if gaps is not None:
        yield from _missed(gaps)


def _missed(gaps: Missed) -> Iterator[str]:
    if not gaps:
        yield f"  {console.good('everything was reached')}"
        return
    for name, what in (
        ("states", gaps.states),
        ("transitions", [f"{a} → {b}" for a, b in gaps.edges]),
        ("retries", gaps.retries),
        ("catches", [f"{a} → {b}" for a, b in gaps.catches]),
    ):
        if what:
            yield f"  {console.bad('never reached')} {name}: {_names(what)}"


def _counts(counts: Counter[str] | dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return _names([f"{name} {n:,}" for name, n in ordered])


def _names(names: Iterable[str]) -> str:
    known = list(names)
    more = f" … and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return ", ".join(known[:_MOST]) + more


def unreached(result: Result) -> dict[str, str]:
    """Lines of machines that never ran, by file, as "3-5, 9"; of files that were traced."""
    out = {}
    for path, lines in result.seen.lines.items():
        gaps = sorted(result.seen.could[path] - lines)
        if gaps:
            out[path] = _ranges(gaps)
    return out


def _ranges(numbers: Sequence[int]) -> str:
    out: list[list[int]] = []
    for n in numbers:
        if out and n == out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def told(failure: Failure, at: str, lines: Iterable[str], test: str) -> Iterator[str]:
    """A failure for people: what, when, and how to have it again."""
    yield console.bad(f"✗ seed {failure.seed}: {failure.message}")
    shrunk = f", shrunk from {failure.shrunk:,}" if failure.shrunk > len(failure.moves) else ""
    moves = console.count(len(failure.moves), "move")
    where = f"at {failure.where}; " if failure.where else ""
    yield f"  {where}{moves}{shrunk}{f'; commit {at}' if at else ''}"
    if not failure.steady:
        yield "  It did not come again from its own seed: the simulation or the machine depends on"
        yield "  more than the seed, as on time, random, or the order of a set."
    story = list(lines)
    if len(story) > _BEGIN + _END:
        left = len(story) - _BEGIN - _END
        story[_BEGIN:-_END] = [f"             … {left} more, in the file …"]
    yield from (f"  {line}" for line in story)
    yield ""
    yield "As a test (from tsme.testing import replay, replay_file):"
    yield ""
    yield from (f"    {line}" for line in test.splitlines())


def as_json(kind: type[Simulation], those: Sequence[Subject], result: Result) -> dict[str, Any]:
    """The same for scripts."""
    seen = result.seen
    failure = result.failure
    devices: dict[str, Any] = {}
    for subject in those:
        of = seen.devices.get(subject.name, Seen())
        gaps = missed(subject, of)
        devices[subject.name] = {
            "inputs": {name: n for name, n in zip(INPUTS, of.inputs, strict=True) if n},
            "states": dict(of.states),
            "transitions": [[a, b, n] for (a, b), n in sorted(of.edges.items())],
            "catches": [[a, b, n] for (a, b), n in sorted(of.catches.items())],
            "retries": dict(of.retries),
            "tasks": dict(of.tasks),
            "rejected": dict(of.rejected),
            "ends": dict(of.ends),
            "never_reached": None if gaps is None else vars(gaps),
        }
    return {
        "simulation": kind.__name__,
        "seeds": seen.seeds,
        "moves": seen.moves,
        "steps": seen.steps,
        "seconds": round(result.seconds, 3),
        "faults": dict(seen.faults),
        "devices": devices,
        "lines_never_run": unreached(result),
        "failure": None
        if failure is None
        else {
            "seed": failure.seed,
            "message": failure.message,
            "where": failure.where,
            "moves": [list(move) for move in failure.moves],
            "without": list(failure.without),
        },
    }
