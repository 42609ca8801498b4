# Plays vectors on the interpreter under test: a line of JSON for each, what came of each step.
#
#     vectors_device.py FILE [restore]     restore: each step begins with what a checkpoint has
import json
import sys

from tsme.errors import TsmeError
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.relational import Relational
from tsme.relational.subscriptions import asked
from tsme.values.cbor import decode

SUBSCRIBES = "when when_not when_time when_args when_queue when_queue_ends when_ticks".split()
SUBSCRIBES += ["when_next_active", "when_sum", "when_ctx", "state_ctx"]
VERBS = ("add", "remove", "set")


class Case:
    def __init__(self, vector):
        self.calls = []
        self.nested = []
        self.transitions = []
        self.times = {}
        self.bound = False
        given = vector.get("handlers") or {}
        self.given = given
        states = vector["schema"]
        order = list(vector["order"])
        listed = order + sorted([name for name in states if name not in order])
        members = {
            "name": "Vector",
            "states": [(name, states[name]) for name in listed if name in states],
            "start": self.started(vector["initial"]),
            "query_sum": lambda clock, names, n: sum([clock[name] for name in names]) >= n,
            "deadline": 100,
        }
        if vector.get("queue_limit"):
            members["queue_limit"] = vector["queue_limit"]
        machine = type("Vector", (), members)
        for name in self.names(order):  # MicroPython lists what is set so
            setattr(machine, name, self.handler(name))
        self.client = Relational(machine)
        self.client.watch = self.watched
        self.kernel = Kernel(self.client)

    def names(self, order):
        given = self.given
        if not given.get("trace"):
            out = list(given.get("do", {}))
            for kind in ("veto", "panic", "slow"):
                out += given.get(kind, [])
            return sorted(set(out))
        states = order if "Exception" in order else order + ["Exception"]
        out = ["AnyEnter", "AnyState"]
        for a in states:
            out += [a + end for end in ("Enter", "Exit", "State", "End")]
            out += [a + b for b in states]
        return out

    def started(self, initial):
        def start(m):
            self.first = m.set(initial) if initial is not None else None

        return start

    def handler(self, name):
        given = self.given
        veto = name in given.get("veto", ())
        panic = name in given.get("panic", ())
        slow = name in given.get("slow", ())
        do = given.get("do", {}).get(name, ())

        def call(m):
            if not self.bound:
                return None
            if given.get("trace"):
                self.calls.append(name)
            if do and self.times.get(name, 0) < given.get("do_times", 1):
                self.times[name] = self.times.get(name, 0) + 1
                for op in do:
                    self.within(m, name, op)
            if slow:
                m.spend(300)
            if panic:
                raise ValueError("panic in " + name)
            return False if veto else None

        return call

    def within(self, m, name, op):
        verb = op["op"]
        states = op.get("states", [])
        m.queued = 0
        try:
            if verb in SUBSCRIBES:
                result = "none"
                for kind, what in self.value(op).items():
                    asked(m, kind, what)
            elif verb == "add_err":
                result = m.add_err(op.get("msg", "boom"), states[0] if states else None)
            elif verb == "prepend_add":
                result = m.prepend(states, op.get("args"))
            else:
                result = getattr(m, verb)(states, op.get("args"))
        except TsmeError:
            result = "error"
        told = {"handler": name, "op": verb, "result": result}
        if states:
            told["states"] = states
        if m.queued:
            told["tick"] = m.queued
        self.nested.append(told)

    def watched(self, m, kind, called, flags, accepted):
        told = {"type": VERBS[kind], "called": self.client.schema.named(called)}
        if flags & 1:
            told["auto"] = True
            told["called"].sort()
        told["accepted"] = bool(accepted)
        self.transitions.append(told)

    def value(self, op):
        verb = op["op"]
        states = op.get("states", [])
        if verb == "add_err":
            value = {"add_err": op.get("msg", "boom")}
            if states:
                value["state"] = states[0]
            return value
        if verb == "cancel_ctx":
            return {"forget": op["id"]}
        if verb not in SUBSCRIBES:
            value = {verb: states}
            if op.get("args"):
                value["args"] = op["args"]
            return value
        what = {"key": op["id"], "states": states}
        for name in ("n", "times", "args"):
            if name in op:
                what[name] = op[name]
        if verb == "when_sum":
            what = {"key": op["id"], "query": "query_sum", "values": [states, op["n"]]}
            verb = "when_query"
        names = {"when_ctx": "when", "state_ctx": "context"}
        return {names.get(verb, verb): what}

    def told(self, state, result):
        part = state.client
        s = self.client.schema
        ticks = part.ticks
        fired = sorted([sub[0] for sub in part.subs if sub[4] & 1])
        out = {
            "result": result,
            "active": [n for i, n in enumerate(s.names) if ticks[i] % 2],
            "clock": {n: ticks[i] for i, n in enumerate(s.names) if ticks[i]},
            "queue_tick": part.queue_tick,
            "active_order": s.named(part.node.active),
            "transitions": self.transitions,
            "calls": self.calls,
            "nested": self.nested,
            "fired": fired,
            "err": part.error[1] if part.error else None,
            "digest": state.digest,
        }
        self.calls = []
        self.nested = []
        self.transitions = []
        return out

    def play(self, steps, restore):
        kernel = self.kernel
        digest = self.client.program.digest
        state = kernel.step(State(), (1, 1000, 1, digest, 1, None, None, 1)).state
        result = "none"
        if self.first is not None:  # behind the error of a schema that contradicts itself
            first = next(t for t in self.transitions if t["type"] == "set")
            result = "executed" if first["accepted"] else "canceled"
        out = [self.told(state, result)]
        self.bound = True
        for op in steps:
            result = "error"
            try:
                state = kernel.step(state, (8, state.now + 1, self.value(op))).state
                result = state.client.result
                if op["op"] in SUBSCRIBES or op["op"] == "cancel_ctx":
                    result = "none"
            except Rejected as e:
                if not isinstance(e.exception, TsmeError):
                    raise e.exception
            told = self.told(state, result)
            for key in told["fired"]:
                state = kernel.step(state, (8, state.now + 1, {"seen": key})).state
            out.append(told)
            if restore:
                state = kernel.restore(decode(kernel.checkpoint(state), 0, True)[0])
        return out


def main():
    with open(sys.argv[1]) as f:
        vectors = json.load(f)
    restore = "restore" in sys.argv[2:]
    for vector in vectors:
        print(json.dumps(Case(vector).play(vector["steps"], restore)))


main()
