# The runner: feeds inputs to the kernel, commits, starts handlers, owns time.
#
# One execution at a time.  After a step is durable its actions start; after a reset `recover`
# replays the journal and what was pending is started again, or ended, by its declared effect.

import asyncio

from . import once
from .asl import Interpreter
from .errors import LimitError, TsmeError
from .kernel import Kernel, State
from .outside import lag, wall_clock
from .outside import seed as random_seed
from .tasks import (
    Context,
    TaskError,
    Tasks,
    copied,
    handed,
    is_activity,
    is_callback,
    ordered,
    perform,
    worded,
)

try:
    from micropython import const
except ImportError:

    def const(n):
        return n


_STEP = const(1)  # as records.py has it
# As events.py has them.
_CONTINUE = const(0)
_START = const(1)
_SUCCEEDED = const(2)
_FAILED = const(3)
_HEARTBEAT = const(4)
_TIMER = const(5)
_STOP = const(6)
_STARTED = const(7)
_RUNNING = const(0)
_TASK = const(0)
_ID = const(0)
_KIND = const(1)
_DUE = const(3)
_RESOURCE = const(4)
_PAYLOAD = const(5)
_BEGUN = const(7)
_LONGEST = 3600000  # ms in one sleep; MicroPython's timers wrap after days


class Outcome:
    def __init__(self, state):
        self.execution = state.execution
        self.status = ("running", "succeeded", "failed", "stopped")[state.status]
        self.output = self.error = self.cause = None
        if self.status == "succeeded":
            self.output = copied(state.result)  # whoever asked may change it
        elif self.status != "running":
            self.error, self.cause = state.result


