"""Generates workflows that are trees of Parallel and Map, and says what must come of them.

What a tree gives does not depend on the order in which its tasks end: a task's answer follows
from where it stands and which attempt it is.  Where several children fail, any may be the first,
so an outcome is a value, or the set of errors that it may be.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = Any
FATAL = "States.Runtime"
EXCEEDED = "States.ExceedToleratedFailureThreshold"
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
RETRY = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}]


class Unknown(Exception):
    """The order decides: a fatal error and another one are under way."""


@dataclass
class Node:
    """A machine: a leaf (`kind` ok, fail, fatal, flaky, silent, pass, wait), or one with children.

    `fails`: how many attempts of a flaky leaf fail; `tries`: of how many.
    """

    number: int
    kind: str
    children: list[Node] = field(default_factory=list)
    items: list[Json] = field(default_factory=list)
    at_once: int = 0
    tolerated: tuple[int | None, float | None] = (None, None)
    distributed: bool = False
    batch: int = 0
    catch: bool = False
    retry: bool = False
    fails: int = 0
    tries: int = 0


class Forest:
    """Makes trees."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.count = 0
        self.fatal = self.random.random() < 0.2

    def tree(self, deep: int = 3) -> Node:
        r = self.random
        self.count += 1
        number = self.count
        kinds = ["leaf"] if deep == 0 or self.count > 25 else ["parallel", "map", "map", "leaf"]
        kind = r.choice(kinds)
        if kind == "leaf":
            bad = ["fatal"] if self.fatal else ["fail", "silent"]
            good = ["ok"] * 6 + ["pass", "wait", "flaky", "flaky"]
            kind = r.choice(good * 2 + bad)
            return Node(number, kind, fails=r.randint(1, 3), tries=r.randint(0, 3))
        node = Node(number, kind, catch=r.random() < 0.3, retry=r.random() < 0.2)
        if kind == "parallel":
            node.children = [self.tree(deep - 1) for _ in range(r.randint(1, 4))]
            return node
        node.children = [self.tree(deep - 1)]
        values = [None, number, "t", [number], {"n": number}]
        node.items = [r.choice(values) for _ in range(r.randint(0, 5))]
        node.at_once = r.choice([0, 0, 1, 2, 3])
        node.distributed = r.random() < 0.3
        if r.random() < 0.4:
            node.tolerated = r.choice([(0, None), (1, None), (None, 50), (2, 33.4), (None, 100)])
        if node.distributed and r.random() < 0.4:
            node.batch = r.randint(1, 3)
        return node


def machine(node: Node, seen: list[int]) -> Json:
    """The definition of a node; `seen`: the Maps whose variable it can read."""
    n = node.number
    states: dict[str, Json] = {}
    last = _state(node, seen, states)
    start = next(iter(states), f"S{n}")
    if node.catch:
        last["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": f"C{n}"}]
        states[f"C{n}"] = {"Type": "Pass", "Result": {"caught": n}, "End": True}
    if node.retry:
        last["Retry"] = RETRY
    states[f"S{n}"] = last | {"End": True} if last["Type"] != "Fail" else last
    return {"StartAt": start, "States": states}


def _state(node: Node, seen: list[int], states: dict[str, Json]) -> dict[str, Json]:
    n = node.number
    shown: dict[str, Json] = {"leaf": n, "in.$": "$"}
    shown |= {f"v{m}.$": f"$v{m}" for m in seen}
    if node.kind == "parallel":
        return {"Type": "Parallel", "Branches": [machine(c, seen) for c in node.children]}
    if node.kind == "map":
        states[f"P{n}"] = {
            "Type": "Pass",
            "Parameters": {"in.$": "$", "items": node.items},
            "Assign": {f"v{n}": n},
            "Next": f"S{n}",
        }
        return _map(node, seen)
    if node.kind == "fail":
        return {"Type": "Fail", "Error": "Boom"}
    if node.kind == "fatal":
        return {"Type": "Pass", "Parameters": {"x.$": "$.in.no.such"}}
    if node.kind == "pass":
        return {"Type": "Pass", "Parameters": shown}
    if node.kind == "wait":
        states[f"W{n}"] = {"Type": "Wait", "Seconds": 1 + n % 3, "Next": f"S{n}"}
        return {"Type": "Pass", "Parameters": shown}
    task: dict[str, Json] = {"Type": "Task", "Resource": node.kind, "Parameters": shown}
    if node.kind == "silent":
        task["TimeoutSeconds"] = 1 + n % 3
    if node.kind == "flaky":
        task["Parameters"] = shown | {"fails": node.fails}
        task["Retry"] = [RETRY[0] | {"MaxAttempts": node.tries}]
    return task


