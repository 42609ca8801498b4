# A class in the place of a program, FILE.py:CLASS; and signals to it: lines on the standard input.
import asyncio
import sys

from prepare import say
from unixtasks import CPYTHON, globals_of, line

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
        try:
            with open(path, "rb") as f:
                kind = type(name, (kind,), {"schema": f.read()})
        except OSError:
            text = 'there is no file "%s"; tsme compile makes it' % path
            raise TsmeError("TSME-H010", text)
    return kind


def telling(engine, path):
    # Errors of a relational machine are part of its state; here they are said, too.  `path`: of
    # its class
    feed = engine.feed

    def fed(event):
        before = getattr(engine.state.client, "error", None)
        feed(event)
        part = engine.state.client
        error = getattr(part, "error", None)
        if error and error is not before:
            who = place(part.raised, path, error)
            say("tsme: %s%s: %s%s" % (who, error[0], error[1], near(engine, error)))

    engine.feed = fed


def place(raised, path, error):
    # 'handler "OnState" raised at pump.py:12: ', as far as that is known
    if not raised or raised[2] is not error or error[0] == "TSME-M021":  # there is none
        return ""
    at = line(raised[1], path)
    return 'handler "%s" raised%s: ' % (raised[0], " at " + at if at != path else "")


def near(engine, error):
    # '; did you mean "On"?', of an error that a name makes which is none
    c = engine.kernel.client
    names = ()
    if error[0] == "TSME-M017":
        names = c.schema.names
    elif error[0] == "TSME-M021":
        names = [n for n in dir(c.machine) if n[:1] != "_" and callable(getattr(c.machine, n))]
    wrong = error[1].split(" ")[-1]
    for name in names:
        if alike(name, wrong):
            return '; did you mean "%s"?' % name
    return ""


def alike(a, b):
    # Is it but for a letter or two the same?
    least = min(len(a), len(b))
    i = j = 0
    while i < least and a[i] == b[i]:
        i += 1
    while j < least - i and a[-1 - j] == b[-1 - j]:
        j += 1
    return i + j > 1 and max(len(a), len(b)) - i - j < 3


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
        known = near(engine, (e.code, e.message)) if isinstance(e, TsmeError) else ""
        say("no: %s%s" % (e, known))
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
