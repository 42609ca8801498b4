"""A second relational machine, from docs/SPEC.md 9 and 9.2: names, lists and dictionaries.

The engine of the device works on masks of indexes, in steps, and keeps it all in a checkpoint.
This one does none of it: it plays a vector (docs/RELATIONAL.md) from the beginning to the end in
memory.  Where both come to the same, neither is likely to be wrong by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.spec.second_relations import ERROR, Names, Resolver, once, sound

Json = dict[str, Any]

# --- handlers ---


class Stopped(Exception):
    """A handler refused (`veto`), raised (`panic`) or took too long (`slow`)."""

    def __init__(self, how: str, name: str) -> None:
        super().__init__(how)
        self.how = how
        self.name = name


class Handlers:
    """The handlers of a vector: which there are, what each does, and the order of the calls."""

    def __init__(self, given: Json | None, do: Callable[[str, Json], None]) -> None:
        self.given = given or {}
        self.act = do
        self.bound = False
        self.calls: Names = []
        self.times: dict[str, int] = {}

    def call(self, name: str, final: bool = False) -> None:
        """One handler, if there is one by this name; raises Stopped.  `final`: refuses nothing."""
        if not self.bound:
            return
        given = self.given
        self.calls.append(name)
        done = self.times.get(name, 0)
        ops = given.get("do", {}).get(name, ())
        if ops and done < given.get("do_times", 1):
            self.times[name] = done + 1
            for op in ops:
                self.act(name, op)
        for how in ("slow", "panic", "veto"):
            if name in given.get(how, ()) and not (final and how == "veto"):
                raise Stopped(how, name)


# --- subscriptions ---


class Subscriptions:
    """What somebody waits for, by key; `fired` are those that came about."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.waiting: dict[str, tuple[str, Json]] = {}
        self.fired: Names = []

    def fire(self, key: str) -> None:
        del self.waiting[key]
        self.fired.append(key)

    def subscribe(self, op: Json) -> None:
        """One operation of a vector."""
        model = self.model
        kind = op["op"]
        what = dict(op)
        ticks = model.ticks
        if op["id"] in self.waiting or op["id"] in self.fired:
            return
        if kind == "when_ctx":
            kind = "when"
        elif kind == "when_ticks":
            kind, what["times"] = "when_time", [ticks[op["states"][0]] + op["n"]]
        elif kind == "when_next_active":
            now = ticks[op["states"][0]]
            kind, what["times"] = "when_time", [now + 1 + now % 2]
        elif kind == "state_ctx":
            what["times"] = [ticks[op["states"][0]]]
        if kind == "when_time" and len(what["times"]) != len(op["states"]):
            self.fired.append(op["id"])
            text = f"when_time() has {len(what['times'])} ticks for {len(op['states'])} states"
            model.ask({"op": "add_err", "msg": text})
            return
        if kind == "when_time":
            what["open"] = set(range(len(op["states"])))
        self.waiting[op["id"]] = (kind, what)
        if kind == "when_queue_ends":
            if not model.draining:
                self.fire(op["id"])
        elif kind not in ("when_sum", "when_args", "state_ctx") and self.holds(kind, what):
            self.fire(op["id"])

    def holds(self, kind: str, what: Json) -> bool:
        """Whether what is waited for is so now."""
        model = self.model
        states = what.get("states") or []
        if kind == "when":
            return all(a in model.active for a in states)
        if kind == "when_not":
            return all(a not in model.active for a in states)
        if kind == "when_queue":
            return bool(model.queue_tick >= what["n"])
        if kind == "when_sum":
            return bool(sum(model.ticks[a] for a in states) >= what["n"])
        if kind == "when_time":
            times = what["times"]
            what["open"] -= {i for i, a in enumerate(states) if model.ticks[a] >= times[i]}
            return not what["open"]
        return False

    def cancel(self, key: str) -> None:
        """Its context ended: it closes with the next transition that is accepted."""
        if key in self.waiting:
            self.waiting[key] = ("when", {"states": []})

    def accepted(self) -> None:
        """After a transition that was accepted."""
        for key, (kind, what) in list(self.waiting.items()):
            if self.holds(kind, what):
                self.fire(key)

    def ticked(self) -> None:
        """The clock went on: contexts of states end."""
        for key, (kind, what) in list(self.waiting.items()):
            if kind == "state_ctx" and self.model.ticks[what["states"][0]] != what["times"][0]:
                self.fire(key)

    def entered(self, state: str, args: Json) -> None:
        """A state's final handler is next, in a transition with these args."""
        for key, (kind, what) in list(self.waiting.items()):
            if kind == "when_args" and state == what["states"][0]:
                wanted = what.get("args") or {}
                if all(name in args and args[name] == value for name, value in wanted.items()):
                    self.fire(key)

    def ended(self) -> None:
        """The queue is empty."""
        for key, (kind, _) in list(self.waiting.items()):
            if kind == "when_queue_ends":
                self.fire(key)