class Engine:
    # program: a Program.  journal: a Journal, or None to keep nothing.  clock(): ms since 1970.
    # sleep(ms), plain or async: called when nothing but time has to pass; a board may deep-sleep
    # in it.  seed(): 64 random bits for a new execution.
    def __init__(self, program, journal=None, clock=None, sleep=None, seed=None, tasks=None):
        self.program = program
        self.kernel = Kernel(Interpreter(program), journal and journal.most)
        self.journal = journal
        self.clock = clock or wall_clock
        self.sleep = sleep
        self.seed = seed or random_seed
        self.tasks = tasks or Tasks()
        self.task = self.tasks.task
        self.on = self.tasks.on
        self.state = State()
        self.watch = None  # a function(event, step), called after each commit
        self.recovered = None
        self.found = None  # what the journal said on recovery, a journal.Info
        self.queue = []  # inputs that handlers and the outside have posted: (execution, kind, ..)
        self.posted = asyncio.Event()
        self.lag = 0  # ms that the clock is behind the last step
        self.active = False  # run() is under way
        self.running = {}  # action id -> asyncio task
        self.asking = []  # ids of `once` tasks whose check has not yet answered
        self.transitions = 0  # since the last checkpoint, for its policy

    # --- recovery ---

    def recover(self):
        # Read the journal, once; again after a commit of which nobody knows whether it succeeded.
        # -> True if an execution is under way.
        if self.recovered is None:
            if self.journal:
                found = once("replay events", "recover", self.journal, self.kernel)
                self.found, self.state, self.transitions = found
            self.recovered = self.journal is not None
            self.keep()
        return self.busy()

    def busy(self):
        return self.state.execution != 0 and self.state.status == _RUNNING

    # --- running ---

    async def run(self, value=None, context=None):
        # Goes on with the execution under way, or starts one with `value`.  -> Outcome
        self.tasks.require(self.program.resources())
        if self.recover():
            self.resume()
        else:
            value, context = ordered(value), ordered(context)
            del self.queue[:], self.asking[:]  # what is left was of the execution before
            what = (_START, self.clock(), self.state.execution + 1, self.program.digest)
            self.feed(what + (self.seed(), value, context))
        if not self.active:
            self.posted = asyncio.Event()  # CPython's belongs to one event loop
        self.active = True
        try:
            while self.busy():
                await self.turn()
        finally:
            self.active = False
        return Outcome(self.state)

    def run_sync(self, value=None):
        return asyncio.run(self.run(value))

    def resume(self):
        # Law 6: pure and idempotent tasks start again under the same id; a `once` task whose
        # start is on record may have happened, and its handler's `check` is asked, before its
        # time can be said to be up.
        for i in sorted(self.state.pending):
            action = self.state.pending[i]
            if action[_KIND] != _TASK or i in self.running and not self.running[i].done():
                continue
            if action[_BEGUN] and i not in self.asking:
                self.asking.append(i)
            self.launch(action)

    def time(self):
        now = self.clock()
        self.lag = lag(now, self.state.now, self.lag)
        return now + self.lag

    async def turn(self):
        # One input, or one sleep until there is one.
        if self.queue:
            execution, kind, fields = self.queue.pop(0)
            if execution == self.state.execution:  # else it is for one that is over
                self.feed((kind, self.time()) + fields)
            return
        if self.kernel.client.runnable(self.state.client):
            self.feed((_CONTINUE, self.time()))
            await asyncio.sleep(0)
            return
        now = self.time()
        first = None
        for i in sorted(self.state.pending):
            action = self.state.pending[i]
            if action[_DUE] is None or i in self.asking:
                continue
            if first is None or action[_DUE] < first[_DUE]:
                first = action
        if first and first[_DUE] <= now:
            self.feed((_TIMER, now, first[_ID]))
            return
        if self.journal:
            self.journal.idle()
        await self.pause(first[_DUE] - now if first else _LONGEST)

    async def pause(self, ms):
        if self.sleep and not self.running:
            r = self.sleep(ms)
            if hasattr(r, "send"):
                await r
            return
        self.posted.clear()
        if self.queue:
            return
        if ms > _LONGEST:
            ms = _LONGEST
        try:
            if hasattr(asyncio, "wait_for_ms"):
                await asyncio.wait_for_ms(self.posted.wait(), ms)
            else:
                await asyncio.wait_for(self.posted.wait(), ms / 1000)
        except asyncio.TimeoutError:
            pass  # it is time

    def feed(self, event):
        # One step: made, durable, adopted, and only then its actions.
        try:
            step = self.take(event)
        except (LimitError, MemoryError) as e:
            # The step left everything as it was.  What it was about fails instead.
            event, step = self.give_up(event, e)
        if step:
            self.act(event, step)

    def take(self, event):
        # -> the step, durable and adopted; None for an input that is late, or there twice
        step = self.kernel.step(self.state, event)
        if step:
            if self.journal:
                self.recovered = None  # until it is adopted, the journal alone knows the state
                self.commit(step.record)
            self.state = step.state
            self.recovered = self.journal is not None
            self.transitions += self.program.budget - step.state.left
        return step

    def act(self, event, step):
        # What follows a step: nothing here can undo it.
        self.settle()
        if self.watch:
            self.watch(event, step)
        for action in step.actions:
            if action[_ID] == 0:
                self.tasks.emit(action[1], action[2])
            elif action[_KIND] == _TASK and action[_ID] in self.state.pending:
                self.launch(action)
        self.keep()

    def commit(self, record):
        try:
            self.journal.commit(_STEP, record)
        except LimitError:  # no room before the next checkpoint: then it comes now
            self.journal.checkpoint(self.kernel.checkpoint(self.state))
            self.transitions = 0
            self.journal.commit(_STEP, record)

    def give_up(self, event, e):
        # -> what happens instead, and its step
        cause = str(e) or "no memory"
        if event[0] in (_START, _STOP):
            raise e
        if event[0] in (_SUCCEEDED, _FAILED):
            instead = (_FAILED, event[1], event[2], "States.DataLimitExceeded", cause)
            try:
                return instead, self.take(instead)
            except (LimitError, MemoryError):
                pass  # even that does not fit
        instead = (_STOP, event[1], "TSME.Limit", cause)
        return instead, self.take(instead)

    def keep(self):
        # A checkpoint, when the journal's policy asks for one.
        if self.journal and self.journal.needs_checkpoint(None, self.transitions):
            try:
                body = self.kernel.checkpoint(self.state)
            except MemoryError:
                return  # the next step tries again; once there is no room, commit() insists
            self.journal.checkpoint(body)
            self.transitions = 0

    # --- tasks ---

    def launch(self, action):
        t = self.tasks.find(action[_RESOURCE])
        if t is None:
            if is_activity(action[_RESOURCE]):
                return  # a worker asks for it: activities()
            cause = "no handler for " + action[_RESOURCE]
            self.post(_FAILED, action[_ID], "TSME.NoHandler", cause)
            return
        if t.effect == "once" and not action[_BEGUN]:
            self.feed((_STARTED, self.time(), action[_ID]))
            if action[_ID] not in self.state.pending:
                return
        attempt = self.kernel.client.attempt(self.state.client, action)
        context = Context(self, action, attempt)
        self.running[action[_ID]] = asyncio.create_task(self.handle(action, t, context))

    async def handle(self, action, t, context):
        i = context.action
        execution = context.execution
        try:
            r = await perform(t, action[_RESOURCE], action[_PAYLOAD], context, self.asking)
            if not is_callback(action[_RESOURCE]):  # else send_success() gives the result
                self.post(_SUCCEEDED, i, r, execution=execution)
        except TaskError as e:
            self.post(_FAILED, i, e.error, e.cause, execution=execution)
        except Exception as e:
            self.post(_FAILED, i, type(e).__name__, str(e), execution=execution)
        except asyncio.CancelledError:
            # Not by settle(), and the event loop goes on: something in the handler was.
            if self.active and execution == self.state.execution and i in self.running:
                self.post(_FAILED, i, "CancelledError", "the handler was cancelled")
            raise
        finally:
            if execution == self.state.execution:
                self.running.pop(i, None)

    def settle(self):
        # Stop handlers whose action is not pending any more (timed out, or the execution ended).
        for i in list(self.running):
            if i not in self.state.pending:
                self.running.pop(i).cancel()

    def post(self, kind, *fields, execution=None):
        # An input for this execution, or else the one that is known now.
        if kind == _FAILED or kind == _STOP:
            fields = fields[:-2] + (worded(fields[-2]), worded(fields[-1]))
        self.queue.append((execution or self.state.execution, kind, fields))
        self.posted.set()

    # --- what the outside may do ---

    def send_success(self, token, output):
        # For `.waitForTaskToken` and activities: the task with this token has this result.
        self.post(_SUCCEEDED, self.holder(token), ordered(output))

    def send_failure(self, token, error, cause=""):
        self.post(_FAILED, self.holder(token), error, cause)

    def send_heartbeat(self, token):
        self.post(_HEARTBEAT, self.holder(token))

    def heartbeat(self, action, execution=None):
        self.post(_HEARTBEAT, action, execution=execution)

    def holder(self, token):
        # the pending action that a token stands for
        execution, _, i = token.partition("-")
        if self.busy() and execution == str(self.state.execution):
            for action in self.state.pending.values():
                if str(action[_ID]) == i and action[_KIND] == _TASK:
                    return action[_ID]
        raise TsmeError("TSME-T003", "no task waits for the token " + token)

    def activities(self, name=None):
        # What workers may do: (token, resource, input) of each pending activity.
        out = []
        for i in sorted(self.state.pending):
            action = self.state.pending[i]
            if action[_KIND] == _TASK and is_activity(action[_RESOURCE]):
                if name is None or action[_RESOURCE].endswith(":" + name):
                    token = "%d-%d" % (self.state.execution, i)
                    out.append((token, action[_RESOURCE], handed(action[_PAYLOAD])))
        return out

    def stop(self, error="TSME.Stopped", cause=""):
        self.post(_STOP, error, cause)
