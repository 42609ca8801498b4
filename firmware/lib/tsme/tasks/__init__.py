# The task library: tasks that a workflow names as a Resource, such as "gpio:write".  Each module
# is loaded when it is imported, and registers its own: docs/TASKS.md.
#
#     from tsme.tasks import gpio
#     gpio.register(tasks)
from ..engine.tasks import TaskError
from ..errors import fault

# What pins are for, so that a workflow need not know their numbers: {"valve": 5}.  In place of a
# number also what machine.Pin takes, or something that has a value(): a Pin, a Signal.
PINS = {}
NEEDED = object()


def _own():
    # The names of the board itself, once: "led", "button".
    if NEEDED in PINS:
        return
    PINS[NEEDED] = None
    try:
        import json

        with open("board.json") as f:
            found = json.load(f).get("pins") or {}
        for name in found:
            PINS.setdefault(name, found[name])
    except (OSError, ValueError, AttributeError):
        pass  # it is no board of `tsme flash`


class Fields:
    # The payload of a task, whose members are looked at before anything is done.
    def __init__(self, name, payload, known):
        self.name = name
        if not isinstance(payload, dict):
            raise self.wrong("the payload is no object; it takes " + known.replace(" ", ", "))
        names = known.split()
        for key in payload:
            if key not in names:
                takes = "it takes " + ", ".join(names) if names else "it takes nothing"
                raise self.wrong('there is no "%s"; %s' % (key, takes))
        self.payload = payload

    def failed(self, kind, cause):
        # the error of the task that is of this kind, such as Gpio.TimeoutException
        service = self.name.split(":")[0]
        error = "%s%s.%sException" % (service[0].upper(), service[1:], kind)
        return TaskError(error, "%s: %s" % (self.name, cause))

    def wrong(self, cause):
        return self.failed("Validation", cause)

    def get(self, key, default=NEEDED):
        value = self.payload.get(key, default)
        if value is NEEDED:
            raise self.wrong('"%s" is missing' % key)
        return value

    def io(self, e, what):
        # of an OSError of the hardware, by its number: ports have some for the same
        number = e.args[0] if e.args else 0
        if number in (110, 116, 60, 10060):
            return self.failed("Timeout", "%s does not answer in time" % what)
        if number in (2, 5, 6, 19):
            return self.failed("NotFound", "nothing answers at %s" % what)
        return self.failed("Service", "%s: %s" % (what, e))

    def bad(self, key, wanted):
        shown = repr(self.payload[key])
        if len(shown) > 60:
            shown = shown[:60] + ".."
        return self.wrong('"%s" must be %s, not %s' % (key, wanted, shown))

    def whole(self, key, least, most, default=NEEDED):
        value = self.get(key, default)
        if key not in self.payload:
            return value
        if isinstance(value, float) and value == value // 1:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.bad(key, "a whole number from %d to %d" % (least, most))
        return value

    def number(self, key, least, most, default=NEEDED):
        value = self.get(key, default)
        if key not in self.payload:
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            value = least - 1
        if not least <= value <= most:
            raise self.bad(key, "a number from %s to %s" % (least, most))
        return value

    def text(self, key, default=NEEDED):
        value = self.get(key, default)
        if key in self.payload and not (isinstance(value, str) and value):
            raise self.bad(key, "a text")
        return value

    def choice(self, key, among, default=NEEDED):
        value = self.get(key, default)
        if key in self.payload and value not in among:
            raise self.bad(key, "one of " + ", ".join([str(one) for one in among]))
        return value

    def items(self, key, least=1, most=4096, default=NEEDED):
        value = self.get(key, default)
        if key in self.payload and not isinstance(value, (list, tuple)):
            raise self.bad(key, "an array")
        if key in self.payload and not least <= len(value) <= most:
            text = '"%s" must have %d to %d items, not %d'
            raise self.wrong(text % (key, least, most, len(value)))
        return value

    def octets(self, key, most=4096, default=NEEDED):
        # an array of numbers below 256, as bytes
        value = self.items(key, 1, most, default)
        if key not in self.payload:
            return value
        try:
            return bytes(value)
        except (TypeError, ValueError, OverflowError):
            raise self.bad(key, "an array of whole numbers from 0 to 255")

    def pin(self, key="pin"):
        # what machine.Pin takes, or something with a value() of its own
        value = self.get(key)
        if isinstance(value, str):
            if value not in PINS:
                _own()
            if value in PINS:
                return PINS[value]
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise self.bad(key, "the number or name of a pin")
        return value


def add(tasks, name, effect, function, known="", context=False, check=None):
    # Registers a task.  `function` takes the Fields of its payload, which may have the members
    # `known`; with `context` that, too.
    def fields(f):
        if context:
            return lambda payload, c: f(Fields(name, payload, known), c)  # calls: handlers
        return lambda payload: f(Fields(name, payload, known))  # calls: handlers

    tasks.task(name, effect, context, fields(check) if check else None)(fields(function))


def need(module, name, what):
    # Something of a module of the firmware; TSME-G001 if it has no such thing.
    try:
        return getattr(__import__(module), name)
    except (ImportError, AttributeError):
        raise fault("TSME-G001", "%s.%s" % (module, name), what)


def made(f, key, kind, *args, **named):
    # A Pin or the like of what the payload names.
    try:
        return kind(*args, **named)  # calls: machine
    except (ValueError, TypeError, OSError) as e:
        raise f.wrong('"%s" %r cannot be used: %s' % (key, f.payload[key], e))


def mean(total, count):
    # the nearest whole number, away from zero between two
    half = count // 2
    return (total + half) // count if total >= 0 else -((-total + half) // count)
