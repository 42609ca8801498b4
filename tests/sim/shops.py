# ruff: noqa: A002, N805, RUF012, UP031
"""A correct machine and its world, used by several tests, and two devices that talk.

Shop: an order is paid by a task that may be started again, then printed by one that must not be.
"""

from typing import ClassVar

from tsme.testing import Done, Simulation, TaskError


class Shop:
    tasks = ("pay", "print")
    initial = {"last": 0, "open": {}, "paid": 0, "printed": 0, "lost": 0, "failed": 0, "asks": {}}

    def stf(state, input, actions):
        if input.kind == "signal":
            number, amount = input.value
            if number <= state["last"]:
                raise ValueError("order %d was here already" % number)
            state["last"] = number
            state["open"][str(number)] = amount
            ask(state, number, actions)
        elif input.kind == "timer":
            ask(state, state["asks"].pop(str(input.id)), actions)
        elif input.task == "pay":
            number = input.payload["number"]
            if input.kind == "succeeded":
                state["paid"] += state["open"][str(number)]
                actions.task("print", {"number": number}, timeout=20000)
            elif input.error == "Declined":
                state["failed"] += 1
                del state["open"][str(number)]
            else:  # it may be paid: the same payment is asked for until somebody answers
                state["asks"][str(actions.timer(5000))] = number
        elif input.kind == "succeeded":
            state["printed"] += 1
            del state["open"][str(input.payload["number"])]
        else:  # nobody knows whether it was printed
            state["lost"] += 1
            del state["open"][str(input.payload["number"])]


def ask(state, number, actions):
    actions.task("pay", {"number": number, "amount": state["open"][str(number)]}, timeout=20000)


class ShopSim(Simulation):
    machine = Shop
    steps = 150
    effects: ClassVar = {"print": "once"}

    def __init__(self):
        self.sent = 0
        self.payments = {}  # of the service, by the number of the order
        self.declined = set()
        self.printed = {}

    def signal(self, dice, device):
        self.sent += 1
        return [self.sent, 1 + dice.below(20)]

    def task(self, dice, call):
        number = call.payload["number"]
        if call.resource == "pay":
            if number not in self.payments and (number in self.declined or dice.below(8) == 0):
                self.declined.add(number)
                raise TaskError("Declined")
            self.payments[number] = call.payload["amount"]
            return "receipt %d" % number
        assert number not in self.printed, "order %d is printed again" % number
        self.printed[number] = call.id
        return None

    def probe(self, dice, call):
        if dice.below(3) == 0:
            return None  # the printer does not answer
        return Done() if call.payload["number"] in self.printed else False

    def check(self, device):
        state = device.value
        waiting = [int(number) for number in state["open"]]
        assert state["printed"] <= len(self.printed)
        assert state["paid"] <= sum(self.payments.values())
        assert state["paid"] >= sum(
            amount
            for number, amount in self.payments.items()
            if number not in waiting and number in self.printed
        )

    def label(self, device):
        return "idle" if not device.value["open"] else "busy"


class Sensor:
    """Sends what it has counted until somebody has it."""

    initial = {"total": 0, "acknowledged": 0, "sending": False}

    def stf(state, input, actions):
        if input.kind == "signal" and input.value["do"] == "known":
            state["acknowledged"] = max(state["acknowledged"], input.value["total"])
            return
        if input.kind == "signal":
            state["total"] += 1
            if state["sending"]:
                return
        state["sending"] = state["acknowledged"] < state["total"]
        if state["sending"]:
            actions.publish({"total": state["total"]})
            actions.timer(3000)


class Hub:
    initial = {"total": 0}

    def stf(state, input, actions):
        state["total"] = max(state["total"], input.value["total"])
        actions.publish({"total": state["total"]})


class PairSim(Simulation):
    devices: ClassVar = {"sensor": Sensor, "hub": Hub}
    steps = 200

    def __init__(self):
        self.known = 0

    def signal(self, dice, device):
        return {"do": "count"} if device.name == "sensor" else None

    def published(self, dice, device, kind, payload):
        if device.name == "sensor":
            yield "hub", payload
        else:
            yield "sensor", {"do": "known", "total": payload["total"]}

    def check(self, device):
        if device.name == "sensor":
            self.known = max(self.known, device.value["total"])
        else:
            assert device.value["total"] <= self.known

    def finish(self, devices):
        sensor, hub = devices["sensor"].value, devices["hub"].value
        if sensor and hub:
            assert sensor["acknowledged"] == hub["total"] == sensor["total"]


class EagerSim(PairSim):
    """Believes that messages come once."""

    class Adds:
        initial = {"total": 0}

        def stf(state, input, actions):
            state["total"] += 1

    class Tells:
        initial = {"total": 0}

        def stf(state, input, actions):
            state["total"] += 1
            actions.publish({"total": state["total"]})

    devices: ClassVar = {"sensor": Tells, "hub": Adds}
