"""The greenhouse under simulation: `tsme sim examples/greenhouse/sim.py`.

Thirty days of the record, from where the seed says, in January of the simulated world.
The valve counts its litres, whatever becomes of the controller.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tsme.testing import Call, Device, Dice, Simulation, TaskError

DAYS = 30
SOIL, CAPACITY, DRY, DOSE = 260, 400, 200, 150  # tenths of a millimetre
ROWS = (Path(__file__).parent / "seattle-weather.csv").read_text(encoding="utf-8").splitlines()
RECORD = [row.replace(" ", "").split(",") for row in ROWS[1:]]


class GreenhouseSim(Simulation):
    program = "greenhouse.asl.json"
    start: ClassVar = {
        "start": "2026-01-01",
        "days": DAYS,
        "soil": SOIL,
        "capacity": CAPACITY,
        "dry": DRY,
        "dose": DOSE,
    }
    effects: ClassVar = {"read_sensors": "pure", "open_valve": "once"}
    # What a board's own pins do comes to an end; only a slow one is too slow for its timeout.
    faults = ("slow", "late", "clock", "reset", "cut")

    def __init__(self) -> None:
        self.first = -1  # the row of the record that day 0 has
        self.opened: dict[str, int] = {}  # litres, by date
        self.jams: dict[str, int] = {}  # how often it still does, by date
        self.changes: dict[int, int] = {}  # of the soil's water, by day
        self.reported: list[str] = []  # dates

    def task(self, dice: Dice, call: Call) -> Any:
        payload = call.payload
        if call.name == "read_sensors":
            return self.weather(dice, payload["day"])
        if call.name == "open_valve":
            return None if call.late else self.open(dice, payload["date"], payload["litres"])
        if call.name == "read_meter":
            return {"total": sum(self.opened.values())}
        assert call.name == "report"
        if payload["date"] not in self.reported:
            self.reported.append(payload["date"])
        return None

    def weather(self, dice: Dice, day: int) -> dict[str, Any]:
        if self.first < 0:
            summer = 365 * dice.below(4) + 120 + dice.below(90)
            self.first = summer if dice.below(4) else dice.below(len(RECORD) - DAYS)
        row = RECORD[self.first + day]
        rain, high, low = (int(number.replace(".", "")) for number in row[1:])
        change = rain - max(10, (high + low) // 8)
        self.changes[day] = change
        return {
            "date": f"2026-01-{1 + day:02}",
            "rain": rain,
            "high": high,
            "low": low,
            "change": change,
            "next_evening": f"2026-01-{2 + day:02}T20:00:00Z",
        }

    def open(self, dice: Dice, date: str, litres: int) -> dict[str, int]:
        """The valve jams in one of four evenings, up to four times."""
        left = self.jams.setdefault(date, dice.below(5) if dice.below(4) == 0 else 0)
        if left:
            self.jams[date] = left - 1
            raise TaskError("ValveJammed", "the valve did not move")
        assert date not in self.opened, f"the valve opens twice on {date}"
        self.opened[date] = litres
        return {"litres": litres}

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["greenhouse"]
        assert device.status == "succeeded", f"the month ends as {device.status}: {device.result}"
        month = device.result
        assert month["days"] == DAYS
        assert self.reported == [f"2026-01-{1 + day:02}" for day in range(DAYS)]
        assert month["openings"] == len(self.opened), f"it opened {len(self.opened)} times"
        assert month["litres"] == sum(self.opened.values())
        assert month["soil"] == self.soil(), f"the soil has {self.soil()}, not {month['soil']}"

    def soil(self) -> int:
        """What is in it on the last day."""
        soil = SOIL
        for day, date in enumerate(self.reported):
            soil = min(soil + self.changes[day], CAPACITY)
            assert date not in self.opened or soil < DRY, f"it was not dry on {date}"
            soil += self.opened.get(date, 0)
        return soil
