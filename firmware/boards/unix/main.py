# The unix board: one execution in this process, its journal in a file that stands in for flash.
#
#     micropython main.py program.tsm [NAME=VALUE ...]
#     micropython main.py FILE.py:CLASS [NAME=VALUE ...]    a machine: lines on stdin are signals
#     micropython main.py several.jobs [NAME=VALUE ...]     several: several.py
#
# tasks=tasks.py     a global `tasks = tsme.Tasks()` with the handlers
# input=in.cbor      the input of a new execution, {} if it is left out; also .json, .msgpack
# output=out.json    where the output goes; also .cbor, .msgpack
# journal=j.bin      made if it is not there; an execution under way in it goes on
# programs=folder    keeps the program of an execution until none needs it any more
# keep=1             whoever starts this drops programs from there
# blocks=64          of 4096 bytes in a new journal
# sync=0             a step need not have reached the disk
# world=w.json       what the twins of pins and sensors read (docs/TASKS.md)
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
import sys

try:
    import asyncio

    from forms import keep, value_of
    from prepare import deliver, hush, kept, listen, prepared, say, serve, ticking
    from unixtasks import Left, line, read, where
    from waiting import SayingEngine

    from tsme import Engine, FileFlash, Journal, Program, ProgramFiles, TsmeError
    from tsme.engine.platform import wall_clock
    from tsme.values.cbor import decode, encode
    from tsme.values.json import dumps
except MemoryError:
    sys.exit(3)

BLOCK = 4096
BLOCKS = 64
CODES = {"succeeded": 0, "refused": 2}


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


async def quietly(engine, value, options):
    if sys.implementation.name == "cpython":
        asyncio.get_running_loop().set_exception_handler(hush)
    beside = [ticking()]
    mail = options.get("mail")
    if mail:
        # An execution that goes on finds what came while nothing ran, before any time passes.
        beside.append(asyncio.create_task(listen(engine, mail, deliver(engine, mail, 0))))
    if "class" in options:
        import unixclasses

        unixclasses.telling(engine, unixclasses.split(options["program"])[0])
        if "fast" not in options:
            beside.append(asyncio.create_task(unixclasses.signals(engine)))
    try:
        return await engine.run(value)
    finally:
        for task in beside:
            task.cancel()


def make(options):
    tasks, seed = prepared(options)
    program = options.get("class") or read(options["program"])
    programs = None
    if "programs" in options:
        programs = ProgramFiles(options["programs"])
        program = programs.put(program)
    elif "class" not in options:
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
    if "fast" in options:
        now = int(options.get("now") or wall_clock())
        engine = FastEngine(program, journal, now, seed, tasks, programs)
    else:
        engine = SayingEngine(program, journal, None, None, seed, tasks, programs)
        engine.speak = True
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
    serve(engine.tasks, needed)
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
    o = asyncio.run(quietly(engine, value, options))
    return [o.status, o.output, o.error, o.cause, o.execution]


def main(args):
    options = {"program": args[0]}
    for arg in args[1:]:
        name, _, value = arg.partition("=")
        options[name] = value
    try:
        if options["program"].endswith(".jobs"):
            import several

            result = several.run(options)
        else:
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
    elif result[0] == "several":
        print(dumps(result[1]))
    elif result[0] == "succeeded":
        if "output" not in options:
            print(dumps(result[1]))
    else:
        say(" ".join([str(part) for part in result if part is not None]))
    if result[0] == "several":
        return max([CODES.get(one[0], 1) for one in result[1].values()] or [0])
    return CODES.get(result[0], 1)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        say("usage: main.py program.tsm [tasks=tasks.py] [input=in.cbor] [journal=j.bin]")
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
