"""What was pulled is a journal that all tools read, and that grows."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.records import crc32
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.archive import Archive, BrokenChain, keep, read_archive, replace
from tsme_host.tools.journal.image import image_of


def record(kind: int, body: bytes, chain: int) -> bytes:
    head = struct.pack("<I", len(body) | kind << 24)
    return head + struct.pack("<I", crc32(body, crc32(head, chain))) + body


def filled(archive: Archive, bodies: list[tuple[int, bytes]]) -> Archive:
    for kind, body in bodies:
        archive.add(record(kind, body, archive.tail))
    return archive


def journal(data: bytes) -> Journal:
    flash = image_of("it", data)
    return Journal(flash, flash.slot)


BODIES = st.lists(
    st.tuples(st.sampled_from([STEP, CHECKPOINT]), st.integers(1, 9000)), min_size=1, max_size=30
)


@given(
    BODIES,
    st.sampled_from([32, 64, 256]),
    st.sampled_from([2048, 4096]),
    st.sampled_from([0, 1, 4711]),
    st.randoms(use_true_random=False),
)
def test_an_image_has_the_records_and_recovers_as_the_device_would(
    shapes: list[tuple[int, int]], slot: int, block: int, first: int, rng: random.Random
):
    bodies = [(kind, rng.randbytes(size)) for kind, size in shapes]
    archive = filled(Archive(first, rng.getrandbits(32) if first else 0, block, slot), bodies)
    read = journal(archive.image())
    damage: list[object] = []
    found = list(read.records(lambda *what: damage.append(what)))
    assert [(n, kind, body) for n, kind, body, _, _ in found] == [
        (first + n, *one) for n, one in enumerate(bodies)
    ]
    assert not damage
    checkpoints = [n for n, (kind, _) in enumerate(bodies) if kind == CHECKPOINT]
    if first and not checkpoints:
        return  # nothing to recover from: the device has forgotten where it began
    live: list[bytes] = []
    info = read.recover(
        lambda body: live.append(bytes(body)), lambda body: live.append(bytes(body))
    )
    assert live == [body for _, body in bodies[max(checkpoints, default=0) :]]
    assert not info.torn
    assert info.records == first + len(bodies)
    assert read.commit(CHECKPOINT, b"goes on") == first + len(bodies)


@given(BODIES, st.integers(0, 30), st.sampled_from([0, 99]))
def test_an_image_that_is_read_goes_on_where_it_ended(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[tuple[int, int]], cut: int, first: int
):
    path = str(tmp_path_factory.mktemp("archive") / "j.bin")
    bodies = [(kind, bytes([n]) * size) for n, (kind, size) in enumerate(shapes)]
    whole = filled(Archive(first, 7 if first else 0, 4096, 32), bodies)
    part = filled(Archive(first, whole.chain, 4096, 32), bodies[:cut])
    replace(path, part.image())
    again = read_archive(path)
    assert again is not None
    if not part.records:
        assert not again.records
        return
    assert again == part
    assert filled(again, bodies[cut:]).image() == whole.image()


def test_what_does_not_follow_is_refused():
    archive = filled(Archive(0, 0, 4096, 32), [(STEP, b"one")])
    good = record(STEP, b"two", archive.tail)
    for bad in (
        record(STEP, b"two", archive.tail ^ 1),
        good[:-1],
        good + b"x",
        good[:9] + bytes([good[9] ^ 1]) + good[10:],
        record(3, b"two", archive.tail),
    ):
        with pytest.raises(BrokenChain):
            archive.add(bad)
    archive.add(good)
    assert archive.next == 2


def test_an_empty_archive_is_a_journal_that_is_empty(tmp_path: Path):
    path = str(tmp_path / "j.bin")
    replace(path, Archive(0, 0, 4096, 32).image())
    assert journal(Path(path).read_bytes()).recover().records == 0
    found = read_archive(path)
    assert found is not None
    assert not found.records


def test_a_damaged_file_is_refused_and_kept(tmp_path: Path):
    path = tmp_path / "j.bin"
    archive = filled(Archive(0, 0, 2048, 32), [(STEP, bytes([n]) * 900) for n in range(9)])
    data = bytearray(archive.image())
    data[2048 + 100] ^= 4
    path.write_bytes(data)
    with pytest.raises(HostError, match=r"TSME-N047: .* is damaged at record \d"):
        read_archive(str(path))
    assert path.read_bytes() == data


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path):
    (tmp_path / "j.bin").write_text("my notes")
    with pytest.raises(HostError, match="TSME-H040"):
        read_archive(str(tmp_path / "j.bin"))


def test_what_is_kept_gets_a_name_of_its_own(tmp_path: Path):
    path = tmp_path / "j.bin"
    for n in range(1, 4):
        path.write_text(f"the {n}th")
        assert keep(str(path)) == str(tmp_path / f"j.{n}.bin")
        replace(str(path), b"another")
    assert (tmp_path / "j.2.bin").read_text() == "the 2th"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match=r'TSME-H013: ".*" cannot be written: '):
        replace(str(tmp_path / "file" / "j.bin"), b"")
