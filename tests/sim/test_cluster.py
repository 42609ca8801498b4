"""Seeds on a cluster of Dask: the same results, each failure its own seed's, and honest errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tests.sim import killers
from tests.sim.dasks import Dasks
from tests.tools.shell import COMMAND
from tsme import __version__

RARE = ROOT / "tests" / "sim" / "rare.py"
KILLERS = ROOT / "tests" / "sim" / "killers.py"
MARKED = """
from pathlib import Path
Path("{place}", f"ran-{{__import__('os').getpid()}}").touch()
"""


def sim(folder: Path, *given: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "sim", *map(str, given)], cwd=folder, env=os.environ | environment,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def numbers(folder: Path, *given: str | Path) -> dict[str, object]:
    done = sim(folder, *given, "--json")
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
def dasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dasks]:
    """A worker with two threads, and one with one."""
    folder = tmp_path_factory.mktemp("dask")
    made = Dasks(folder)
    try:
        made.worker("--nthreads", "2", KILLED_ONCE=str(folder / "once"))
        made.worker("--nthreads", "1", KILLED_ONCE=str(folder / "once"))
        yield made
    finally:
        made.end()


def test_the_same_seeds_give_the_same_result_wherever_they_run(dasks: Dasks, tmp_path: Path):
    for seeds, failing in (("20", False), ("200", True), ("20-100", True)):
        of_one = numbers(tmp_path, RARE, "--seeds", seeds, "--jobs", "1")
        assert bool(of_one["failure"]) == failing
        assert numbers(tmp_path, RARE, "--seeds", seeds, "--jobs", "3") == of_one
        given = ("--seeds", seeds, "--cluster", dasks.address)
        assert numbers(tmp_path, RARE, *given) == of_one


def test_a_workflow_and_its_coverage_are_the_same_too(dasks: Dasks, tmp_path: Path):
    folder = tmp_path / "flow"
    shutil.copytree(ROOT / "examples" / "greenhouse", folder)
    flow = next(folder.glob("*.asl.json"))
    given = (flow, "--seeds", "6")
    of_one = numbers(tmp_path, *given, "--jobs", "1")
    assert of_one["devices"]
    assert numbers(tmp_path, *given, "--cluster", dasks.address) == of_one


@pytest.mark.parametrize(
    ("name", "how"),
    [("Ends", "ended itself with status 3"), ("Segfaults", "was ended by SIGSEGV")],
)
def test_a_seed_that_ends_its_process_is_a_failure_of_that_seed(
    dasks: Dasks, tmp_path: Path, name: str, how: str
):
    found = []
    for where in (["--jobs", "1"], ["--jobs", "2"], ["--cluster", dasks.address]):
        done = sim(tmp_path, f"{KILLERS}:{name}", "--seeds", "60", *where, "--json")
        assert done.returncode == 1
        again = f"tsme sim {KILLERS}:{name} --seeds {killers.SEED}-{killers.SEED}"
        assert done.stderr == f"again: {again}\n"
        found.append(json.loads(done.stdout) | {"seconds": 0})
    assert found[0] == found[1] == found[2]
    assert found[0]["seeds"] == killers.SEED + 1
    failure = found[0]["failure"]
    assert (failure["seed"], failure["message"]) == (killers.SEED, f"Killed: its process {how}")
    told = sim(tmp_path, f"{KILLERS}:{name}", "--seeds", f"{killers.SEED}-{killers.SEED}").stdout
    assert f"✗ seed {killers.SEED}: Killed: its process {how}" in told


def test_a_seed_that_takes_its_worker_along_is_told_from_its_neighbours(
    dasks: Dasks, tmp_path: Path
):
    given = (f"{KILLERS}:TakesItsWorkerAlong", "--seeds", "60", "--cluster", dasks.address)
    found = numbers(tmp_path, *given)
    failure = found["failure"]
    assert isinstance(failure, dict)
    assert failure["seed"] == killers.SEED
    assert failure["message"] == (
        "Killed: its process was lost with its worker, alone and four times"
    )
    # All below it were run, and count.
    below = (f"{KILLERS}:Ends", "--seeds", str(killers.SEED), "--jobs", "1")
    assert found["moves"] == numbers(tmp_path, *below)["moves"]
    assert found["seeds"] == killers.SEED + 1


def test_a_seed_that_was_ended_from_outside_is_not_blamed(dasks: Dasks, tmp_path: Path):
    given = (f"{KILLERS}:EndedFromOutside", "--seeds", "60", "--cluster", dasks.address)
    done = sim(tmp_path, *given, KILLED_ONCE=os.devnull)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (dasks.folder / "once").read_text(encoding="ascii") == "1"
    assert "60 seeds, 1,200 moves" in done.stdout


def test_a_cluster_of_this_machine_needs_nothing_begun_before(tmp_path: Path):
    given = (RARE, "--seeds", "40")
    local = numbers(tmp_path, *given, "--cluster", "local", "--jobs", "1")
    assert local == numbers(tmp_path, *given, "--jobs", "1")


def crash(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.crash", *given], cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_journal_is_proven_on_a_cluster_too(dasks: Dasks):
    done = crash("--seconds", "2", "--cluster", dasks.address)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.findall(r"^(C|Python):.* ([\d,]+) cut states .* 0 violations", done.stdout, re.M)
    assert [on for on, _ in found] == ["C", "Python"]
    states = sum(int(n.replace(",", "")) for _, n in found)
    assert states
    assert done.stdout.splitlines()[-1] == f"{states} cut states, 0 violations"
    done = crash("--seconds", "2", "--cluster", "nonsense://")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: TSME-S090: no scheduler of Dask answers at nonsense://: " in done.stderr
    assert "Traceback" not in done.stderr


# --- what can be wrong -------------------------------------------------------------------------


def refused(folder: Path, address: str, code: str) -> str:
    done = sim(folder, RARE, "--seeds", "20", "--cluster", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tsme: error {code}: "), done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_what_is_no_cluster_is_said_with_how_to_begin_one(tmp_path: Path):
    for address in ("nonsense://", "10.0.0.2:port", "tcp://127.0.0.1:1"):
        said = refused(tmp_path, address, "TSME-S090")
        assert f"no scheduler of Dask answers at {address}: " in said
        assert "begin one: dask scheduler; it says its address" in said


def test_without_the_package_it_is_said_what_to_install(tmp_path: Path):
    (tmp_path / "distributed.py").write_text("raise ImportError\n", encoding="ascii")
    done = sim(tmp_path, RARE, "--cluster", "local", PYTHONPATH=str(tmp_path))
    assert done.stderr == (
        "tsme: error TSME-S091: --cluster needs the package distributed; "
        'pip install "tsme[cluster]"\n'
    )


def test_a_cluster_without_workers_and_one_with_other_software_is_an_error(tmp_path: Path):
    cluster = Dasks(tmp_path)
    try:
        said = refused(tmp_path, cluster.address, "TSME-S092")
        assert f"has no workers; begin one: dask worker {cluster.address}" in said

        without = tmp_path / "without" / "tsme_sim"
        without.mkdir(parents=True)
        said = "raise ModuleNotFoundError(\"No module named 'tsme_sim'\")\n"
        (without / "__init__.py").write_text(said, encoding="ascii")
        worker = cluster.worker("--nthreads", "1", PYTHONPATH=str(without.parent))
        said = refused(tmp_path, cluster.address, "TSME-S095")
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
        said = refused(tmp_path, cluster.address, "TSME-S094")
        assert f"has other tsme: 0.0.7, here it is {__version__}; install {same}" in said
        init.write_text(text + "# a change\n", encoding="utf-8")
        end(worker)
        cluster.worker("--nthreads", "1", PYTHONPATH=str(other))
        assert "has other source of tsme: " in refused(tmp_path, cluster.address, "TSME-S094")
    finally:
        cluster.end()


def end(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGINT)
    worker.wait(30)


def test_files_that_are_not_the_same_on_all_machines_are_an_error(dasks: Dasks, tmp_path: Path):
    path = tmp_path / "moved.py"
    text = RARE.read_text(encoding="utf-8")
    # On the workers there is another module beside it.
    path.write_text(f"import os\nif 'KILLED_ONCE' in os.environ:\n    import beside\n{text}",
                    encoding="utf-8")  # fmt: skip
    (tmp_path / "beside.py").touch()
    done = sim(tmp_path, path, "--seeds", "5", "--cluster", dasks.address)
    assert done.stderr.startswith(
        f"tsme: error TSME-S094: a worker of {dasks.address} has other files of the simulation: "
    )
    assert done.stderr.endswith("; all machines need the same files at the same path\n")
    # Or none at all.
    path.write_text(f"import os\nif 'KILLED_ONCE' in os.environ:\n    import nothing\n{text}",
                    encoding="utf-8")  # fmt: skip
    done = sim(tmp_path, path, "--seeds", "5", "--cluster", dasks.address)
    assert done.stderr.startswith(f"tsme: error TSME-S002: a worker of {dasks.address} cannot")
    assert done.stderr.endswith("; files must be at the same path on all machines\n")


def test_a_scheduler_that_is_lost_ends_it_with_what_to_do(tmp_path: Path):
    cluster = Dasks(tmp_path)
    try:
        cluster.worker("--nthreads", "1")
        process = begun(tmp_path, cluster.address)
        cluster.scheduler.kill()
        out, said = process.communicate(timeout=60)
        assert (process.returncode, out) == (2, "")
        assert said == (
            f"tsme: error TSME-S093: the scheduler at {cluster.address} is gone; "
            "begin it again, or leave out --cluster\n"
        )
    finally:
        cluster.end()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_who_ends_the_command_ends_what_runs_on_the_cluster(
    dasks: Dasks, tmp_path: Path, name: str
):
    process = begun(tmp_path, dasks.address)
    process.send_signal(signal.Signals[name])
    said = process.communicate(timeout=60)[1]
    expected = {"SIGINT": "\ntsme: interrupted\n", "SIGTERM": "tsme: ended by SIGTERM\n"}
    assert said == expected[name]
    until(lambda: not any(alive(path) for path in tmp_path.glob("ran-*")))


def alive(path: Path) -> bool:
    try:
        os.kill(int(path.name.removeprefix("ran-")), 0)
    except ProcessLookupError:
        return False
    return True


def begun(folder: Path, address: str) -> subprocess.Popen[str]:
    """A campaign that goes on for long, and has begun on a worker."""
    path = folder / "long.py"
    text = RARE.read_text(encoding="utf-8").replace("% 499 != 498", ">= 0")
    path.write_text(text + MARKED.format(place=folder), encoding="utf-8")
    process = subprocess.Popen(
        [COMMAND, "sim", path, "--seconds", "300", "--cluster", address], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    # The command itself imports the file too.
    until(lambda: len([*folder.glob("ran-*")]) > 1 or process.poll() is not None)
    return process
