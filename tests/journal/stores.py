# Stores of records other than a journal, for the contract that all keep (contract.py).
from tsme.errors import over
from tsme.journal import CHECKPOINT, CHECKPOINT_STEPS, CHECKPOINT_TRANSITIONS


class Found:
    def __init__(self, records, steps):
        self.records = records
        self.steps = steps


class MemoryStore:
    # The reference: records in a list of `shelf`, by key.  What is in the shelf is durable.
    most = 4000
    retired = ()

    def __init__(self, shelf, key=None):
        self.key = key
        self.kept = shelf.setdefault(key, [])
        self.found = None

    def newest(self):
        # the number of the newest checkpoint's record, else 0
        at = len(self.kept)
        while at and self.kept[at - 1][0] != CHECKPOINT:
            at -= 1
        return at - 1 if at else 0

    def recover(self):
        self.found = self.kept[self.newest() :]
        return Found(len(self.kept), len([kind for kind, _ in self.found if kind != CHECKPOINT]))

    def reread(self, on_checkpoint, on_step):
        found, self.found = self.found, ()
        for kind, body in found:
            (on_checkpoint if kind == CHECKPOINT else on_step)(memoryview(body))

    def records(self):
        for number, (kind, body) in enumerate(self.kept):
            yield number, kind, body, 0, number

    def commit(self, kind, body):
        if len(body) > self.most:
            raise over("TSME-J007", len(body), self.most)
        self.kept.append((kind, bytes(body)))
        return len(self.kept) - 1

    def checkpoint(self, body):
        return self.commit(CHECKPOINT, body)

    def needs_checkpoint(self, steps=None, transitions=0):
        if steps is None:
            steps = len(self.kept) - self.newest()
        return steps >= CHECKPOINT_STEPS or transitions >= CHECKPOINT_TRANSITIONS

    def idle(self):
        return False


class SqlStore(MemoryStore):
    # The same in a table: each record is a transaction, older ones than a checkpoint go.
    def __init__(self, database, key=None):
        self.key = key
        self.database = database
        self.found = None
        database.execute(
            "CREATE TABLE IF NOT EXISTS records"
            " (execution TEXT, number INTEGER, kind INTEGER, body BLOB,"
            " PRIMARY KEY (execution, number))"
        )

    @property
    def kept(self):
        # as the base class has them, but for what is gone
        rows = self.database.execute(
            "SELECT kind, body FROM records WHERE execution IS ? ORDER BY number", (self.key,)
        )
        return [(kind, body) for kind, body in rows]

    def first(self):
        (first,) = self.database.execute(
            "SELECT MIN(number) FROM records WHERE execution IS ?", (self.key,)
        ).fetchone()
        return first or 0

    def recover(self):
        found = super().recover()
        found.records += self.first()
        return found

    def records(self):
        first = self.first()
        for number, kind, body, _, place in super().records():
            yield first + number, kind, body, 0, place

    def commit(self, kind, body):
        if len(body) > self.most:
            raise over("TSME-J007", len(body), self.most)
        number = self.first() + len(self.kept)
        with self.database:
            self.database.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?)", (self.key, number, kind, bytes(body))
            )
            if kind == CHECKPOINT:
                self.database.execute(
                    "DELETE FROM records WHERE execution IS ? AND number < ?", (self.key, number)
                )
        return number
