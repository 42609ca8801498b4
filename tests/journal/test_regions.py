"""A partition that is cut into regions, and what of it is refused (docs/SPEC.md, 4.7)."""

from pathlib import Path

import pytest

from sim.nor import Nor
from tests.interpreters import INTERPRETERS, require, run
from tests.spec.second_reader import regions as read_regions
from tsme.errors import TsmeError
from tsme.journal import Journal
from tsme.journal.ram_flash import RamFlash
from tsme.journal.region import Region
from tsme.journal.regions import Regions
from tsme.values.cbor import encode

WORKLOAD = Path(__file__).parent / "regions_workload.py"
OTHERS = [name for name in INTERPRETERS if name != "cpython"]


@pytest.fixture(scope="module")
def expected() -> str:
    done = run("cpython", WORKLOAD)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("name", OTHERS)
def test_regions_are_the_same_bytes_everywhere(name: str, expected: str) -> None:
    require(name)
    done = run(name, WORKLOAD, heap="180k")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == expected


def test_what_is_refused_says_why(expected: str) -> None:
    for text in (
        'taken TSME-J015: the region cannot be made: there is a region "pumps" already',
        "no name TSME-J015: the region cannot be made: a name has 1 to 32 bytes, '' has not",
        "no room TSME-J015: the region cannot be made: it takes 20 free blocks in a row, and the ",
        "no number TSME-J015: the region cannot be made: 0 is no number of blocks",
        'not there TSME-J014: there is no region "x"; there are: pumps',
    ):
        assert text in expected
    assert "is not refused" not in expected


def test_a_region_begins_empty_whatever_was_there() -> None:
    flash = Nor(256, 12, strict=True)
    regions = Regions(flash)
    journal = Journal(regions.create("old", 4))
    journal.recover()
    journal.commit(1, b"of another")
    regions.retire("old")
    region = regions.create("new", 4)
    assert (region.start, Journal(region).recover().records) == (4, 0)


def test_a_block_that_fails_is_nobodys() -> None:
    flash = Nor(256, 14, strict=True)
    flash.failing[5] = ("none", "none", True)
    flash.data[5 * 256] = 0
    regions = Regions(flash)
    with pytest.raises(TsmeError, match="TSME-J002: block 5 "):
        regions.create("a", 4)  # nobody knows whose that is
    regions.format()
    assert regions.create("a", 4).start == 6
    assert regions.list() == [("a", 6, 4, 0)]
    assert ["", 5, 1, 0] in [list(entry) for entry in regions.entries or ()]
    assert regions.create("b", 1).start == 4
    assert read_regions(bytes(flash.data)) == {"b": (4, 1), "a": (6, 4)}


def test_what_others_wrote_behind_the_mark_is_not_touched() -> None:
    flash = Nor(256, 14, strict=True)
    regions = Regions(flash)
    regions.create("a", 2)
    flash.data[9 * 256 + 7] = 0
    regions.create("b", 3)
    before = bytes(flash.data)
    with pytest.raises(TsmeError, match="TSME-J002: block 9 "):
        regions.create("c", 2)
    assert bytes(flash.data) == before
    regions.retire("b")  # what has been ours may be erased
    assert regions.create("c", 3).start == 6


@pytest.mark.parametrize("at", [0, 5 * 256 + 3, 15 * 256 + 255])
def test_a_partition_that_holds_something_is_left_alone(at: int) -> None:
    flash = RamFlash(256, 16)
    flash.data[at] = 0xA2
    before = bytes(flash.data)
    with pytest.raises(TsmeError, match=f"TSME-J002: block {at // 256} "):
        Regions(flash).create("a", 2)
    assert bytes(flash.data) == before


def test_a_journal_of_the_whole_partition_is_no_table_and_the_other_way_round() -> None:
    flash = RamFlash(256, 16)
    journal = Journal(flash)
    journal.recover()
    journal.commit(1, b"x")
    with pytest.raises(TsmeError, match="TSME-J004: the journal was made for 16 blocks"):
        Regions(flash).list()
    other = RamFlash(256, 16)
    Regions(other).create("a", 2)
    with pytest.raises(TsmeError, match="TSME-J004: the journal was made for 4 blocks"):
        Journal(other).recover()


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (["regions", 2, 4, 0], "TSME-J003"),
        (["other", 1, 4, 0], "TSME-J016"),
        ([1, 2], "TSME-J016"),
        (["regions", 1, 4, 0, ["a", 3, 2, 0]], "TSME-J016"),
        (["regions", 1, 9, 0, ["a", 4, 3, 0], ["b", 6, 2, 0]], "TSME-J016"),
        (["regions", 1, 40, 0, ["a", 4, 3, 0]], "TSME-J016"),
        (["regions", 1, 9, 0, ["a", 14, 3, 0]], "TSME-J016"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(item: list[object], code: str) -> None:
    flash = RamFlash(256, 16)
    journal = Journal(Region(flash, 0, 4))
    journal.recover()
    journal.checkpoint(encode(item))
    with pytest.raises(TsmeError, match=code):
        Regions(flash).list()


def test_a_full_table_says_so_and_stays() -> None:
    flash = RamFlash(256, 64)
    regions = Regions(flash)
    for n in range(5):
        regions.create(f"a region with a long name {n}", 1)
    with pytest.raises(TsmeError, match=r"TSME-J015: .* the table has room for 184 bytes alone"):
        regions.create("a region with a long name 5", 1)
    assert Regions(flash).list() == regions.list() != []


def test_a_copy_of_ones_own_moves_what_is_no_journal() -> None:
    flash = RamFlash(256, 16)
    regions = Regions(flash)
    regions.create("store", 2, 1).writeblocks(1, b"kept", 8)

    def copy(old: Region, new: Region) -> None:
        part = bytearray(256)
        for n in range(old.count):
            old.readblocks(n, part)
            new.writeblocks(n, part)

    part = bytearray(4)
    regions.resize("store", 5, copy).readblocks(1, part, 8)
    assert part == b"kept"
    with pytest.raises(ZeroDivisionError):
        regions.resize("store", 2, lambda old, new: 1 / 0)
    assert Regions(flash).list() == [("store", 6, 5, 1)]


def test_a_journal_that_does_not_fit_the_smaller_region_stays() -> None:
    flash = RamFlash(256, 24)
    regions = Regions(flash)
    journal = Journal(regions.create("a", 8))
    journal.recover()
    journal.checkpoint(bytes(400))
    with pytest.raises(TsmeError, match="TSME-J007"):
        regions.resize("a", 2)
    assert Regions(flash).list() == [("a", 4, 8, 0)]
    assert Journal(Regions(flash).open("a")).recover().records == 1


def test_regions_of_a_part_of_a_device_know_what_is_before_it() -> None:
    flash = RamFlash(256, 24)
    regions = Regions(Region(flash, 6, 18))
    region = regions.create("a", 3)
    assert (region.device, region.start) == (flash, 10)
    assert read_regions(bytes(flash.data[6 * 256 :])) == {"a": (4, 3)}


def test_journals_that_share_their_buffers_do_not_disturb_each_other() -> None:
    flash = Nor(256, 16, strict=True)
    regions = Regions(flash)
    first = Journal(regions.create("a", 4), buffer=256)
    second = Journal(regions.create("b", 4), buffer=first)
    assert second._buf is first._buf  # type: ignore[attr-defined]
    for journal in (first, second):
        journal.recover()
    for n in range(40):
        first.commit(2, b"a%d" % n)
        second.commit(2, b"b%d" % n * 9)
    for name in "ab":
        assert Journal(regions.open(name)).recover().records == 40
