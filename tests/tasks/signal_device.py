# Series of numbers through tsme.tasks.signal: signal_device.py JOBS [FOLDER].  JOBS is JSON, of
# [function, arguments]; FOLDER holds a ulab.  Prints the results, one line of JSON each.
import json
import sys

if len(sys.argv) > 2:
    sys.path.insert(0, sys.argv[2])
from tsme import TaskError, Tasks
from tsme.tasks import signal

with open(sys.argv[1]) as f:
    jobs = json.load(f)
tasks = Tasks()
signal.register(tasks)
print(json.dumps(signal.has("array")))
for name, arguments in jobs:
    if ":" in name:
        try:
            found = tasks.handlers[name].function(arguments)
        except TaskError as e:
            found = [e.error, e.cause]
    else:
        found = getattr(signal, name)(*arguments)
    print(json.dumps(found))
