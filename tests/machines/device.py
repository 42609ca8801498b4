# Runs a batch of machine steps on any interpreter: device.py BATCH ANSWERS, both CBOR sequences.
#
#   item [[event ...]] -> [[record, actions] or a rejection's cause ..., checkpoint]
import gc
import sys

from tests.machines.ops import Ops
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.machine import Machine
from tsme.values.cbor import decode, encode


def run(events):
    kernel = Kernel(Machine(Ops))
    state = State()
    out = []
    for event in events:
        try:
            step = kernel.step(state, tuple(event))
        except Rejected as e:
            out.append(e.cause)
            continue
        out.append([bytes(step.record), encode(step.actions, True)])
        state = step.state
    out.append(kernel.checkpoint(state))
    return out


def main():
    with open(sys.argv[1], "rb") as f:
        batch = f.read()
    at = 0
    with open(sys.argv[2], "wb") as f:
        while at < len(batch):
            item, at = decode(batch, at, True)
            f.write(encode(run(item[0]), True))
            gc.collect()


main()
