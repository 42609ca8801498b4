"""What has run in a heap is recovered in it: each example, reset behind each step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import interpreters
from tsme_host.compiler.compile import compile_text

EXAMPLES = interpreters.ROOT / "examples"
MAIN = Path(__file__).with_name("heap_main.py")
HEAP = "112k"  # of a board; its words have 32 bits
WORKFLOWS = {"coldchain": 20, "greenhouse": 100, "pumps": 15}  # and the steps they have at least
HEAPS = {"pumps": "136k"}  # JSONata, whose code lies in the heap here, too


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is put on a board."""
    interpreters.require("micropython32")
    folder = tmp_path_factory.mktemp("board") / "lib"
    script = interpreters.ROOT / "setup" / "package.py"
    subprocess.run([sys.executable, script, "--mpy", folder], check=True)
    return folder


def boot(folder: Path, library: Path, heap: str, *args: str) -> list[str]:
    """What a process with that heap prints until it ends."""
    words = [str(interpreters.find("micropython32")), "-X", f"heapsize={heap}", *args]
    done = subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"MICROPYPATH": f"{library}:.:.frozen"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{args}: {done.stderr[-1500:]}"
    return done.stdout.splitlines()


def board(name: str, folder: Path) -> None:
    """The example's own code, compiled as the package is, with its program and input."""
    example = EXAMPLES / name
    flow = (example / f"{name}.asl.json").read_text(encoding="utf-8")
    (folder / "program.tsm").write_bytes(compile_text(flow).program)
    for source in (example / "tasks.py", MAIN):
        words = ["-O2", "-s", source.name, "-o", str(folder / f"{source.stem}.mpy"), str(source)]
        subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)
    for path in (*example.glob("input.json"), *example.glob("*.csv")):
        shutil.copy(path, folder)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_recovered_behind_each_step_in_the_heap_it_ran_in(
    name: str, library: Path, tmp_path: Path
) -> None:
    heap = HEAPS.get(name, HEAP)
    first = tmp_path / "first"
    first.mkdir()
    board(name, first)
    end = boot(first, library, heap, "-m", "heap_main", "keep")[-1]
    expected = json.loads((EXAMPLES / name / "expected.json").read_text(encoding="utf-8"))
    assert json.loads(end) == ["succeeded", expected]
    images = sorted(first.glob("after*.flash.bin"))
    assert len(images) >= WORKFLOWS[name]
    again = tmp_path / "again"
    again.mkdir()
    board(name, again)
    for image in images:
        step = image.name.split(".")[0]
        for lasting in ("flash.bin", "clock.txt", "valve.txt", "report.txt"):
            (again / lasting).unlink(missing_ok=True)
            if (first / f"{step}.{lasting}").exists():
                shutil.copy(first / f"{step}.{lasting}", again / lasting)
        number = int(step.removeprefix("after"))
        whole = number % 10 == 1 or number == len(images)  # the others take three steps
        told = boot(again, library, heap, "-m", "heap_main", *([] if whole else ["3"]))
        assert told[0] == str(number)
        if whole:
            # What the reset interrupted is not done again: the pumps water less then.
            assert json.loads(told[-1])[0] == "succeeded"
            assert name == "pumps" or told[-1] == end


LINES = {
    "counter": ["1", "20", "-5", "-100", "x", "7"] * 3,
    "loyalty": [
        json.dumps({"card": card, "cents": 222 * n, "do": "buy", "number": n, "till": till})
        for n in range(1, 4)
        for card, till in (("ada", "bar"), ("bob", "door"))
    ],
    "dentist": [
        json.dumps(
            {"do": "book", "number": n, "patient": "ada", "kind": "check-up", "slot": ["mon", 540]}
        )
        for n in range(1, 4)
    ],
}


@pytest.mark.parametrize("name", LINES)
def test_a_state_machine_is_recovered_before_each_line_in_the_heap_it_ran_in(
    name: str, library: Path, tmp_path: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
        for source in (EXAMPLES / name).glob("*.py"):
            if source.stem in (name, "tasks", "main"):
                shutil.copy(source, folder)

    def told(folder: Path, lines: list[str]) -> str:
        done = subprocess.run(
            [str(interpreters.find("micropython32")), "-X", f"heapsize={HEAP}", "main.py"],
            cwd=folder,
            input="".join(f"{line}\n" for line in lines).encode(),
            capture_output=True,
            env=os.environ | {"MICROPYPATH": f"{library}:.:.frozen"},
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()[-1500:]
        return done.stdout.decode()

    told(whole, LINES[name])
    for line in LINES[name]:
        told(parts, [line])
    assert told(parts, []) == told(whole, [])
