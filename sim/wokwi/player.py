"""Plays a scenario on an emulated board, as wokwi-cli plays it on a simulated one.

A scenario speaks of parts: of the button, of the valve's light.  The diagram says which pins of
the board they are wired to, so one scenario is played on any board that has the same parts.
Time is the board's own: nothing depends on how fast this machine is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tsme_host.tools.errors import HostError

from .check import Checked
from .reading import Scenario, Step

FAILED = "TSME-B072"
SLICE_MS = 5.0
LAST = 400  # characters of the serial line that a failure shows


class Bench(Protocol):
    """A board whose pins can be driven and read, and whose time somebody else gives."""

    def advance(self, ms: float) -> bytes:
        """Let the board run for so long; what it said on its serial line meanwhile."""

    def write(self, data: bytes) -> None:
        """Give the board these bytes on its serial line."""

    def pin(self, gpio: int) -> int:
        """The level of a pin: 0 or 1."""

    def drive(self, gpio: int, level: int | None) -> None:
        """Pull a pin to 0 or 1 from outside; None leaves it to its pull resistors."""

    def volts(self, gpio: int, share: float) -> None:
        """Set an analog pin to this share of its reference, 0 to 1."""


class Player:
    """Plays scenarios of a project on a bench.

    `tell` is given a line for each step.  Raises HostError TSME-B072 for the first step that does
    not hold, with what the board said last.
    """

    def __init__(
        self,
        checked: Checked,
        bench: Bench,
        tell: Callable[[str], None],
        timeout_ms: float = 30000.0,
    ) -> None:
        self.checked = checked
        self.bench = bench
        self.tell = tell
        self.timeout_ms = timeout_ms
        self.said = bytearray()
        self.seen = 0  # bytes of `said` that a wait-serial has gone past
        self.now = 0.0
        for part in checked.diagram.parts.values():
            if part.type == "wokwi-potentiometer":
                self.control(part.id, "position", float(part.attrs.get("value", "0")) / 1023)

    def play(self, scenario: Scenario) -> None:
        """All steps of a scenario, one after the other."""
        for step in scenario.steps:
            self.step(scenario, step)
            about = f"{step.part} {step.pin} " if step.part else ""
            self.tell(f"{self.now / 1000:9.3f} s  {step.command} {about}{_shown(step.value)}")

    def step(self, scenario: Scenario, step: Step) -> None:
        where = f"{scenario.reader.path}:{step.where.line}"
        match step.command, step.value:
            case "delay", float(ms):
                self.advance(ms)
            case "wait-serial", str(text):
                self.wait(where, text.encode())
            case "write-serial", (str() | bytes()) as data:
                self.bench.write(data.encode() if isinstance(data, str) else data)
            case "set-control", float(value):
                self.control(step.part, step.pin, value)
            case "expect-pin", float(value):
                self.expect(where, step, int(value))
            case _:
                text = f"{where}: {step.command} needs Wokwi itself"
                raise HostError(FAILED, text, "play it there: make sim with wokwi-cli and a token")

    def advance(self, ms: float) -> None:
        self.said += self.bench.advance(ms)
        self.now += ms

    def wait(self, where: str, text: bytes) -> None:
        end = self.now + self.timeout_ms
        while (at := self.said.find(text, self.seen)) < 0:
            if self.now >= end:
                last = bytes(self.said[self.seen :][-LAST:]).decode("utf-8", "replace")
                raise HostError(
                    FAILED,
                    f'{where}: the board did not say "{text.decode()}" in {self.timeout_ms:g} ms; '
                    f"it said: {last or 'nothing'}",
                )
            self.advance(SLICE_MS)
        self.seen = at + len(text)

    def control(self, part: str, name: str, value: float) -> None:
        if name == "pressed":
            for contact, other in (("1.l", "2.l"), ("2.l", "1.l")):
                gpio = self.checked.gpio(part, contact)
                if gpio is not None:
                    level = 0 if self.grounded(part, other) else 1
                    self.bench.drive(gpio, level if value else None)
        else:
            gpio = self.checked.gpio(part, "SIG")
            if gpio is not None:
                self.bench.volts(gpio, value)

    def grounded(self, part: str, pin: str) -> bool:
        return any(name.startswith("GND") for _, name in self.checked.net(part, pin))

    def expect(self, where: str, step: Step, value: int) -> None:
        gpio = self.checked.gpio(step.part, step.pin)
        if gpio is None:
            text = f"{where}: {step.part} {step.pin} is wired to no pin of the board"
            raise HostError(FAILED, text)
        found = self.bench.pin(gpio)
        if found != value:
            raise HostError(FAILED, f"{where}: {step.part} {step.pin} is {found}, not {value}")


def _shown(value: float | str | bytes) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"
