# The runner: feeds inputs to the kernel, commits, starts handlers, owns time.
#
# One execution at a time.  After a step is durable its actions start; after a reset `recover`
# replays the journal and what was pending is started again, or ended, by its declared effect.

import asyncio

from .. import const, once
from ..kernel import BEHAVIOUR
from ..kernel.executor import Executor
from ..values.copies import ordered, worded
from .outcome import Outcome, client_of, kernel
from .platform import lag, rest, wall_clock
from .platform import seed as random_seed
from .tasks import (
    LOST,
    Context,
    TaskError,
    Tasks,
    is_activity,
    is_callback,
    names,
    perform,
)

# As kernel/protocol.py has them.
_CONTINUE = const(0)
_START = const(1)
_SUCCEEDED = const(2)
_FAILED = const(3)
_HEARTBEAT = const(4)
_STOP = const(6)
_STARTED = const(7)
_SIGNAL = const(8)
_SLEEP = const(9)
_RUNNING = const(0)
_LONGEST = const(3600000)  # ms in one sleep; boards' timers wrap, on rp2 after 71 minutes


class Engine(Executor):
    refused = None  # a function(value, exception): a signal that the machine rejected
    lag = 0  # ms that the clock is behind the last step
    latest = -1  # a reading of the clock up to here is no surprise
    floor = 0  # it is at least this late
    returned = False  # sleep() has come back
    left = None  # what a handler raised that ends the run
    active = False  # run() is under way

    def __init__(  # docs/API.md says what is given
        self, program, journal=None, clock=None, sleep=None, seed=None, tasks=None, programs=None
    ):
        client = None if isinstance(program, bytes) else client_of(program)
        super().__init__(kernel(client, journal and journal.most, self.client), journal)
        self.own = client  # of new executions; None: from the store
        self.digest = client.program.digest if client else program
        self.programs = programs
        self.clock = clock or wall_clock
        self.sleep = sleep
        self.seed = seed or random_seed
        self.tasks = tasks or Tasks()
        self.task = self.tasks.task
        self.on = self.tasks.on
        self.queue = []  # inputs: (execution, kind, fields, Answer or Context, when)
        self.posted = asyncio.Event()
        self.running = {}  # action id -> asyncio task
        self.asking = []  # ids of `once` tasks whose check has not yet answered

    # --- running ---

    async def run(self, value=None, context=None):
        # Goes on with the execution under way, or starts one with `value`.  -> Outcome
        before = self.active
        try:
            self.begin(value, context)
            if not before:
                self.posted = asyncio.Event()  # CPython's belongs to one event loop
            self.active = True
            while self.busy():
                await self.turn()
            if not self.programs:
                self.keep(True)  # from now on nobody needs the program
        except Exception as e:
            if self.queue:
                once("engine.signals", "drop", self, e)
            raise
        finally:
            self.active = before
        while self.queue:
            await self.turn()  # nobody waits for ever for an answer
        return Outcome(self.state)

    def begin(self, value, context):
        busy = self.recover()
        if not busy:
            self.kernel.use(self.digest)
        self.tasks.require(self.program.resources())
        if busy:
            if self.last == _SLEEP:
                once("engine.clocks", "woken", self)
            if self.own and self.own.signals and self.own is not self.kernel.client:
                self.migrate(None)
            self.resume()
            return
        value, context = ordered(value), ordered(context)
        del self.queue[:], self.asking[:]  # what is left was of the execution before
        old = self.state.execution and self.state.origin[4] != self.digest
        if old:
            self.keep(True)  # what has ended needs its program no longer
        what = (_START, self.reading(), self.next_execution(), self.digest)
        self.feed(what + (self.seed(), value, context, BEHAVIOUR))
        if old and self.programs:
            once("engine.programs", "tidy", self)

    def migrate(self, plan):
        # The execution under way goes on with this engine's program (`tsme migrate -o`).
        once("engine.programs", "migrate", self, plan)

    def retire(self, cause=""):
        # Gives up an execution that cannot go on: its program, or its behaviour, is not here.
        once("engine.programs", "retire", self, cause)

    # What others may change who share a store, or number executions together.

    def client(self, digest):
        # recursion: at most 1, no hash asks for a client
        # what runs the program of this digest; None if it is not here
        own = self.own
        if own and own.program.digest == digest:
            return own
        if own and own.signals:
            return once("machine.versions", "earlier", own, digest)
        found = self.programs and self.programs.get(digest)
        return found and client_of(*found)

    def needed(self):
        # digests of the programs that may not be dropped
        return (self.digest, self.state.origin[4])

    def next_execution(self):
        return self.state.execution + 1

    @property
    def program(self):
        # of the execution under way, or of the next
        client = self.kernel.client
        if not self.busy() and (not client or client.program.digest != self.digest):
            client = self.client(self.digest)
        return client and client.program

    def run_sync(self, value=None):
        return asyncio.run(self.run(value))

    def outcome(self):
        # How the last execution ended; None before the first, and while one is under way.  After a
        # reset it may be that nobody has been told.
        self.recover()
        return Outcome(self.state) if self.state.execution and not self.busy() else None

    def resume(self):
        # Law 6: pure and idempotent tasks start again under the same id; a `once` task whose
        # start is on record may have happened, and its handler's `check` is asked, before its
        # time can be said to be up.
        actions = self.interrupted()
        if self.kernel.client.signals:
            from .signals import restored

            restored(self, actions)
        for action in actions:
            i = action.id
            if i in self.running and not self.running[i].done():
                continue
            if action.started and i not in self.asking:
                self.asking.append(i)
            self.launch(action)

    def reading(self):
        # What the clock says, which is to be believed (clocks.py).
        now = self.clock()
        if type(now) is not int or not 0 <= now <= self.latest:
            now = once("engine.clocks", "sure", self, now)
        self.latest = now + _LONGEST
        return now

    def time(self):
        now = self.reading()
        self.lag = lag(now, max(self.state.now, self.floor), self.lag)
        return now + self.lag

    def answer(self):
        # What was posted, in its order.
        while self.queue:
            execution, kind, fields, context, now = self.queue.pop(0)
            if execution == self.state.execution and self.busy():  # else it is over
                event = (kind, now) + fields
                if context and self.late(event):
                    action = self.state.pending[fields[0]]
                    self.report(
                        once("errors.texts", "belated", names(action.resource)[-1], context, now)
                    )
                return event
        return None

    def advance(self):
        # One input, if there is one; what it was, or None: then there is nothing to do for `wait`
        # ms, or until something comes.
        if self.left:
            e = self.left
            self.left = None
            raise e
        if self.queue and self.queue[0][1] == _SIGNAL:
            from .signals import take

            take(self, *self.queue.pop(0))
            return _SIGNAL
        event = self.next()
        if event:
            self.feed(event)
            return event[0]
        if self.journal and self.busy():
            self.journal.idle()
        return None

    async def turn(self):
        # One input, or one sleep until there is one.
        kind = self.advance()
        if kind == _CONTINUE:
            await asyncio.sleep(0)
        elif kind is None and self.busy():
            await self.pause(self.wait)

    async def pause(self, ms):
        await rest(self, (self,), ms)

    # --- tasks ---

    def launch(self, action):
        # recursion: at most 2, a *started* starts nothing
        t = self.tasks.find(action.resource)
        if t is None:
            if is_activity(action.resource):
                return  # a worker asks for it: activities()
            cause = "no handler for " + action.resource
            self.post(_FAILED, action.id, "TSME.NoHandler", cause)
            return
        if t.effect == "once" and not action.started:
            self.feed((_STARTED, self.time(), action.id))
            if action.id not in self.state.pending:
                return
        attempt = self.kernel.client.attempt(self.state.client, action)
        context = Context(self, action, attempt)
        self.running[action.id] = asyncio.create_task(self.handle(action, t, context))

    async def handle(self, action, t, context):
        i = context.action
        execution = context.execution
        what = None
        try:
            r = await perform(t, action.resource, action.payload, context, self.asking)
            if not is_callback(action.resource):  # else send_success() gives the result
                what = (_SUCCEEDED, i, r)
        except TaskError as e:
            what = (_FAILED, i, e.error, e.cause)
        except asyncio.CancelledError:
            # Not by settle(), and the event loop goes on: something in the handler was.
            if self.active and execution == self.state.execution and i in self.running:
                self.post(_FAILED, i, "CancelledError", "the handler was cancelled")
            raise
        except (KeyboardInterrupt, SystemExit) as e:
            if not self.active:
                raise
            self.left = e
        except BaseException as e:  # also one that no Exception is
            error = type(e).__name__
            if isinstance(e, MemoryError) and t.effect == "once":
                error = LOST  # perhaps after what it did
            what = (_FAILED, i, error, str(e))
        finally:
            if execution == self.state.execution:
                self.running.pop(i, None)
                self.posted.set()  # also without a result: the board may sleep now
        if what:
            try:
                self.post(*what, execution=execution, answer=context)
            except BaseException as e:  # no memory, no clock: the run ends, and recovers
                self.left = e
                self.posted.set()

    def report(self, text):
        # What is to be known of a run, and stops nothing.
        self.emit("log", text)

    def emit(self, kind, payload):
        self.tasks.emit(kind, payload)

    def settle(self):
        # Stop handlers whose action is not pending any more (timed out, or the execution ended).
        for i in list(self.running):
            if i not in self.state.pending:
                self.running.pop(i).cancel()

    def post(self, kind, *fields, execution=None, answer=None):
        # An input for this execution, or else the one that is known now.
        if kind == _FAILED or kind == _STOP:
            fields = fields[:-2] + (worded(fields[-2]), worded(fields[-1]))
        self.queue.append((execution or self.state.execution, kind, fields, answer, self.time()))
        self.posted.set()

    # --- what the outside may do ---

    def send(self, value):
        # A signal to a state machine.  If that rejects it, refused() is called.
        from .signals import send

        send(self, value)

    async def ask(self, value):
        # The same; comes back when it is durable, and raises what the machine raised.
        from .signals import ask

        return await ask(self, value)

    def __getattr__(self, name):
        # what a relational machine is asked for besides
        from . import relations

        return relations.found(self, name)

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
        return once("engine.workers", "holder", self.state, token)

    def activities(self, name=None):
        # What workers may do: (token, resource, input) of each pending activity.
        return once("engine.workers", "activities", self.state, name)

    def stop(self, error="TSME.Stopped", cause=""):
        self.post(_STOP, error, cause)
