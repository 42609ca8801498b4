# Runs a batch of executions on any interpreter: device.py MODE BATCH ANSWERS, both files CBOR
# sequences.
#
#   replay   item [program, [event ...]] -> [[record, actions] or null ..., checkpoint]
#   traced   the same -> each trace event, and the frame that it is about
#   hostile  item [program] -> what hostile.py says
import gc
import sys

from tests.laws import hostile
from tsme.core import kernel as make_kernel
from tsme.core import runs
from tsme.kernel import Kernel, State
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.program.trace import Tracer
from tsme.values.cbor import decode, encode


def replay(program, events, watched=False):
    program = Program(program)
    kernel = make_kernel(Interpreter(program) if watched else runs(program))
    if watched:
        Tracer(kernel.client, lambda *event: None)
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


def traced(program, events, encoded=True):
    interpreter = Interpreter(Program(program))
    out = []

    def sink(kind, frame, pc, number, data):
        told = tracer.frame(frame)
        if not encoded:
            told = encode(told, True)
            data = encode(data, True) if data != b"" else data
        out.append([kind, frame, pc, number, data, told])

    tracer = Tracer(interpreter, sink, None, encoded)
    kernel = Kernel(interpreter)
    state = State()
    for event in events:
        step = kernel.step(state, tuple(event))
        if step:
            state = step.state
    return out


def main():
    mode = {"replay": replay, "traced": traced, "hostile": hostile.run}[sys.argv[1]]
    with open(sys.argv[2], "rb") as f:
        batch = f.read()
    at = 0
    with open(sys.argv[3], "wb") as f:
        while at < len(batch):
            item, at = decode(batch, at, True)
            f.write(encode(mode(*item), True))
            gc.collect()


if __name__ == "__main__":
    main()
