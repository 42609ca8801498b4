"""What a commit costs, and what it may never do."""

import pytest

from sim.nor import Nor
from tests.crash.geometry import Geometry
from tsme.errors import LimitError, TsmeError
from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.records import crc32
from tsme.values.crc import crc32 as table_crc32

UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 256]


def fresh(flash: Nor) -> Journal:
    journal = Journal(flash)
    journal.recover()
    return journal


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("once", [False, True])
def test_a_32_byte_commit_is_one_program_operation(unit: int, once: bool) -> None:
    flash = Nor(4096, 4, unit, program_once=once, strict=True)
    journal = fresh(flash)
    slots = 0
    for _ in range(300):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state")
        journal.idle()
        programs, programmed = flash.programs, flash.bytes_programmed
        journal.commit(STEP, bytes(24))
        opened = flash.programs - programs - 1  # then the block before is sealed
        assert opened in (0, 1)
        cost = flash.bytes_programmed - programmed
        assert cost <= (3 + opened) * max(32, unit), "also where it opens a block"
        slots += cost == max(32, unit)
    assert slots > 270


def test_a_step_of_the_buffer_s_size_is_one_program_operation_too() -> None:
    flash = Nor(4096, 4, 256)
    journal = Journal(flash, buffer=1024)
    journal.format()
    journal.recover()
    journal.commit(STEP, b"")
    for size in range(0, 700, 29):
        before = flash.programs
        if 8 + size < journal.room % 4032:
            journal.commit(STEP, bytes(size))
            assert flash.programs == before + 1


def test_an_idle_moment_takes_the_erase_out_of_the_commit() -> None:
    flash = Nor(512, 6)
    journal = fresh(flash)
    for _ in range(200):
        while journal.idle():
            pass
        erases = flash.erases
        if journal.needs_checkpoint():
            journal.checkpoint(b"state" * 10)
        assert flash.erases == erases
        while journal.idle():
            pass
        erases = flash.erases
        journal.commit(STEP, bytes(100))
        assert flash.erases == erases


def test_an_idle_moment_erases_once_and_a_restart_does_not_erase_again() -> None:
    """A board that sleeps between its steps starts anew for each of them."""
    flash = Nor(512, 6)
    fresh(flash).commit(STEP, b"first")
    fresh(flash).idle()
    erases = flash.erases
    for _ in range(8):
        journal = fresh(flash)
        assert not journal.idle()
        journal.commit(STEP, b"step")
    assert flash.erases == erases


