"""An interpreter of expressions, written from docs/SPEC.md, 2.16, alone."""

from __future__ import annotations

import re
from typing import Any

from tests.spec.expression_code import FUNCTIONS, OPERATORS, RESERVED, Checked, Code
from tests.spec.expression_values import (
    ARITY,
    NOTHING,
    OPEN,
    Apart,
    Builder,
    Call,
    Closure,
    Composed,
    Environment,
    Failed,
    Iterator,
    Matcher,
    Native,
    Packed,
    Partial,
    Sequence,
    Sorter,
    TooLarge,
    all_below,
    appended,
    depth,
    is_function,
    is_number,
    items_of,
    left,
    matches,
    member,
    merged,
    native,
    operate,
    plain,
    single,
    size,
    truth,
)

_FUEL = re.search(r"has (\d+) units", RESERVED)
_DEPTH = re.search(r"are at most (\d+), as AWS counts", RESERVED)
assert _FUEL is not None
assert _DEPTH is not None
FUEL, DEPTH = int(_FUEL[1]), int(_DEPTH[1])


class Machine:
    """One evaluation: `run(states)` gives the value or raises Failed."""

    def __init__(self, code: Code, fuel: int = FUEL) -> None:
        self.code = code
        self.checked = Checked(code)
        self.fuel = fuel
        self.calls: list[Call] = []
        self.value: Any = NOTHING
        self.clones: dict[int, Any] = {}

    def run(self, states: Any) -> Any:
        self.call(Closure(0, Environment([NOTHING], None)), [states], [])
        while self.calls:
            call = self.calls[-1]
            name, a, after = self.code.fetch(call.pc)
            if name == "JUMP":
                self.spend(a <= call.pc)
                call.pc = a
                continue
            call.pc = after
            getattr(self, name.lower() + "_")(call, a)
        if not plain(self.value):
            raise Failed("")
        return left(self.value)

    def spend(self, units: int) -> None:
        self.fuel -= units
        if self.fuel < 0:
            raise Failed("D1012")

    # --- functions ---

    def call(self, f: Any, args: list[Any], then: list[Any]) -> None:
        """`then`: functions that the result goes to, the last first."""
        self.spend(1)
        while isinstance(f, (Partial, Composed)):
            if isinstance(f, Composed):
                then = [*then, f.second]
                f = f.first
            else:
                rest = iter(args)
                args = [next(rest, NOTHING) if v is OPEN else v for v in f.given]
                f = f.function
        if isinstance(f, Closure):
            if len(self.calls) >= DEPTH:
                raise Failed("D1011")
            count, parameters = self.checked.size[f.body]
            values = [f.environment.values[0], *args[:parameters]]
            values += [NOTHING] * (count - len(values))
            begin = self.code.fetch(f.body)[2]
            self.calls.append(Call(begin, Environment(values, f.environment), then=then))
            return
        if isinstance(f, Matcher):
            if len(args) != 1 or not isinstance(args[0], str):
                raise Failed("T0410")
            one = matches(f, args[0])[:1]
            result = one[0] if one else NOTHING
        elif isinstance(f, Native):
            result = native(f.name, args)
        else:
            raise Failed("T1006")
        self.spend(sum(map(size, [*args, result])) >> 8)
        self.give(result, then)

    def give(self, v: Any, then: list[Any]) -> None:
        """A result: to what waits for it, or to the call below."""
        if then:
            self.call(then[-1], [v], then[:-1])
        elif self.calls:
            self.calls[-1].stack.append(v)
        else:
            self.value = v

    def arity(self, f: Any) -> int:
        if isinstance(f, Closure):
            return self.checked.size[f.body][1]
        if isinstance(f, Partial):
            return f.given.count(OPEN)
        return self.arity(f.first) if isinstance(f, Composed) else ARITY.get(f.name, 1)

    def invoke_(self, call: Call, a: int) -> None:
        n = a % 256
        f, *args = call.stack[len(call.stack) - n - 1 :]
        del call.stack[len(call.stack) - n - 1 :]
        if not is_function(f):
            raise Failed("T1006")
        if a > 255:
            args = args[: self.arity(f)]
        then: list[Any] = []
        if self.code.fetch(call.pc)[0] == "RETURN":  # the body is over
            self.calls.pop()
            then = call.then
        self.call(f, args, then)

    def return_(self, call: Call, a: int) -> None:
        self.calls.pop()
        self.give(call.stack.pop(), call.then)

    def closure_(self, call: Call, a: int) -> None:
        call.stack.append(Closure(a, call.environment))

    def func_(self, call: Call, a: int) -> None:
        call.stack.append(Native(FUNCTIONS[a]))

    def regex_(self, call: Call, a: int) -> None:
        call.stack.append(Matcher(self.code.consts[a]))

    def hole_(self, call: Call, a: int) -> None:
        call.stack.append(OPEN)

    def partial_(self, call: Call, a: int) -> None:
        f, *given = call.stack[len(call.stack) - a - 1 :]
        del call.stack[len(call.stack) - a - 1 :]
        if not is_function(f):
            raise Failed("T1008")
        call.stack.append(Partial(f, given))

    # --- values ---

    def const_(self, call: Call, a: int) -> None:
        call.stack.append(self.code.consts[a])

    def int_(self, call: Call, a: int) -> None:
        call.stack.append(a)

    def load_(self, call: Call, a: int) -> None:
        raise Failed("not in this interpreter")

    context_ = load_

    def none_(self, call: Call, a: int) -> None:
        call.stack.append(NOTHING)

    def get_(self, call: Call, a: int) -> None:
        place: Environment | None = call.environment
        for _ in range(a // 256):
            assert place is not None
            place = place.around
        assert place is not None
        call.stack.append(place.values[a % 256])

    def set_(self, call: Call, a: int) -> None:
        call.environment.values[a] = call.stack.pop()

    def pick_(self, call: Call, a: int) -> None:
        call.stack.append(call.stack[a])

    def drop_(self, call: Call, a: int) -> None:
        del call.stack[len(call.stack) - a :]

    def if_(self, call: Call, a: int) -> None:
        call.pc = a if call.stack.pop() is True else call.pc

    def unless_(self, call: Call, a: int) -> None:
        call.pc = a if call.stack.pop() is False else call.pc

    def is_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        kinds = (
            v is NOTHING,
            is_function(v),
            isinstance(v, list),
            is_number(v),
            isinstance(v, str),
            isinstance(v, dict),
            truth(v),
            isinstance(v, bool),
        )
        call.stack.append(kinds[a])

    def minus_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        if v is not NOTHING and not is_number(v):
            raise Failed("D1002")
        call.stack.append(v if v is NOTHING else -v)

    def operate_(self, call: Call, a: int) -> None:
        y, x = call.stack.pop(), call.stack.pop()
        if OPERATORS[a] == "~>":
            if not is_function(y):
                raise Failed("T2006")
            if is_function(x):
                call.stack.append(Composed(x, y))
            else:
                self.call(y, [x], [])
        else:
            if OPERATORS[a] == ".." and is_number(x) and is_number(y):
                self.spend(max(0, int(y - x)) >> 8)
            call.stack.append(operate(OPERATORS[a], x, y))

    def name_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        if isinstance(v, list):
            self.spend(len(v) >> 8)
        call.stack.append(member(v, self.code.consts[a]))

    def at_(self, call: Call, a: int) -> None:
        items = items_of(call.stack.pop())
        n = -((a + 1) >> 1) if a & 1 else a >> 1
        there = -len(items) <= n < len(items)
        call.stack.append(items[n] if there else NOTHING)

    def item_(self, call: Call, a: int) -> None:
        """Step by step, as a path's last step does it."""
        name, n = self.code.consts[a]
        found: list[Any] = []
        for v in items_of(call.stack.pop()):
            items = items_of(member(v, name))
            if -len(items) <= n < len(items):
                found.append(items[n])
        plain_one = len(found) == 1 and type(found[0]) in (list, Apart)
        flat = [v for part in found for v in items_of(part)]
        call.stack.append(found[0] if plain_one else single(flat))

    def order_(self, call: Call, a: int) -> None:
        """One comparison after the other, as a sorter asks for them."""
        rows = items_of(call.stack.pop())
        terms = a.bit_length() - 1
        if not all(isinstance(row, Packed) and len(row) == terms + 1 for row in rows):
            raise Failed("T0410")
        self.spend(len(rows) * max(len(rows) - 1, 0).bit_length())
        ways = merged(rows)
        answer: bool | None = None
        while True:
            try:
                x, y = ways.send(answer)
            except StopIteration as over:
                call.stack.append([row[0] for row in over.value])
                return
            order = 0
            for i in range(terms):
                way = -1 if a >> i & 1 else 1
                order = order or native("*compare*", [x[i + 1], y[i + 1], way])
            answer = order > 0

    def fault_(self, call: Call, a: int) -> None:
        raise Failed(self.code.consts[a])

    def level_(self, call: Call, a: int) -> None:
        pass  # calls are counted alone here

    def signed_(self, call: Call, a: int) -> None:
        if not is_function(call.stack[-1]):
            raise Failed("T0410")

    def tuple_(self, call: Call, a: int) -> None:
        values = Packed(call.stack[len(call.stack) - a :])
        self.whole(values)
        del call.stack[len(call.stack) - a :]
        call.stack.append(values)

    def untuple_(self, call: Call, a: int) -> None:
        values = call.stack.pop()
        if not isinstance(values, Packed) or len(values) != a:
            raise Failed("T0410")
        call.stack += values

    def wild_(self, call: Call, a: int) -> None:
        found = all_below(call.stack.pop(), a == 1)
        self.spend(len(found) >> 8)
        call.stack.append(single(found))

    def clone_(self, call: Call, a: int) -> None:
        call.stack.append(self.copied(call.stack.pop()))

    def copied(self, v: Any) -> Any:
        if isinstance(v, list):
            return type(v)(map(self.copied, v))
        if not isinstance(v, dict):
            return v
        out = {k: self.copied(x) for k, x in v.items()}
        self.clones[id(out)] = out
        return out

    def update_(self, call: Call, a: int) -> None:
        v, o = call.stack.pop(), call.stack.pop()
        if id(o) not in self.clones:
            raise Failed("T0410")
        if v is not NOTHING:
            if not isinstance(v, dict):
                raise Failed("T2011")
            o.update(self.copied(v))
            self.whole(o)

    def remove_(self, call: Call, a: int) -> None:
        v, o = call.stack.pop(), call.stack.pop()
        if id(o) not in self.clones:
            raise Failed("T0410")
        for name in items_of(v):
            if not isinstance(name, str):
                raise Failed("T2012")
            o.pop(name, None)

    def whole(self, v: Any) -> None:
        """Is it no deeper than a value may be?"""
        if depth(v) > 32:
            raise TooLarge("7")

    # --- iterators, builders, sorters ---

    def each_(self, call: Call, a: int) -> None:
        call.stack.append(Iterator(items_of(call.stack.pop())))

    def next_(self, call: Call, a: int) -> None:
        it = call.stack[-1]
        it.at += 1
        if it.at < len(it.items):
            call.stack.append(it.items[it.at])
        else:
            call.stack.pop()
            call.pc = a

    def position_(self, call: Call, a: int) -> None:
        call.stack.append(call.stack[a].at)

    def build_(self, call: Call, a: int) -> None:
        call.stack.append(Builder(a))

    def add_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        if v is not NOTHING:
            call.stack[a].items.append(v)

    def spread_(self, call: Call, a: int) -> None:
        call.stack[a].items += items_of(call.stack.pop())

    def keep_(self, call: Call, a: int) -> None:
        p, v = call.stack.pop(), call.stack.pop()
        it = call.stack[a]
        picks = p if isinstance(p, list) else [p]
        if picks and all(map(is_number, picks)):
            count = sum(int(n // 1) in (it.at, it.at - len(it.items)) for n in picks)
        else:
            count = int(truth(p))
        call.stack[a - 1].items += [v] * count

    def member_(self, call: Call, a: int) -> None:
        v, k = call.stack.pop(), call.stack.pop()
        made = call.stack[a].members
        if k is NOTHING:
            return
        if not isinstance(k, str):
            raise Failed("T1003")
        if k in made:
            raise Failed("D1009")
        if v is not NOTHING:
            made[k] = v

    def group_(self, call: Call, a: int) -> None:
        v, k = call.stack.pop(), call.stack.pop()
        if k is NOTHING:
            return
        if not isinstance(k, str):
            raise Failed("T1003")
        groups = call.stack[a].members
        groups[k] = appended(groups[k], v) if k in groups else v

    def done_(self, call: Call, a: int) -> None:
        built = call.stack.pop()
        items = built.items
        if built.kind == 2:
            call.stack.append(built.members)
        elif built.kind == 3:
            pairs = built.members.items()
            call.stack.append([Packed(pair) for pair in pairs])
        elif built.kind == 1:
            call.stack.append(Apart(items) if a & 8 else items)
        elif a & 2 and len(items) == 1 and type(items[0]) in (list, Apart):
            call.stack.append(items[0])
        else:
            if a & 1:
                flat = [items_of(v) if not isinstance(v, Apart) else [v] for v in items]
                items = [v for part in flat for v in part]
            call.stack.append(Sequence(items) if items and a & 4 else single(items))
        self.whole(call.stack[-1])

    def sort_(self, call: Call, a: int) -> None:
        call.stack.append(Sorter(merged(items_of(call.stack.pop()))))

    def step_(self, call: Call, a: int) -> None:
        by = call.stack[-1]
        try:
            asked = by.ways.send(bool(by.answer) if by.asked else None)
            by.asked = True
        except StopIteration as over:
            call.stack[-1] = over.value
            call.pc = a
            return
        by.answer = None
        call.stack += asked

    def answer_(self, call: Call, a: int) -> None:
        v = call.stack.pop()
        call.stack[-1].answer = v is not NOTHING and v is not None and v not in (False, 0, "")
