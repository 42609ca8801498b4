"""What a diagram may have in it: each kind of part with its pins, attributes and controls.

From the reference pages of wokwi-docs and the pins of wokwi-boards.  Only what our diagrams use: a
part that is not here is refused, so that none is wired without its pins being known.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A kind of part.  `gpio`: its pins that are the processor's, by name; `controls`: with the
    least and the greatest value; `usb`: it is heard by USB if nothing is wired to the monitor."""

    pins: frozenset[str]
    attrs: frozenset[str] = frozenset()
    controls: dict[str, tuple[float, float]] = field(default_factory=dict)
    gpio: dict[str, int] = field(default_factory=dict)
    usb: bool = False

    @property
    def board(self) -> bool:
        return bool(self.gpio)


def _numbers(*ranges: range) -> dict[str, int]:
    return {str(number): number for found in ranges for number in found}


# The pins 6 to 11 (CLK, D0, ..) are those of the flash.
_ESP32 = _numbers(range(6), range(12, 20), range(21, 24), range(25, 28), range(32, 36))
del _ESP32["1"], _ESP32["3"]
_ESP32 |= {"TX": 1, "RX": 3}
_ESP32_POWER = {"3V3", "5V", "EN", "GND.1", "GND.2", "GND.3"}
_PICO = {f"GP{number}": number for number in (*range(23), 26, 27, 28)}
_PICO_POWER = {"VSYS", "VBUS", "3V3", *(f"GND.{number}" for number in range(1, 9))}

KINDS = {
    "board-esp32-devkit-c-v4": Kind(
        frozenset({*_ESP32, *_ESP32_POWER}),
        frozenset({"flashSize", "psramSize", "builder"}),
        gpio=_ESP32,
    ),
    "wokwi-pi-pico": Kind(
        frozenset({*_PICO, *_PICO_POWER, "TP4", "TP5"}),
        frozenset({"builder"}),
        gpio=_PICO,
        usb=True,
    ),
    "wokwi-led": Kind(
        frozenset("AC"), frozenset({"color", "lightColor", "label", "gamma", "flip", "fps"})
    ),
    "wokwi-resistor": Kind(frozenset("12"), frozenset({"value"})),
    "wokwi-pushbutton": Kind(
        frozenset({"1.l", "1.r", "2.l", "2.r"}),
        frozenset({"color", "label", "key", "bounce", "xray"}),
        {"pressed": (0, 1)},
    ),
    "wokwi-potentiometer": Kind(
        frozenset({"GND", "SIG", "VCC"}), frozenset({"value"}), {"position": (0, 1)}
    ),
}

# The two contacts of a button, which is one of two when it is pressed.
CONTACTS = {"1.l": 1, "1.r": 1, "2.l": 2, "2.r": 2}
MONITOR = "$serialMonitor"
