"""The encoder of our own firmware writes what Python's does, on the board."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boards.emulation import built
from tests.interpreters import strict
from tsme_host.tools.boards.rp2040js import Pico

DEVICE = Path(__file__).with_name("encode_device.py")


def test_native_and_python_encode_the_same() -> None:
    why = built("rp2040_emulated")
    if why and strict():
        pytest.fail(why)
    if why:
        pytest.skip(why)
    with Pico(usb=False) as pico:
        pico.put_files({"main.py": DEVICE.read_bytes()})
        pico.start()
        done = pico.run(until="same", line="uart", instructions=400_000_000)
        done_too = pico.run(until="\n", line="uart", instructions=1_000_000)
    said = done.uart + done_too.uart
    assert done.why == "stopped", said
    words = said.split()
    assert words[0] == "same", said
    taken, left = int(words[1]), int(words[2])
    assert taken > 300
    assert left > 100
