"""The emulated Pico as others connect to it: a port, and a flash that outlives the power."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.boards.emulation import Prompt, emulated
from tsme_host.tools.boards.rp2040js import BLOCK, FILES, NAME, Pico, file_system, firmware
from tsme_host.tools.boards.rp2040js_port import Rp2040js
from tsme_host.tools.errors import HostError

NO_MAIN = file_system({"boot.py": b"print('begun')\n"}, 176)


@pytest.fixture
def pico(tmp_path: Path) -> Rp2040js:
    """A Pico without a main.py, off."""
    board = emulated(NAME, tmp_path)
    assert isinstance(board, Rp2040js)
    board.flash.write_bytes(b"\xff" * FILES + NO_MAIN + b"\xff" * 128 * BLOCK)
    return board


def test_the_firmware_ends_before_its_files_begin():
    blocks = firmware().read_bytes()
    heads = [struct.unpack_from("<5I", blocks, at) for at in range(0, len(blocks), 512)]
    assert max(address + size for *_, address, size in heads) <= 0x1000_0000 + FILES


def begun(prompt: Prompt) -> None:
    """The prompt is there; the Pico says so when it is sent something."""
    prompt.send("")
    prompt.until(">>> ")
    prompt.do("import machine, os, rp2")


def test_files_outlive_a_power_cut(pico: Rp2040js):
    with pico:
        pico.power_on()
        with Prompt(pico) as prompt:
            begun(prompt)
            assert prompt.do("print(machine.reset_cause() == machine.PWRON_RESET)") == "True"
            prompt.do("f = open('kept', 'w'); f.write('x' * 5000); f.close()")
        pico.cut()
        assert not pico.is_on()
        pico.power_on()
        with Prompt(pico) as prompt:
            begun(prompt)
            assert prompt.do("print(len(open('kept').read()))") == "5000"
            assert prompt.do("print(machine.reset_cause() == machine.PWRON_RESET)") == "True"


def test_a_reset_is_no_loss_of_power(pico: Rp2040js):
    with pico:
        pico.power_on()
        with Prompt(pico) as prompt:
            begun(prompt)
            prompt.send("machine.reset()")
            prompt.until("machine.reset()")
            begun(prompt)
            assert prompt.do("print(machine.reset_cause() == machine.WDT_RESET)") == "True"


def test_the_power_can_go_within_a_page(pico: Rp2040js):
    with pico:
        pico.power_on()
        with Prompt(pico) as prompt:
            begun(prompt)
            prompt.do("flash = rp2.Flash(start=176 * 4096)")
            pico.cut_at(2, {"kind": "first", "share": 0.5})
            prompt.send("flash.writeblocks(0, bytes(512), 0)")  # two pages of zeros
            assert pico.wait(60)
    there = pico.flash.read_bytes()[FILES + 176 * BLOCK :][:512]
    assert there == bytes(384) + b"\xff" * 128


def test_the_last_blocks_are_not_the_file_systems(pico: Rp2040js):
    with pico:
        pico.power_on()
        with Prompt(pico) as prompt:
            begun(prompt)
            assert prompt.do("print(os.statvfs('/')[2], rp2.Flash().ioctl(4, 0))") == "176 304"


def test_pins_have_levels_and_can_be_driven():
    with Pico() as board:
        board.put_files({"main.py": PINS})
        board.start()
        board.drive(3, 1)
        board.analog(26, 0.5)
        assert board.run(until="\n", line="uart", ms=10_000).uart == "0 0 1 1 True\n"
        assert (board.pin(25), board.pin(4), board.pin(5)) == (1, 0, 1)
        board.drive(5, 0)
        assert board.run(until="\n", line="uart", ms=10_000).uart == "pressed\n"
        board.drive(5, None)
        assert board.run(until="\n", line="uart", ms=10_000).uart == "let go\n"


PINS = b"""
from machine import ADC, Pin, UART
uart = UART(0)
button = Pin(5, Pin.IN, Pin.PULL_UP)
light = Pin(25, Pin.OUT, value=0)
was = light.value()
light.on()
down, driven = Pin(4, Pin.IN, Pin.PULL_DOWN), Pin(3, Pin.IN)
half = 32000 < ADC(26).read_u16() < 33500
found = was, down.value(), driven.value(), light.value(), half
uart.write("%d %d %d %d %s\\n" % found)
while button.value():
    pass
uart.write("pressed\\n")
while not button.value():
    pass
uart.write("let go\\n")
"""


def test_two_starts_have_other_random_numbers():
    said = set()
    with Pico(usb=False) as board:
        text = b"import machine, os\nmachine.UART(0).write(os.urandom(16).hex() + '\\n')\n"
        board.put_files({"main.py": text})
        for _ in range(2):
            board.start()
            said.add(board.run(until="\n", line="uart", ms=10_000).uart)
            board.stop()
    assert len(said) == 2


def test_what_is_missing_is_said_with_its_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TSME_BUILD", str(tmp_path))
    with pytest.raises(HostError, match=r"TSME-B060: .* and one of them is not here") as error:
        Pico(tmp_path / "firmware.uf2")
    assert "setup/rp2040js.sh" in error.value.hint
    (tmp_path / "rp2040js").mkdir()
    with pytest.raises(HostError, match=r"TSME-B061: .* is not built") as error:
        Pico()
    assert f"make firmware BOARD={NAME}" in error.value.hint


def test_a_request_that_makes_no_sense_is_refused():
    with Pico(usb=False) as board, pytest.raises(HostError, match=r'TSME-B060: .*"juggle"'):
        board.do("juggle")
