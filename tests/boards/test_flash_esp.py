"""`tsme flash` of ESP chips, through the real esptool against the ROM of esp32-mock-bootloader."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from tests.boards import esp_files
from tests.boards.rom import Rom
from tsme_host.tools.boards import board_file, esp_image, esp_install, file_system, partitions
from tsme_host.tools.boards.esp import Esp
from tsme_host.tools.boards.partitions import Entry
from tsme_host.tools.boards.telling import Telling
from tsme_host.tools.errors import HostError

OFFSET = 0x1000
SMALL = (*esp_files.STOCK[:3], Entry("vfs", 1, 0x81, 0x3C0000, 0x40000))
FILES = {
    "/boot.py": b"# boot\n",
    "/main.py": b"print('mine')\n",
    "/lib/deep/data.bin": bytes(range(256)) * 120,
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TSME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Heard(Telling):
    def __init__(self, yes=False):
        super().__init__(yes)
        self.lines = []

    def say(self, text):
        self.lines.append(text)


def read(data, chip="esp32", offset=OFFSET):
    return esp_image.read(data, "firmware.bin", chip, offset)


def install(rom, data, chip="esp32", offset=OFFSET, yes=False, **options):
    heard = Heard(yes)
    board = board_file.board(chip)
    esp_install.install(
        board, Esp(rom.port, chip, 921600), read(data, chip, offset), heard, **options
    )
    return heard.lines


def table_of(rom):
    return partitions.parse(bytes(rom.flash.data[0x8000:0x8C00]))


def files_of(rom):
    at = partitions.files(table_of(rom))
    image = bytes(rom.flash.data[at.offset : at.end])
    assert file_system.blocks(image) * 4096 == at.size  # else MicroPython does not mount it
    return dict(file_system.listed(image))


def with_files(rom, data, table):
    """A board as it is after months with a stock firmware."""
    at = partitions.files(table)
    rom.flash.data[OFFSET : OFFSET + len(data)] = data
    rom.flash.data[at.offset : at.end] = esp_files.files(at.size, FILES)
    rom.flash.data[0x9000:0x9004] = b"nvs!"


def refused(code, *args, **options):
    with pytest.raises(HostError) as caught:
        install(*args, **options)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(("chip", "offset"), [("esp32", 0x1000), ("esp32s3", 0), ("esp32c3", 0)])
def test_an_empty_chip_has_firmware_and_a_journal_partition_to_the_last_byte(chip, offset):
    data = esp_files.firmware(chip, offset)
    with Rom(chip) as rom:
        heard = install(rom, data, chip, offset)
        table = table_of(rom)
        wanted = read(data, chip, offset).with_table(table)
        assert bytes(rom.flash.data[offset : offset + len(data)]) == wanted
        rest = bytes(rom.flash.data[offset + len(data) :])
        assert rest.count(0xFF) == len(rest)
        # Nothing but the table differs from the file.
        at = partitions.OFFSET - offset
        assert wanted[:at] == data[:at]
        assert wanted[at + partitions.SIZE :] == data[at + partitions.SIZE :]
    place = partitions.named(table, "tsme")
    assert (place.offset, place.size) == (0x380000, 0x80000)
    assert any("tsme" in line and "512 KB" in line for line in heard)


def test_the_plan_for_an_empty_chip_is_the_table_beside_the_board_file():
    """That of a firmware of one's own: both say where the journal is."""
    for name in ("esp32", "esp32s3", "esp32c3"):
        board = board_file.board(name)
        if not board.flash.table:
            continue
        table = esp_files.STOCK
        size = board.flash.size
        if size > 4 << 20:
            table = (*table[:3], Entry("vfs", 1, 0x81, 0x200000, size - 0x200000))
        image = read(
            esp_files.firmware(name, board.flash.offset, table=table), name, board.flash.offset
        )
        plan = esp_install.planned(board, image, None, size)
        rows = {}
        for line in (board.folder / board.flash.table).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                label, _, _, offset, length = [part.strip() for part in line.split(",")][:5]
                rows[label] = (int(offset, 0), int(length, 0))
        assert rows == {one.label: (one.offset, one.size) for one in plan.table}


def test_the_same_command_again_writes_nothing():
    data = esp_files.firmware()
    with Rom() as rom:
        install(rom, data)
        before = hashlib.sha256(rom.flash.data).digest()
        rom.flash.begin_defl = rom.flash.begin_plain = None  # any write would be a TypeError
        install(rom, data)
        assert hashlib.sha256(rom.flash.data).digest() == before


