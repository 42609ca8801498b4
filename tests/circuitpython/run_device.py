# mypy: ignore-errors
# A board as README's main.py is one, with a clock that jumps over every wait:
# run_device.py PROGRAM TASKS INPUT FOLDER.  In FOLDER are journal, programs, and the outcome.
import json
import sys

from tsme import Engine, FileFlash, Journal, ProgramFiles
from tsme.values.json import dumps

program, tasks_py, given, folder = sys.argv[1:]
sys.path.insert(0, tasks_py.rpartition("/")[0])
names = {"__file__": tasks_py, "__name__": "tasks"}
with open(tasks_py) as f:
    exec(compile(f.read(), tasks_py, "exec"), names)


class Clock:
    ms = 1767225600000

    def now(self):
        return self.ms

    def sleep(self, ms):
        self.ms += ms


clock = Clock()
programs = ProgramFiles(folder + "/programs")
with open(program, "rb") as f:
    digest = programs.put(f.read())
engine = Engine(
    digest,
    Journal(FileFlash(folder + "/journal.bin", count=16)),
    clock=clock.now,
    sleep=clock.sleep,
    seed=lambda: 2015,
    tasks=names["tasks"],
    programs=programs,
)
engine.recover()
clock.ms = max(clock.ms, engine.state.now)
print("recovered", engine.state.steps)
if "deep" in folder:
    engine.sleep = None  # handlers take their time
with open(given) as f:
    outcome = engine.run_sync(json.load(f))
print(outcome.status, outcome.error, outcome.cause)
with open(folder + "/outcome.json", "w") as f:
    f.write(dumps(outcome.output))
