"""Random relational machines, as vectors have them but without expectations."""

from __future__ import annotations

from random import Random
from typing import Any

_OPS = ("add", "add", "add", "remove", "set", "toggle", "can_add", "can_remove", "add_err")
_INNER = ("add", "add", "remove", "toggle", "set", "can_add", "prepend_add")
_SUBSCRIBES = ("when", "when_not", "when_ticks", "when_next_active", "when_sum", "state_ctx")


def vector(seed: int) -> dict[str, Any]:
    """A machine of 3 to 9 states, its handlers, and some steps."""
    r = Random(seed)
    names = list("ABCDEFGHI"[: r.randint(3, 9)])

    def some(most: int) -> list[str]:
        return r.sample(names, min(len(names), r.randint(0, most)))

    schema = {}
    for name in names:
        schema[name] = {
            "auto": r.random() < 0.2,
            "multi": r.random() < 0.2,
            "require": some(1) if r.random() < 0.4 else [],
            "add": some(2) if r.random() < 0.4 else [],
            "remove": some(2) if r.random() < 0.5 else [],
            "after": some(2) if r.random() < 0.3 else [],
        }
    kinds = ("Enter", "Exit", "State", "End", *names)
    handler = [f"{r.choice(names)}{r.choice(kinds)}" for _ in range(5)]
    steps = []
    for n in range(r.randint(3, 8)):
        op = r.choice(_SUBSCRIBES) if r.random() < 0.25 else r.choice(_OPS)
        step: dict[str, Any] = {"op": op, "states": some(3) or [names[0]], "id": f"s{n}"}
        if op in ("when_ticks", "when_next_active", "state_ctx"):
            step["states"] = step["states"][:1]
        if op in ("when_ticks", "when_sum"):
            step["n"] = r.randint(1, 4)
        if op == "add_err":
            step["states"] = []
        if op in ("add", "set") and r.random() < 0.3:
            step["args"] = {"n": n}
        steps.append(step)
    return {
        "name": f"seed {seed}",
        "schema": schema,
        "order": names,
        "initial": some(3),
        "handlers": {
            "trace": True,
            "veto": handler[:1] if r.random() < 0.5 else [],
            "panic": handler[1:2] if r.random() < 0.3 else [],
            "slow": handler[2:3] if r.random() < 0.15 else [],
            "do": {
                handler[3]: [{"op": r.choice(_INNER), "states": some(2) or [names[-1]]}],
                handler[4]: [{"op": r.choice(_INNER), "states": some(2) or [names[-1]]}],
            },
            "do_times": 2,
        },
        "steps": steps,
    }
