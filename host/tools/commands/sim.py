"""`tsme sim`: many seeds of a simulation, on all cores; and failures had again.

The one command that looks up to the simulator, which otherwise stands above the host's tools.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError, did_you_mean
from ..files import read_value
from .graph import draw, known_ending

if TYPE_CHECKING:
    from tsme_sim.campaign import Failure, Result
    from tsme_sim.simulation import Simulation

_SECONDS = 10.0  # unless seeds or seconds are given


class Options(TypedDict):
    """What `tsme sim` takes beside its file."""

    given: str | None
    seeds: str | None
    seconds: float | None
    jobs: int | None
    cluster: str | None
    replay: str | None
    graph: str | None
    as_json: bool


@click.command("sim", short_help="Simulate devices with many seeds and faults.")
@click.argument("target", metavar="[FILE[:CLASS]]", required=False)
@click.option(
    "--input",
    "-i",
    "given",
    metavar="JSON",
    help="Of a workflow.  [default: the inputs of FLOW.test.json, or {}]",
)
@click.option("--seeds", metavar="N", help="So many seeds, or those from A to B: 100-200.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help=f"For so long.  [default: {_SECONDS:g}, or until all seeds are done]",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes.  [default: one for each core]",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Spread the seeds over a cluster of Dask, as tcp://10.0.0.2:8786, or local.",
)
@click.option("--replay", metavar="FILE", help="Have a failure again that was saved.")
@click.option("--graph", metavar="FILE", help="Draw what was reached: FILE.svg or FILE.mmd.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@takes_values
def sim(target: str | None, **options: Unpack[Options]) -> int:
    """Simulate a workflow, or what a Python file says: docs/SIMULATION.md.

    Each seed is a world of its own, with power cuts, lost and late messages, failing tasks and
    wrong clocks. A failure is made as small as possible and saved as NAME-SEED.sim.json.

    Exits with 0 if no seed failed, 1 if one did, 2 if FILE cannot be used.
    """
    if options["graph"]:
        known_ending(options["graph"])
    if options["replay"]:
        return _replay(options["replay"], target)
    if target is None:
        raise HostError("TSME-H001", "Missing argument 'FILE[:CLASS]'", "see tsme sim --help")
    file, names = _chosen(target)
    if options["given"] is not None and file.suffix == ".py":
        hint = "write start = ... in its class"
        raise HostError("TSME-H002", "--input is for a workflow, not for a simulation", hint)
    seeds = _seeds(options["seeds"])
    if options["graph"] and len(names) > 1:
        text = f"{target} has several simulations, and --graph draws one"
        raise HostError("TSME-H081", text, f"name one: {file}:{names[0]}")
    failed = [_run(file, name, seeds, options) for name in names]
    return FAILED if any(failed) else DONE


def _chosen(target: str) -> tuple[Path, list[str]]:
    """The file, and the simulations in it that are meant."""
    from tsme_sim.reproducer import simulations  # noqa: PLC0415

    path, _, name = target.rpartition(":") if ".py:" in target else (target, "", "")
    known = simulations(Path(path))
    if name and name not in known:
        hint = did_you_mean(name, known) or f"it has {', '.join(known)}"
        raise HostError("TSME-H080", f'"{path}" has no simulation "{name}"', hint)
    return Path(path), [name] if name else list(known)


def _seeds(text: str | None) -> range | None:
    if text is None:
        return None
    first, dash, last = text.partition("-")
    try:
        seeds = range(int(first), int(last) + 1) if dash else range(int(first))
    except ValueError:
        seeds = range(0)
    if not seeds:
        text = f'"--seeds {text}" names no seeds'
        raise HostError("TSME-H002", text, "write a number, or a range as 100-200")
    return seeds


def _run(file: Path, name: str, seeds: range | None, options: Options) -> bool:
    """One simulation; has a seed failed?"""
    from tsme_sim.beginning import beginning  # noqa: PLC0415
    from tsme_sim.campaign import shrink  # noqa: PLC0415
    from tsme_sim.picture import covered  # noqa: PLC0415
    from tsme_sim.reproducer import simulations  # noqa: PLC0415
    from tsme_sim.subjects import subjects_of  # noqa: PLC0415
    from tsme_sim.summary import as_json, summary  # noqa: PLC0415

    given = options["given"]
    kind = simulations(file, () if given is None else (read_value(given),))[name]
    those = subjects_of(kind)
    beginning(kind, those)  # what is wrong with its journal is no failure of a seed
    seconds = options["seconds"] or (None if seeds else _SECONDS)
    with _progress(name, seeds, seconds) as progress:
        result = _spread(file, kind, seeds, seconds, options, progress)
    if result.failure and not result.failure.killed:
        result.failure = shrink(kind, those, result.failure)
    if options["as_json"]:
        console.out_json(as_json(kind, those, result))
    else:
        for line in summary(kind, those, result):
            console.out(line)
    if options["graph"]:
        seen = result.seen.devices
        draw(covered(those[0], seen[those[0].name]), options["graph"])
        console.note(f"{options['graph']}: what was reached")
    if result.failure:
        _failed(file, kind, result.failure, options["as_json"])
    return result.failure is not None


def _spread(
    file: Path,
    kind: type[Simulation],
    seeds: range | None,
    seconds: float | None,
    options: Options,
    progress: Callable[[int], None],
) -> Result:
    """Run the seeds in processes of this machine, or on a cluster."""
    from tsme_sim.jobs import parallel, spread  # noqa: PLC0415

    jobs = options["jobs"]
    if options["cluster"] is None:
        return parallel(file, kind, seeds, jobs or os.cpu_count() or 1, seconds, progress)
    from tsme_sim.cluster import crew  # noqa: PLC0415

    with crew(options["cluster"], jobs, file, kind) as cluster:
        return spread(cluster, seeds, seconds, progress)


def _failed(file: Path, kind: type[Simulation], failure: Failure, quiet: bool) -> None:
    from tsme_sim.reproducer import ENDING, commit, regression, save, story  # noqa: PLC0415
    from tsme_sim.summary import told  # noqa: PLC0415

    if failure.killed:
        if not quiet:
            console.out(console.bad(f"✗ seed {failure.seed}: {failure.message}"))
        target = file if file.suffix != ".py" else f"{file}:{kind.__name__}"
        console.note(f"again: tsme sim {target} --seeds {failure.seed}-{failure.seed}")
        return
    path = Path(f"{kind.__name__}-{failure.seed}{ENDING}")
    if not quiet:
        lines = story(kind, failure)
        test = regression(kind, failure)
        for line in told(failure, commit(file.resolve().parent), lines, test):
            console.out(line)
    save(path, file, kind, failure)
    console.note(f"saved: {path} (tsme sim --replay {path})")


def _replay(path: str, target: str | None) -> int:
    """Have a saved failure again."""
    from tsme_sim.reproducer import again, commit, load, regression, story  # noqa: PLC0415
    from tsme_sim.summary import told  # noqa: PLC0415

    saved = load(Path(path))
    where = target or saved.simulation
    file, _, name = where.rpartition(":") if ":" in where else (where, "", "")
    place = Path(file) if target else Path(path).parent / file
    place, names = _chosen(f"{place}:{name}" if name and name != "Workflow" else str(place))
    kind, failure = again(place, names[0], saved.failure, saved.inputs)
    if failure is None:
        console.out(f"{console.good('✓')} it does not fail any more: {saved.failure.message}")
        return DONE
    at = commit(place.resolve().parent)
    for line in told(failure, at, story(kind, failure), regression(kind, failure)):
        console.out(line)
    return FAILED


@contextmanager
def _progress(
    name: str, seeds: range | None, seconds: float | None
) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, if there is one: of seeds, or of time."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    import time  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    begun = time.monotonic()
    done = 0
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=len(seeds) if seeds else seconds)

        def move(n: int) -> None:
            nonlocal done
            done += n
            at = done if seeds else time.monotonic() - begun
            bar.update(task, completed=at, description=f"{name}: {done:,} seeds")

        yield move


COMMANDS = (sim,)
