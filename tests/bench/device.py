# Runs one workload to its end, each step committed to a journal on the NOR model; on any
# interpreter.  Prints a line of numbers: seconds, transitions, records, journal bytes.
import gc
import sys
import time

from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, FAILED, START, SUCCEEDED, TASK, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values.cbor import decode

# What the handlers of workload e answer, without a handler's own cost.
FLAKY = "arn:aws:lambda:us-east-1:000000000000:function:flaky"


def answer(state, action, tries):
    if action.resource != FLAKY:
        return (FAILED, state.now, action.id, "BoomError", "")
    tries[0] += 1
    if tries[0] < 3:
        return (FAILED, state.now, action.id, "FlakyError", "")
    return (SUCCEEDED, state.now, action.id, True)


def run(program, value, journal):
    kernel = Kernel(Interpreter(program))
    state = State()
    tries = [0]
    event = (START, 1000, 1, program.digest, 1, value, None, 1)
    transitions = records = size = 0
    while True:
        step = kernel.step(state, event)
        if journal:
            journal.commit(1, step.record)
            if journal.needs_checkpoint():
                journal.checkpoint(kernel.checkpoint(step.state))
        state = step.state
        transitions += program.budget - state.left
        records += 1
        size += (len(step.record) + 8 + 31) // 32 * 32
        if state.status:
            return state, transitions, records, size
        if kernel.client.runnable(state.client):
            event = (CONTINUE, state.now)
            continue
        action = state.pending[min(state.pending)]
        if action.kind == TASK:
            event = answer(state, action, tries)
        else:
            event = (TIMER, action.due, action.id)


def main():
    LIMITS["state_bytes"] = 1 << 20  # workload c maps over 1,000 items
    with open(sys.argv[1], "rb") as f:
        program = Program(f.read())
    with open(sys.argv[2], "rb") as f:
        value = decode(f.read())[0]
    count = int(sys.argv[4])
    from tsme.journal import Journal

    def make():
        if sys.argv[3] == "nor":
            # A board recovers once; here a process does for each run, so this is kept.
            import tsme.journal.recovery  # noqa: F401
            from sim.nor import Nor

            journal = Journal(Nor(4096, 64))
        else:
            from tsme.journal.flash import FileFlash

            journal = Journal(FileFlash(sys.argv[3], count=16))
            journal.format()
        journal.recover()
        return journal

    journal = make()
    gc.collect()
    done = [0, 0, 0]
    start = time.time_ns()
    for _ in range(count):
        state, *done = run(program, value, journal)
        if state.status != 1:
            raise SystemExit("the workload failed: " + repr(state.result))
    seconds = (time.time_ns() - start) // count
    print(seconds, done[0], done[1], done[2])


main()
