"""Files for Wokwi: those of the project are right, and a mistake in one is told with its place."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT
from tsme_host.tools.errors import HostError
from tsme_sim.wokwi.check import check

WOKWI = ROOT / "sim" / "wokwi"
BOARDS = ("esp32", "pico")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(WOKWI / "pico", tmp_path / "pico")
    return tmp_path / "pico"


def refused(folder: Path) -> HostError:
    with pytest.raises(HostError) as refusal:
        check(folder)
    return refusal.value


@pytest.mark.parametrize("board", BOARDS)
def test_the_files_of_each_board_are_right(board: str):
    found = check(WOKWI / board)
    assert found.scenarios
    for part in ("button", "soil", "valve"):
        assert part in found.diagram.parts


def test_the_boards_have_the_same_scenarios_and_parts():
    esp32, pico = (check(WOKWI / board) for board in BOARDS)
    texts = [
        {path.name: path.read_text() for path in (WOKWI / board).glob("*.scenario.yaml")}
        for board in BOARDS
    ]
    assert texts[0] == texts[1]
    assert set(esp32.diagram.parts) == set(pico.diagram.parts)


def test_a_part_is_found_behind_its_resistor():
    assert check(WOKWI / "pico").gpio("valve", "A") == 15
    assert check(WOKWI / "esp32").gpio("valve", "A") == 18
    assert check(WOKWI / "esp32").gpio("valve", "C") is None


def test_a_button_is_one_with_both_pins_of_its_contact():
    found = check(WOKWI / "pico")
    assert found.gpio("button", "1.r") == found.gpio("button", "1.l") == 14
    assert found.gpio("button", "2.r") is None


# What is put for what in which file, and what is said then: where, and what.
MISTAKES = [
    ("water.scenario.yaml", "delay: 50ms", "delay: 50", "7:12: delay", "must be text"),
    ("water.scenario.yaml", "delay: 50ms", 'delay: "50"', "7:12", "ns, us, ms or s"),
    ("water.scenario.yaml", "delay: 50ms", "wait: 50ms", "7:5", '"wait"'),
    ("water.scenario.yaml", "delay: 50ms", "delay: 5ms\n    wait-serial: x", "7:5", "one command"),
    ("water.scenario.yaml", "delay: 50ms", "name: nothing", "7:5", "does nothing"),
    ("water.scenario.yaml", "delay: 50ms", "write-serial: [256]", "7:19", "0 to 255"),
    ("water.scenario.yaml", "delay: 50ms", "wait-serial: 7", "7:18", "must be text"),
    ("water.scenario.yaml", "version: 1", "version: 2", "2:10", "version 1"),
    ("water.scenario.yaml", "version: 1\n", "", "1:1", "version 1"),
    ("water.scenario.yaml", "pin: A, value: 0", "pin: A, expected: 0", "8:17", "needs value"),
    ("water.scenario.yaml", "pin: A, value: 0", "pin: B, value: 0", "8:17", 'no pin "B"'),
    ("water.scenario.yaml", "pin: A, value: 0", "pin: A, value: 2", "8:17", "0 or 1"),
    ("water.scenario.yaml", "pin: A, value: 0", "value: 0", "8:17", "name or pin"),
    ("water.scenario.yaml", "control: position", "control: level", "6:18", '"level"'),
    ("water.scenario.yaml", "control: position, value: 0.2", "control: position, value: 2", "6:18",
     "from 0 to 1"),
    ("water.scenario.yaml", "part-id: soil", "part-id: soli", "6:18", "soil"),
    ("water.scenario.yaml", "part-id: soil, ", "", "6:18", "needs part-id"),
    ("diagram.json", '"id": "valve"', '"id": "soil"', "9:", "two parts"),
    ("diagram.json", '"wokwi-led"', '"wokwi-lamp"', "9:", "wokwi-lamp"),
    ("diagram.json", '"color": "blue"', '"colour": "blue"', "9:", "colour"),
    ("diagram.json", '"value": "330"', '"value": 330', "10:", "must be text"),
    ("diagram.json", '"version": 1', '"version": "1"', "2:", "version 1"),
    ("diagram.json", '"board:GP15"', '"board:GP99"', "", "GP99"),
    ("diagram.json", '"board:GP15"', '"bord:GP15"', "", "board"),
    ("diagram.json", '"board:GP15"', '"GP15"', "", "part:pin"),
    ("diagram.json", '[ "h-20" ]', '[ "left" ]', "", '"left"'),
    ("diagram.json", '[ "button:1.l"', '[ "board:GP0", "$serialMonitor:XR", "" ], [ "button:1.l"',
     "", "wired to nothing"),
    ("diagram.json", '"wokwi-pi-pico"', '"wokwi-led"', "", "one board"),
    ("diagram.json", '"top": 0, ', '"top": "0", ', "6:", "top must be a number"),
    ("diagram.json", '"editor"', '"edited"', "", "edited"),
    ("wokwi.toml", "version = 1", "version = 2", "", "version = 1"),
    ("wokwi.toml", "version = 1", "version = 1\nfrimware = 'x'", "", "firmware"),
    ("wokwi.toml", "pico.uf2", "pico.bin", "", ".uf2"),
    ("wokwi.toml", "[wokwi]", "[wokiw]", "", "[wokiw]"),
    ("wokwi.toml", "[wokwi]", "[wokwi", "", "wokwi.toml"),
    ("wokwi.toml", "firmware = ", "elf = ", "", "needs firmware"),
    ("wokwi.toml", "version = 1", "version = 1\nrfc2217ServerPort = 0", "", "1 to 65535"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "place", "says"), MISTAKES)
def test_a_mistake_is_told_with_its_place(
    folder: Path, name: str, old: str, new: str, place: str, says: str
):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    error = refused(folder)
    assert error.code in ("TSME-B070", "TSME-B071")
    assert f"{path}:{place}" in error.message if place else str(path) in error.message
    assert says in f"{error.message}; {error.hint}"


def test_a_monitor_that_is_not_heard_is_a_mistake(tmp_path: Path):
    folder = tmp_path / "esp32"
    shutil.copytree(WOKWI / "esp32", folder)
    path = folder / "diagram.json"
    found: dict[str, Any] = json.loads(path.read_text())
    found["connections"] = [c for c in found["connections"] if "$serialMonitor:TX" not in c]
    path.write_text(json.dumps(found))
    assert "$serialMonitor:TX is wired to nothing" in refused(folder).message


def test_a_folder_without_scenario_says_so(folder: Path):
    for path in folder.glob("*.scenario.yaml"):
        path.unlink()
    assert "there is no *.scenario.yaml" in refused(folder).message


def test_each_code_is_explained():
    text = (ROOT / "docs" / "ERRORS.md").read_text()
    for code in set(re.findall(r"TSME-B07\d", "".join(p.read_text() for p in WOKWI.glob("*.py")))):
        assert f"#### {code}\n" in text
