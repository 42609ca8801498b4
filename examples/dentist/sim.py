"""The dentist under simulation: `tsme sim examples/dentist/sim.py`.

The world outside has patients, who all want Monday morning, and a payment service, which knows a
hold by the request's number and makes none that was released.
"""

from __future__ import annotations

from typing import Any, ClassVar

from dentist import HOURS, KINDS, Dentist, check

from tsme.testing import Call, Device, Dice, Simulation, TaskError

DAYS = ("mon", "mon", "mon", "tue", "tue", "wed", "thu", "fri")
NAMES = ("ada", "bob", "cy", "dee", "eve", "fay", "gus", "hal")
WISHED = ("check-up",) * 8 + ("cleaning",) * 4 + ("filling",) * 3 + ("root canal",)


class DentistSim(Simulation):
    machine = Dentist
    errors: ClassVar = {"hold": ("Offline",), "release": ("Offline",)}

    def __init__(self) -> None:
        self.number = 0  # of the newest request
        self.message: dict[str, Any] = {}  # the newest one
        self.holds: dict[int, int] = {}  # number -> cents
        self.released: set[int] = set()
        self.before: Any = Dentist.initial  # the state that was checked last

    # --- patients ---

    def signal(self, dice: Dice, device: Device) -> dict[str, Any]:
        what = dice.below(8)
        if what == 0 and self.message:
            return self.message  # once more: nobody had answered
        if what < 3 and self.number:
            return {"do": "cancel", "number": self.number - dice.below(min(self.number, 40))}
        self.number += 1
        kind = WISHED[dice.below(16)]
        day = DAYS[dice.below(8)]
        self.message = {"do": "book", "number": self.number, "kind": kind}
        self.message["patient"] = NAMES[dice.below(8)]
        begin, end = HOURS[day][0]
        if dice.below(2):
            self.message["slot"] = [day, begin + 15 * dice.below((end - begin) // 15)]
        else:
            self.message["wishes"] = [[day, begin, end], ["fri", 480, 480 + 15 * dice.below(20)]]
            if dice.below(2):
                self.message["wishes"].pop()
        return self.message

    # --- the payment service ---

    def task(self, dice: Dice, call: Call) -> Any:
        number = call.payload["number"]
        if call.resource == "release":
            self.released.add(number)
            self.holds.pop(number, None)
            return None
        cents = call.payload["cents"]
        if number in self.released or (number not in self.holds and dice.below(8) == 0):
            raise TaskError("Declined")
        assert self.holds.setdefault(number, cents) == cents
        return f"hold-{number}"

    # --- what must be so ---

    def check(self, device: Device) -> None:
        state = device.value
        requests = state["requests"]
        those = check(state, self.before)
        self.before = state
        for number in those:
            if number in requests and requests[number]["phase"] == "booked":
                self.paid(number, requests[number])

    def paid(self, number: str, r: dict[str, Any]) -> None:
        cents = self.holds.get(int(number))
        assert cents == KINDS[r["kind"]][1], f"request {number} is booked, {cents} cents are held"
        assert r["hold"] == f"hold-{number}"

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["dentist"]
        if device.value is None:
            return
        requests = device.value["requests"]
        for number, r in requests.items():
            if r["phase"] == "booked":
                self.paid(number, r)
        if not device.state.pending:
            assert {r["phase"] for r in requests.values()} <= {"booked"}, "nobody goes on"
            held = {str(number) for number in self.holds}
            assert held == set(requests), f"held for nothing: {held - set(requests)}"

    def label(self, device: Device) -> str:
        requests = len(device.value["requests"])
        waits = ", the payment service is away" if device.value["later"] else ""
        return f"{requests // 10 * 10}s of requests{waits}"