# --- the machine ---


class Transition:
    """One mutation, taken off the queue."""

    def __init__(self, item: Json, before: Names) -> None:
        self.kind: str = item["kind"]
        self.called: Names = item["states"]
        self.args: Json = item["args"]
        self.auto: bool = item.get("auto", False)
        self.check: bool = item.get("check", False)
        self.after: Names | None = item.get("after")  # the error of an automatic one, of these
        self.before = before
        self.target: Names = []
        self.accepted = False
        self.changed = False


class Model:
    """A machine that plays a vector; `play` tells of the beginning and of each step."""

    def __init__(self, vector: Json) -> None:
        self.schema, self.names, error = sound(vector["schema"], vector["order"])
        self.resolver = Resolver(self.schema)
        self.limit = vector.get("queue_limit") or 1000
        self.vector = vector
        self.active: Names = []
        self.ticks = dict.fromkeys(self.names, 0)
        self.queue_tick = 1
        self.queue: list[Json] = []
        self.draining = False
        self.running: Transition | None = None
        self.error: str | None = None
        self.done: list[Json] = []
        self.nested: list[Json] = []
        self.handlers = Handlers(vector.get("handlers"), self.within)
        self.subscriptions = Subscriptions(self)
        self.broken = error

    # asking for mutations

    def ask(self, op: Json) -> tuple[str, int]:
        """An operation: its result, and the queue tick if it waits for one."""
        kind = op["op"]
        states = once(op.get("states") or [])
        if kind == "add_err":
            if any(a not in self.names for a in states):
                return "error", 0
            self.error = op.get("msg", "boom")
            return self.append("add", once([*states, ERROR]), {"error": self.error}, False)
        if kind.startswith("can_"):
            item = {"kind": kind[4:], "states": states, "args": {}, "check": True}
            return self.prepend(item)
        if kind == "prepend_add":
            return self.prepend({"kind": "add", "states": states, "args": op.get("args") or {}})
        if kind == "toggle":
            kind = "remove" if all(a in self.active for a in states) else "add"
        return self.append(kind, states, op.get("args") or {}, kind != "set")

    def append(self, kind: str, states: Names, args: Json, spared: bool) -> tuple[str, int]:
        """To the end of the queue, if it is let in; `spared`: Exception may exceed the limit."""
        if len(self.queue) >= self.limit:
            here = ERROR in self.active
            if not (spared and ERROR in states and here == (kind == "remove")):
                return "canceled", 0
        if kind == "remove" and self.running and not self.queue:
            if not any(a in self.active for a in states):
                return "executed", 0
        if any(a not in self.names for a in states):
            return "error", 0
        if not args and not any(self.schema[a]["multi"] for a in states):
            for item in self.queue:
                same = item["kind"] == kind and set(item["states"]) == set(states)
                if same and not item["args"] and not item.get("check"):
                    return "executed", 0
        self.queue.append({"kind": kind, "states": states, "args": args, "ticked": True})
        tick = self.queue_tick + sum(item.get("ticked", False) for item in self.queue)
        return self.drain(tick)

    def prepend(self, item: Json) -> tuple[str, int]:
        if any(a not in self.names for a in item["states"]):
            return "error", 0
        self.queue.insert(0, item)
        return self.drain(0)

    def drain(self, tick: int) -> tuple[str, int]:
        """Works the queue off, unless that is being done: the result of the first item."""
        if self.draining:
            return "queued", tick
        self.draining = True
        first = ""
        while self.queue:
            item = self.queue.pop(0)
            self.queue_tick += item.get("ticked", False)
            result = self.transition(Transition(item, self.active))
            first = first or result
        self.draining = False
        self.subscriptions.ended()
        return first, 0

    def within(self, handler: str, op: Json) -> None:
        """An operation that a handler asks for."""
        if op["op"].startswith("when"):
            self.subscriptions.subscribe(op)
            result, tick = "none", 0
        else:
            result, tick = self.ask(op)
        told = {"handler": handler, "op": op["op"], "result": result}
        if op.get("states"):
            told["states"] = op["states"]
        if result == "queued" and tick:
            told["tick"] = tick
        self.nested.append(told)

    # one transition

    def transition(self, t: Transition) -> str:
        self.running = t
        t.target = self.resolver.target(t.kind, t.called, t.before)
        t.accepted = self.related(t)
        if t.accepted:
            self.guarded(t, self.negotiate)
        if t.accepted and t.auto:
            self.again(t)
        if t.accepted and not t.check:
            self.apply(t)
            self.finals(t)
        self.running = None
        called = sorted(t.called) if t.auto else t.called
        told: Json = {"type": t.kind, "called": called}
        if t.auto:
            told["auto"] = True
        self.done.append(told | {"accepted": t.accepted})
        if t.accepted and not t.check:
            self.follow(t)
        return self.result(t)

    def related(self, t: Transition) -> bool:
        """Whether relations let it pass."""
        if t.kind == "remove":
            return True
        if t.check and any(self.schema[a]["multi"] for a in t.called):
            return True
        there = [a in t.target for a in t.called]
        return any(there) if t.auto else all(there)

    def guarded(self, t: Transition, phase: Callable[[Transition], None]) -> Stopped | None:
        """A phase of handlers; one that is stopped undoes the acceptance."""
        try:
            phase(t)
        except Stopped as stopped:
            t.accepted = False
            if stopped.how == "panic":
                self.error = f"panic in {stopped.name}"
                if ERROR not in t.called:
                    item: Json = {"kind": "add", "states": [ERROR], "args": {"error": self.error}}
                    if t.auto or t.after is not None:
                        item["after"] = t.called
                    self.queue.insert(0, item)
            return stopped
        return None

    def entering(self, t: Transition) -> Names:
        """Those that become active, and multi ones that are called again."""
        again = [a for a in t.called if self.schema[a]["multi"] and t.kind != "remove"]
        return [a for a in t.target if a not in t.before or a in again]

    def exiting(self, t: Transition) -> Names:
        return self.resolver.sorted([a for a in t.before if a not in t.target])

    def negotiate(self, t: Transition) -> None:
        call = self.handlers.call
        for a in self.exiting(t):
            call(a + "Exit")
        for a in self.entering(t):
            self.spare(t, a, a + "Enter")
        if t.kind != "remove":
            for a in [a for a in t.target if a in t.before]:
                call(a + a)
        target = list(t.target)
        for a in t.before:
            for b in target:
                if a != b:
                    self.spare(t, b, a + b)
        call("AnyEnter")

    def spare(self, t: Transition, state: str, name: str) -> None:
        """A handler of an automatic state costs, in an automatic transition, only that one."""
        try:
            self.handlers.call(name)
        except Stopped as stopped:
            if not (stopped.how == "veto" and t.auto and self.schema[state]["auto"]):
                raise
            t.target = [a for a in t.target if a != state]
            if not t.target:
                raise

    def again(self, t: Transition) -> None:
        """The resolution of an automatic transition with those that are left."""
        left = [a for a in t.called if a in t.target]
        t.target = self.resolver.target("add", left, t.before)

    def move(self, t: Transition, active: Names) -> None:
        """The clock, by the states that are active from now on."""
        called = [a for a in t.called if self.schema[a]["multi"] and t.kind != "remove"]
        for a in self.names:
            was, will = a in self.active, a in active
            self.ticks[a] += 1 if was != will else 2 if will and a in called else 0
        self.active = active
        self.subscriptions.ticked()

    def apply(self, t: Transition) -> None:
        ticks = dict(self.ticks)
        self.move(t, t.target)
        t.changed = ticks != self.ticks

    def finals(self, t: Transition) -> None:
        begun: Names = []
        enters = self.entering(t)

        def phase(t: Transition) -> None:
            for a in self.exiting(t):
                self.handlers.call(a + "End", True)
            for a in enters:
                begun.append(a)
                self.handlers.call(a + "State", True)
                self.subscriptions.entered(a, t.args)
            begun.append("")
            self.handlers.call("AnyState", True)

        stopped = self.guarded(t, phase)
        if not stopped:
            return
        whole = bool(begun) and not begun[-1]  # AnyState takes nobody out
        lost = enters[len(begun) - 1 :] if begun and not whole else []
        if not whole:
            self.move(t, [a for a in self.active if a not in lost])
        if stopped.how != "panic" or ERROR not in t.called:
            self.move(t, [a for a in self.active if a not in lost])

    def follow(self, t: Transition) -> None:
        """What comes of a transition that was accepted."""
        healthy = t.kind == "add" and t.called in (["Heartbeat"], ["Healthcheck"])
        if t.changed and not t.auto and not healthy:
            removed = {b for a in self.active for b in self.schema[a]["remove"]}
            auto = [a for a in self.names if self.schema[a]["auto"]]
            called = [a for a in auto if a not in self.active and a not in removed]
            if called and (t.after is None or set(called) < set(t.after)):
                item = {"kind": "add", "states": called, "args": {}, "auto": True}
                self.queue.insert(0, item)
        self.subscriptions.accepted()

    def result(self, t: Transition) -> str:
        return "executed" if t.accepted else "canceled"

    # playing a vector

    def told(self, result: str) -> Json:
        """What came of a step, as vectors have it."""
        out = {
            "result": result,
            "active": [a for a in self.names if a in self.active],
            "clock": {a: n for a, n in self.ticks.items() if n},
            "queue_tick": self.queue_tick,
            "active_order": list(self.active),
            "transitions": self.done,
            "calls": self.handlers.calls,
            "nested": self.nested,
            "fired": sorted(self.subscriptions.fired),
            "err": self.error,
        }
        self.done, self.nested = [], []
        self.handlers.calls, self.subscriptions.fired = [], []
        return out

    def step(self, op: Json) -> Json:
        kind = op["op"]
        if kind == "cancel_ctx":
            self.subscriptions.cancel(op["id"])
        elif kind.startswith("when") or kind == "state_ctx":
            if any(a not in self.names for a in op.get("states") or []):
                return self.told("error")
            self.subscriptions.subscribe(op)
        else:
            return self.told(self.ask(op)[0])
        return self.told("none")

    def play(self) -> list[Json]:
        if self.broken:
            self.ask({"op": "add_err", "msg": self.broken})
        initial = self.vector["initial"]
        result = "none" if initial is None else self.ask({"op": "set", "states": initial})[0]
        out = [self.told(result)]
        given = self.vector.get("handlers") or {}
        self.handlers.bound = bool(given)
        return out + [self.step(op) for op in self.vector["steps"]]
