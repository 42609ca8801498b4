# Tasks of the network and real servers: network_device.py JOBS.  JOBS is JSON, of [part, how to
# register, [[task, payload], ..]].  Prints each result, or error, as one line of JSON.
import asyncio
import json
import sys

import tsme.sim
from tsme import TaskError, Tasks
from tsme.engine.tasks import settled

tsme.sim.install()
tasks = Tasks()


class Context:
    execution, action, attempt = 3, 14, 1


async def one(name, payload):
    task = tasks.handlers[name]
    given = (payload, Context) if task.context else (payload,)
    try:
        return await settled(task.function(*given), name)
    except TaskError as e:
        return [e.error, e.cause]


async def main(jobs):
    for part, options, calls in jobs:
        module = __import__("tsme.tasks." + part, None, None, ["*"])
        if options.pop("clock", None):
            options["set"] = lambda ms: print(json.dumps(["set", ms]))
        tasks.handlers.clear()
        module.register(tasks, **options)
        waiting = []
        for name, payload in calls:
            if name == "begin":  # goes on beside what follows, until `end`
                waiting.append(asyncio.create_task(one(*payload)))
            elif name == "end":
                print(json.dumps(await waiting.pop(0)))
            elif name == "request":  # as a handler of the user does
                r = await module.request("GET", *payload)
                print(json.dumps(r.status))
            elif name == "sleep":
                await asyncio.sleep(payload)
            else:
                print(json.dumps(await one(name, payload)))


with open(sys.argv[1]) as f:
    jobs = json.load(f)
asyncio.run(main(jobs))
