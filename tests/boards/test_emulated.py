"""An emulated board is a board: its flash outlives the power; it sleeps, resets, has a clock."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boards.emulation import QEMU, Prompt, emulated
from tests.interpreters import ROOT
from tsme_host.tools.boards import board_file, emulators, settings
from tsme_host.tools.errors import HostError

BOARDS = pytest.mark.parametrize("name", QEMU)


@BOARDS
def test_files_outlive_a_power_cut_and_the_clock_does_not(name: str, tmp_path: Path):
    with emulated(name, tmp_path) as board:
        board.power_on()
        with Prompt(board) as prompt:
            prompt.interrupt()
            prompt.do("import os, time, machine")
            assert prompt.do("print(machine.reset_cause() == machine.PWRON_RESET)") == "True"
            prompt.do("machine.RTC().datetime((2026, 11, 28, 0, 12, 0, 0, 0))")
            prompt.do("f = open('kept', 'w'); f.write('x' * 5000); f.close()")
        board.cut()
        assert not board.is_on()
        board.power_on()
        with Prompt(board) as prompt:
            prompt.interrupt()
            prompt.do("import os, time, machine")
            assert prompt.do("print(len(open('kept').read()))") == "5000"
            assert prompt.do("print(machine.reset_cause() == machine.PWRON_RESET)") == "True"
            assert prompt.do("print(time.gmtime()[0])") == "2000"


@BOARDS
def test_a_deep_sleep_ends_in_a_reset_and_the_clock_goes_on(name: str, tmp_path: Path):
    with emulated(name, tmp_path) as board:
        board.power_on()
        with Prompt(board) as prompt:
            prompt.interrupt()
            prompt.do("import machine, time")
            prompt.do("machine.RTC().datetime((2026, 11, 28, 0, 12, 0, 0, 0))")
            prompt.send("machine.deepsleep(1500)")
            prompt.until("tsme: ready")  # the next boot
            prompt.interrupt()
            prompt.do("import machine, time")
            assert prompt.do("print(machine.reset_cause() == machine.DEEPSLEEP_RESET)") == "True"
            assert (
                prompt.do("print(time.time() - time.mktime((2026,11,28,12,0,0,0,0)) > 0)")
                == "True"
            )
            prompt.send("machine.reset()")
            prompt.until("tsme: ready")
            prompt.interrupt()
            prompt.do("import machine, time")
            assert prompt.do("print(machine.reset_cause() == machine.HARD_RESET)") == "True"
            assert prompt.do("print(time.gmtime()[0])") == "2026"


@BOARDS
def test_its_flash_only_clears_bits_until_a_block_is_erased(name: str, tmp_path: Path):
    place = board_file.board(name).journal
    with emulated(name, tmp_path) as board:
        board.power_on()
        with Prompt(board) as prompt:
            prompt.interrupt()
            prompt.do(f"import qemu; f = qemu.Flash(); b = bytearray(8); n = {place.start}")
            assert (
                prompt.do("f.ioctl(4, 0), f.ioctl(5, 0)")
                == f"({place.start + place.blocks}, 4096)"
            )
            prompt.do("f.ioctl(6, n); f.ioctl(6, n + 1)")
            prompt.do("f.writeblocks(n, b'\\xf0\\x0f\\x33', 5)")
            prompt.do("f.writeblocks(n, b'\\xff\\xfa\\x55', 5)")
            prompt.do("f.readblocks(n, b, 3)")
            assert prompt.do("print(b.hex())") == "fffff00a11ffffff"
            prompt.do("f.ioctl(6, n + 1)")
            prompt.do("f.readblocks(n, b, 3)")
            assert prompt.do("print(b.hex())") == "fffff00a11ffffff"
            prompt.do("f.ioctl(6, n)")
            prompt.do("f.readblocks(n, b, 3)")
            assert prompt.do("print(b.hex())") == "ff" * 8
            assert "ValueError" in prompt.do("qemu.Flash(len=100)")
            assert "OSError" in prompt.do(f"f.readblocks({place.start + place.blocks}, b)")


@BOARDS
def test_ctrl_c_ends_what_runs_and_what_is_read_raw_stays_as_it_was(name: str, tmp_path: Path):
    with emulated(name, tmp_path) as board:
        board.power_on()
        with Prompt(board) as prompt:
            prompt.interrupt()
            prompt.do("import sys, select, time, micropython")
            prompt.send("exec(\"print('so ' + 'far')\\nwhile True: pass\")")
            prompt.until("so far")  # before that it would be a key at the prompt
            prompt.line.sendall(b"\x03")
            prompt.until("KeyboardInterrupt")
            prompt.until(">>> ")
            prompt.do("p = select.poll(); p.register(sys.stdin, 1)")
            prompt.send(
                "micropython.kbd_intr(-1); print('so ' + 'far');"
                " print(len(p.poll()), sys.stdin.buffer.read(4))"
            )
            prompt.until("so far\r\n")
            prompt.line.sendall(b"\r\x03\x00\xff")
            assert prompt.until(">>> ").startswith("1 b'\\r\\x03\\x00\\xff'")


@BOARDS
def test_the_files_end_where_the_journals_begin(name: str):
    board = board_file.board(name)
    path = board.folder / "modules" / "layout.py"
    spec = importlib.util.spec_from_file_location("layout", path)
    assert spec
    assert spec.loader
    layout = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layout)
    assert board.journal.start == layout.FILES
    new = {file: text.encode() for file, text in layout.NEW}
    assert new == settings.files(board), "run setup/layouts.py"


def test_a_board_without_an_emulator_or_firmware_is_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(HostError, match="TSME-B023") as caught:
        emulators.emulated(board_file.board("esp32"), tmp_path)
    assert "qemu_mps2" in caught.value.hint
    monkeypatch.setenv("TSME_BUILD", str(tmp_path))
    with pytest.raises(HostError, match="TSME-B020") as caught:
        emulators.emulated(board_file.board("qemu_mps2"), tmp_path)
    assert caught.value.hint.endswith("make firmware BOARD=qemu_mps2")


def test_a_missing_emulator_or_a_taken_port_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with emulated("qemu_mps2", tmp_path) as board:
        number = int(board.address.rpartition(":")[2])
        with pytest.raises(HostError, match="TSME-B022"):
            emulators.emulated(board.board, tmp_path / "other", number)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="TSME-B021") as caught:
        emulators.emulated(board_file.board("qemu_mps2"), tmp_path)
    assert caught.value.hint == "apt-get install qemu-system-arm"


def test_a_flash_is_in_one_board_only_and_can_be_made_new(tmp_path: Path):
    with emulated("qemu_mps2", tmp_path) as board:
        with pytest.raises(HostError, match="TSME-B025"):
            emulated("qemu_mps2", tmp_path)
        board.flash.write_bytes(b"used")
        (tmp_path / "mine.txt").touch()
        board.renew()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "mine.txt"]
    with emulated("qemu_mps2", tmp_path):
        pass


def test_make_firmware_says_what_it_does_not_build():
    for name, said in (
        ("esp32", "esp32/README.md says how"),
        ("zx81", 'there is no board "zx81"'),
    ):
        done = subprocess.run(
            [ROOT / "setup" / "firmware.sh", name], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_tsme_emulate_prints_its_port_and_is_ended_by_ctrl_c(tmp_path: Path):
    with emulated("qemu_mps2", tmp_path / "unused"):
        pass  # the firmware is there
    command = [sys.executable, "-m", "tsme", "emulate", "qemu_mps2"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        address = process.stdout.readline().strip()
        assert address.startswith("socket://127.0.0.1:")
        assert ".tsme/qemu_mps2/flash.bin" in process.stderr.readline()
        listed = subprocess.run(
            [sys.executable, "-m", "tsme", "ports"], capture_output=True, text=True, check=True
        )
        assert address in listed.stdout
        process.send_signal(10)
        assert "the power was gone, and is back" in process.stderr.readline()
        process.send_signal(2)
        assert "no power any more" in process.stderr.readline()
        assert process.wait(60) == 0
    assert (tmp_path / ".tsme" / "qemu_mps2" / "flash.bin").is_file()
