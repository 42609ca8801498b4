# mypy: ignore-errors
# Executions that move to another program, on any interpreter: device.py FOLDER CASE.  What comes
# out is the same everywhere.
import asyncio
import sys

import tsme
from tsme.journal import STEP
from tsme.values.cbor import decode


class Cut(Exception):
    pass


class Clock:
    now = 1767225600000

    def __call__(self):
        return self.now

    def sleep(self, ms):
        raise Cut


def engine(program, flash, clock, programs=None):
    tasks = tsme.Tasks()
    tasks.task("ask.waitForTaskToken")(lambda payload: None)
    journal = tsme.Journal(flash)
    return tsme.Engine(program, journal, clock, clock.sleep, lambda: 5, tasks, programs)


def run(e, value=None):
    try:
        print(e.run_sync(value))
    except Cut:
        s = e.state
        print("waits: step %d, digest %08x" % (s.steps, s.digest))
    except tsme.TsmeError as error:
        print(error)


def show(flash):
    # each record in hexadecimal: the same bytes everywhere
    for number, kind, body, _, _ in tsme.Journal(flash).records():
        print(number, kind, "".join(["%02x" % byte for byte in body]))


def without_checkpoints(flash):
    # the same steps in another journal: a recovery replays the migration too
    other = tsme.RamFlash(512, 16)
    journal = tsme.Journal(other)
    journal.format()
    for _, kind, body, _, _ in tsme.Journal(flash).records():
        if kind == STEP:
            journal.commit(STEP, body)
    return other


def workflow(folder):
    with open(folder + "/plan.cbor", "rb") as f:
        plan = f.read()
    store = tsme.ProgramRegion(tsme.RamFlash(2048, 8))
    digests = []
    for name in ("old", "new"):
        with open(folder + "/" + name + ".tsm", "rb") as f:
            digests.append(store.put(f.read()))
    flash = tsme.RamFlash(512, 16)
    clock = Clock()
    old = engine(digests[0], flash, clock, store)
    run(old, {"items": [1, 2]})
    for wrong in ([], [[], []], [[[0]], [[1, 1, 1, 1, 0, []]]], 5, decode(plan)[0][:1]):
        e = engine(digests[1], flash, clock, store)
        try:
            e.migrate(wrong)
        except tsme.TsmeError as error:
            print(error)
    clock.now += 500
    e = engine(digests[1], flash, clock, store)
    e.migrate(plan)
    print(len(store.digests()))
    show(flash)
    store.put(open_(folder + "/old.tsm"))
    moved = engine(digests[1], without_checkpoints(flash), clock, store)
    print(moved.recover(), "%08x" % moved.state.digest, moved.state.digest == e.state.digest)
    print(moved.kernel.checkpoint(moved.state) == e.kernel.checkpoint(e.state))
    clock.now += 3600000
    run(e)
    show(flash)


def open_(path):
    with open(path, "rb") as f:
        return f.read()


class One:
    name = "Till"
    initial = {"cents": 0}

    def start(state, input, actions):
        actions.timer(60000)

    def stf(state, input, actions):
        if input.kind == "signal":
            state["cents"] += input.value
        else:
            actions.end(state["cents"])


class Two:
    name = "Till"
    version = 2
    initial = {"euros": [0, 0]}
    before = One

    def migrate(state, version):
        state["euros"] = [version, state.pop("cents")]

    def stf(state, input, actions):
        if input.kind == "signal":
            state["euros"].append(input.value)
        else:
            actions.end(state["euros"])


class Alone(Two):
    # does until it is moved what One does
    before = None
    initial = One.initial
    start = One.start

    def stf(state, input, actions):
        if input.kind == "signal":
            state["cents"] += input.value


class Other(Two):
    before = None


class Broken(Two):
    def migrate(state, version):
        raise ValueError("no euros in version %d" % version)


class Still(Two):
    migrate = None


async def signal(e, *values):
    running = asyncio.create_task(e.run())
    await asyncio.sleep(0)
    for value in values:
        await e.ask(value)
    running.cancel()


def begun(clock):
    flash = tsme.RamFlash(512, 16)
    e = engine(One, flash, clock)
    e.sleep = None
    asyncio.run(signal(e, 5, 7))
    return flash


def machine(folder):
    clock = Clock()
    for new in (Two, Alone, Other, Broken, Still):
        print(new.__name__)
        flash = begun(clock)
        before = bytes(flash.data)
        e = engine(new, flash, clock)
        run(e)
        print(bytes(flash.data) == before)
        if bytes(flash.data) != before:
            print(e.state.client["euros"], e.program.version)
            again = engine(new, without_checkpoints(flash), clock)
            print(
                again.recover(), "%08x" % again.state.digest, again.state.digest == e.state.digest
            )
            clock.now += 60000
            run(engine(new, flash, clock))
            clock.now -= 60000
            show(flash)


def retire(folder):
    # with its program: under way, given up, ended; then with none that is its own
    store = tsme.ProgramRegion(tsme.RamFlash(2048, 8))
    with open(folder + "/old.tsm", "rb") as f:
        digest = store.put(f.read())
    flash = tsme.RamFlash(512, 16)
    clock = Clock()
    run(engine(digest, flash, clock, store), {"items": []})
    other = tsme.RamFlash(512, 16)
    other.data[:] = flash.data
    for _ in range(2):
        try:
            engine(digest, flash, clock, store).retire("by hand")
        except tsme.TsmeError as error:
            print(error)
    print(engine(digest, flash, clock, store).outcome())
    clock.now += 3600000
    ending = engine(digest, other, clock, store)
    print(ending.run_sync())
    before = bytes(other.data)
    for programs in (store, None):
        try:
            engine(digest, other, clock, programs).retire()
        except tsme.TsmeError as error:
            print(error)
        print(bytes(other.data) == before)
    show(other)


globals()[sys.argv[2]](sys.argv[1])
