"""The devices that stand in for flash, and parts of one."""

from pathlib import Path

import pytest

from sim.nor import Nor, PowerLoss, Violation
from tsme.errors import TsmeError
from tsme.journal import STEP, Journal
from tsme.journal.flash import FileFlash
from tsme.journal.ram_flash import RamFlash
from tsme.journal.region import Region


def test_a_file_keeps_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.bin"
    for i in range(2):
        flash = FileFlash(str(path), 512, 6, durable=i == 1)
        journal = Journal(flash)
        assert journal.recover().records == i * 20
        for k in range(20):
            journal.commit(STEP, bytes([k]))
            journal.idle()
        flash.close()
    assert path.stat().st_size == 6 * 512


def test_a_file_holds_the_same_bytes_as_memory(tmp_path: Path) -> None:
    path = tmp_path / "journal.bin"
    memory, model = RamFlash(512, 5), Nor(512, 5)
    file = FileFlash(str(path), 512, 5)
    for flash in (memory, model, file):
        journal = Journal(flash)
        journal.recover()
        for k in range(300):
            if journal.needs_checkpoint():
                journal.checkpoint(bytes(100))
            journal.commit(STEP, bytes(k % 90))
            if k % 5 == 0:
                journal.idle()
    file.close()
    assert path.read_bytes() == bytes(memory.data) == bytes(model.data)


def test_a_file_must_be_there_or_have_a_size(tmp_path: Path) -> None:
    path = tmp_path / "journal.bin"
    with pytest.raises(TsmeError, match=r"TSME-J001: .*say how many blocks"):
        FileFlash(str(path))
    path.write_bytes(bytes(1000))
    with pytest.raises(TsmeError, match="TSME-J001"):
        FileFlash(str(path), 512)
    with pytest.raises(TsmeError, match="TSME-J001"):
        FileFlash(str(path), 500, 3)


def test_a_region_is_a_part_and_touches_nothing_else() -> None:
    whole = Nor(512, 8, 256)
    whole.data[:512] = bytes(512)
    whole.data[7 * 512 :] = bytes(512)
    part = Region(whole, 1, 6)
    assert part.program_size == 256
    journal = Journal(part)
    journal.recover()
    for _ in range(100):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state")
        journal.commit(STEP, bytes(30))
        journal.idle()
    assert whole.data[:512] == whole.data[7 * 512 :] == bytes(512)
    assert min(whole.erases_of[1:7]) > 1
    with pytest.raises(TsmeError, match="TSME-J001"):
        Region(whole, 3, 6)


def test_the_model_only_clears_bits_and_counts() -> None:
    flash = Nor(512, 2, 1, strict=True)
    flash.writeblocks(0, b"\xf0", 3)
    flash.writeblocks(0, b"\x30\xff", 3)
    assert flash.data[3] == 0x30
    with pytest.raises(Violation, match="cannot be set again"):
        flash.writeblocks(0, b"\x31", 3)
    flash.ioctl(6, 0)
    assert flash.data == b"\xff" * 1024
    assert (flash.programs, flash.erases, flash.programmed_of, flash.erases_of) == (
        2,
        1,
        [3, 0],
        [1, 0],
    )
    assert flash.time_us == 2 * 400 + 45000
    once = Nor(512, 2, 16, program_once=True)
    once.writeblocks(0, bytes(32), 16)
    with pytest.raises(Violation, match="programmed twice"):
        once.writeblocks(0, bytes(16), 32)
    with pytest.raises(Violation, match="cannot be programmed at once"):
        once.writeblocks(0, bytes(16), 8)


def test_the_model_is_off_after_a_cut_and_a_cut_erase_leaves_a_weak_block() -> None:
    flash = Nor(512, 2)
    flash.writeblocks(0, bytes(32), 0)
    flash.cut_at(1, "blank")
    with pytest.raises(PowerLoss):
        flash.ioctl(6, 0)
    with pytest.raises(PowerLoss):
        flash.readblocks(0, bytearray(4))
    flash.power_on()
    assert flash.data == b"\xff" * 1024
    with pytest.raises(Violation, match="never erased to the end"):
        flash.writeblocks(0, bytes(32), 0)
    flash.ioctl(6, 0)
    flash.writeblocks(0, bytes(32), 0)
