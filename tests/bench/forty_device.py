# Evaluates expressions, each many times, on any interpreter: forty_device.py JOBS.
#
# JOBS is a CBOR sequence of [program, where its EVAL leads, data, how often].  Prints the
# nanoseconds of CPU of each evaluation, a line each.
# ruff: noqa: PTH123
import gc
import sys
import time

from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values.cbor import decode


def clock():
    # nanoseconds of CPU
    if hasattr(time, "process_time_ns"):
        return time.process_time_ns()
    return int(time.clock() * 1e9)  # MicroPython


FUEL = 1 << 20
ROOM = 1 << 24


class Step:
    # what an evaluation wants of a step
    now = 1767225600000

    def draw(self):
        return 0


class Frame:
    slots = ()


def measured(program, body, given, count):
    from tsme.program.expressions.evaluation import Evaluation

    vm = Interpreter(Program(program))
    vm.natives = {}
    step, frame = Step(), Frame()
    Evaluation(vm, step, frame, FUEL, ROOM).evaluated(body, [given])
    gc.collect()
    begin = clock()
    for _ in range(count):
        Evaluation(vm, step, frame, FUEL, ROOM).evaluated(body, [given])
    return (clock() - begin) // count


def main():
    LIMITS["value_bytes"] = LIMITS["program_bytes"] = LIMITS["state_bytes"] = LIMITS[
        "step_bytes"
    ] = ROOM
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        (program, body, given, count), at = decode(data, at, True)
        print(measured(program, body, given, count))


main()
