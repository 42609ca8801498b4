# Handlers of the cold chain; the same file on CPython and MicroPython.
#
# The temperatures are made up: the box warms at its rear door at stop 3 and is cooled again.
import tsme

tasks = tsme.Tasks()

# tenths of a degree Celsius by stop; None: the probe does not answer
RECORD = {
    "front": (41, 43, 44, 42, 41),
    "middle": (45, 46, 52, 47, None),
    "rear": (50, 58, 91, 66, 52),
}


@tasks.task("read_probe", effect="pure", context=True)
def read_probe(payload, context):
    value = RECORD[payload["probe"]][payload["stop"]]
    if value is None:
        raise tsme.TaskError("NoAnswer", "attempt %d" % context.attempt)
    return value


@tasks.task("sound_horn", effect="idempotent")
def sound_horn(payload):
    print("horn: box is warm at stop %d" % payload["stop"])
    return True


# Shows the question; the answer comes with the token, from a button or another program:
#     engine.send_success(token, {"action": "door closed"})
@tasks.task("ask_driver", effect="idempotent")
def ask_driver(payload):
    print("driver: too warm, what did you do? answer with token %s" % payload["token"])


@tasks.on("log")
def log(payload):
    print("log: %r" % [r.get("celsius10") for r in payload["readings"]])
