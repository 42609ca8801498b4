# Between the kernel and the world: a step is made, durable, adopted, and only then acted upon.
#
# Knows nothing of clocks, handlers and event loops, so that the runner of a board and the
# simulator do the very same.  Who inherits says what launch() and emit() do.
from .. import const, once
from ..errors import LimitError
from . import State
from .rejected import Broken, Rejected

_STEP = const(1)  # as records.py has it
# As kernel/protocol.py has them.
_CONTINUE = const(0)
_SUCCEEDED = const(2)
_FAILED = const(3)
_HEARTBEAT = const(4)
_TIMER = const(5)
_RUNNING = const(0)
_TASK = const(0)


class Executor:
    waits = ()  # functions that are called after each step: somebody waits for what it may bring

    def __init__(self, kernel, journal=None):
        self.kernel = kernel
        self.journal = journal
        self.state = State()
        self.watch = None  # a function(event, step), called after each commit
        self.recovered = None
        self.found = None  # what the journal said on recovery, a journal.Info
        self.transitions = 0  # since the last checkpoint, for its policy
        self.last = None  # the kind of the newest step that recovery found
        self.wait = None  # ms until something is due, as next() found it
        self.asking = ()  # ids of tasks whose time does not count now
        self.told = 0  # blocks of which it was said that they have failed

    # For who inherits.

    def launch(self, action):
        # A task to be started.
        pass

    def emit(self, kind, payload):
        # An untracked action.
        pass

    def settle(self):
        # After a step, before its actions: what is not pending any more can be given up.
        pass

    def recover(self):
        # Read the journal, once; again after a commit of which nobody knows whether it succeeded.
        # -> True if an execution is under way.
        if self.recovered is None:
            if self.journal:
                self.found = self.journal.recover()
                read = once("kernel.replay", "reread", self.journal, self.kernel)
                self.state, self.transitions, self.last = read
                self.kernel.room = self.journal.most
            self.recovered = self.journal is not None
            self.keep()
        return self.busy()

    def busy(self):
        return self.state.execution != 0 and self.state.status == _RUNNING

    def interrupted(self):
        # The tasks that a reset found pending, as they are to be started again.
        return self.kernel.client.restore(self.state)

    # The one loop, of boards and of all that stands in for them: whoever inherits feeds what
    # next() gives, and waits when it gives nothing.

    def time(self):
        # The clock: ms since 1970, not before the last step.
        return self.state.now

    def answer(self):
        # The next input that has come from outside by now, or None.
        return None

    def earliest(self):
        # The action whose time comes first.
        return self.state.due(self.asking)

    def next(self):
        # -> the next input: what has come, else what can go on, else what is due.  None: there is
        # nothing to do for `wait` ms, or until something comes if that is None.
        event = self.answer()
        if event:
            return (_TIMER, event[1], event[2]) if self.late(event) else event
        if not self.busy():
            return None
        if self.kernel.client.runnable(self.state.client):
            return (_CONTINUE, self.time())
        first = self.earliest()
        self.wait = None
        if first:
            now = self.time()
            if first.due <= now:
                return (_TIMER, now, first.id)
            self.wait = first.due - now
        return None

    def late(self, event):
        # The task that this is about, if its time was up before: then it has timed out, whatever
        # came of it.  Not so what a reset interrupted: what its check says, or that nobody knows,
        # holds however long the power was away, and no Retry of a timeout runs it again.
        if event[0] in (_SUCCEEDED, _FAILED, _HEARTBEAT) and event[2] not in self.asking:
            action = self.state.pending.get(event[2])
            if action and action.due is not None and action.due < event[1]:
                return action
        return None

    def feed(self, event):
        # One step: made, durable, adopted, and only then its actions.
        try:
            step = self.take(event)
        except (LimitError, MemoryError, Rejected) as e:
            event, step = self.give_up(event, e)
        if step:
            self.act(event, step)
        return step

    def take(self, event):
        # -> the step, durable and adopted; None for an input that is late, or there twice
        step = self.make(event)
        if step:
            self.recovered = None  # until it is adopted, the journal alone knows the state
            try:
                self.commit(step)
            except LimitError:
                self.undo(step)
                raise
            self.adopt(step)
        return step

    def make(self, event):
        # -> a step that nobody knows of: to be adopted once it is durable, or undone.
        try:
            return self.kernel.step(self.state, event)
        except (LimitError, MemoryError, Rejected):
            raise
        except Exception as e:  # nobody expected it
            if self.kernel.work is None:
                raise  # the input is wrong, not the step
            raise Broken(e)

    def adopt(self, step):
        # It is durable: from now on its state is the state.
        self.state = step.state
        self.recovered = self.journal is not None
        self.transitions += self.kernel.work

    def undo(self, step):
        # Nothing of it was written: the state is what it was, and what it took can be given back.
        self.recovered = self.journal is not None

    def act(self, event, step):
        # What follows a step: nothing here can undo it.
        self.settle()
        if self.watch:
            self.watch(event, step)
        for told in list(self.waits):
            told()  # calls: Gathering
        self.keep()  # before an action makes the next step: recovery replays no more than it may
        for action in step.actions:
            if action.id == 0:
                self.emit(action.kind, action.payload)
            elif action.kind == _TASK and action.id in self.state.pending:
                self.launch(action)

    def commit(self, step):
        if not self.journal:
            return
        try:
            self.journal.commit(_STEP, step.record)
        except LimitError:  # no room before the next checkpoint: then it comes now
            self.journal.checkpoint(self.kernel.checkpoint(self.state))
            self.transitions = 0
            self.journal.commit(_STEP, step.record)

    def give_up(self, event, e):
        # -> what happens instead of a step that cannot be made, and its step
        return once("kernel.partial", "give_up", self, event, e)

    def keep(self, now=False):
        # A checkpoint, when the journal's policy asks for one, or now.
        journal = self.journal
        if not journal:
            return
        retired = journal.retired
        if len(retired) > self.told:  # once for each block that is done without from now on
            self.told = len(retired)
            text = "blocks %s of the journal have failed and are not used any more"
            self.emit("log", text % ", ".join([str(n) for n in retired]))
        if now or journal.needs_checkpoint(None, self.transitions):
            try:
                body = self.kernel.checkpoint(self.state)
            except MemoryError:
                return  # the next step tries again; once there is no room, commit() insists
            journal.checkpoint(body)
            self.transitions = 0
