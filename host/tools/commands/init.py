"""`tsme init`: a folder with a first workflow, its tasks, a scenario, and main.py for a board."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from pathlib import Path

import click

from .. import console
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
MAIN = """\
import machine

import tsme
from tasks import tasks

# Set the clock first (ntptime.settime(), or an RTC with a battery): a Wait is a point in time.
# A program is verified once; an old one stays as long as an execution that began with it.
programs = tsme.ProgramFiles("programs")
with open("soil.tsm", "rb") as f:  # from `tsme compile soil.asl.json --no-debug -o soil.tsm`
    program = programs.put(f.read())
# A file does on every board; raw flash is faster and wears less: docs/BOARDS.md.
journal = tsme.Journal(tsme.FileFlash("journal.bin", count=16))
engine = tsme.Engine(
    program,
    journal,
    programs=programs,
    tasks=tasks,
    # Called with ms, at most an hour, when only time has to pass.  Leave it out while you work
    # over USB, which a board in deep sleep does not answer.
    sleep=machine.deepsleep,
)
try:
    if engine.outcome():  # it ended right before a reset: perhaps nobody was told
        print(engine.outcome())
    print(engine.run_sync({}))  # goes on with what a reset interrupted, or starts anew
except tsme.TsmeError as error:  # the journal is of another release of tsme, say: what to do
    print(error)
"""
IGNORED = """\
__pycache__/
*.bin
*.mail
*.programs/
*.tsm
*.sim.json
"""
FILES = {
    "soil.asl.json": FLOW,
    "tasks.py": TASKS,
    "soil.test.json": TEST,
    "main.py": MAIN,
    ".gitignore": IGNORED,
}
_NEXT = """\
next:
  cd {folder}
  tsme check soil.asl.json
  tsme test
  tsme run soil.asl.json --tasks tasks.py --journal j.bin
main.py is for a board: docs/BOARDS.md"""


@click.command()
@click.argument("folder", metavar="FOLDER")
def init(folder: str) -> int:
    """Make a folder with a first workflow, its tasks and a test.

    A new folder, or an empty one: soil.asl.json, tasks.py for laptop and board, scenarios in
    soil.test.json, main.py for a board, and .gitignore.
    """
    if not folder:
        raise HostError("TSME-H002", "FOLDER is empty", "name a new folder")
    target = Path(folder)
    if target.is_dir() and any(target.iterdir()):
        raise not_writable(folder, "it is there, and not empty", "name a new folder")
    if target.exists() and not target.is_dir():
        raise not_writable(folder, "it is a file", "name a new folder")
    try:
        _make(target)
    except OSError as error:
        raise not_writable(folder, error) from None
    for name in FILES:
        console.out(str(target / name))
    console.note(_NEXT.format(folder=shlex.quote(folder)))
    return DONE


def _make(target: Path) -> None:
    """All files or none."""
    beside = target if target.is_dir() else target.absolute().parent
    part = Path(tempfile.mkdtemp(prefix=".tsme-", dir=beside))
    try:
        for name, text in FILES.items():
            part.joinpath(name).write_text(text, encoding="utf-8")
        if not target.is_dir():
            part.chmod(0o777 & ~_umask())
            part.rename(target)
            return
        for name in FILES:
            part.joinpath(name).rename(target / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


COMMANDS = (init,)
