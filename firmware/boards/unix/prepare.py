# What a run on the unix board needs, of one workflow or several: handlers, limits, messages.
import asyncio
import os
import sys
from collections import OrderedDict

from forms import value_of
from unixtasks import loaded, read

from tsme import Tasks, TsmeError
from tsme.kernel.limits import LIMITS
from tsme.values.cbor import decode
from tsme.values.copies import ordered
from tsme.values.json import dumps


def say(text):
    print(text, file=sys.stderr)


def kept(v):
    # recursion: at most 32, the depth of a value
    # a value whose members keep their order: the engine sorts those of a plain dict
    if isinstance(v, dict):
        return OrderedDict([(k, kept(x)) for k, x in v.items()])
    return [kept(x) for x in v] if isinstance(v, list) else v


def teller(kind):
    return lambda payload: say("%s: %s" % (kind, dumps(payload)))


def hush(loop, context):
    # Ctrl-C in a handler is no mistake; CPython's asyncio would show a traceback.
    if not isinstance(context.get("exception"), (KeyboardInterrupt, SystemExit)):
        loop.default_exception_handler(context)


def deliver(engine, path, at):
    # Post what has come since byte `at`; up to where.
    try:
        if os.stat(path)[6] <= at:
            return at
    except OSError:
        return at
    data = read(path)
    while at < len(data):
        try:
            item, at = decode(data, at, True)
        except TsmeError:
            return at  # not all of it is there yet
        kind, token = item[:2]
        try:
            if kind == 2:
                engine.send_success(token, kept(item[2]))
            elif kind == 3:
                engine.send_failure(token, item[2], item[3])
            else:
                engine.send_heartbeat(token)
        except TsmeError:
            pass  # its task has ended
    return at


async def listen(engine, path, at):
    while True:
        await asyncio.sleep(0.1)
        at = deliver(engine, path, at)


def twins(options, path):
    # Pins and all else that only a board has: tsme.sim stands in for them, when it is asked for.
    from tsme import sim

    def make():
        given = value_of(options["world"]) if "world" in options else None
        return sim.World(given, report=showing)

    sim.install(make, path.rpartition("/")[0] or ".")


def showing(name, value):
    say("board: %s %s" % (name, "off" if value is None else dumps(ordered(value))))


def ticking():
    # A task of the event loop that lets the time of twins go by: their timers and interrupts.
    return asyncio.create_task(_tick(sys.modules.get("tsme.sim.world")))


async def _tick(twins):
    while twins:
        await asyncio.sleep(0.02)
        try:
            twins.current().due()
        except Exception as e:  # of a function that somebody gave a Timer, say
            say("tsme: in an interrupt: %s: %s" % (type(e).__name__, e))


def prepared(options):
    # -> the handlers, and what gives the seed
    for text in options.get("limits", "").split(","):
        if text:
            name, _, number = text.partition("=")
            LIMITS[name] = int(number)
    tasks = Tasks()
    path = options.get("tasks") or options["program"].rpartition(":")[0]
    if path.endswith(".py"):
        twins(options, path)
    if ".py:" in options["program"]:
        from unixclasses import found

        options["class"] = found(options["program"])
    if "tasks" in options:
        tasks = loaded(options["tasks"], say, "traceback" in options)
    for kind in ("log", "metric", "publish"):
        if kind not in tasks.emitted:
            tasks.emitted[kind] = teller(kind)
    seed = None
    if "seed" in options:
        number = int(options["seed"])

        def seed():
            return number

    return tasks, seed


def serve(tasks, resources):
    for name in resources:
        if name.startswith("arn:") and ":states:::s3:" in name:  # files here stand in for it
            from tsme.engine.item_files import serve

            serve(tasks)
