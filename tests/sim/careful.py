# ruff: noqa: A002, B905, C416, N805, PTH118, RUF012, SIM300, UP031
"""Machines that use a lot, and depend on nothing but their state and input."""

import datetime
import enum
import gc
import io
import itertools
import json
import math
import os
import re
import time
import uuid
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

PRICES = {"tea": 3, "coffee": 4, "cake": 5}
COLOURS = frozenset(("red", "green"))
ORDERED = OrderedDict((("b", 1), ("a", 2)))
WORD = re.compile("[a-z]+")


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Base:
    kinds = ("tea", "coffee")

    def price(self, name):
        return PRICES[name]


class Shop(Base):
    def price(self, name):
        return super().price(name) + 1


SHOP = Shop()


def times(state, input):
    seconds = input.now // 1000
    state["year"] = time.gmtime(seconds).tm_year
    state["text"] = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    state["hour"] = (moment + datetime.timedelta(hours=3)).isoformat()
    state["day"] = datetime.date(2026, 1, 1).weekday()


def orders(state, input):
    state["names"] = sorted(PRICES)
    state["sum"] = sum(PRICES.values()) + sum(n for n in PRICES.values())
    state["best"] = max(PRICES.values()), min(PRICES, key=PRICES.get), max(n for n in PRICES)
    state["dear"] = sorted([name for name, n in PRICES.items() if n > 3])
    state["cheap"] = sorted(filter(lambda name: PRICES[name] < 5, PRICES))
    state["any"] = any(n == 3 for n in PRICES.values()) and all(PRICES) and "red" in COLOURS
    state["count"] = len(COLOURS | {"blue"}) + len(list({1}))
    state["double"] = {name: n * 2 for name, n in PRICES.items()}
    state["copy"] = dict(PRICES)
    state["one"] = [name for name in {"only": 1}]
    state["pairs"] = [[k, n] for k, n in ORDERED.items()]
    state["more"] = {**PRICES, "milk": 1}
    state.update(PRICES)
    same = PRICES == {"cake": 5, "coffee": 4, "tea": 3} and COLOURS == {"green", "red"}
    state["same"] = same and {Point(1, 2), Point(2, 1)} == {Point(2, 1), Point(1, 2)}
    state["keys"] = [k for k in state if k < "c"] + list(state["table"].keys())
    for k in state["table"]:
        state["table"][k] += 1
    for k in input.value:
        state[k] = input.value[k]
    state["letters"] = sorted(Counter("text").items())


def texts(state):
    state["json"] = json.dumps({"a": [1, 2]}) + json.dumps(PRICES, sort_keys=True)
    buffer = io.StringIO()
    buffer.write(f"{state['year']:>6} %d {len(PRICES)}" % 7)
    state["written"] = buffer.getvalue() + ",".join(WORD.findall("one two"))
    state["path"] = os.path.join("a", "b") + "%(tea)d %%" % PRICES + "%d of %s" % (7 % 4, [1])
    state["id"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, "tsme"))
    state["size"] = Size(2).name + str(Size.SMALL in {Size.SMALL}) + repr(Point(1, 2))


class Careful:
    initial = {"n": 0, "table": {"b": 1, "a": 2}}
    step = 2

    def stf(state, input, actions):
        import string

        gc.collect()
        state["alphabet"] = string.ascii_lowercase[: Careful.step]
        state["n"] += actions.random(6) + math.isqrt(17) + next(itertools.count(3))
        times(state, input)
        orders(state, input)
        texts(state)
        state["price"] = SHOP.price("tea") + sum(SHOP.price(kind) for kind in SHOP.kinds)
        queue = deque([1, 2, 3], maxlen=2)
        state["queue"] = list(queue) + [*range(3)] + [x for pair in zip("ab", "cd") for x in pair]
        first, *rest = state["names"]
        state["rest"] = [first, rest]
        try:
            int("no number")
        except ValueError as e:
            state["error"] = str(e)
        actions.log(PRICES)
        actions.task("brew", {"what": "tea", "table": PRICES}, timeout=5000)
        actions.timer(100)