def test_files_of_a_stock_board_are_kept_when_the_journal_takes_a_part_of_their_place():
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        heard = install(rom, data, yes=True, blocks=16)
        assert files_of(rom) == FILES
        place = partitions.named(table_of(rom), "tsme")
        journal = bytes(rom.flash.data[place.offset : place.end])
        assert journal.count(0xFF) == len(journal)  # blank, or the journal would refuse it
        assert rom.flash.data[0x9000:0x9004] == b"nvs!"
    assert any("was 256 KB" in line for line in heard)
    assert any(line.startswith("  tsme") and line.endswith("new") for line in heard)


def test_a_larger_flash_gives_the_journal_what_is_behind_and_files_stay_where_they_are():
    data = esp_files.firmware()
    with Rom(size=8 << 20) as rom:
        with_files(rom, data, esp_files.STOCK)
        before = bytes(rom.flash.data[0x200000:0x400000])
        heard = install(rom, data, yes=True)
        place = partitions.named(table_of(rom), "tsme")
        assert (place.offset, place.size) == (0x400000, 0x80000)
        assert bytes(rom.flash.data[0x200000:0x400000]) == before
    assert not any("was " in line for line in heard)


def test_firmware_that_makes_its_file_system_by_itself_is_told_where_it_ends():
    """MicroPython 1.26 and later have no vfs in the table, and take the rest of the flash."""
    data = esp_files.firmware(table=esp_files.STOCK[:3])
    with Rom() as rom:
        install(rom, data)
        vfs = partitions.files(table_of(rom))
        assert (vfs.offset, vfs.end) == (0x200000, 0x380000)


def test_a_new_firmware_leaves_files_and_journals_as_they_are():
    with Rom() as rom:
        install(rom, esp_files.firmware())
        vfs, journal = partitions.files(table_of(rom)), partitions.named(table_of(rom), "tsme")
        rom.flash.data[vfs.offset : vfs.end] = esp_files.files(vfs.size, FILES)
        rom.flash.data[journal.offset : journal.offset + 4] = b"TSMJ"
        newer = esp_files.firmware(app=180_000, seed=7)  # with the stock table in it
        install(rom, newer)
        assert files_of(rom) == FILES
        assert rom.flash.data[journal.offset : journal.offset + 4] == b"TSMJ"
        assert partitions.named(table_of(rom), "tsme") == journal
        at = 0x10000 - OFFSET
        assert bytes(rom.flash.data[0x10000 : OFFSET + len(newer)]) == newer[at:]


@pytest.mark.parametrize("after", [60, 9_000, 45_000, 75_000])
def test_a_cable_pulled_anywhere_leaves_a_board_that_the_same_command_mends(after, cache):
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        rom.flash.data[0x10000:0x10100] = b"\0" * 256  # so that there is something to write
        rom.cut = after
        with pytest.raises(HostError) as caught:
            install(rom, data, yes=True, blocks=16)
        assert caught.value.code in ("TSME-B036", "TSME-B037"), str(caught.value)
        error = caught.value
        assert "\n" not in str(error)
        rom.cut = None
        install(rom, data, yes=True, blocks=16)
        assert files_of(rom) == FILES
        wanted = read(data).with_table(table_of(rom))
        assert bytes(rom.flash.data[OFFSET:0x9000]) == wanted[: 0x9000 - OFFSET]
        assert bytes(rom.flash.data[0xF000 : OFFSET + len(data)]) == wanted[0xF000 - OFFSET :]
        assert rom.flash.data[0x9000:0x9004] == b"nvs!"
        place = partitions.named(table_of(rom), "tsme")
        assert rom.flash.data[place.offset : place.end] == b"\xff" * 0x10000
    assert not list((cache / "pulled").glob("*.vfs"))


def test_what_was_pulled_is_kept_until_it_is_back(cache, monkeypatch):
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        kept = cache / "pulled" / "240ac4e29526.vfs"
        esp = Esp(rom.port, "esp32", 921600)

        def gone(*_):
            raise HostError("TSME-B037", "the cable")

        esp.write = gone
        with pytest.raises(HostError):
            esp_install.install(
                board_file.board("esp32"), esp, read(data), Heard(yes=True), blocks=16
            )
        assert dict(file_system.listed(kept.read_bytes())) == FILES
        rom.flash.data[0x3C0000:0x400000] = b"\0" * 0x40000  # half written, say
        before = bytes(rom.flash.data)
        os.utime(kept, (0, 0))
        with monkeypatch.context() as patched:  # the table is agreed to, old files are not
            patched.setattr(esp_install, "_agreed", lambda *_: None)
            assert "days ago" in refused("TSME-B041", rom, data, blocks=16).message
        assert bytes(rom.flash.data) == before
        heard = install(rom, data, yes=True, blocks=16)
        assert any("cut off" in line for line in heard)
        assert files_of(rom) == FILES
        assert not kept.exists()


