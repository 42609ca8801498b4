# What every store of records promises (journal/__init__.pyi, Store); on any interpreter.
#
#     contract.py STORE FOLDER PROGRAM
# ruff: noqa: PTH123, SIM105
import sys

from tests.journal.stores import MemoryStore, SqlStore
from tsme import Engine, Program, Tasks
from tsme.errors import LimitError
from tsme.journal import CHECKPOINT, STEP
from tsme.journal.flash import FileFlash
from tsme.journal.ram_flash import RamFlash
from tsme.journal.regions import Regions

try:  # in C, where that is
    from tsme.core.journal import Journal
except ImportError:
    from tsme.journal import Journal  # type: ignore[assignment]

KEYS = ("west", "east")


def opener(kind, folder):
    # -> a function(key) that gives the store as it is after a reset, on one medium for all keys
    if kind == "memory":
        shelf = {}
        return lambda key: MemoryStore(shelf, key)
    if kind == "sql":
        import sqlite3

        database = folder + "/records.db"
        return lambda key: SqlStore(sqlite3.connect(database), key)
    if kind == "ram":
        flashes = {key: RamFlash(1024, 8) for key in KEYS}
        return lambda key: Journal(flashes[key])
    if kind == "file":
        return lambda key: Journal(FileFlash(folder + "/" + key, 1024, 8))
    flash = RamFlash(1024, 24)
    regions = Regions(flash)
    regions.format()
    for key in KEYS:
        regions.create(key, 8)

    def part(key):
        journal = Journal(Regions(flash).open(key))
        journal.key = key
        return journal

    return part


def found(store):
    # -> (what recover() says, [kind, body] of each that reread() gives)
    info = store.recover()
    out = []
    store.reread(
        lambda body: out.append((CHECKPOINT, bytes(body))),
        lambda body: out.append((STEP, bytes(body))),
    )
    return info, out


def is_empty_at_first(opened):
    info, out = found(opened("west"))
    assert (info.records, info.steps, out) == (0, 0, [])
    assert list(opened("east").records()) == []


def keeps_what_was_committed(opened):
    store = opened("west")
    store.recover()
    bodies = [bytes([n]) * (1 + 7 * n) for n in range(5)]
    assert [store.commit(STEP, body) for body in bodies] == [0, 1, 2, 3, 4]
    info, out = found(opened("west"))
    assert (info.records, info.steps) == (5, 5)
    assert out == [(STEP, body) for body in bodies]


def goes_on_behind_it(opened):
    store = opened("west")
    found(store)
    assert store.commit(STEP, memoryview(b"a sixth one")) == 5
    assert found(opened("west"))[1][-1] == (STEP, b"a sixth one")


def begins_at_the_newest_checkpoint(opened):
    store = opened("west")
    found(store)
    assert store.checkpoint(b"a state") == 6
    assert found(opened("west"))[1] == [(CHECKPOINT, b"a state")]
    store = opened("west")
    found(store)
    store.commit(STEP, b"and a step")
    info, out = found(opened("west"))
    assert (info.records, info.steps) == (8, 1)
    assert out == [(CHECKPOINT, b"a state"), (STEP, b"and a step")]


def tells_tools_what_can_be_read(opened):
    told = [(number, kind, bytes(body)) for number, kind, body, _, _ in opened("west").records()]
    assert told[-2:] == [(6, CHECKPOINT, b"a state"), (7, STEP, b"and a step")]
    assert [number for number, _, _ in told] == list(range(told[0][0], 8))


def keeps_keys_apart(opened):
    other = opened("east")
    assert found(other)[1] == []
    assert other.commit(STEP, b"of another") == 0
    assert found(opened("east"))[1] == [(STEP, b"of another")]
    assert found(opened("west"))[1][-1] == (STEP, b"and a step")


def refuses_what_is_too_large_and_goes_on(opened):
    store = opened("west")
    found(store)
    if store.most is not None:
        for append in (store.checkpoint, lambda body: store.commit(STEP, body)):
            try:
                append(bytes(store.most + 1))
                raise AssertionError("that was too large")
            except LimitError as e:
                assert e.asked == store.most + 1
    assert store.commit(STEP, b"a ninth one") == 8
    assert found(opened("west"))[1][-2:] == [(STEP, b"and a step"), (STEP, b"a ninth one")]


def says_when_a_checkpoint_is_due(opened):
    store = opened("west")
    found(store)
    assert not store.needs_checkpoint(0, 0)
    assert store.needs_checkpoint(0, 4096)
    assert store.needs_checkpoint(256, 0)
    for _ in range(300):
        if store.needs_checkpoint():
            break
        store.commit(STEP, b"once more")
    assert store.needs_checkpoint()
    store.checkpoint(b"a later state")
    assert not store.needs_checkpoint()
    assert found(opened("west"))[1] == [(CHECKPOINT, b"a later state")]


def changes_no_record_in_idle_moments(opened):
    store = opened("west")
    found(store)
    before = list(store.records())
    for _ in range(20):
        if not store.idle():
            break
    else:
        raise AssertionError("it is never done")
    assert list(store.records()) == before
    store.commit(STEP, b"the last")
    assert found(opened("west"))[1] == [(CHECKPOINT, b"a later state"), (STEP, b"the last")]


def takes_executions_to_their_ends(program, opened):
    # Power is cut at each step: a new life for each.
    outcomes = []
    for key in KEYS:
        for life in range(20):
            tasks = Tasks()
            tasks.task("add", effect="pure")(lambda n: n + 1)
            engine = Engine(program, opened(key), clock=lambda: 1000, seed=lambda: 7, tasks=tasks)
            ended = engine.outcome()
            if ended:
                outcomes.append((key, life > 2, ended.output))
                break
            engine.watch = cut
            try:
                engine.run_sync(len(key))
            except Cut:
                pass
    assert outcomes == [(key, True, len(key) + 3) for key in KEYS]


class Cut(BaseException):
    pass


def cut(event, step):
    raise Cut


CONTRACT = (
    is_empty_at_first,
    keeps_what_was_committed,
    goes_on_behind_it,
    begins_at_the_newest_checkpoint,
    tells_tools_what_can_be_read,
    keeps_keys_apart,
    refuses_what_is_too_large_and_goes_on,
    says_when_a_checkpoint_is_due,
    changes_no_record_in_idle_moments,
)


def main(kind, folder, program):
    opened = opener(kind, folder)
    for promise in CONTRACT:
        promise(opened)
        print(promise.__name__)
    with open(program, "rb") as f:
        program = Program(f.read())
    takes_executions_to_their_ends(program, opener(kind, folder + "/again"))
    print("takes_executions_to_their_ends")


if __name__ == "__main__":
    main(*sys.argv[1:])
