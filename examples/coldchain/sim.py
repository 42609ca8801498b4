"""The cold chain under simulation: `tsme sim examples/coldchain/sim.py`.

Each box has its temperatures, whoever reads them; probes fall silent, horns break, drivers sleep.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from tsme.testing import Call, Device, Dice, Simulation, TaskError

PROBES, STOPS, LIMIT = ["front", "middle", "rear"], 5, 80


class ColdchainSim(Simulation):
    program = "coldchain.asl.json"
    start: ClassVar = {"probes": PROBES, "stops": STOPS, "limit": LIMIT}
    effects: ClassVar = {"read_probe": "pure"}
    errors: ClassVar = {
        "read_probe": ("NoAnswer",),
        "sound_horn": ("Broken",),
        "ask_driver": ("NoScreen",),
    }

    def __init__(self) -> None:
        self.truth: dict[tuple[int, str], int] = {}  # tenths of a degree, by stop (from 1), probe
        self.logged: dict[int, bool] = {}  # by stop: was it warm?

    def takes(self, dice: Dice, call: Call) -> int:
        return dice.below(600_000 if call.name == "ask_driver" else 2000)

    def task(self, dice: Dice, call: Call) -> Any:
        payload = call.payload
        if call.name == "read_probe":
            if dice.below(16) == 0:
                raise TaskError("NoAnswer")
            temperature = 40 + dice.below(41) + (50 if dice.below(12) == 0 else 0)
            return self.truth.setdefault((payload["stop"] + 1, payload["probe"]), temperature)
        if call.name == "sound_horn":
            assert self.warm(payload["stop"]), "the horn sounds at a cold box"
            return True
        assert call.name == "ask_driver"
        assert any(self.seen(reading) for reading in payload["Payload"]["readings"])
        return {"action": "door closed"}

    def warm(self, stop: int) -> bool:
        return any(t > LIMIT for (at, _), t in self.truth.items() if at == stop)

    def seen(self, reading: dict[str, Any], stop: int = 0) -> bool:
        """Is it warm?  It is what the probe has, at this stop if that is known."""
        if reading["state"] == "silent":
            return False
        celsius10 = reading["celsius10"]
        if stop:
            assert self.truth[stop, reading["probe"]] == celsius10, f"not what is at stop {stop}"
        assert (reading["state"] == "warm") == (celsius10 > LIMIT)
        return bool(celsius10 > LIMIT)

    def published(
        self, dice: Dice, device: Device, kind: str, payload: Any
    ) -> Iterable[tuple[str, Any]]:
        stop, readings = payload["stop"], payload["readings"]
        assert [reading["probe"] for reading in readings] == PROBES, "a probe is lost"
        assert stop not in self.logged, f"stop {stop} is logged twice"
        self.logged[stop] = sum(self.seen(reading, stop) for reading in readings) > 0
        return ()

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["coldchain"]
        assert device.status == "succeeded", f"the trip ends as {device.status}: {device.result}"
        result = device.result
        assert result["stops"] == STOPS
        warm = sum(self.logged.values())  # a reset can lose a log, but nothing else
        assert warm <= result["alarms"] <= warm + STOPS - len(self.logged)
        there = [self.truth[STOPS, p] for p in PROBES if (STOPS, p) in self.truth]
        assert all(celsius10 in there for celsius10 in result["last"])
