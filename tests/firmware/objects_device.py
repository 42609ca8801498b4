# Reads and writes objects in a folder, on any interpreter: objects_device.py FOLDER
import sys

from tsme import Engine, Program, Tasks
from tsme.engine.item_files import serve
from tsme.values.json import dumps

folder = sys.argv[1]
tasks = Tasks()
serve(tasks, folder)
for name in ("read", "list"):
    with open(folder + "/" + name + ".tsm", "rb") as f:  # noqa: PTH123
        engine = Engine(Program(f.read()), seed=lambda: 1, tasks=tasks)
    o = engine.run_sync({"to": "out"})
    print(dumps([o.status, o.output, o.error, o.cause]))
