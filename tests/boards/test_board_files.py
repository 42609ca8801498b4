"""A board is one folder: all are complete, and what is wrong in one is said in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tsme_host.tools.boards import board_file, settings
from tsme_host.tools.errors import HostError

FOLDER = ROOT / "firmware" / "boards"
BOARDS = board_file.names()
KNOWN = """circuitpython esp32 esp32c3 esp32s3 esp8266 qemu_microbit qemu_mps2 qemu_rv32
    rp2040_emulated rpi_pico rpi_pico2 rpi_pico_w stm32 unix wokwi_esp32 wokwi_pico"""


def test_every_folder_is_a_board_and_the_boards_of_the_issue_are_there():
    folders = sorted(path.name for path in FOLDER.iterdir() if path.name != "__pycache__")
    assert folders == BOARDS
    assert set(KNOWN.split()) <= set(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_complete(name: str):
    board = board_file.board(name)
    manifest = (board.folder / "manifest.py").read_text(encoding="utf-8")
    if 'include("../rpi_pico/manifest.py")' in manifest:
        manifest = (FOLDER / "rpi_pico" / "manifest.py").read_text(encoding="utf-8")
    assert 'include("../../manifest.py")' in manifest  # tsme is in it
    readme = (board.folder / "README.md").read_text(encoding="utf-8").splitlines()
    said = [line for line in readme if line.strip()]
    assert said[0].startswith("# ")
    assert 6 <= len(said) <= 12
    text = "\n".join(said)
    for word in (name, "Journal", "Link"):
        assert word.lower() in text.lower(), word
    assert all(len(line) <= 130 for line in readme)
    assert board.heap >= 32768
    assert board.journal.blocks >= 4
    assert board.firmware.source != "own" or board.flash.tool != "esptool"


@pytest.mark.parametrize("name", BOARDS)
def test_what_main_py_reads_says_where_the_journal_lives(name: str):
    board = board_file.board(name)
    for own in (False, True):
        said = json.loads(settings.of_board(board, own))
        place = board.own if own and board.own else board.journal
        assert said["board"] == name
        assert said["journal"]["kind"] == place.kind
        assert said["journal"]["blocks"] == place.blocks
        assert [link["kind"] for link in said["link"]] == [link.kind for link in board.links]
        assert all(value != "" for value in said["journal"].values())


def partitions(path: Path) -> list[tuple[str, int, int]]:
    rows = [
        [cell.strip() for cell in line.split(",")]
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return [(row[0], int(row[3], 0), int(row[4], 0)) for row in rows]


@pytest.mark.parametrize(
    "board", board_file.chosen(lambda board: bool(board.flash.table)), ids=lambda board: board.name
)
def test_a_partition_table_holds_the_journal_and_fits_the_chip(board: board_file.Board):
    rows = partitions(board.folder / board.flash.table)
    end = 0x9000
    for _, start, size in rows:
        assert start >= end
        assert start % 4096 == size % 4096 == 0
        end = start + size
    assert end <= board.flash.size
    (size,) = [size for label, _, size in rows if label == board.journal.label]
    assert size == board.journal.blocks * board.journal.block


@pytest.mark.parametrize(
    "board",
    board_file.chosen(
        lambda board: "region" in (board.journal.kind, board.own and board.own.kind)
    ),
    ids=lambda board: board.name,
)
def test_a_region_on_a_pico_leaves_the_firmware_room_and_stays_in_the_flash(
    board: board_file.Board,
):
    place = board.own or board.journal
    assert place.device
    assert place.blocks >= 4 + 16  # the table, and one execution
    if place.device == "rp2.Flash":
        size = {"rpi_pico2": 0x400000}.get(board.name, 0x200000)
        assert (place.start + place.blocks) * 4096 <= size - 0x80000


def test_a_new_board_is_one_folder(tmp_path: Path):
    mine = tmp_path / "my_board"
    shutil.copytree(FOLDER / "esp32", mine)
    board = board_file.board(f"{mine}/")
    assert board.name == "my_board"
    assert board.journal == board_file.board("esp32").journal


WRONG = [
    ("title = ", "titel = ", 'there is no "titel"; did you mean "title"?'),
    ('title = "ESP32, 4 MB of flash"\n', "", '"title" is missing'),
    ("heap = 163840", 'heap = "160 KB"', '"heap" is not a number from 0'),
    ("heap = 163840", "heap = -1", '"heap" is not a number from 0'),
    ("xtensawin", "xtensalx", 'arch "xtensalx" is not known; write one of'),
    ('"mpy"', '"zip"', 'install is not "mpy", "source" or "frozen"'),
    ("[journal]", "[jornal]", 'there is no "jornal"; did you mean "journal"?'),
    ('kind = "partition"', 'kind = "partiton"', 'kind "partiton" is not known in [journal]'),
    ('label = "tsme"\n', "", '"label" is missing in [journal]'),
    ('label = "tsme"', "label = 5", '"label" is not text in [journal]'),
    (
        'label = "tsme"',
        'label = "tsme"\npath = "x"',
        'kind "partition" has no "path" in [journal]',
    ),
    ("blocks = 128", "blocks = true", '"blocks" is not a number from 0 in [journal]'),
    ('table = "partitions.csv"', 'table = "no.csv"', '"no.csv" is not beside it'),
    ("https://", "http://", "url does not begin with https:// in [firmware]"),
    ('sha256 = ""', 'sha256 = "abc"', "sha256 has no 64 digits"),
    ("led = 2", 'led = "2"', '"led" is not a number from 0 in [pins]'),
    ("port = 8266", "", '"port" is missing in [link]'),
    ("[flash]", "[flash", "no TOML: "),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG)
def test_a_wrong_board_file_is_refused_in_one_line(tmp_path: Path, old: str, new: str, said: str):
    mine = tmp_path / "mine"
    shutil.copytree(FOLDER / "esp32", mine)
    file = mine / "board.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HostError) as caught:
        board_file.read(mine)
    assert caught.value.code == "TSME-B002"
    whole = f"{caught.value.message}; {caught.value.hint}"
    assert said in whole
    assert "\n" not in whole
    assert str(file) in whole


def test_a_board_that_is_not_there_is_answered_with_a_name(tmp_path: Path):
    with pytest.raises(HostError, match="TSME-B001") as caught:
        board_file.board("esp23")
    assert caught.value.hint == 'did you mean "esp32"?'
    with pytest.raises(HostError, match="TSME-B001") as caught:
        board_file.board("zx81")
    assert "there are circuitpython, esp32" in caught.value.hint
    with pytest.raises(HostError, match="TSME-B001"):
        board_file.board(f"{tmp_path}/")
