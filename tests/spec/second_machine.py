"""The second reader's interpreter: the digests and checkpoints that a journal must hold.

From docs/SPEC.md alone, as `second_reader` is.  `OutOfScope` is raised for some of the intrinsic
functions (those of distributed Maps).
"""

from __future__ import annotations

import math
import zlib
from fractions import Fraction
from typing import Any

from .second_frame import SILENCE, TIMEOUT, Frame, moved
from .second_query import select
from .second_reader import UNDEFINED, Program, encode
from .second_tree import Tree, name_of
from .second_values import (
    FUNCTIONS,
    MISSING,
    READS,
    OutOfScope,
    Random,
    WorkflowError,
    child,
    compare,
    fit,
    is_bulky,
    is_integer,
    is_number,
    put,
    retry_delay,
    test,
    time_text,
    timestamp,
)

CONTINUE, START, SUCCEEDED, FAILED, HEARTBEAT, TIMER, STOP, STARTED, SIGNAL, SLEEP = range(10)
FIELDS = {CONTINUE: 0, START: 6, SUCCEEDED: 2, FAILED: 3, TIMER: 1}
LONGEST = 2147483647
BEHAVIOUR = 1
MIGRATE = 10


class Machine(Tree):
    """One execution after the other; `step` gives each step's digest."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.consts = program.consts
        self.now = self.steps = self.execution = self.status = self.digest = self.begun = 0
        self.next_id = 1
        self.random = Random()
        self.pending: dict[int, list[Any]] = {}
        self.input = self.names = self.result = None
        self.frames: list[Frame | None] | None = None
        self.others: dict[bytes, Program] = {}  # by digest

    # --- steps (3) ---

    def step(self, kind: int, dt: int, fields: list[Any]) -> int:
        self.now = dt if kind == START else self.now + dt
        self.bytes = self.before = 0  # of large values made in this step, and before this state
        self.random.used = False
        self.ended: list[Any] = []
        self.took_part: set[int] = set()
        self.ready: int | None = None
        self.left = self.program.budget
        bound: Any = None
        all_fields = fields
        if len(fields) > FIELDS.get(kind, 4):
            *fields, bound = fields
        if bound is not None:
            self.left = 0 if isinstance(bound, list) else bound
        self.refused: Any = bound if isinstance(bound, list) else None
        if kind == START:
            self.digest = zlib.crc32(b"".join(map(encode, all_fields)))
            self.start(fields)
        before = {i: list(a) for i, a in self.pending.items()} if kind != START else {}
        if kind == STOP:
            self.finish(3, list(fields))
        elif kind in (HEARTBEAT, STARTED):
            before[fields[0]] = []  # in the delta even if it is as it was
            self.told(kind, self.pending[fields[0]])
        elif kind == MIGRATE:
            self.digest = zlib.crc32(b"".join(map(encode, fields)), self.digest)
            self.migrate(self.others[fields[0]], *fields[1])
        elif kind != SLEEP:
            if kind == CONTINUE:
                number = self.lowest()
                assert number is not None
                if self.refused:
                    self.refuse(number, enters=True)
                else:
                    self.run(number, [])
            elif kind != START:
                self.resume(kind, fields)
            self.run_all()
        self.steps += 1
        self.digest = zlib.crc32(self.delta(dt, before), self.digest)
        return self.digest

    def start(self, fields: list[Any]) -> None:
        self.execution, digest, seed, value, self.names, behaviour = fields
        assert behaviour == BEHAVIOUR
        assert digest == self.program.digest
        self.steps = self.status = 0
        self.result, self.begun, self.next_id, self.pending = None, self.now, 1, {}
        self.input = value if self.program.needs & 64 else None
        self.random = Random.seeded(seed)
        self.frames = [Frame(self.program, 0, value, self.program.slots)]
        self.took_part.add(0)
        if self.program.timeout:
            self.act(1, None, self.now + 1000 * self.program.timeout)

    def told(self, kind: int, action: list[Any]) -> None:
        if kind == STARTED:
            action[7] = 1
        elif action[6]:
            action[3] = self.now + action[6]
            if action[8] is not None:
                action[3] = min(action[3], action[8])

    def resume(self, kind: int, fields: list[Any]) -> None:
        action = self.pending.pop(fields[0])
        number = action[2]
        if number is None:
            self.finish(2, [*TIMEOUT])
            return
        self.frame(number).wait = 0
        self.took_part.add(number)
        if self.refused:
            self.refuse(number, enters=False)
        elif kind == SUCCEEDED:
            self.run(number, [fields[1]])
        elif kind == FAILED:
            self.failed(number, fields[1], fields[2])
        elif action[1] == 1:
            self.run(number, [])
        else:
            self.failed(number, *(TIMEOUT if action[3] == action[8] else SILENCE))

    def delta(self, dt: int, before: dict[int, list[Any]]) -> bytes:
        gone = sorted(i for i in before if i not in self.pending)
        new = [a for i, a in sorted(self.pending.items()) if a != before.get(i)]
        rng = self.random.state if self.random.used else None
        out = [self.status, dt, self.next_id, rng, gone, new]
        if self.status:
            out.append(self.result)
        else:
            out += self.ended
            for number in sorted(self.took_part):
                if self.frames and (f := self.frames[number]):
                    out += f.delta(number, self.now, self.consts)
        return b"".join(map(encode, out))

    def checkpoint(self) -> bytes:
        head: list[Any] = [BEHAVIOUR, self.steps, self.execution, self.status, self.now]
        head += [self.next_id, self.random.state, self.digest, self.now - self.begun, self.input]
        head += [self.names, [moved(a, -self.now) for _, a in sorted(self.pending.items())]]
        frames = None if self.status else [f and f.encoded(self.now) for f in self.frames or ()]
        return encode([*head, self.result, self.program.digest, frames])

    def restore(self, item: list[Any]) -> None:
        assert item[0] == BEHAVIOUR
        self.steps, self.execution, self.status, self.now, self.next_id, rng = item[1:7]
        self.digest, age, self.input, self.names, actions, self.result = item[7:13]
        self.begun = self.now - age
        assert item[13] == self.program.digest
        self.random = Random(rng)
        self.pending = {a[0]: moved(a, self.now) for a in actions}
        self.frames = item[14] and [
            f and Frame.decoded(self.program, f, self.now) for f in item[14]
        ]

    # --- frames (2.1, 2.11) ---

    def run_all(self) -> None:
        while not self.status:
            number = self.lowest() if self.ready is None else self.ready
            if number is None and self.pushed():
                continue
            if number is None or not self.left:
                return
            self.ready = None
            self.run(number, [])

    def lowest(self) -> int | None:
        waits = [1 if f is None else f.wait for f in self.frames or ()]
        return waits.index(0) if 0 in waits else None

    def run(self, number: int, stack: list[Any]) -> None:
        self.took_part.add(number)
        try:
            self.go(number, stack)
        except WorkflowError as e:
            self.failed(number, *e.args)

    def go(self, number: int, stack: list[Any]) -> None:
        self.n, self.f, self.stack = number, self.frame(number), stack
        self.before = self.bytes
        if self.f.join:
            outputs, self.f.join = self.f.join[0], None
            self.fits(outputs)
            stack.append(outputs)
        while True:
            at = self.f.pc
            op, a, self.f.pc = self.program.fetch(at)
            name = name_of(op)
            if name == "ENTER" and not self.left:
                self.f.pc = at
                return
            if getattr(self, "op_" + name.lower())(a):
                return

    def finish(self, status: int, result: Any) -> None:
        self.status, self.result, self.pending, self.frames = status, result, {}, None

    def act(self, kind: int, frame: int | None, due: int | None, *rest: Any) -> int:
        self.pending[self.next_id] = [self.next_id, kind, frame, due, *rest]
        self.next_id += 1
        return self.next_id - 1

    # --- instructions (2.2); True: the frame stops ---

    def op_const(self, a: int) -> None:
        self.stack.append(self.consts[a])

    def op_int(self, a: int) -> None:
        self.stack.append(a)

    def op_load(self, a: int) -> None:
        v = self.outside(a).slots[a % 256]
        if v is UNDEFINED:
            raise WorkflowError(5)
        self.stack.append(v)

    def outside(self, a: int) -> Frame:
        """The frame that an operand with a depth is about."""
        f = self.f
        for _ in range(a // 256):
            assert f.parent is not None
            f = self.frame(f.parent)
        return f

    def op_store(self, a: int) -> None:
        self.f.slots[a] = self.stack.pop()
        self.f.written.add(a)

    def op_pick(self, a: int) -> None:
        self.stack.append(self.stack[a])

    def op_drop(self, a: int) -> None:
        self.popped(a)

    def op_field(self, a: int) -> None:
        self.op_load(0)
        self.op_key(a)

    def op_key(self, a: int) -> None:
        self.op_keyq(a)
        if self.stack[-1] is MISSING:
            raise WorkflowError(1)

    def op_index(self, a: int) -> None:
        self.op_indexq(a)
        if self.stack[-1] is MISSING:
            raise WorkflowError(1)

    def op_keyq(self, a: int) -> None:
        self.stack.append(child(self.stack.pop(), self.consts[a]))

    def op_indexq(self, a: int) -> None:
        self.stack.append(child(self.stack.pop(), -(a + 1 >> 1) if a & 1 else a >> 1))

    def popped(self, n: int) -> list[Any]:
        at = len(self.stack) - n
        out = self.stack[at:]
        del self.stack[at:]
        return out

    def fits(self, v: Any, work: int = 0) -> None:
        """A value that is made, and what was gone through for it besides."""
        size = len(encode(fit(v, self.program.largest)))
        self.spend(work + size, size)

    def made(self, v: Any, items: list[Any]) -> None:
        if any(map(is_bulky, items)):
            self.fits(v)
        self.stack.append(v)

    def op_object(self, a: int) -> None:
        items = self.popped(len(self.consts[a]))
        self.made(dict(zip(self.consts[a], items, strict=True)), items)

    def op_array(self, a: int) -> None:
        items = self.popped(a)
        self.made(items, items)

    def op_put(self, a: int) -> None:
        v = self.stack.pop()
        whole = put(self.f.slots[0], self.consts[a], v)
        if is_bulky(v):
            fit(whole, self.program.largest)
        self.f.slots[0] = whole
        if a not in self.f.puts:
            self.f.puts.append(a)

    def op_call(self, a: int) -> None:
        if a not in FUNCTIONS:
            raise OutOfScope(f"intrinsic function {a}")
        arity, function = FUNCTIONS[a]
        args = self.popped(arity)
        v = function(self.random, *args)  # type: ignore[operator]
        work = sum(len(encode(arg)) for arg in args) if a in READS else 0
        if isinstance(v, (list, dict, str)):
            self.fits(v, work)
        else:
            self.spend(work, 0)
        self.stack.append(v)

    def spend(self, work: int, size: int) -> None:
        """What was gone through counts as transitions, and what was made as bytes (2.3)."""
        most = self.program.step_bytes
        self.bytes += size if size > 255 else 0
        self.left = max(0, self.left - work // 256) if self.bytes < most else 0
        if self.bytes - self.before > most:
            self.before = self.bytes
            raise WorkflowError(11)

    def op_context(self, a: int) -> None:
        f, k = self.outside(a), a % 256
        names = self.names or [None] * 5
        name = names[1] or str(self.execution)
        given = {0: names[0], 1: name, 4: names[2], 8: names[3], 9: names[4] or "tsme"}
        if k in given:
            v: Any = given[k] or name
        elif k in (3, 5):
            v = time_text(self.begun if k == 3 else f.entered)
        else:
            token = f"{self.execution}-{self.next_id}"
            mine = {6: sum(f.counters), 7: token, 10: 0, 11: f.index, 2: self.input}
            v = mine[k] if k in mine else f.item(self.frames, k == 13)
        self.stack.append(v)

    def op_enter(self, a: int) -> None:
        f = self.f
        self.left -= 1
        self.before = self.bytes
        f.state, f.entered, f.entry, f.handler = a, self.now, f.pc, 0
        f.counters = [0] * self.program.counters
        f.error = f.cause = None

    def op_jump(self, a: int) -> None:
        self.f.pc = a

    def op_if(self, a: int) -> None:
        if self.stack.pop() is True:
            self.f.pc = a

    def op_unless(self, a: int) -> None:
        if self.stack.pop() is False:
            self.f.pc = a

    def op_compare(self, k: int) -> None:
        self.stack.append(compare(k, *self.popped(2)))

    def op_test(self, k: int) -> None:
        self.stack.append(test(k, self.stack.pop()))

    def op_catch(self, a: int) -> None:
        self.f.handler = a

    def op_limit(self, k: int) -> None:
        v = self.stack.pop()
        if isinstance(v, str) and v.isascii() and v.isdigit() and len(v) <= 8:
            v = int(v)
        if k == 4 and is_number(v) and 0 <= v <= 100:
            cut = Fraction(math.floor(Fraction(v) * 2**40), 2**40)
            v = math.floor(10000 * cut + Fraction(1, 2))
        self.stack.append(v)
        self.stack.append(self.option(k))

    def option(self, k: int) -> int:
        v = self.stack.pop()
        if not is_integer(v) or not int(k < 2) <= v <= (1000000 if k == 4 else 99999999):
            raise WorkflowError(6)
        return int(v)

    def op_task(self, a: int) -> bool:
        resource, payload = self.stack.pop(), self.stack.pop()
        heartbeat = 1000 * self.option(1) if a & 2 else 0
        seconds = 1000 * self.option(0) if a & 1 else 0
        deadline = self.now + seconds if seconds else None
        ends = [deadline, self.now + heartbeat if heartbeat else None]
        due = min((t for t in ends if t is not None), default=None)
        rest = [resource, payload, heartbeat, 0, deadline]
        self.f.wait = self.act(0, self.n, due, *rest)
        return True

    def op_wait(self, k: int) -> bool:
        v = self.stack.pop()
        self.stack.clear()
        if k:
            time = timestamp(v)
            due = None if time is None else math.ceil(time * 1000)
        else:
            due = self.now + 1000 * v if is_integer(v) and v >= 0 else None
        if due is None or due - self.now > 1000 * LONGEST:
            raise WorkflowError(6)
        if due <= self.now:
            return False
        self.f.wait = self.act(1, self.n, due)
        return True

    def op_emit(self, a: int) -> None:
        """Handed out, and in no record."""

    def op_caught(self, a: int) -> None:
        hits: set[Any] = {self.f.error, "States.ALL"}
        if self.f.error not in ("TSME.Interrupted", "States.DataLimitExceeded"):
            hits |= {0} if self.f.error == "States.Timeout" else {0, 1}
        hits.add("States.TaskFailed" if self.f.error != "States.Timeout" else "States.ALL")
        hits.add("States.HeartbeatTimeout" if self.f.silent else "States.ALL")
        self.stack.append(not hits.isdisjoint(self.consts[a]))

    def op_retry(self, a: int) -> bool:
        counter, interval, attempts, whole, part, longest, jitter = self.consts[a]
        n = self.f.counters[counter]
        if n >= attempts:
            return False
        self.f.counters = list(self.f.counters)
        self.f.counters[counter] = n + 1
        rate = whole + Fraction(part, 10**9)
        delay = retry_delay(interval, rate, n, longest or LONGEST)
        if jitter:
            delay = self.random.below(delay + 1)
        self.f.pc = self.f.entry
        self.f.wait = self.act(1, self.n, self.now + delay)
        return True

    def op_error(self, a: int) -> None:
        none = self.f.silent or self.f.cause is None and self.f.error is not None
        self.stack.append({"Error": self.f.error, "Cause": "" if none else self.f.cause})

    def op_raise(self, a: int) -> bool:
        if self.raised(self.n, self.f.error, self.f.cause):
            self.ready = self.n
        return True

    def op_fail(self, k: int) -> bool:
        cause = self.stack.pop() if k & 2 else None
        if self.raised(self.n, self.stack.pop() if k & 1 else None, cause):
            self.ready = self.n
        return True

    def op_end(self, a: int) -> bool:
        if self.f.parent is None:
            self.finish(1, self.f.slots[0])
        else:
            self.leave(self.n, self.f.slots[0])
        return True

    def op_fork(self, a: int) -> bool:
        value = self.stack.pop()
        for index in range(a):
            self.spawn(self.n, index, self.f.pc, value)
            self.f.pc = self.behind(self.f.pc)
        self.f.join, self.f.wait, self.f.began = [[UNDEFINED] * a, a, a, 0, None], -1, True
        return True

    def op_map(self, a: int) -> bool:
        percent = self.option(4) if a & 4 else None
        count = self.option(3) if a & 2 else None
        items = self.stack.pop()
        if not isinstance(items, (list, dict)):
            raise WorkflowError(8)
        if len(items) > self.program.items:
            raise WorkflowError(12)
        most = self.option(2) if a & 1 else 0
        entry = self.f.pc
        self.f.pc = self.behind(entry)
        n = len(items)
        flat = [*items, *items.values()] if isinstance(items, dict) else items
        join = [[UNDEFINED] * n, n, 0, entry, flat, most or 40]
        if count is not None or percent is not None:
            share = None if percent is None else percent * n // 1000000
            join.append(min(limit for limit in (count, share) if limit is not None))
        self.f.join, self.f.wait, self.f.began = join, -1 if n else 0, True
        if n:
            self.begin(self.n)
        else:
            self.ready = self.n
        return True

    def op_query(self, a: int) -> None:
        v, work = select(self.stack.pop(), self.consts[a], self.program.largest)
        self.fits(v, work)
        self.stack.append(v)
