"""Vectors of relational machines, judged: what each step must come to, on one interpreter.

docs/RELATIONAL.md says what a vector is.  Compared are the result, the active states, the clock,
the queue tick, transitions, nested results, subscriptions that have come about, the last error,
and the order of handlers where it is one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT, run

Vector = dict[str, Any]
Told = dict[str, Any]
SCRIPT = ROOT / "tests" / "relational" / "vectors_device.py"
_PLAIN = ("result", "active", "clock", "queue_tick", "transitions", "calls")
_LOST = (
    "a subscription to what came about in a transition whose final handler raised: the original "
    "forgets it, here the next transition that is accepted tells of it"
)


@dataclass(frozen=True)
class Verdict:
    """`verdict` is passed or failed; `why` of one that passed: see docs/DIFFERENCES.md."""

    id: str
    group: str
    verdict: str
    why: str = ""


def read(path: Path) -> list[Vector]:
    """The vectors of a file; ValueError, which names it, if it holds none."""
    try:
        found = json.loads(path.read_bytes())
    except OSError:
        raise ValueError(f"there is no file {path}") from None
    except ValueError as error:
        raise ValueError(f"{path} holds no JSON: {error}") from None
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and {"name", "schema", "steps"} <= one.keys() for one in found
    ):
        raise ValueError(f"{path} holds no vectors: a list of objects with name, schema, steps")
    return found


def outcomes(vectors: list[Vector], on: str, *, restore: bool = False) -> list[list[Told]]:
    """What an interpreter makes of each vector: of the beginning, and of each step.

    `restore`: each step begins with what the checkpoint before it has.  Raises ValueError with
    what the interpreter wrote if it comes to no end.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.json"
        path.write_text(json.dumps(vectors), encoding="utf-8")
        args = [str(path), "restore"] if restore else [str(path)]
        done = run(on, SCRIPT, args, timeout=1800, heap="64m")
    if done.returncode:
        raise ValueError(f"{on} failed: {done.stderr.decode(errors='replace')}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def judge(vector: Vector, told: list[Told]) -> Verdict:
    """Whether a machine did what a vector says."""
    group = str(vector.get("group", ""))

    def verdict(name: str, why: str = "") -> Verdict:
        return Verdict(str(vector["name"]), group, name, why)

    if not vector.get("deterministic", True):
        wanted = vector["alternatives"]
        if any(not list(_different(vector, one, told)) for one in wanted):
            return verdict("passed")
        why = list(_different(vector, wanted[0], told))
        return verdict("failed", f"none of {len(wanted)} outcomes; of the first: {why[0]}")
    expected = [vector["initial_expect"], *(step["expect"] for step in vector["steps"])]
    wrong = list(_different(vector, expected, told))
    if not wrong:
        return verdict("passed")
    if all(why.startswith("lost ") for why in wrong):
        return verdict("passed", _LOST)
    return verdict("failed", "; ".join(wrong))


def _different(vector: Vector, expected: list[Told], told: list[Told]) -> Iterator[str]:
    if len(expected) != len(told):
        yield f"{len(told)} outcomes in place of {len(expected)}"
        return
    panics = (vector.get("handlers") or {}).get("panic", [])
    final = any(name.endswith(("State", "End")) for name in panics)
    told_before: set[str] = set()
    for number, (want, got) in enumerate(zip(expected, told, strict=True)):
        for name in _PLAIN:
            if name in want and want[name] != got[name]:
                yield f"step {number}: {name} is {got[name]}, not {want[name]}"
        if "calls_any_order" in want and sorted(got["calls"]) != want["calls_any_order"]:
            yield f"step {number}: calls are {got['calls']}, in no order of these"
        if "err" in want and not _same_error(want["err"], got["err"]):
            yield f"step {number}: err is {got['err']}, not {want['err']}"
        if "nested" in want and not _alike(want["nested"], got["nested"]):
            yield f"step {number}: nested is {got['nested']}, not {want['nested']}"
        fired = sorted(set(want.get("fired", ())) - told_before)
        more = set(got["fired"]) - set(fired)
        if set(fired) - set(got["fired"]) or more and not final:
            yield f"step {number}: fired is {got['fired']}, not {want.get('fired', [])}"
        elif more:
            told_before |= more
            yield f"lost {sorted(more)} in step {number}"


def _same_error(want: str | None, got: str | None) -> bool:
    # How a schema that contradicts itself, or a wait for ticks of too many states, is put into
    # words is our own.
    own = (" both requires and removes ", "when_time() has ")
    return want == got or bool(want and got and any(text in got for text in own))


def _alike(want: list[Told], got: list[Told]) -> bool:
    # `states` and `tick` where the vector has them
    return len(want) == len(got) and all(
        {name: b.get(name) for name in a} == a for a, b in zip(want, got, strict=True)
    )


def judge_all(vectors: list[Vector], on: str, *, restore: bool = False) -> list[Verdict]:
    """A verdict for each vector, in their order."""
    told = outcomes(vectors, on, restore=restore)
    return [judge(vector, one) for vector, one in zip(vectors, told, strict=True)]


def as_json(verdicts: list[Verdict]) -> list[dict[str, str]]:
    """As `JSON=file` has them."""
    return [{"id": v.id, "verdict": v.verdict, "why": v.why} for v in verdicts]