def test_nothing_changes_without_consent():
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        before = hashlib.sha256(rom.flash.data).digest()
        error = refused("TSME-B041", rom, data, blocks=16)
        assert error.hint == "write --yes"
        assert hashlib.sha256(rom.flash.data).digest() == before
        refused("TSME-B041", rom, data, blocks=16, erase=True)
        assert hashlib.sha256(rom.flash.data).digest() == before


def test_erase_begins_anew():
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        install(rom, data, yes=True, erase=True, blocks=16)
        assert rom.flash.data[0x9000:0x9004] == b"\xff" * 4
        assert rom.flash.data[0x3C0000:0x400000] == b"\xff" * 0x40000


def test_files_that_cannot_be_read_are_not_given_up_unasked():
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        rom.flash.data[0x3C0000:0x3C2000] = b"\x11" * 0x2000
        error = refused("TSME-B043", rom, data, yes=True, blocks=16)
        assert "--erase" in error.hint
        assert rom.flash.data[0x3C0000:0x3C2000] == b"\x11" * 0x2000


def test_files_that_do_not_fit_any_more_are_refused_before_anything_changes():
    data = esp_files.firmware(table=SMALL)
    with Rom() as rom:
        with_files(rom, data, SMALL)
        rom.flash.data[0x3C0000:0x400000] = esp_files.files(0x40000, {"/large": b"x" * 0x28000})
        before = hashlib.sha256(rom.flash.data).digest()
        refused("TSME-B049", rom, data, yes=True, blocks=32)
        assert hashlib.sha256(rom.flash.data).digest() == before


def test_another_chip_is_named():
    with Rom("esp32s3") as rom:
        error = refused("TSME-B035", rom, esp_files.firmware())
        assert "ESP32-S3, not esp32" in error.message


def _silent(line):
    while line.recv(4096):
        pass


def test_a_port_without_a_chip_says_how_to_get_into_the_boot_loader():
    with Rom() as rom:
        rom._boot_loader = _silent
        error = refused("TSME-B036", rom, esp_files.firmware())
        assert "BOOT" in error.hint


def test_no_port_is_said_as_everywhere():
    with pytest.raises(HostError) as caught:
        Esp("/dev/ttyUSB-none", "esp32", 115200).identify()
    assert caught.value.code == "TSME-N030"
    with pytest.raises(HostError) as caught:
        Esp("socket://127.0.0.1:1", "esp32", 115200).identify()
    assert caught.value.code == "TSME-N041"


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda data: b"", "TSME-B033", "it is empty"),
        (lambda data: data[:-40], "TSME-B033", "cut off"),
        (lambda data: data[:100_000], "TSME-B033", "cut off"),
        (lambda data: data[:-100] + b"?" + data[-99:], "TSME-B033", "checksum"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "TSME-B033", "hash"),
        (lambda data: data[0xF000:], "TSME-B033", "an app alone"),
        (lambda data: data[:0x6000], "TSME-B033", "a boot loader alone"),
        (lambda data: data[:0x7000] + b"x" * 64 + data[0x7040:], "TSME-B033", "partition table"),
        (lambda data: b"<html>404</html>" + data, "TSME-B033", "web page"),
        (lambda data: b"UF2\n" + data, "TSME-B033", "UF2"),
        (lambda data: b"\x7fELF" + data, "TSME-B033", "ELF"),
        (lambda data: esp_files.firmware("esp32s3"), "TSME-B034", "esp32s3"),
    ],
)
def test_a_file_that_is_no_firmware_is_refused_before_the_board_is_touched(change, code, says):
    with pytest.raises(HostError) as caught:
        read(change(esp_files.firmware(app=60_000)))
    assert caught.value.code == code
    assert says in caught.value.message
    assert caught.value.hint


def test_firmware_larger_than_the_flash_is_refused():
    with Rom(size=2 << 20) as rom:
        refused("TSME-B040", rom, esp_files.firmware(app=2 << 20))


def test_a_table_without_room_is_refused_and_says_how_much_would_do():
    table = (*esp_files.STOCK[:2], Entry("factory", 0, 0, 0x10000, 0xF0000))
    data = esp_files.firmware(table=(*table, Entry("vfs", 1, 0x81, 0x100000, 0x100000)))
    with Rom(size=2 << 20) as rom:
        error = refused("TSME-B040", rom, data, yes=True, blocks=200)
        assert "--journal-blocks" in error.hint


def test_the_files_of_these_tests_are_what_esptool_takes_for_firmware(tmp_path):
    path = tmp_path / "firmware.bin"
    path.write_bytes(esp_files.firmware())
    command = [sys.executable, "-m", "esptool", "image-info", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count("(valid)") == 2


def test_an_esp8266_has_no_table():
    data = esp_files.image("esp8266", 100_000)
    with Rom("esp8266") as rom:
        install(rom, data, "esp8266", 0)
        assert bytes(rom.flash.data[: len(data)]) == data
