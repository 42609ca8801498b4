"""What boards offer as flash: what will do does, and what lies is refused before it is trusted."""

import struct
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import tsme
from sim.nor import Nor, PowerLoss
from tests.crash.world import World
from tests.journal import doubles
from tsme.errors import TsmeError
from tsme.journal import STEP, Journal
from tsme.journal.flash import FileFlash
from tsme.journal.ram_flash import RamFlash
from tsme.journal.region import Region
from tsme.journal.spiflash import SpiFlash


def works(device: Any, steps: int = 500) -> None:
    """Live several lives on a device, and find everything."""
    written = 0
    for _ in range(3):
        journal = Journal(device)
        assert journal.recover().records == written
        for i in range(steps):
            if journal.needs_checkpoint():
                journal.checkpoint(bytes(100))
            written = journal.commit(STEP, bytes([i & 255]) * (i % 50)) + 1
            if i % 7 == 0:
                journal.idle()
    read = [number for number, *_ in Journal(device).records()]
    assert read[-1] == written - 1
    assert read == list(range(read[0], written))


def chip(block: int = 4096, count: int = 16) -> tuple[doubles.Chip, SpiFlash]:
    bus = doubles.Chip(Nor(block, count, 32, strict=True))
    return bus, SpiFlash(bus, bus.cs, block)


