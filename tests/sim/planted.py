# ruff: noqa: A002, N805, RUF012
"""Machines with one mistake each, as people make them; PLANTS: (simulation, in how many seeds).

The guard is off where it would be the first to tell.
"""

import random
from typing import ClassVar

from tests.sim.shops import Shop, ShopSim
from tsme.testing import Done, Simulation

PLANTS: list[tuple[type[Simulation], int, str]] = []


def plant(seeds, message):
    def add(kind):
        PLANTS.append((kind, seeds, message))
        return kind

    return add


class Count:
    initial = {"count": 0}

    def stf(state, input, actions):
        state["count"] += input.value


class CountSim(Simulation):
    machine: type = Count
    steps = 100

    def signal(self, dice, device):
        return 1 + dice.below(9)


@plant(5, "Mismatch: TSME-R001")
class KeepsItsStateElsewhere(CountSim):
    guard = False

    class Machine:
        count = 0
        initial = {"count": 0}

        def stf(state, input, actions):
            KeepsItsStateElsewhere.Machine.count += input.value
            state["count"] = KeepsItsStateElsewhere.Machine.count

    machine = Machine


@plant(1, "Undetermined")
class KeepsItAndIsGuarded(KeepsItsStateElsewhere):
    guard = True


@plant(5, "Mismatch: TSME-R001")
class TossesCoins(CountSim):
    guard = False

    class Machine:
        initial = {"count": 0}

        def stf(state, input, actions):
            state["count"] += random.randint(1, 6)

    machine = Machine


@plant(10, "AssertionError: order")
class PrintsAgainWhenInterrupted(ShopSim):
    class Machine(Shop):
        def stf(state, input, actions):
            if input.task == "print" and input.kind == "failed":
                actions.task("print", {"number": input.payload["number"]}, timeout=20000)
            else:
                Shop.stf(state, input, actions)

    machine = Machine


@plant(10, "TsmeError")
class ForgetsToRestore(ShopSim):
    class Machine(Shop):
        def restore(state, actions):
            for i, name, _ in actions.pending:
                if name == "pay":
                    actions.again(i)

    machine = Machine


@plant(10, "TsmeError: TSME-M012: restore() names the task print")
class RestoresAsSomethingOnce(ShopSim):
    class Machine(Shop):
        def restore(state, actions):
            for i, _, payload in actions.pending:
                actions.task("print", payload, id=i)

    machine = Machine


@plant(10, "AssertionError|KeyError")
class TakesResultsInOrder(ShopSim):
    """Whose payment it is, it takes from a queue."""

    class Machine(Shop):
        initial = {**Shop.initial, "queue": []}

        def stf(state, input, actions):
            before = len(state["open"])
            if input.task == "pay" and input.kind == "succeeded":
                first = state["queue"].pop(0)
                state["paid"] += state["open"][str(first)]
                actions.task("print", {"number": first}, timeout=20000)
                return
            Shop.stf(state, input, actions)
            if len(state["open"]) > before:
                state["queue"].append(state["last"])

    machine = Machine


@plant(15, "AssertionError: order")
class SaysThatPrintingIsIdempotent(ShopSim):
    effects: ClassVar = {}


@plant(15, "AssertionError: the service has")
class TakesATimeoutForANo(ShopSim):
    class Machine(Shop):
        def stf(state, input, actions):
            if input.task == "pay" and input.error == "States.Timeout":
                state["failed"] += 1
                del state["open"][str(input.payload["number"])]
            else:
                Shop.stf(state, input, actions)

    machine = Machine

    def finish(self, devices):
        if devices["machine"].value and not devices["machine"].value["open"]:
            paid = devices["machine"].value["paid"]
            there = sum(self.payments.values())
            assert there == paid, f"the service has {there}, the shop {paid}"


@plant(5, "KeyError: stf() raised KeyError")
class ForgetsAName(CountSim):
    class Machine:
        initial: ClassVar[dict[str, int]] = {}

        def stf(state, input, actions):
            state["count"] = state["count"] + 1 if input.value == 9 else 0
            if input.value == 7:
                del state["count"]

    machine = Machine


@plant(20, "AssertionError: it waits")
class TrustsItsClock(CountSim):
    """An hour passes, and it thinks that somebody had an hour's time."""

    class Machine:
        initial = {"at": 0, "worst": 0}

        def stf(state, input, actions):
            if state["at"]:
                state["worst"] = max(state["worst"], input.now - state["at"])
            state["at"] = input.now

    machine = Machine
    faults = ("clock", "twice")

    def check(self, device):
        assert device.value["worst"] < 120_000, "it waits too long"


@plant(10, "AssertionError: counted")
class CountsWhatComesTwice(CountSim):
    faults = ("twice", "lose")

    def __init__(self):
        self.sent = 0

    def signal(self, dice, device):
        n = 1 + dice.below(9)
        self.sent += n
        return n

    def check(self, device):
        assert device.value["count"] <= self.sent, "counted twice"


@plant(60, "AssertionError: paid and refunded")
class RefundsWhatIsDone(Simulation):
    """Needs a cut while a once task is on its way, whose world then does not know it."""

    class Machine:
        initial = {"last": 0, "refunds": {}}

        def stf(state, input, actions):
            if input.kind == "signal":
                state["last"] += 1
                actions.task("charge", {"number": state["last"]}, timeout=10000)
            elif input.kind == "failed" and input.error == "TSME.Interrupted":
                state["refunds"][str(input.payload["number"])] = True

    machine = Machine
    effects: ClassVar = {"charge": "once"}
    faults = ("cut", "slow", "late")
    steps = 100

    def __init__(self):
        self.charged = set()

    def signal(self, dice, device):
        return 1

    def task(self, dice, call):
        self.charged.add(str(call.payload["number"]))

    def probe(self, dice, call):
        return None if dice.below(2) else Done()

    def check(self, device):
        both = [n for n in device.value["refunds"] if n in self.charged]
        assert not both, "paid and refunded"


class FullAtFive(CountSim):
    """Five signals, and nothing else."""

    def signal(self, dice, device):
        return 1

    def check(self, device):
        assert device.value["count"] < 5, "it is full"


class ThirdLife(CountSim):
    """Two resets and one step, or a cut for one of them."""

    def check(self, device):
        assert device.lives < 3, "it lives for the third time"


class AfterACut(CountSim):
    """One cut, in the first operation that there is, and a step."""

    faults = ("cut",)

    def check(self, device):
        assert device.lives < 2, "it was cut"


class Unsteady(CountSim):
    """The world itself is not decided by the seed."""

    made = 0
    faults = ()

    def __init__(self):
        Unsteady.made += 1

    def check(self, device):
        assert Unsteady.made != 3, "the third world"
