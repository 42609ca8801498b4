# Runs programs with expressions on the interpreter that this runs on: FILE has a line each, a
# program and an input in hexadecimal.  Says of each the records and what it ended with.
import sys

from tsme.errors import LimitError, TsmeError
from tsme.kernel import BEHAVIOUR, Kernel, State
from tsme.kernel.protocol import CONTINUE, RUNNING, START
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor


def told(data, value):
    try:
        made = Program(data)
    except TsmeError as e:
        return "refused " + e.code
    kernel = Kernel(Interpreter(made))
    state = State()
    event = (START, 1000, 1, made.digest, 7, value, None, BEHAVIOUR)
    records = b""
    try:
        while True:
            step = kernel.step(state, event)
            state = step.state
            records += bytes(step.record)
            if state.status != RUNNING:
                break
            event = (CONTINUE, 1000)
    except LimitError as e:
        return "limit " + e.code
    made = "%d " % state.status
    for byte in records + b" " + cbor.encode(state.result):
        made += "%02x" % byte
    return made


def main(path):
    with open(path) as f:
        for line in f:
            data, value = [bytes.fromhex(word) for word in line.split()]
            print(told(data, cbor.decode(value)[0]))


if __name__ == "__main__":
    main(sys.argv[1])
