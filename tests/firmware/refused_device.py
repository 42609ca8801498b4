# Runs a workflow whose task "open" is `once`, on any interpreter:
#
#     micropython refused_device.py PROGRAM LENGTH [FUNCTION]
#
# The handler gives LENGTH characters.  FUNCTION: an intrinsic that raises what nobody expects.
# Prints how often the handler ran, what came of the execution, and its inputs; then recovers the
# journal as after a reset, which must lead to the very same state.
import sys

from tsme import Engine, Journal, Program, RamFlash, Tasks
from tsme.kernel.protocol import INPUTS

with open(sys.argv[1], "rb") as f:  # noqa: PTH123
    program = Program(f.read())
tasks = Tasks()
flash = RamFlash(4096, 64)
ran: list = []


@tasks.task("open", effect="once")
def open_(payload):
    ran.append(1)
    if sys.argv[2] == "fail":
        raise ValueError("x" * 20000)
    return "x" * int(sys.argv[2])


def engine():
    made = Engine(program, Journal(flash), tasks=tasks, sleep=lambda ms: None)
    if len(sys.argv) > 3:
        for number in made.kernel.client.calls:
            arity, _, reads = made.kernel.client.calls[number]
            made.kernel.client.calls[number] = arity, wrong, reads
    return made


def wrong(*args):
    raise OverflowError("overflow converting long int to machine word")


def told(event, step):
    how = event[-1] if len(event) > 2 and isinstance(event[-1], list) else [""]
    print(INPUTS[event[0]], how[0])


first = engine()
first.watch = told
outcome = first.run_sync({})
print(len(ran), outcome.status, outcome.error, (outcome.cause or "")[:60])
print(str(outcome.output)[:40])
again = engine()
assert not again.recover()
assert again.state.digest == first.state.digest
assert again.state.result == first.state.result
