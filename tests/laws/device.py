# Runs a batch of executions on any interpreter: device.py MODE BATCH ANSWERS, both files CBOR
# sequences.
#
#   replay   item [program, [event ...]] -> [[record, actions] or null ..., checkpoint]
#   hostile  item [program] -> what hostile.py says
import gc
import sys

from tests.laws import hostile
from tsme.kernel import Kernel, State
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values.cbor import decode, encode


def replay(program, events):
    kernel = Kernel(Interpreter(Program(program)))
    state = State()
    out = []
    for event in events:
        step = kernel.step(state, tuple(event))
        if step is None:
            out.append(None)
            continue
        out.append([bytes(step.record), encode(step.actions, True)])
        state = step.state
    out.append(kernel.checkpoint(state))
    return out


def main():
    mode = {"replay": replay, "hostile": hostile.run}[sys.argv[1]]
    with open(sys.argv[2], "rb") as f:
        batch = f.read()
    at = 0
    with open(sys.argv[3], "wb") as f:
        while at < len(batch):
            item, at = decode(batch, at, True)
            f.write(encode(mode(*item), True))
            gc.collect()


main()
