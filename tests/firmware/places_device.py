# Runs a program with an input, in virtual time, on any interpreter:
#
#     micropython places_device.py PROGRAM INPUT.json
#
# prints how it ended, whether its output is its input, after how many seconds, the most frames
# that there were, and the digest.  Each task gives its input back.
import sys

from tsme import Engine, Journal, Program, RamFlash, Tasks
from tsme.values.json import loads

with open(sys.argv[1], "rb") as f:  # noqa: PTH123
    program = Program(f.read())
with open(sys.argv[2]) as g:  # noqa: PTH123
    value = loads(g.read())
tasks = Tasks()
tasks.task("t")(lambda payload: payload)
now = [1700000000000]
most = [0]


def later(ms):
    now[0] += ms


def watch(event, step):
    if step.state.client:
        most[0] = max(most[0], len([f for f in step.state.client if f]))


flash = RamFlash(4096, 64)


def booted():
    return Engine(program, Journal(flash), lambda: now[0], later, lambda: 7, tasks)


engine = booted()
engine.watch = watch
outcome = engine.run_sync(value)
again = booted()
again.recover()
assert again.state.digest == engine.state.digest
seconds = (now[0] - 1700000000000) // 1000
print(outcome.status, outcome.error, outcome.output == value)
print(seconds, most[0], engine.state.digest)
