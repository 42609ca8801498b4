"""Random relational machines, as vectors have them but without expectations."""

from __future__ import annotations

from random import Random
from typing import Any

Json = dict[str, Any]
_OPS = ["add"] * 6 + ["remove"] * 3 + ["set", "toggle"] * 2 + ["can_add", "can_remove", "add_err"]
_INNER = ["add"] * 5 + ["remove"] * 3 + ["set", "toggle", "can_add", "can_remove", "prepend_add"]
_INNER += ["add_err", "when_queue_ends", "when"]
_OF_ONE = ("when_ticks", "when_next_active", "when_args", "state_ctx")
_SUBSCRIBES = ["when", "when_not", "when_time", "when_sum", "when_ctx", "when_queue", *_OF_ONE]
_RELATIONS = {"require": 0.3, "add": 0.4, "remove": 0.4, "after": 0.3}


class Maker:
    """Makes one machine; what can happen in it is bent towards what is seldom."""

    def __init__(self, seed: int) -> None:
        self.r = Random(seed)
        self.names = list("ABCDEFGHIJKL"[: self.r.randint(3, 12)])
        self.made = 0

    def some(self, least: int, most: int, more: list[str] | None = None) -> list[str]:
        pool = self.names + (more or [])
        return self.r.sample(pool, min(len(pool), self.r.randint(least, most)))

    def schema(self) -> dict[str, Json]:
        r = self.r
        strange = (["Nobody"] if r.random() < 0.05 else []) + (
            ["Exception"] if r.random() < 0.2 else []
        )
        out: dict[str, Json] = {}
        for name in self.names:
            state: Json = {kind: True for kind in ("auto", "multi") if r.random() < 0.25}
            for kind, chance in _RELATIONS.items():
                if r.random() < chance:
                    state[kind] = self.some(1, 3, strange)
            out[name] = state
        if r.random() < 0.1:
            state = out["Exception"] = {"multi": r.random() < 0.5}
            state |= {kind: self.some(1, 2) for kind in ("remove", "add") if r.random() < 0.4}
        return out

    def handler(self) -> str:
        r = self.r
        if r.random() < 0.06:
            return r.choice(["AnyEnter", "AnyState"])
        kinds = ["Enter", "Exit", "State", "End"] * 2
        return r.choice(self.names) + r.choice([*kinds, *self.names, "Exception"])

    def op(self, kinds: list[str]) -> Json:
        r = self.r
        kind = r.choice(kinds)
        op: Json = {"op": kind}
        if kind.startswith("when"):
            self.made += 1
            op["id"] = f"in{self.made}"
        if kind == "add_err":
            op["msg"] = f"error {r.randint(0, 3)}"
            return op | {"states": self.some(1, 1) if r.random() < 0.3 else []}
        op["states"] = self.some(1, 3, ["Exception"] if r.random() < 0.2 else [])
        if kind in ("add", "remove", "set", "prepend_add") and r.random() < 0.2:
            op["args"] = {"n": r.randint(0, 2)}
        if kind == "set" and r.random() < 0.1:
            op["states"] = []
        return op

    def handlers(self) -> Json:
        r = self.r
        out: Json = {"trace": True, "do_times": r.randint(1, 3)}
        for kind, chance, most in (("veto", 0.6, 3), ("panic", 0.3, 1), ("slow", 0.1, 1)):
            if r.random() < chance:
                out[kind] = [self.handler() for _ in range(r.randint(1, most))]
        if r.random() < 0.5:
            out["do"] = {self.handler(): self.asked() for _ in range(r.randint(1, 3))}
        return out

    def asked(self) -> list[Json]:
        """What a handler asks for; of the same states now and then."""
        out: list[Json] = []
        for _ in range(self.r.randint(1, 5)):
            op = self.op(_INNER)
            if out and op["op"] != "add_err" and out[-1]["states"] and self.r.random() < 0.4:
                op["states"] = out[-1]["states"]
            out.append(op)
        return out

    def subscription(self, key: str) -> Json:
        r = self.r
        kind = r.choice(_SUBSCRIBES)
        op: Json = {"op": kind, "id": key}
        if kind != "when_queue":
            op["states"] = self.some(1, 1 if kind in _OF_ONE else 3)
        if kind == "when_time":
            op["times"] = [r.randint(0, 5) for _ in op["states"]]
        elif kind == "when_args":
            op["args"] = {"n": r.randint(0, 2)}
        elif kind in ("when_ticks", "when_queue", "when_sum"):
            op["n"] = r.randint(1, 6)
        return op

    def steps(self) -> list[Json]:
        r = self.r
        out: list[Json] = []
        for n in range(r.randint(4, 10)):
            op = self.subscription(f"s{n}") if r.random() < 0.25 else self.op(_OPS)
            if "id" not in op and r.random() < 0.02:
                op["states"] = ["Nobody"]
            out.append(op)
            if op["op"] == "when_ctx" and r.random() < 0.7:
                out += [self.op(_OPS)] * r.randint(0, 1) + [{"op": "cancel_ctx", "id": op["id"]}]
        return out


def vector(seed: int) -> Json:
    """A machine of 3 to 12 states, handlers of most of them, and some steps."""
    maker = Maker(seed)
    r = maker.r
    schema = maker.schema()
    order = list(schema)
    if r.random() < 0.2:
        r.shuffle(order)
    out: Json = {"name": f"seed {seed}", "schema": schema, "order": order}
    out["initial"] = maker.some(0, 3) if r.random() < 0.5 else None
    if r.random() < 0.6:
        out["handlers"] = maker.handlers()
    if r.random() < 0.2:
        out["queue_limit"] = r.randint(1, 3)
    return out | {"steps": maker.steps()}
