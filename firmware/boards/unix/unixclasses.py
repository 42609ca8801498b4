# A class in the place of a program, FILE.py:CLASS; and signals to it: lines on the standard input.
import asyncio
import sys

from prepare import say
from unixtasks import CPYTHON, globals_of

from tsme import TsmeError
from tsme.values.json import loads

_NAME = "tsme_class"  # of its module, where there is one


def split(given):
    # -> its file and its name, or None, None
    file, _, name = given.rpartition(".py:")
    return (file + ".py", name) if file else (None, None)


def found(given):
    file, name = split(given)
    kind = globals_of(file, _NAME).get(name)
    if kind is None:
        raise TsmeError("TSME-H023", 'there is no "%s" in %s' % (name, file))
    schema = getattr(kind, "schema", None)
    if isinstance(schema, str) and not hasattr(kind, "stf"):  # beside its file
        place = file.rpartition("/")[0]
        path = schema if schema[:1] == "/" or not place else place + "/" + schema
        with open(path, "rb") as f:
            kind = type(name, (kind,), {"schema": f.read()})
    return kind


def telling(engine):
    # Errors of a relational machine are part of its state; here they are said, too.
    feed = engine.feed

    def fed(event):
        before = getattr(engine.state.client, "error", None)
        feed(event)
        error = getattr(engine.state.client, "error", None)
        if error and error is not before:
            say("tsme: %s: %s" % (error[0], error[1]))

    engine.feed = fed


async def signals(engine):
    # A line is a signal, as JSON; what became of it is said.
    lines = read_lines()
    while True:
        try:
            line = await lines.readline()
        except (OSError, ValueError, MemoryError) as e:
            say("tsme: no more signals are read: %s" % e)
            return
        if not line:
            return
        line = line.strip()
        if line:
            await signal(engine, line)


async def signal(engine, line):
    try:
        result = await engine.ask(loads(line.decode()))
    except Exception as e:  # a hand may type anything
        say("no: %s" % e)
        return
    if result is not None:
        say("%s -> %s" % (result, " ".join(engine.active_states())))


def read_lines():
    if not CPYTHON:
        return asyncio.StreamReader(sys.stdin)
    return Lines()


class Lines:
    # What CPython's event loop cannot wait for, files and terminals as well: lines of any length,
    # each read once it is asked for.
    def __init__(self):
        import threading

        self._wanted = threading.Semaphore(0)
        self._read = asyncio.Queue()
        of = (asyncio.get_running_loop(),)
        threading.Thread(target=self._reads, args=of, daemon=True).start()

    def _reads(self, loop):
        given = sys.stdin  # kept: to close it while it is read is CPython's end, fatally
        line = True
        while line:
            self._wanted.acquire()
            try:
                line = given and given.buffer.readline()
            except (OSError, ValueError, MemoryError) as e:
                line = e
            try:
                loop.call_soon_threadsafe(self._read.put_nowait, line)
            except RuntimeError:  # the loop has ended
                return

    async def readline(self):
        self._wanted.release()
        line = await self._read.get()
        if isinstance(line, Exception):
            raise line
        return line
