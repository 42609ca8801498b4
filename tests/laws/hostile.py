# Runs a program that means no good, on any interpreter: it must be refused, or run safely.
#
# -> [verdict, what, crc of the records]; verdicts: refused (with its error code), ended, waiting
# (still alive after so many inputs), limit (a step could not be made), memory, and CRASH.
from binascii import crc32

from tsme.errors import TsmeError
from tsme.kernel import Kernel, State
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values.cbor import Obj

CONTINUE, START, SUCCEEDED, FAILED, TIMER = 0, 1, 2, 3, 5
INPUTS = 25
DOCUMENT = Obj()
DOCUMENT["n"] = 3
DOCUMENT["s"] = "x"
DOCUMENT["list"] = [1, [2], Obj([("a", 1)])]
DOCUMENT["obj"] = Obj([("a", Obj([("b", 2)]))])
VALUES = [DOCUMENT, None, [1.5, "é"]]


def answer(state, n):
    # every kind of input, in turn
    for i in sorted(state.pending):
        action = state.pending[i]
        if action.kind == 0:
            if n % 4 == 3:
                return (FAILED, state.now, i, "E1", "")
            if n % 7 == 6 and action.due is not None:
                return (TIMER, max(state.now, action.due), i)
            return (SUCCEEDED, state.now, i, VALUES[n % 3])
    due = min([(a.due, i) for i, a in state.pending.items() if a.due is not None])
    return (TIMER, max(state.now, due[0]), due[1])


def run(data, inputs=INPUTS):
    try:
        program = Program(data)
    except TsmeError as e:
        return ["refused", e.code, 0]
    except MemoryError:
        return ["memory", "loading", 0]
    except Exception as e:
        return ["CRASH", "loading: " + repr(e), 0]
    kernel = Kernel(Interpreter(program))
    state = State()
    event = (START, 1700000000000, 1, program.digest, 1, VALUES[0], None, 1)
    crc = 0
    try:
        for n in range(inputs):
            step = kernel.step(state, event)
            crc = crc32(step.record, crc) & 0xFFFFFFFF
            state = step.state
            if state.status:
                return ["ended", str(state.status), crc]
            if kernel.client.runnable(state.client):
                event = (CONTINUE, state.now)
            else:
                event = answer(state, n)
        return ["waiting", "", crc]
    except TsmeError as e:
        return ["limit", e.code, crc]
    except MemoryError:
        return ["memory", "running", crc]
    except Exception as e:
        return ["CRASH", "running: " + repr(e), crc]
