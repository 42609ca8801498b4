"""`tsme init`: a folder with a first workflow, its tasks, a scenario and a simulation."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from pathlib import Path

import click

from .. import console
from ..boards import board_file, project
from ..errors import DONE, HostError
from ..outputs import not_writable

FLOW = """\
{
  "StartAt": "Measure",
  "States": {
    "Measure": {"Type": "Task", "Resource": "measure", "ResultPath": "$.soil", "Next": "Dry?",
                "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]},
    "Dry?": {"Type": "Choice", "Default": "Sleep",
             "Choices": [{"Variable": "$.soil", "NumericLessThan": 300, "Next": "Water"}]},
    "Water": {"Type": "Task", "Resource": "water", "ResultPath": null, "Next": "Sleep"},
    "Sleep": {"Type": "Wait", "Seconds": 10, "End": true}
  }
}
"""
TASKS = """\
import tsme

tasks = tsme.Tasks()


@tasks.task("measure", effect="pure")
def measure(payload):
    return 250


@tasks.task("water", effect="once")  # plain or async; `once`: never silently run again
async def water(payload):
    print("water!")
"""
TEST = """\
{
  "workflow": "soil.asl.json",
  "cases": [
    {
      "name": "dry soil is watered",
      "tasks": {"Measure": {"output": 250}, "Water": {"output": null}},
      "expect": {"status": "SUCCEEDED", "output": {"soil": 250}, "duration_ms": 10000}
    },
    {
      "name": "wet soil is left alone",
      "tasks": {"Measure": {"output": 400}},
      "expect": {"states": ["Measure", "Dry?", "Sleep"]}
    },
    {
      "name": "a sensor that is busy is asked again",
      "tasks": {"Measure": [{"error": "OSError"}, {"output": 400}]},
      "expect": {"output": {"soil": 400}}
    }
  ]
}
"""
SIM = """\
from tsme.testing import Simulation


class GardenSim(Simulation):
    program = "soil.asl.json"
    effects = {"measure": "pure", "water": "once"}

    def __init__(self):
        self.watered = 0

    def task(self, dice, call):  # what a task does, in the world outside
        if call.name == "measure":
            return dice.below(600)
        self.watered += 1
        return None

    def finish(self, devices):
        assert self.watered <= 1, "it is watered twice"
"""
PROJECT = """\
# What the commands in this folder are about: docs/BOARDS.md, "A project folder".
# --board and --port say otherwise, and are remembered here once the board has answered.
{board}
tasks = "tasks.py"  # goes onto the board, with what it imports

[workflows]  # the name of an execution, and what it runs
soil = "soil.asl.json"
"""
NO_BOARD = '# board = "esp32"  # one of those that tsme ports --boards lists'
IGNORED = """\
__pycache__/
.tsme/
*.bin
*.mail
*.programs/
*.tsm
*.sim.json
*.flash
*.key
.tsme/
"""
FILES = {
    "soil.asl.json": FLOW,
    "tasks.py": TASKS,
    "soil.test.json": TEST,
    "sim.py": SIM,
    project.FILE: PROJECT,
    ".gitignore": IGNORED,
}
_NEXT = """\
next:
  cd {folder}
  tsme check soil.asl.json
  tsme test
  tsme sim sim.py
  tsme run soil.asl.json --tasks tasks.py --journal j.bin
and on a board (docs/BOARDS.md):
  {first}
  tsme push soil"""


@click.command()
@click.argument("folder", metavar="FOLDER")
@click.option("--board", metavar="NAME", help="What it is for: tsme ports --boards lists them.")
def init(folder: str, board: str | None) -> int:
    """Make a folder with a first workflow, its tasks and a test.

    A new folder, or an empty one: soil.asl.json, tasks.py for laptop and board, scenarios in
    soil.test.json, a simulation in sim.py, .gitignore, and tsme.toml, which says what the commands
    in it are about.
    """
    if not folder:
        raise HostError("TSME-H002", "FOLDER is empty", "name a new folder")
    chosen = board_file.board(board) if board else None
    target = Path(folder)
    if target.is_dir() and any(target.iterdir()):
        raise not_writable(folder, "it is there, and not empty", "name a new folder")
    if target.exists() and not target.is_dir():
        raise not_writable(folder, "it is a file", "name a new folder")
    line = f'board = "{chosen.name}"' if chosen else NO_BOARD
    files = FILES | {project.FILE: PROJECT.format(board=line)}
    try:
        _make(target, files)
    except OSError as error:
        raise not_writable(folder, error) from None
    for name in files:
        console.out(str(target / name))
    first = "tsme ports" if chosen is None else f"tsme flash {chosen.name}"
    if chosen and chosen.emulator:
        first = f"tsme emulate {chosen.name}  # in a terminal of its own"
    console.note(_NEXT.format(folder=shlex.quote(folder), first=first))
    return DONE


def _make(target: Path, files: dict[str, str]) -> None:
    """All files or none."""
    beside = target if target.is_dir() else target.absolute().parent
    part = Path(tempfile.mkdtemp(prefix=".tsme-", dir=beside))
    try:
        for name, text in files.items():
            part.joinpath(name).write_text(text, encoding="utf-8")
        if not target.is_dir():
            part.chmod(0o777 & ~_umask())
            part.rename(target)
            return
        for name in files:
            part.joinpath(name).rename(target / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


COMMANDS = (init,)
