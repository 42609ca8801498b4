# The unix board: one execution in this process, its journal in a file that stands in for flash.
#
#     micropython main.py program.tsm [NAME=VALUE ...]
#
# tasks=tasks.py     a global `tasks = tsme.Tasks()` with the handlers
# input=in.cbor      the input of a new execution, {} if it is left out; also .json, .msgpack
# output=out.json    where the output goes; also .cbor, .msgpack
# journal=j.bin      made if it is not there; an execution under way in it goes on
# programs=folder    keeps the program of an execution until none needs it any more
# keep=1             whoever starts this drops programs from there
# blocks=64          of 4096 bytes in a new journal
# sync=0             a step need not have reached the disk
# mail=j.bin.mail    what `tsme token` sends, a CBOR sequence that grows
# result=out.cbor    [status, output, error, cause, execution] or ["refused", code, message];
#                    left out, the output is printed as JSON
# seed=N now=MS      what a new execution starts with, instead of chance and the clock
# fast=1             the clock stands still while something runs, and jumps over every wait
# traceback=1        shows that of an exception in a handler, once
# limits=NAME=N,...  instead of those in tsme.LIMITS
# names=names.cbor   of the states, by number: it is said in which one the execution waits
#
# Exits with 0 if the execution succeeded, 1 if it failed, 2 if it could not run, 3 if the memory
# was not enough.
import os
import sys
from collections import OrderedDict

try:
    import asyncio

    from forms import keep, value_of
    from unixtasks import Left, line, loaded, read, where
    from waiting import SayingEngine

    from tsme import Engine, FileFlash, Journal, Program, ProgramFiles, Tasks, TsmeError
    from tsme.engine.platform import wall_clock
    from tsme.kernel.limits import LIMITS
    from tsme.values.cbor import decode, encode
    from tsme.values.json import dumps
except MemoryError:
    sys.exit(3)

BLOCK = 4096
BLOCKS = 64


def say(text):
    print(text, file=sys.stderr)


class FastEngine(Engine):
    # Waits take no time: the clock is moved on instead.
    def __init__(self, program, journal, now, seed, tasks, programs):
        super().__init__(program, journal, lambda: self.now, None, seed, tasks, programs)
        self.now = now

    def recover(self):
        first = self.recovered is None
        busy = super().recover()
        if first and self.state.now > self.now:
            self.now = self.state.now
        return busy

    async def pause(self, ms):
        if self.running or ms is None:
            await super().pause(ms)  # a handler takes its time, its timeout still counts
            if self.queue or ms is None:
                return
            ms = min(ms, 3600000)  # as long as that was
        self.now += ms
        self.latest += ms


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


async def quietly(engine, value, mail):
    if sys.implementation.name == "cpython":
        asyncio.get_running_loop().set_exception_handler(hush)
    if not mail:
        return await engine.run(value)
    # An execution that goes on finds what came while nothing ran, before any time passes.
    ear = asyncio.create_task(listen(engine, mail, deliver(engine, mail, 0)))
    try:
        return await engine.run(value)
    finally:
        ear.cancel()


def make(options):
    for text in options.get("limits", "").split(","):
        if text:
            name, _, number = text.partition("=")
            LIMITS[name] = int(number)
    tasks = Tasks()
    if "tasks" in options:
        tasks = loaded(options["tasks"], say, "traceback" in options)
    for kind in ("log", "metric", "publish"):
        if kind not in tasks.emitted:
            tasks.emitted[kind] = teller(kind)
    program = read(options["program"])
    programs = None
    if "programs" in options:
        programs = ProgramFiles(options["programs"])
        program = programs.put(program)
    else:
        program = Program(program)
    journal = None
    if "journal" in options:
        journal = Journal(
            FileFlash(
                options["journal"],
                BLOCK,
                int(options.get("blocks") or BLOCKS),
                options.get("sync") != "0",
            )
        )
    seed = None
    if "seed" in options:
        number = int(options["seed"])

        def seed():
            return number

    if "fast" in options:
        now = int(options.get("now") or wall_clock())
        engine = FastEngine(program, journal, now, seed, tasks, programs)
    else:
        engine = SayingEngine(program, journal, None, None, seed, tasks, programs)
        engine.speak = say
        if "names" in options:
            engine.names = decode(read(options["names"]))[0]
    if "keep" in options:
        engine.needed = programs.digests
    return engine


def run(options):
    engine = make(options)
    engine.report = lambda text: say("tsme: " + text)
    busy = engine.recover()
    needed = engine.program.resources()
    for name in needed:
        if name.startswith("arn:") and ":states:::s3:" in name:  # files here stand in for it
            from tsme.engine.item_files import serve

            serve(engine.tasks)
    try:
        engine.tasks.require(needed)
    except TsmeError as e:
        raise TsmeError(e.code, e.message + "; there are: " + ", ".join(engine.tasks.handlers))
    if busy:
        s = engine.state
        text = "tsme: execution %d was interrupted after step %d; going on with it"
        say(text % (s.execution, s.steps))
        if "input" in options:
            say("tsme: the input is not used: the execution has its own")
    elif engine.state.execution:
        n = engine.state.execution
        say("tsme: execution %d has ended; starting execution %d" % (n, n + 1))
    value = kept(value_of(options["input"])) if "input" in options else {}
    o = asyncio.run(quietly(engine, value, options.get("mail")))
    return [o.status, o.output, o.error, o.cause, o.execution]


def main(args):
    options = {"program": args[0]}
    for arg in args[1:]:
        name, _, value = arg.partition("=")
        options[name] = value
    try:
        result = run(options)
        if result[0] == "succeeded" and "output" in options:
            keep(options["output"], result[1])
    except TsmeError as e:
        result = ["refused", e.code, e.message]
    except Left as e:
        result = ["refused", "TSME-H034", e.message]
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        return 3
    except OSError as e:  # the journal cannot be written, or the like
        result = ["refused", "TSME-H005", "%s, %s" % (e.errno, line(e, None))]
    except Exception as e:
        result = ["refused", "TSME-H032", "the board stopped: " + where(e, None)]
    if "result" in options:
        with open(options["result"], "wb") as f:
            f.write(encode(result, True))  # an output may be as deep as a value can be
    elif result[0] == "succeeded":
        if "output" not in options:
            print(dumps(result[1]))
    else:
        say(" ".join([str(part) for part in result if part is not None]))
    return {"succeeded": 0, "refused": 2}.get(result[0], 1)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        say("usage: main.py program.tsm [tasks=tasks.py] [input=in.cbor] [journal=j.bin]")
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