@pytest.mark.parametrize("idle", [False, True])
@pytest.mark.parametrize("size", [5, 24, 100, 700])
def test_wear_is_even(idle: bool, size: int) -> None:
    flash = Nor(512, 7)
    journal = fresh(flash)
    journal.commit(STEP, b"")
    flash.reset_counts()  # of trying the device
    for _ in range(600):
        if journal.needs_checkpoint() or journal.room < size:
            journal.checkpoint(bytes(300))
        journal.commit(STEP, bytes(size))
        if idle:
            journal.idle()
    assert max(flash.erases_of) - min(flash.erases_of) <= 1
    assert min(flash.erases_of) > 2


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("once", [False, True])
def test_big_records_span_blocks(unit: int, once: bool) -> None:
    flash = Nor(2048, 40, unit, program_once=once, strict=True)
    journal = Journal(flash, buffer=256)
    journal.recover()
    written = []
    for size in (0, 1, 24, 25, 1000, 1900, 1976, 2500, 4000, 5000):
        for kind in (STEP, CHECKPOINT):
            body = bytes(range(256)) * (size // 256 + 1)
            if journal.room < size:
                journal.checkpoint(b"room")
                written.append((CHECKPOINT, b"room"))
            journal.commit(kind, body[:size])
            written.append((kind, body[:size]))
    found: list[tuple[int, bytes]] = []
    info = Journal(flash).recover(
        lambda body: found.append((CHECKPOINT, bytes(body))),
        lambda body: found.append((STEP, bytes(body))),
    )
    assert (info.records, info.torn) == (len(written), False)
    assert found == written[-1:]
    kept = [(kind, body) for _, kind, body, _, _ in Journal(flash).records()]
    assert kept == written


def test_a_limit_is_named_before_anything_changes() -> None:
    flash = Nor(512, 3)
    journal = fresh(flash)
    before = flash.state()
    with pytest.raises(LimitError) as large:
        journal.commit(STEP, bytes(441))
    assert (large.value.code, large.value.limit) == ("TSME-J007", 440)
    with pytest.raises(LimitError):
        journal.checkpoint(bytes(500))
    assert flash.state() == before
    while journal.room >= 100:
        journal.commit(STEP, bytes(100))
    assert journal.needs_checkpoint()
    before = flash.state()
    with pytest.raises(LimitError) as full:
        journal.commit(STEP, bytes(400))
    assert full.value.code == "TSME-J008"
    assert full.value.limit == journal.room
    assert flash.state() == before
    journal.checkpoint(bytes(440))
    journal.commit(STEP, bytes(400))


def test_room_is_exact() -> None:
    flash = Nor(512, 8)
    journal = fresh(flash)
    for i in range(100):
        room = min(journal.room, 3 * 448 - 8)
        if room < 50:
            journal.checkpoint(bytes(i))
            continue
        with pytest.raises(LimitError):
            journal.commit(STEP, bytes(room + 1))
        journal.commit(STEP, bytes(room if i % 3 == 0 else room // 2))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 16])
def test_a_checkpoint_as_large_as_the_limit_always_finds_room(count: int) -> None:
    most = max(1, count // 2 - 1) * 448 - 8
    journal = fresh(Nor(512, count))
    for i in range(60):
        while not journal.needs_checkpoint():
            journal.commit(STEP, bytes(min(10 + 7 * i, journal.room)))
        journal.checkpoint(bytes(most - i % 5))


def test_a_checkpoint_is_due_after_256_steps_or_many_transitions() -> None:
    journal = fresh(Nor(4096, 64))
    for _ in range(256):
        assert not journal.needs_checkpoint()
        journal.commit(STEP, b"step")
    assert journal.needs_checkpoint()
    journal.checkpoint(b"state")
    assert not journal.needs_checkpoint()
    assert journal.needs_checkpoint(256)
    assert journal.needs_checkpoint(transitions=4096)


@pytest.mark.parametrize("steps", [5000, 20000])
def test_recovery_reads_what_follows_the_checkpoint_and_not_the_whole_ring(steps: int) -> None:
    flash = Nor(4096, 64)
    journal = fresh(flash)
    for _ in range(steps):
        if journal.needs_checkpoint():
            journal.checkpoint(bytes(500))
        journal.commit(STEP, bytes(24))
    flash.reset_counts()
    assert fresh_info(flash) == (steps + (steps - 1) // 256, False)
    assert flash.bytes_read < 64 * 50 + 8 * 4096


def fresh_info(flash: Nor) -> tuple[int, bool]:
    info = Journal(flash).recover(lambda _: None, lambda _: None)
    return info.records, info.torn


def test_when_nothing_can_be_written_any_more_what_was_committed_can_be_read() -> None:
    class Failing(Nor):
        fails = False

        def writeblocks(
            self, n: int, buf: bytes | bytearray | memoryview, off: int = 0
        ) -> int | None:
            if self.fails:
                raise OSError(5)
            return super().writeblocks(n, buf, off)

    flash = Failing(512, 4)
    journal = fresh(flash)
    journal.commit(STEP, b"one")
    flash.fails = True
    with pytest.raises(LimitError, match="TSME-J008"):
        journal.commit(STEP, b"two")  # there may be room for a checkpoint
    with pytest.raises(TsmeError, match=r"TSME-J011: .* 4 of 4 blocks have failed"):
        journal.checkpoint(b"state")
    with pytest.raises(TsmeError, match="TSME-J010"):
        journal.commit(STEP, b"two")
    assert journal.recover().records == 1
    flash.fails = False  # it was not the flash
    journal.commit(STEP, b"two")
    assert [body for _, _, body, _, _ in journal.records()] == [b"one", b"two"]


def test_a_device_must_be_able_to_hold_a_journal() -> None:
    for block, count, unit in [(512, 1, 32), (4096, 4, 512), (300, 4, 32), (512, 4, 3)]:
        with pytest.raises(TsmeError, match="TSME-J001"):
            Journal(Nor(block, count, unit))
    with pytest.raises(TsmeError, match="TSME-J001"):
        Journal(Geometry().flash(), slot=48)


def test_the_checksum_without_binascii_is_the_same() -> None:
    for data in (b"", b"123456789", bytes(range(256)) * 3):
        assert table_crc32(data) == crc32(data)
        assert table_crc32(data[4:], table_crc32(data[:4])) == crc32(data)
    assert table_crc32(b"123456789") == 0xCBF43926


def test_a_seal_of_its_own_slot_is_filled_up_with_ff() -> None:
    """Nothing of a record that happened to be in the buffer goes there."""
    flash = Nor(1024, 4, 64, program_once=True, strict=True)
    journal = fresh(flash)
    for i in range(60):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state")
        journal.commit(STEP, bytes([i]) * 100)
    seals = [flash.data[n * 1024 + 960 : (n + 1) * 1024] for n in range(4)]
    assert bytes(4) + b"\xff" * 60 in seals
    assert all(seal in (bytes(4) + b"\xff" * 60, b"\xff" * 64) for seal in seals)
