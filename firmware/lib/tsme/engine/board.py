# A board: several executions in one event loop, each with a journal of its own in a region of one
# partition, so that what goes wrong in one touches no other.
import asyncio

from .. import const, once
from ..errors import fault
from ..journal.regions import Regions
from ..kernel import State
from .outcome import Outcome, client_of
from .platform import rest, wall_clock
from .platform import seed as random_seed
from .slot import Slot
from .tasks import Tasks

_SLEEP = const(9)  # as protocol.py has it
_BLOCKS = const(16)  # of a new region


class Board:
    # flash: the partition.  programs: a store of them.  tasks, clock, sleep, seed: as Engine's.
    def __init__(self, flash, programs, tasks=None, clock=None, sleep=None, seed=None):
        self.regions = Regions(flash)
        self.programs = programs
        self.tasks = tasks or Tasks()
        self.task = self.tasks.task
        self.on = self.tasks.on
        self.clock = clock or wall_clock
        self.sleep = sleep
        self.seed = seed or random_seed
        self.ended = None  # a function(name, outcome), called when an execution has ended
        self.slots = {}  # name -> Slot, or why its journal cannot go on
        self.clients = {}  # digest -> what runs the program, for all of its executions
        self.posted = asyncio.Event()
        self.returned = False  # sleep() has come back
        self.active = False  # run() is under way

    def recover(self):
        # Reads the table, and the journals that have not been read.  -> is anything under way?
        for name, _, _, kind in self.regions.list():
            if not kind and name not in self.slots:
                once("engine.slots", "open", self, name)
        return bool(self.under_way())

    def under_way(self):
        return [s for s in self.slots.values() if isinstance(s, Slot) and s.busy()]

    def number(self):
        # The greatest of an execution so far.  Tokens say no more than this: it is the board's.
        found = [s.state.execution for s in self.slots.values() if isinstance(s, Slot)]
        return max(found + [self.regions.number])

    def found(self, name):
        # -> its Slot, or why it cannot go on
        self.recover()
        if name not in self.slots:
            raise fault("TSME-J014", name, ", ".join(sorted(self.slots)) or "none")
        return self.slots[name]

    def slot(self, name):
        found = self.found(name)
        if isinstance(found, Exception):
            raise found
        return found

    # --- executions by name ---

    def start(self, name, program, value=None, context=None, blocks=_BLOCKS):
        # Goes on with what is under way in the region `name`, or begins.  program: a digest in the
        # store, the bytes of a .tsm file, which go into the store, or a class with stf().  blocks:
        # of the region, if it is new.  -> whether it has begun
        return once("engine.slots", "start", self, name, program, value, context, blocks)

    def list(self):
        # -> [(name, status), ..]: new, running, succeeded, failed, stopped, broken
        return [(name, self.describe(name)["status"]) for name in sorted(self.names())]

    def names(self):
        self.recover()
        return list(self.slots)

    def describe(self, name):
        return once("engine.slots", "describe", self, name)

    def outcome(self, name):
        # How the last execution there ended; None before the first and while one is under way.
        slot = self.slot(name)
        return slot.outcome()

    def stop(self, name, error="TSME.Stopped", cause=""):
        slot = self.slot(name)
        if slot.busy():
            slot.stop(error, cause)
            if not self.active:
                self.guard(slot)

    def migrate(self, name, program, plan):
        # The execution under way goes on with another program: `tsme migrate -o` makes the plan.
        once("engine.slots", "migrate", self, name, program, plan)

    def resize(self, name, blocks):
        # Of what is behind it the region keeps what recovery needs.
        once("engine.slots", "resize", self, name, blocks)

    def retire(self, name):
        # The region is given back, and what it held with it.
        once("engine.slots", "retire", self, name)

    # --- what the outside may do ---

    def send(self, name, value):
        slot = self.slot(name)
        slot.send(value)

    async def ask(self, name, value):
        slot = self.slot(name)
        await slot.ask(value)

    def send_success(self, token, output):
        slot = self.holder(token)
        slot.send_success(token, output)

    def send_failure(self, token, error, cause=""):
        slot = self.holder(token)
        slot.send_failure(token, error, cause)

    def send_heartbeat(self, token):
        slot = self.holder(token)
        slot.send_heartbeat(token)

    def activities(self, name=None):
        self.recover()
        return [a for slot in self.under_way() for a in slot.activities(name)]

    def holder(self, token):
        # The slot whose execution has given this token.
        self.recover()
        number = token.partition("-")[0]
        found = [slot for slot in self.under_way() if str(slot.state.execution) == number]
        if (
            len(found) != 1
        ):  # of a journal that could not be read for a while nobody knew its number
            raise fault("TSME-T003", token)
        return found[0]

    # --- running ---

    async def run(self):
        # Goes on with all that is under way, until nothing is.
        self.recover()
        self.posted = asyncio.Event()  # CPython's belongs to one event loop
        self.active = True
        try:
            for slot in self.under_way():
                slot.posted = self.posted
                self.guard(slot, True)
            while self.under_way():
                await self.turn()
        finally:
            self.active = False

    def run_sync(self):
        asyncio.run(self.run())

    async def turn(self):
        # One input for each, or one sleep until there is one.
        wait = None
        idle = True
        for slot in self.under_way():
            kind = self.guard(slot)
            if kind is not None or not slot.busy():
                idle = False  # it is over, or something else may be due
            elif slot.wait is not None and (wait is None or slot.wait < wait):
                wait = slot.wait
        if idle:
            await self.pause(wait)
        else:
            await asyncio.sleep(0)

    async def pause(self, ms):
        await rest(self, self.under_way(), ms)

    def guard(self, slot, first=False):
        # What goes wrong here is this execution's alone.
        try:
            kind = wake(slot) if first else slot.advance()
            while slot.queue and not slot.busy():
                slot.advance()  # nobody waits for ever for an answer
        except Exception as e:
            self.fail(slot, e)
            return None
        if not slot.busy():
            self.over(slot)
        return kind

    def fail(self, slot, e):
        # Until the next boot, or start(): its journal knows where it was.
        self.slots[slot.name] = e
        slot.state = State()  # nothing is pending: its handlers are given up
        slot.settle()
        if slot.queue:
            once("engine.signals", "drop", slot, e)
        slot.report("it cannot go on: %s" % e)

    def over(self, slot):
        # An execution has ended.
        slot.kernel.client = None
        used = [s.state.origin[4] for s in self.under_way()]
        for digest in list(self.clients):
            if digest not in used:
                del self.clients[digest]
        if self.ended:
            self.ended(slot.name, Outcome(slot.state))

    def client(self, digest):
        # What runs this program, for all of its executions; None if it is missing.
        if digest not in self.clients:
            found = self.programs.get(digest)
            if not found:
                return None
            self.clients[digest] = client_of(*found)
        return self.clients[digest]


def wake(slot):
    slot.tasks.require(slot.program.resources())
    if slot.last == _SLEEP:
        once("engine.clocks", "woken", slot)
    slot.resume()
