"""The coffee shop under simulation: `tsme sim examples/loyalty/sim.py`.

The world outside has two tills.  A till gives its messages ascending numbers, sends one again that
was not answered, and prints a voucher or does not; what it once called void it never prints.
"""

from __future__ import annotations

from typing import Any, ClassVar

from loyalty import CENTS, REWARDS, Loyalty, check

from tsme.testing import Call, Device, Dice, Simulation, TaskError

TILLS = ("bar", "door")
CARDS = ("ada", "bob", "cy", "dee")
CHOICE = ("coffee", "coffee", "coffee", "cake", "cake", "mug")


class LoyaltySim(Simulation):
    machine = Loyalty
    effects: ClassVar = {"print_voucher": "once"}
    errors: ClassVar = {"print_voucher": ("Offline",), "settle_voucher": ("Offline",)}
    pause = 4000

    def __init__(self) -> None:
        self.sent: dict[str, dict[str, Any]] = {}  # by till: its newest message
        self.heard: dict[str, int] = dict.fromkeys(TILLS, 0)  # the newest number that counted
        self.earned: dict[str, int] = dict.fromkeys(CARDS, 0)  # points, by what was bought
        self.printed: dict[int, tuple[str, int]] = {}  # voucher: card, points
        self.void: set[int] = set()

    # --- tills ---

    def signal(self, dice: Dice, device: Device) -> dict[str, Any]:
        self.listen(device)
        till = TILLS[dice.below(len(TILLS))]
        last = self.sent.get(till, {"number": 0})
        if last["number"] and dice.below(8 if last["number"] == self.heard[till] else 2) == 0:
            return last  # the answer was lost, or was never given
        message = {"till": till, "number": last["number"] + 1, "card": CARDS[dice.below(4)]}
        if dice.below(3):
            message |= {"do": "buy", "cents": 180 + 10 * dice.below(60) + dice.below(10)}
        else:
            message |= {"do": "redeem", "reward": CHOICE[dice.below(len(CHOICE))]}
        self.sent[till] = message
        return message

    def listen(self, device: Device) -> None:
        """What the shop has taken of the messages, since the last look."""
        if device.value is None:
            return
        for till, number in device.value["tills"].items():
            if number != self.heard[till]:
                message = self.sent[till]
                assert number == message["number"], f"message {number} of {till} counts again"
                self.heard[till] = number
                if message["do"] == "buy":
                    self.earned[message["card"]] += message["cents"] // CENTS

    # --- printers ---

    def task(self, dice: Dice, call: Call) -> bool:
        voucher = call.payload["voucher"]
        if call.resource == "settle_voucher":
            if voucher not in self.printed:
                self.void.add(voucher)
            return voucher in self.printed
        if voucher in self.void:
            return False
        if dice.below(12) == 0:
            raise TaskError("NoPaper")
        assert voucher not in self.printed, f"voucher {voucher} is printed twice"
        self.printed[voucher] = (call.payload["card"], REWARDS[call.payload["reward"]])
        if dice.below(12) == 0:
            raise TaskError("Offline", "printed, and then the cable was pulled")
        return True

    # --- what must be so ---

    def check(self, device: Device) -> None:
        check(device.value)
        self.listen(device)
        self.balance(device.value)

    def balance(self, state: dict[str, Any]) -> None:
        """Of each card: what was earned is there, set aside, or was printed."""
        there = dict.fromkeys(CARDS, 0)
        there.update(state["cards"])
        for voucher, (card, points) in state["open"].items():
            if int(voucher) not in self.printed:
                there[card] += points
        for card, points in self.printed.values():
            there[card] += points
        assert there == self.earned, f"there are {there}, earned were {self.earned}"

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["loyalty"]
        if device.value is None:
            return
        self.listen(device)
        self.balance(device.value)
        if not device.state.pending:
            assert not device.value["open"], "a voucher is still open, and nobody waits for it"
            spent = sum(points for _, points in self.printed.values())
            assert device.value["spent"] == spent, f"printed were {spent} points"

    def label(self, device: Device) -> str:
        vouchers = len(device.value["open"])
        waits = ", a till is silent" if device.value["later"] else ""
        return f"{vouchers if vouchers < 3 else 'many'} open{waits}"
