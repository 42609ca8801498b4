# Runs many executions' inputs on this interpreter's kernel: batch.py JOBS RESULTS [BYTES]
#
# JOBS is a CBOR sequence of [program, [input ...], {limit: n}], RESULTS one of [[record ...],
# problem].  BYTES: how large programs and states may be, instead of what a board allows.
import sys

from tsme import kernel
from tsme.core import kernel as kernel_of
from tsme.core import runs
from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme.values.cbor import decode, encode


def run(program, events, records):
    core = kernel_of(runs(Program(program)))
    state = kernel.State()
    for event in events:
        step = core.step(state, tuple(event))
        records.append(bytes(step.record))
        state = step.state


def main(source, target, size=0):
    if size:
        LIMITS["program_bytes"] = LIMITS["state_bytes"] = LIMITS["step_bytes"] = int(size)
    usual = dict(LIMITS)
    with open(source, "rb") as f:
        data = f.read()
    with open(target, "wb") as out:
        pos = 0
        while pos < len(data):
            (program, events, limits), pos = decode(data, pos, True)
            LIMITS.update(usual)
            LIMITS.update(limits)
            records = []
            problem = ""
            try:
                run(program, events, records)
            except Exception as e:
                problem = "%s: %s" % (type(e).__name__, e)
            out.write(encode([records, problem], True))


main(*sys.argv[1:])