def _map(node: Node, seen: list[int]) -> dict[str, Json]:
    body = machine(node.children[0], [] if node.distributed else [*seen, node.number])
    if node.distributed:
        body["ProcessorConfig"] = DISTRIBUTED
    state: dict[str, Json] = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {
            "i.$": "$$.Map.Item.Index",
            "item.$": "$$.Map.Item.Value",
            "in.$": "$.in",
        },
        "MaxConcurrency": node.at_once,
        "ItemProcessor": body,
    }
    count, percentage = node.tolerated
    if count is not None:
        state["ToleratedFailureCount"] = count
    if percentage is not None:
        state["ToleratedFailurePercentage"] = percentage
    if node.batch:
        state["ItemBatcher"] = {"MaxItemsPerBatch": node.batch}
    return state


# --- what must come of it -------------------------------------------------------------------

Outcome = tuple[bool, Any]  # True and a value, or False and a set of names


def outcome(node: Node, value: Json, variables: dict[str, Json]) -> Outcome:
    """What a machine gives for an input."""
    ok, result = _outcome(node, value, variables)
    if not ok and node.catch:
        if FATAL not in result:
            return True, {"caught": node.number}
        if len(result) > 1:
            raise Unknown
    return ok, result


def _outcome(node: Node, value: Json, variables: dict[str, Json]) -> Outcome:
    shown = {"leaf": node.number, "in": value} | variables
    match node.kind:
        case "ok" | "pass" | "wait":
            return True, shown
        case "flaky":
            shown["fails"] = node.fails
            return (True, shown) if node.fails <= node.tries else (False, {"Flaky"})
        case "fail":
            return False, {"Boom"}
        case "fatal":
            return False, {FATAL}
        case "silent":
            return False, {"States.Timeout"}
        case "parallel":
            return _all([outcome(child, value, variables) for child in node.children])
    items = [{"i": i, "item": v, "in": value} for i, v in enumerate(node.items)]
    if node.batch:
        size = node.batch
        items = [{"Items": items[i : i + size]} for i in range(0, len(items), size)]
    inner = {} if node.distributed else variables | {f"v{node.number}": node.number}
    found = [outcome(node.children[0], item, inner) for item in items]
    count, percentage = node.tolerated
    if count is None and percentage is None:
        return _all(found, bool(node.distributed))
    most = len(items) if count is None else count
    if percentage is not None:
        most = min(most, int(len(items) * percentage / 100 + 1e-9))
    if sum(not ok for ok, _ in found) > most:
        return False, {EXCEEDED}
    return True, [v if ok else sorted(v) for ok, v in found]


def _all(found: list[Outcome], strict: bool = False) -> Outcome:
    names: set[str] = set()
    for ok, result in found:
        if not ok:
            names |= result
    if names:
        return False, {EXCEEDED} if strict else names
    return True, [v for _, v in found]


def same(want: Json, have: Json) -> bool:
    """Equal, where a list of names wants one of these errors of a tolerated failure."""
    if isinstance(have, dict) and have.get("Status") == "FAILED":
        return have["Error"] in want
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return all(same(w, h) for w, h in zip(want, have, strict=True))
    if isinstance(want, dict) and isinstance(have, dict):
        return list(want) == list(have) and all(same(want[k], have[k]) for k in want)
    return bool(want == have) and type(want) is type(have)


def text(node: Node) -> str:
    return json.dumps(machine(node, []))
