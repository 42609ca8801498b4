# What an Engine does when its program changes; loaded then, and forgotten.
from .. import const
from ..errors import TsmeError, fault
from ..kernel.rejected import Rejected
from ..kernel.replay import read_step
from ..values.cbor import decode, encode

# As protocol.py has them.
_CONTINUE = const(0)
_START = const(1)
_MIGRATE = const(10)


def tidy(engine):
    # Drops the programs that nobody needs any more.
    for digest in engine.programs.digests():
        if digest not in engine.needed():
            engine.programs.drop(digest)


def migrate(engine, plan):
    if isinstance(plan, bytes):
        plan, _ = decode(plan)
    engine.recover()
    while engine.busy() and engine.kernel.client.runnable(engine.state.client):
        engine.feed((_CONTINUE, engine.time()))
    try:
        engine.feed((_MIGRATE, engine.time(), engine.digest, plan))
    except Rejected as e:
        if isinstance(e.exception, TsmeError):
            raise e.exception
        if not engine.own:
            raise
        raise fault("TSME-M013", engine.own.program.name, e.cause)
    engine.keep(True)
    if engine.programs:
        tidy(engine)


class _Seen:
    # What records say of an execution without its program.
    behaviour = steps = execution = now = digest = 0
    program = None
    ended = True

    def checkpoint(self, body):
        item, _ = decode(body, 0, True)
        self.behaviour = item[0] if len(item) > 14 else 0
        self.steps, self.execution, status, self.now = item[-14:-10]
        self.digest, self.program = item[-8], item[-2]
        self.ended = status > 0

    def step(self, body):
        self.digest, event = read_step(body, self.now)
        self.now = event[1]
        self.steps += 1
        self.ended = False
        if event[0] == _START:
            self.steps = 1
            self.execution, self.program = event[2:4]
            self.behaviour = event[7] if len(event) > 7 and type(event[7]) is int else 0
        elif event[0] == _MIGRATE:
            self.program = event[2]


def retire(engine, cause):
    # What can be recovered says itself whether it has ended.
    try:
        busy = engine.recover()
    except Exception:
        busy = True  # nothing here can go on with it
    if not busy:
        raise fault("TSME-K002")
    engine.recovered = None
    give_up(engine.journal, cause)


def give_up(journal, cause):
    # A checkpoint says that the execution is over, of which no step can be made.  -> its number
    s = _Seen()
    journal.recover(s.checkpoint, s.step)
    if s.ended:
        raise fault("TSME-K002")
    body = [s.behaviour, s.steps, s.execution, 3, s.now, 1, 0, s.digest, 0, None, None, []]
    journal.checkpoint(encode(body + [["TSME.Retired", cause], s.program, None], True))
    return s.execution
