# The world that twins live in: what inputs read, by name and time, and what outputs showed.
#
#     world = World({"adc:26": [[0, 900], [60000, 200]], "pin:7": 1})
#     world.set("pin:7", 0)             from now on
#     world.values("pin:5")             [[ms, value], ..] that a pin was given
#
# Times are ms since the world began.  A name is a kind and a number: docs/TASKS.md has all.
import time

from ..errors import TsmeError

__all__ = ["KINDS", "Reset", "World", "current", "is_series", "use"]

_worlds = []
# What a world can say of the outside.
KINDS = "pin adc pulse i2c spi uart onewire dht wifi sd temperature bootsel".split()


class Reset(SystemExit):
    # machine.reset() and deepsleep(): on a board nothing comes after it.
    def __init__(self, how, ms=None):
        super().__init__(how)
        self.how = how
        self.ms = ms


_monotonic = getattr(time, "monotonic", None)


def _ticks():
    return int(_monotonic() * 1000) if _monotonic else time.ticks_ms()


class World:
    # clock: a function that gives ms since the world began; without one, real time goes by.
    # virtual: nothing waits, the time of the world is moved on instead.
    # report: a function of (name, value), told of each change of an output.
    def __init__(self, inputs=None, clock=None, virtual=False, report=None):
        self.inputs = {}  # name -> [[ms, value], ..]
        self.outputs = []  # (ms, name, value)
        self.devices = {}  # name -> what answers on a bus
        self.last = {}  # name -> the value that an output has
        self.clock = clock
        self.virtual = virtual
        self.report = report
        self.cause = None  # of the last reset: "deepsleep", "reset", "soft", "watchdog"
        self.offset = None  # ms between the world's time and its real-time clock
        self.memory = b""  # of the real-time clock
        self.timers = []
        self._watched = {}  # name -> [value, functions], for interrupts
        self._busy = False
        self._ms = 0
        self._began = _ticks()
        if inputs:
            self.load(inputs)

    # --- time ---

    def time(self):
        if self.clock:
            return self.clock()
        if self.virtual:
            ms = self._ms  # a whole number stays one: floats may have 32 bits
            return ms if isinstance(ms, int) else int(ms + 0.5)
        now = _ticks()
        return now - self._began if _monotonic else time.ticks_diff(now, self._began)

    def sleep(self, ms, real=None):
        # ms go by; of a real time with `real`, the function that waits for them
        if not self.virtual:
            if real is None:
                real = time.sleep
            real(ms / 1000)
            return self.due()
        until = self._ms + ms
        while True:
            now = self._ms
            times = [t.at for t in self.timers if t.at is not None]
            for name in self._watched:
                times += [at for at, _ in self.inputs.get(name, ())]
            times = [at for at in times if now < at <= until]
            if not times:
                break
            self.move(min(times))
            self.due()
        self.move(max(until, self._ms))
        self.due()

    def exact(self):
        # as time(), with what is less than a ms
        return self._ms if self.virtual else self.time()

    def move(self, ms):
        # A virtual world to this time.
        self._ms = ms

    def due(self):
        # Calls what waits for a time or a change: timers and interrupts.
        if self._busy:
            return
        self._busy = True
        try:
            now = self.time()
            for name in list(self._watched):
                before, functions = self._watched[name]
                value = self.get(name, before)
                if value != before:
                    self._watched[name][0] = value
                    for f in list(functions):
                        f(value)
            for timer in list(self.timers):
                while timer.at is not None and timer.at <= now:
                    timer.fire()
        finally:
            self._busy = False

    # --- inputs ---

    def load(self, inputs):
        # A value, or an array of [ms, value], for each name.
        if not isinstance(inputs, dict):
            raise TsmeError("TSME-G002", 'a world is an object, such as {"pin:7": 1}')
        for name in inputs:
            value = inputs[name]
            kind = name.split(":")[0]
            if kind not in KINDS:
                text = 'a world knows no "%s"; it knows %s, each with a number: "pin:7"'
                raise TsmeError("TSME-G002", text % (name, ", ".join(KINDS)))
            if not is_series(value):
                value = [[0, value]]
            last = 0
            for at, v in value:
                if isinstance(at, bool) or not isinstance(at, int) or at < last:
                    text = '"%s" of the world: the times must be whole ms, each after the last'
                    raise TsmeError("TSME-G002", text % name)
                last = at
                _look(name, kind, v)
            self.inputs[name] = [[at, v] for at, v in value]

    def set(self, name, value):
        # from now on
        self.at(self.time(), name, value)
        self.due()

    def at(self, ms, name, value):
        # from this time on, and no longer what was to come later
        kept = [pair for pair in self.inputs.get(name, ()) if pair[0] < ms]
        self.inputs[name] = kept + [[ms, value]]

    def get(self, name, default=None):
        # what an input reads now
        now = self.time()
        for at, value in self.inputs.get(name, ()):
            if at > now:
                break
            default = value
        return default

    def watch(self, name, value, function):
        # Calls it when the input has another value than it had; None ends that.
        if function is None:
            self._watched.pop(name, None)
        else:
            self._watched.setdefault(name, [value, []])[1].append(function)

    def attach(self, name, device):
        # Something with methods of its own at a place of a bus: "i2c:0x76", "spi:1".
        self.devices[name] = device

    # --- outputs ---

    def put(self, name, value, always=False):
        # An output has this value; noted if it is another one, or `always`.
        if not always and name in self.last and self.last[name] == value:
            return
        self.last[name] = value
        now = self.time()
        at = len(self.outputs)
        while at and self.outputs[at - 1][0] > now:  # of handlers side by side: in order of time
            at -= 1
        self.outputs.insert(at, (now, name, value))
        if self.report:
            self.report(name, value)

    def value(self, name, default=None):
        # what an output shows now
        return self.last.get(name, default)

    def values(self, name):
        # all that it showed: [[ms, value], ..]
        return [[at, value] for at, n, value in self.outputs if n == name]

    # --- a reset ---

    def restart(self, cause=None):
        # What a reset leaves: the outside, and the clock.  cause: as machine.reset_cause() says.
        self.cause = cause
        self.last = {}
        self.timers = []
        self._watched = {}


def _look(name, kind, value):
    most = {"pin": 1, "adc": 65535}.get(kind)
    if most is not None and (not isinstance(value, int) or not 0 <= value <= most):
        text = '"%s" of the world is %r; it can be 0 to %d' % (name, value, most)
        raise TsmeError("TSME-G002", text)


def is_series(value):
    # Is it [[ms, value], ..], and no value of its own?
    if not isinstance(value, (list, tuple)) or not value:
        return False
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            return False
        if isinstance(pair[0], bool) or not isinstance(pair[0], (int, float)):
            return False
    return True


def current():
    if not _worlds:
        from .first import begin

        _worlds.append(begin() or World())
    return _worlds[0]


def use(world):
    # From now on twins live in this one.
    _worlds[:] = [world]
