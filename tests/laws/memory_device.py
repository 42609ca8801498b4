# Runs a workflow that waits for nothing, in as little heap as it is given:
#
#     memory_device PROGRAM INPUT
#
# Prints its status, the cause of its failure, and the digest of its last step.
# ruff: noqa: PTH123
import gc
import sys

from tsme.kernel import BEHAVIOUR, Kernel, State
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values.cbor import decode


def main():
    with open(sys.argv[1], "rb") as f:
        program = Program(f.read())
    with open(sys.argv[2], "rb") as f:
        value = decode(f.read())[0]
    kernel = Kernel(Interpreter(program))
    event = (1, 1000, 1, program.digest, 1, value, None, BEHAVIOUR)
    state = State()
    while not state.execution or not state.status:
        state = kernel.step(state, event).state
        event = (0, 1000)
        gc.collect()
    print(state.status, state.status == 2 and state.result[1], state.digest)


main()
