# The heap of the kernel alone: heap.py.
import sys

import heap  # type: ignore[import-not-found]


def run(program, value, journal):
    from tsme.kernel import Kernel, State
    from tsme.program.interpreter import Interpreter

    kernel = Kernel(Interpreter(program))
    state = State()
    tries = 0
    event = (1, 1000, 1, program.digest, 1, value, None, 1)
    while True:
        step = kernel.step(state, event)
        journal.commit(1, step.record)
        heap.look()
        state = step.state
        if state.status:
            return state.status == 1
        action = state.pending[min(state.pending)]
        now = state.now
        if action.kind:
            event = (5, action.due, action.id)
        elif action.resource.endswith("boom"):
            event = (3, now, action.id, "BoomError", "")
        else:
            tries += 1
            failed = (3, now, action.id, "FlakyError", "")
            event = failed if tries < 3 else (2, now, action.id, True)


heap.main(run, *sys.argv[1:])
