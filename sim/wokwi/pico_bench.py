"""The emulated RP2040 as a bench: its time stands still unless a scenario lets it go on."""

from __future__ import annotations

from tsme_host.tools.boards.rp2040js import Pico


class PicoBench:
    """A Pico that has been started; its serial line is USB."""

    def __init__(self, pico: Pico) -> None:
        self.pico = pico

    def advance(self, ms: float) -> bytes:
        return self.pico.run(ms=ms).usb.encode("latin-1")

    def write(self, data: bytes) -> None:
        self.pico.write(data)

    def pin(self, gpio: int) -> int:
        return self.pico.pin(gpio)

    def drive(self, gpio: int, level: int | None) -> None:
        self.pico.drive(gpio, level)

    def volts(self, gpio: int, share: float) -> None:
        self.pico.analog(gpio, share)