@pytest.mark.parametrize("block", [4096, 32768, 65536])
def test_spi_flash_works_and_is_never_asked_while_it_is_busy(block: int) -> None:
    bus, flash = chip(block, 65536 * 2 // block)
    assert (flash.ioctl(4, 0), flash.ioctl(5, 0)) == (65536 * 2 // block, block)
    works(flash)
    journal = Journal(flash)
    journal.recover()
    journal.commit(STEP, bytes(900))  # over the ends of pages
    assert bus.ignored == bus.wrapped == 0


def test_spi_flash_is_found_while_an_erase_that_a_reset_came_into_goes_on() -> None:
    bus, _ = chip()
    bus.busy = 50
    SpiFlash(bus, bus.cs)
    assert bus.ignored == 0


@pytest.mark.parametrize("identity", [b"\xff\xff\xff", b"\0\0\0"])
def test_spi_flash_that_does_not_answer_is_said_so(identity: bytes) -> None:
    bus, _ = chip()
    bus.identity = identity
    with pytest.raises(TsmeError, match="TSME-J012: no SPI flash answers"):
        SpiFlash(bus, bus.cs)
    with pytest.raises(TsmeError, match="TSME-J001"):
        SpiFlash(bus, bus.cs, 8192)


def test_spi_flash_that_stays_busy_is_no_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    bus, flash = chip()
    bus.busy = 1 << 30
    with pytest.raises(OSError, match="110"):
        flash.writeblocks(0, bytes(32), 0)


def test_spi_flash_survives_every_cut() -> None:
    def workload(device: SpiFlash) -> list[bytes]:
        journal = Journal(device)
        found: list[bytes] = []
        journal.recover(None, lambda body: found.append(bytes(body)))
        for i in range(20):
            journal.commit(STEP, bytes([i]) * 200)
            found.append(bytes([i]) * 200)
        return found

    bus, flash = chip()
    whole = workload(flash)
    for op in range(1, bus.flash.ops + 1):
        bus, flash = chip()
        bus.flash.cut_at(op, "random")
        with pytest.raises(PowerLoss):
            workload(flash)
        bus.flash.power_on()
        again = doubles.Chip(bus.flash)
        found = workload(SpiFlash(again, again.cs))
        assert found[: len(found) - 20] == whole[: len(found) - 20]


def test_a_region_of_rp2_flash_is_programmed_in_whole_pages() -> None:
    flash = doubles.Rp2.Flash(4096, 20, 256, strict=True)
    flash.data[: 4 * 4096] = bytes(4 * 4096)
    works(Region(flash, 4, 16))
    assert flash.data[: 4 * 4096] == bytes(4 * 4096)


def test_a_partition_is_found_by_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("esp32")
    vars(module)["Partition"] = doubles.Partition
    monkeypatch.setitem(sys.modules, "esp32", module)
    monkeypatch.setattr(doubles.Partition, "partitions", {"tsme": doubles.Partition(4096, 16)})
    works(tsme.partition("tsme"))
    with pytest.raises(TsmeError, match="TSME-J001: there is no data partition labelled vfs"):
        tsme.partition("vfs")


@pytest.mark.parametrize("count", [2, 3, 4, 16])
def test_memory_and_files_will_do(count: int, tmp_path: Any) -> None:
    works(RamFlash(512, count), 100)
    file = FileFlash(str(tmp_path / "j.bin"), 512, count)
    works(file, 100)
    file.close()


LIARS: dict[str, tuple[Callable[[], Any], str]] = {
    "an erase that does nothing": (lambda: doubles.NoErase(512, 8), "not blank after it was"),
    "no erase, four blocks": (lambda: doubles.NoErase(512, 4), "not blank after it was"),
    "no erase, two blocks": (lambda: doubles.NoErase(512, 2), "not blank after it was"),
    "larger blocks": (lambda: doubles.LargerErase(512, 8), "more than 512 bytes"),
    "larger blocks, from an odd one": (
        lambda: Region(doubles.LargerErase(512, 9), 1, 8),
        "more than 512 bytes",
    ),
    "larger blocks, two of them": (lambda: doubles.LargerErase(512, 2), "more than 512 bytes"),
    "smaller blocks": (lambda: doubles.SmallerErase(512, 8), "not blank after it was"),
    "erased before it is written": (lambda: doubles.ErasesFirst(512, 8), "changed the rest"),
    "pages filled up": (lambda: doubles.Pages(4096, 8), "program_size of 256"),
    "pages filled up behind": (lambda: doubles.PagesBehind(4096, 8), "program_size of 256"),
    "pages filled up before": (lambda: doubles.PagesBefore(512, 8), "program_size of 256"),
    "pages filled up, two blocks": (lambda: doubles.Pages(512, 2), "program_size of 256"),
    "pages filled up by repeating": (
        lambda: doubles.PagesRepeated(4096, 4),
        "program_size of 256",
    ),
    "offsets of pages alone": (lambda: doubles.FromPageStart(4096, 8), "program_size of 256"),
    "pages wrapped": (lambda: doubles.Wrapping(4096, 8), "does not hold what was programmed"),
    "a block written whole": (lambda: doubles.WholeBlock(4096, 8), "changed the rest"),
    "a block read once": (lambda: doubles.StaleBlock(4096, 8), "changed the rest"),
    "less memory than it says": (lambda: doubles.Mirrored(512, 8), "are the same memory"),
    "less memory, two blocks": (lambda: doubles.Mirrored(512, 2), "TSME-J01"),
    "pages of memory": (lambda: doubles.Overwritten(512, 8, 256), "is overwritten"),
    "a cache": (doubles.Cached, "not blank after it was"),
    "pyb.Flash(start=0)": (doubles.Pyb.Flash, "pyb.Flash keeps a sector in RAM"),
    "pyb.Flash()": (lambda: doubles.Pyb.Flash(whole=True), "extended interface"),
    "a partition of small blocks": (lambda: doubles.Partition(512, 8), "not blank after it was"),
    "no offsets": (doubles.Simple, "extended interface"),
    "microcontroller.nvm": (lambda: doubles.Nvm(4096), r"no readblocks\(\)"),
    "write-protected": (lambda: doubles.Protected(512, 8), "TSME-J009: block 7 cannot be prog"),
}


@pytest.mark.parametrize("name", LIARS)
def test_a_device_that_lies_is_refused_before_anything_is_trusted_to_it(name: str) -> None:
    make, why = LIARS[name]
    device = make()

    def use() -> None:
        journal = Journal(device)
        journal.recover()
        journal.commit(STEP, b"never")

    with pytest.raises(TsmeError, match=why) as e:
        use()
    assert e.value.code in ("TSME-J012", "TSME-J009")
    for _ in range(3):
        with pytest.raises(TsmeError):
            use()


def test_a_driver_of_whole_pages_that_says_so_works() -> None:
    """What is refused above, and the cure that the refusal names."""
    works(Region(doubles.Pages(4096, 8), 0, 8, program_size=256))


def test_memory_that_is_overwritten_will_do_in_slots() -> None:
    works(doubles.Overwritten(512, 8, 32))


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("unit", [1, 8, 32, 128, 256])
@pytest.mark.parametrize("count", [2, 3, 4, 16])
def test_a_device_is_tried_once_in_its_life_and_never_where_a_journal_is(
    count: int, unit: int, once: bool
) -> None:
    flash = Nor(2048, count, unit, program_once=once, strict=True)
    journal = Journal(flash)
    assert journal.recover().records == 0
    assert flash.ops == 0
    journal.commit(STEP, b"first")
    assert flash.erases <= 4
    assert flash.programs <= 9
    for _ in range(3):
        before = flash.ops
        journal = Journal(flash)
        journal.recover()
        journal.commit(STEP, b"another")
        assert flash.ops == before + 1


def test_a_try_that_is_cut_is_made_again() -> None:
    for op in range(1, 9):
        world = World(Nor(512, 4, strict=True))
        world.boot()
        world.flash.cut_at(op, "random")
        with pytest.raises(PowerLoss):
            world.commit(STEP, b"first")
        world.oracle.power_went()
        world.flash.power_on()
        world.live_on()


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("fault", [("none", "none", True), ("none", "none", False)])
def test_one_block_that_is_worn_out_is_no_lie(
    block: int, fault: tuple[str | None, str | None, bool]
) -> None:
    world = World(Nor(512, 4, strict=True))
    world.flash.failing[block] = fault
    for _ in range(3):
        world.live_on()


@pytest.mark.parametrize("kind", ["littlefs 2", "littlefs 1", "FAT16", "FAT32"])
def test_a_file_system_that_reaches_into_the_region_is_refused_at_each_power_up(kind: str) -> None:
    """Also in a region of a region, and a firmware may have made it when the journal was there."""
    blocks = {
        "littlefs 2": struct.pack("<I4x8s8xII", 7, b"littlefs", 4096, 24),
        "littlefs 1": struct.pack("<I24xIII8s", 7, 4096, 24, 0x10001, b"littlefs"),
        "FAT16": b"\xeb\x3c\x90MSDOS5.0" + struct.pack("<HBHBHHB", 512, 8, 1, 2, 512, 192, 0xF8),
        "FAT32": b"\xeb\x58\x90MSDOS5.0"
        + struct.pack("<HBHBHHBHHHII", 512, 8, 32, 2, 0, 0, 0xF8, 0, 63, 255, 0, 192),
    }
    whole = RamFlash(4096, 32)
    inner = Region(Region(whole, 0, 30), 16, 8)
    outer = Region(whole, 24, 8)
    journals = [Journal(inner), Journal(outer)]
    for journal in journals[:1]:
        journal.recover()
        journal.commit(STEP, b"one")
    whole.data[: len(blocks[kind])] = blocks[kind]
    before = bytes(whole.data)
    for use in (Journal(inner).recover, Journal(inner).format):
        with pytest.raises(TsmeError, match=r"TSME-J017: a file system .* at block 16: it has 24"):
            use()
    assert bytes(whole.data) == before
    assert journals[1].recover().records == 0  # behind it is room
    journals[1].commit(STEP, b"one")
