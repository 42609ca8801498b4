# Runs workload e once, after each commit collects, and prints the most heap that was in use then
# beyond what was before the first import of tsme.  On MicroPython.
#
#     heap.py PROGRAM INPUT FLASH kernel|engine
#
# kernel: the interpreter, kernel and journal, stepped from here; engine: the Engine as a board
# has it, with asyncio and handlers.  The program, the state, the step and the journal's buffers
# are alive and counted, this script is not.
# ruff: noqa: PTH123
import gc
import sys

gc.collect()
gc.collect()
base = gc.mem_alloc()  # type: ignore[attr-defined]
worst = [0]

FLAKY = "arn:aws:lambda:us-east-1:000000000000:function:flaky"
BOOM = "arn:aws:lambda:us-east-1:000000000000:function:boom"


def look(*_):
    gc.collect()
    used = gc.mem_alloc() - base
    worst[0] = max(worst[0], used)


def by_kernel(program, value, journal):
    from tsme.asl import Interpreter
    from tsme.kernel import Kernel, State

    kernel = Kernel(Interpreter(program))
    state = State()
    tries = 0
    event = (1, 1000, 1, program.digest, 1, value, None)
    while True:
        step = kernel.step(state, event)
        journal.commit(1, step.record)
        look()
        state = step.state
        if state.status:
            return state.status == 1
        action = state.pending[min(state.pending)]
        now = state.now
        if action[1]:
            event = (5, action[3], action[0])
        elif action[4] == BOOM:
            event = (3, now, action[0], "BoomError", "")
        else:
            tries += 1
            failed = (3, now, action[0], "FlakyError", "")
            event = failed if tries < 3 else (2, now, action[0], True)


def by_engine(program, value, journal):
    from tsme import Engine, TaskError

    now = [1000]
    tries = [0]

    def sleep(ms):
        now[0] += ms

    engine = Engine(program, journal, lambda: now[0], sleep, lambda: 1)

    @engine.task(FLAKY)
    def flaky(payload):
        tries[0] += 1
        if tries[0] < 3:
            raise TaskError("FlakyError")
        return True

    @engine.task(BOOM)
    def boom(payload):
        raise TaskError("BoomError")

    engine.watch = look
    return engine.run_sync(value).status == "succeeded"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def main(program, value, flash, how):
    from tsme.cbor import decode
    from tsme.flash import FileFlash
    from tsme.journal import Journal
    from tsme.program import Program

    program = Program(read(program))
    journal = Journal(FileFlash(flash, count=16))
    journal.format()
    journal.recover()
    run = by_engine if how == "engine" else by_kernel
    if not run(program, decode(read(value))[0], journal):
        raise SystemExit("the workload failed")
    print(worst[0])


main(*sys.argv[1:])
