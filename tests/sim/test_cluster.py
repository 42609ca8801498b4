"""Seeds on a cluster of Dask: the same results, each failure its own seed's, and honest errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.alive import alive
from tests.interpreters import ROOT
from tests.sim import killers
from tests.sim.dasks import Dasks
from tests.sim.warm import Forked, Warm
from tests.tools.shell import spawn
from tsme import __version__

RARE = ROOT / "tests" / "sim" / "rare.py"
KILLERS = ROOT / "tests" / "sim" / "killers.py"
MARKED = """
from pathlib import Path
Path("{place}", f"ran-{{__import__('os').getpid()}}").touch()
"""


class Run:
    """Commands, each a process that has Dask imported."""

    def __init__(self, warm: Warm) -> None:
        self.warm = warm

    def __call__(
        self, folder: Path, *command: object, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        process = self.warm.begin(folder, *command, **environment)
        status = process.wait()
        return subprocess.CompletedProcess([], status, process.told(), process.said())

    def sim(
        self, folder: Path, *given: object, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return self(folder, "tsme", "sim", *given, **environment)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    made = Warm(tmp_path_factory.mktemp("warm"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def run(warm: Warm) -> Run:
    return Run(warm)


def numbers(run: Run, folder: Path, *given: object) -> dict[str, object]:
    done = run.sim(folder, *given, "--json")
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    del found["seconds"]
    return found


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def dasks(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dasks]:
    """A worker with two threads, and one with one."""
    folder = tmp_path_factory.mktemp("dask")
    made = Dasks(warm, folder)
    try:
        made.worker("--nthreads", "2", KILLED_ONCE=str(folder / "once"))
        made.worker("--nthreads", "1", KILLED_ONCE=str(folder / "once"))
        yield made
    finally:
        made.end()


def test_the_same_seeds_give_the_same_result_wherever_they_run(
    run: Run, dasks: Dasks, tmp_path: Path
):
    for seeds, failing in (("20", False), ("200", True), ("20-100", True)):
        of_one = numbers(run, tmp_path, RARE, "--seeds", seeds, "--jobs", "1")
        assert bool(of_one["failure"]) == failing
        assert numbers(run, tmp_path, RARE, "--seeds", seeds, "--jobs", "3") == of_one
        given = ("--seeds", seeds, "--cluster", dasks.address)
        assert numbers(run, tmp_path, RARE, *given) == of_one


def test_a_workflow_and_its_coverage_are_the_same_too(run: Run, dasks: Dasks, tmp_path: Path):
    folder = tmp_path / "flow"
    shutil.copytree(ROOT / "examples" / "greenhouse", folder)
    flow = next(folder.glob("*.asl.json"))
    given = (flow, "--seeds", "6")
    of_one = numbers(run, tmp_path, *given, "--jobs", "1")
    assert of_one["devices"]
    assert numbers(run, tmp_path, *given, "--cluster", dasks.address) == of_one


@pytest.mark.parametrize(
    ("name", "how"),
    [("Ends", "ended itself with status 3"), ("Segfaults", "was ended by SIGSEGV")],
)
def test_a_seed_that_ends_its_process_is_a_failure_of_that_seed(
    run: Run, dasks: Dasks, tmp_path: Path, name: str, how: str
):
    found = []
    for where in (["--jobs", "1"], ["--jobs", "2"], ["--cluster", dasks.address]):
        done = run.sim(tmp_path, f"{KILLERS}:{name}", "--seeds", "60", *where, "--json")
        assert done.returncode == 1
        again = f"tsme sim {KILLERS}:{name} --seeds {killers.SEED}-{killers.SEED}"
        assert done.stderr == f"again: {again}\n"
        found.append(json.loads(done.stdout) | {"seconds": 0})
    assert found[0] == found[1] == found[2]
    assert found[0]["seeds"] == killers.SEED + 1
    failure = found[0]["failure"]
    assert (failure["seed"], failure["message"]) == (killers.SEED, f"Killed: its process {how}")
    told = run.sim(
        tmp_path, f"{KILLERS}:{name}", "--seeds", f"{killers.SEED}-{killers.SEED}"
    ).stdout
    assert f"✗ seed {killers.SEED}: Killed: its process {how}" in told


def test_a_seed_that_takes_its_worker_along_is_told_from_its_neighbours(run: Run, tmp_path: Path):
    # Dask gives a task up when it has lost so many workers, 3 unless it is told.
    cluster = Dasks(run.warm, tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        cluster.worker("--nthreads", "2", nanny=True)
        given = (f"{KILLERS}:TakesItsWorkerAlong", "--seeds", "60", "--cluster", cluster.address)
        found = numbers(run, tmp_path, *given)
    finally:
        cluster.end()
    failure = found["failure"]
    assert isinstance(failure, dict)
    assert failure["seed"] == killers.SEED
    assert failure["message"] == (
        "Killed: its process was lost with its worker, and again when it ran alone"
    )
    # All below it were run, and count.
    below = (f"{KILLERS}:Ends", "--seeds", str(killers.SEED), "--jobs", "1")
    assert found["moves"] == numbers(run, tmp_path, *below)["moves"]
    assert found["seeds"] == killers.SEED + 1


def test_a_seed_that_was_ended_from_outside_is_not_blamed(run: Run, dasks: Dasks, tmp_path: Path):
    given = (f"{KILLERS}:EndedFromOutside", "--seeds", "60", "--cluster", dasks.address)
    done = run.sim(tmp_path, *given, KILLED_ONCE=os.devnull)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (dasks.folder / "once").read_text(encoding="ascii") == "1"
    assert "60 seeds, 1,200 moves" in done.stdout


def test_a_cluster_of_this_machine_needs_nothing_begun_before(run: Run, tmp_path: Path):
    given = (RARE, "--seeds", "40")
    local = numbers(run, tmp_path, *given, "--cluster", "local", "--jobs", "1")
    assert local == numbers(run, tmp_path, *given, "--jobs", "1")


def test_the_journal_is_proven_on_a_cluster_too(run: Run, dasks: Dasks):
    done = run(ROOT, "tests.crash", "--seconds", "1", "--cluster", dasks.address)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.findall(r"^(C|Python):.* ([\d,]+) cut states .* 0 violations", done.stdout, re.M)
    assert [on for on, _ in found] == ["C", "Python"]
    states = sum(int(n.replace(",", "")) for _, n in found)
    assert states
    assert done.stdout.splitlines()[-1] == f"{states} cut states, 0 violations"
    done = run(ROOT, "tests.crash", "--seconds", "1", "--cluster", "nonsense://")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: TSME-S090: no scheduler of Dask answers at nonsense://: " in done.stderr
    assert "Traceback" not in done.stderr


# --- what can be wrong -------------------------------------------------------------------------


def refused(run: Run, folder: Path, address: str, code: str) -> str:
    done = run.sim(folder, RARE, "--seeds", "20", "--cluster", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tsme: error {code}: "), done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_what_is_no_cluster_is_said_with_how_to_begin_one(run: Run, tmp_path: Path):
    for address in ("nonsense://", "10.0.0.2:port", "tcp://127.0.0.1:1"):
        said = refused(run, tmp_path, address, "TSME-S090")
        assert f"no scheduler of Dask answers at {address}: " in said
        assert "begin one: dask scheduler; it says its address" in said


def test_without_the_package_it_is_said_what_to_install(tmp_path: Path):
    (tmp_path / "distributed.py").write_text("raise ImportError\n", encoding="ascii")
    done = spawn("sim", str(RARE), "--cluster", "local", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.stderr == (
        "tsme: error TSME-S091: --cluster needs the package distributed; "
        'pip install "tsme[cluster]"\n'
    )


def test_a_cluster_without_workers_and_one_with_other_software_is_an_error(
    run: Run, tmp_path: Path
):
    cluster = Dasks(run.warm, tmp_path)
    try:
        said = refused(run, tmp_path, cluster.address, "TSME-S092")
        assert f"has no workers; begin one: dask worker {cluster.address}" in said

        without = tmp_path / "without" / "tsme_sim"
        without.mkdir(parents=True)
        said = "raise ModuleNotFoundError(\"No module named 'tsme_sim'\")\n"
        (without / "__init__.py").write_text(said, encoding="ascii")
        worker = cluster.worker("--nthreads", "1", PYTHONPATH=str(without.parent))
        said = refused(run, tmp_path, cluster.address, "TSME-S095")
        assert "No module named 'tsme_sim'" in said
        same = f'the same on all workers: pip install "tsme[cluster]=={__version__}"'
        assert same in said
        end(worker)

        other = tmp_path / "other"
        ours = ROOT / "firmware" / "lib" / "tsme"
        shutil.copytree(ours, other / "tsme", ignore=shutil.ignore_patterns("__pycache__"))
        init = other / "tsme" / "__init__.py"
        text = init.read_text(encoding="utf-8")
        assert f'"{__version__}"' in text
        init.write_text(text.replace(f'"{__version__}"', '"0.0.7"'), encoding="utf-8")
        worker = cluster.worker("--nthreads", "1", PYTHONPATH=str(other))
        said = refused(run, tmp_path, cluster.address, "TSME-S094")
        assert f"has other tsme: 0.0.7, here it is {__version__}; install {same}" in said
        init.write_text(text + "# a change\n", encoding="utf-8")
        end(worker)
        cluster.worker("--nthreads", "1", PYTHONPATH=str(other))
        assert "has other source of tsme: " in refused(run, tmp_path, cluster.address, "TSME-S094")
    finally:
        cluster.end()


def end(worker: Forked) -> None:
    worker.send_signal(signal.SIGINT)
    worker.wait()


def test_files_that_are_not_the_same_on_all_machines_are_an_error(
    run: Run, dasks: Dasks, tmp_path: Path
):
    path = tmp_path / "moved.py"
    text = RARE.read_text(encoding="utf-8")
    # On the workers there is another module beside it.
    path.write_text(f"import os\nif 'KILLED_ONCE' in os.environ:\n    import beside\n{text}",
                    encoding="utf-8")  # fmt: skip
    (tmp_path / "beside.py").touch()
    done = run.sim(tmp_path, path, "--seeds", "5", "--cluster", dasks.address)
    assert done.stderr.startswith(
        f"tsme: error TSME-S094: a worker of {dasks.address} has other files of the simulation: "
    )
    assert done.stderr.endswith("; all machines need the same files at the same path\n")
    # Or none at all.
    path.write_text(f"import os\nif 'KILLED_ONCE' in os.environ:\n    import nothing\n{text}",
                    encoding="utf-8")  # fmt: skip
    done = run.sim(tmp_path, path, "--seeds", "5", "--cluster", dasks.address)
    assert done.stderr.startswith(f"tsme: error TSME-S002: a worker of {dasks.address} cannot")
    assert done.stderr.endswith("; files must be at the same path on all machines\n")


def test_a_scheduler_that_is_lost_ends_it_with_what_to_do(warm: Warm, tmp_path: Path):
    cluster = Dasks(warm, tmp_path)
    try:
        cluster.worker("--nthreads", "1")
        process = begun(warm, tmp_path, cluster.address)
        cluster.scheduler.kill()
        assert (process.wait(), process.told()) == (2, "")
        assert process.said() == (
            f"tsme: error TSME-S093: the scheduler at {cluster.address} is gone; "
            "begin it again, or leave out --cluster\n"
        )
    finally:
        cluster.end()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_who_ends_the_command_ends_what_runs_on_the_cluster(
    warm: Warm, dasks: Dasks, tmp_path: Path, name: str
):
    process = begun(warm, tmp_path, dasks.address)
    process.send_signal(signal.Signals[name])
    process.wait()
    said = process.said()
    expected = {"SIGINT": "\ntsme: interrupted\n", "SIGTERM": "tsme: ended by SIGTERM\n"}
    assert said == expected[name]
    until(lambda: not any(goes_on(path) for path in tmp_path.glob("ran-*")))


def goes_on(path: Path) -> bool:
    """The process that left this file."""
    return alive(int(path.name.removeprefix("ran-")))


def begun(warm: Warm, folder: Path, address: str) -> Forked:
    """A campaign that goes on for long, and has begun on a worker."""
    path = folder / "long.py"
    text = RARE.read_text(encoding="utf-8").replace("% 499 != 498", ">= 0")
    path.write_text(text + MARKED.format(place=folder), encoding="utf-8")
    process = warm.begin(folder, "tsme", "sim", path, "--seconds", "300", "--cluster", address)
    # The command itself imports the file too.
    until(lambda: len([*folder.glob("ran-*")]) > 1 or process.poll() is not None)
    return process
