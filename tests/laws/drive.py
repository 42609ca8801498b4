# Drives the kernel through a schedule in virtual time, on any interpreter.
#
# A move says what the outside does next, whatever the state is then; `event_of` makes an event of
# it that fits the state.  A move is (name, argument, ms that pass):
#   ok v, fail (error, cause)      the pending task ends; `SAMPLE` is the task's usual result
#   due                            the first thing that is due, a timer, timeout or heartbeat
#   beat, begun                    a heartbeat, a *started* of the pending task
#   late n                         a result for an action that is not pending (any more)
#   early                          a timer before its time
#   stop                           from outside
from tsme.errors import TsmeError
from tsme.kernel import BEHAVIOUR, State
from tsme.kernel.protocol import (
    CONTINUE,
    FAILED,
    HEARTBEAT,
    START,
    STARTED,
    STOP,
    SUCCEEDED,
    TASK,
    TIMER,
)

SAMPLE = "<sample>"
MOST = 60  # moves; then the execution is stopped
ENDLESS = 20000  # steps; generated workflows have an end
EPOCH = 1700000000000


def start_event(program, value, seed=1, context=None, execution=1, now=EPOCH):
    return (START, now, execution, program.digest, seed, value, context, BEHAVIOUR)


def first_due(state):
    first = None
    for i in sorted(state.pending):
        action = state.pending[i]
        if action.due is not None and (first is None or action.due < first.due):
            first = action
    return first


def event_of(state, move, results):
    name, arg, passed = move
    now = state.now + passed
    task = None
    for i in sorted(state.pending):
        if state.pending[i].kind == TASK:
            task = state.pending[i]
            break
    due = first_due(state)
    if name == "late":
        return (SUCCEEDED, now, state.next_id + arg if arg >= 0 else max(0, 1 + arg), "late")
    if name == "stop":
        return (STOP, now, "Stopped", "by the schedule")
    if name == "early" and due and due.due > now:
        return (TIMER, now, due.id)
    if task is None or name == "due" and due:
        return (TIMER, max(now, due.due), due.id)
    i = task.id
    if name == "fail":
        return (FAILED, now, i, arg[0], arg[1])
    if name == "beat":
        return (HEARTBEAT, now, i)
    if name == "begun":
        return (STARTED, now, i)
    value = arg if name == "ok" else None
    return (SUCCEEDED, now, i, results.get(task.resource) if value == SAMPLE else value)


class Drive:
    # One execution.  `look(event, step)` is called after each step, `step` None for an input that
    # was late; `early` moves must be refused and are not seen.
    def __init__(self, kernel, start, moves=(), results=None, look=None):
        self.kernel = kernel
        self.start = start
        self.moves = list(moves)
        self.results = results or {}
        self.look = look
        self.state = State()
        self.events = []
        self.steps = []
        self.refused = 0

    def feed(self, event):
        if len(self.steps) > ENDLESS:
            raise RuntimeError("the execution has no end")
        step = self.kernel.step(self.state, event)
        self.events.append(event)
        self.steps.append(step)
        if step:
            self.state = step.state
        if self.look:
            self.look(event, step)
        return step

    def runnable(self):
        return self.kernel.client.runnable(self.state.client)

    def run(self):
        self.feed(self.start)
        return self.finish()

    def finish(self):
        n = 0
        while not self.state.status:
            if self.runnable():
                self.feed((CONTINUE, self.state.now))
                continue
            if n < len(self.moves):
                move = self.moves[n]
            else:
                move = ("ok", SAMPLE, 0) if n < MOST else ("stop", None, 0)
            n += 1
            event = event_of(self.state, move, self.results)
            try:
                self.feed(event)
            except TsmeError as e:
                if e.code != "TSME-K003":
                    raise
                self.refused += 1
        return self
