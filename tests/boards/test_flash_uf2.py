"""UF2 files, and the drive of a boot loader that takes one."""

from __future__ import annotations

import struct
import threading
import time

import pytest

from tsme_host.tools.boards import uf2
from tsme_host.tools.errors import HostError

RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59
INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: {}\n"


def block(number, count, family=RP2040, address=None, flags=0x2000):
    address = 0x10000000 + 256 * number if address is None else address
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, 256, number, count, family)
    return head + bytes([number & 255] * 256).ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


def firmware(count=20, family=RP2040):
    return b"".join(block(n, count, family) for n in range(count))


def refused(code, what, *args):
    with pytest.raises(HostError) as caught:
        what(*args)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.fixture
def drive(tmp_path, monkeypatch):
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    (folder / uf2.INFO).write_text(INFO.format("RPI-RP2"))
    monkeypatch.setenv("TSME_DRIVES", str(folder))
    return folder


def test_a_file_gives_its_image():
    found = uf2.read(firmware(), "f.uf2", RP2040, 2 << 20)
    assert (found.family, found.start, found.end) == (RP2040, 0x10000000, 0x10001400)
    assert found.image[256:512] == b"\x01" * 256


def test_the_block_for_all_rp2_chips_that_comes_before_a_firmware_is_no_firmware():
    """Errata E10 of the RP2350: picotool puts one before files for it."""
    extra = block(0, 2, 0xE48BFF57, 0x10FFFF00)
    found = uf2.read(extra + firmware(family=RP2350), "f.uf2", RP2350)
    assert found.end == 0x10001400


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: b"", "TSME-B033"),
        (lambda data: data[:-512], "TSME-B033"),
        (lambda data: data[:-1], "TSME-B033"),
        (lambda data: data[512:], "TSME-B033"),
        (lambda data: data[:508] + b"????" + data[512:], "TSME-B033"),
        (lambda data: b"\xe9" + data[1:], "TSME-B033"),
        (lambda data: firmware(family=RP2350), "TSME-B034"),
        (lambda data: firmware(family=0x1C5F21B0), "TSME-B034"),
    ],
)
def test_a_file_that_is_not_whole_or_another_chips_is_refused(change, code):
    refused(code, uf2.read, change(firmware()), "f.uf2", RP2040)


def test_a_file_larger_than_the_flash_is_refused():
    refused("TSME-B040", uf2.read, firmware(), "f.uf2", RP2040, 4096)


def test_the_drive_takes_the_file_and_goes(drive):
    data = firmware()
    got = []

    def board():
        target = drive / "firmware.uf2"
        while not target.exists() or target.stat().st_size < len(data):
            time.sleep(0.01)
        got.append(target.read_bytes())
        (drive / uf2.INFO).unlink()

    taking = threading.Thread(target=board)
    taking.start()
    seen = []
    assert uf2.wait_for_drive(5, RP2040, lambda: None) == drive
    uf2.copy(data, drive, seen.append, 30)
    taking.join()
    assert got == [data]
    assert seen[-1] == 100


def test_a_drive_that_stays_has_not_taken_it(drive):
    assert "BOOTSEL" in refused("TSME-B045", uf2.copy, firmware(), drive, None, 0.3).hint


def test_a_drive_that_goes_in_the_middle_is_a_cable_that_was_pulled(drive):
    (drive / uf2.INFO).unlink()
    drive.rmdir()
    error = refused("TSME-B037", uf2.copy, firmware(), drive, None, 1)
    assert "went away" in error.message


def test_a_full_drive_is_said(drive):
    (drive / "firmware.uf2").mkdir()  # it cannot be written
    assert (
        "cannot be written" in refused("TSME-B045", uf2.copy, firmware(), drive, None, 1).message
    )


def test_another_chips_drive_several_and_none_are_told_apart(drive, tmp_path, monkeypatch):
    asked = []
    (drive / uf2.INFO).write_text(INFO.format("RP2350"))
    error = refused("TSME-B035", uf2.wait_for_drive, 1, RP2040, asked.append)
    assert "RP2350, not RP2040" in error.message
    other = tmp_path / "other"
    other.mkdir()
    (other / uf2.INFO).write_text(INFO.format("RPI-RP2"))
    monkeypatch.setenv("TSME_DRIVES", f"{drive}:{other}")
    refused("TSME-B030", uf2.wait_for_drive, 1, RP2040, asked.append)
    monkeypatch.setenv("TSME_DRIVES", "")
    error = refused("TSME-B044", uf2.wait_for_drive, 0.3, RP2040, lambda: asked.append(1))
    assert "BOOTSEL" in error.hint
    assert asked == [1]  # told once
