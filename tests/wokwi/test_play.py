"""Scenarios for Wokwi hold on an emulated board with the very firmware that Wokwi gets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boards import esp_files
from tests.boards.emulation import need
from tests.interpreters import ROOT
from tsme_host.tools.boards import file_system, partitions, uf2
from tsme_host.tools.boards.board_file import board
from tsme_host.tools.boards.rp2040js import BLOCK, FILES, Pico
from tsme_host.tools.errors import HostError
from tsme_sim.wokwi import make
from tsme_sim.wokwi.check import Checked, check
from tsme_sim.wokwi.pico_bench import PicoBench
from tsme_sim.wokwi.player import Player

WOKWI = ROOT / "sim" / "wokwi"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The UF2 file for Wokwi; its firmware is built if it was not."""
    need("rp2040_emulated")
    path = tmp_path_factory.mktemp("wokwi") / "pico.uf2"
    make.pico(path)
    return path


@pytest.mark.parametrize("scenario", ["water", "wet"])
@pytest.mark.parametrize("name", ["esp32", "pico"])
def test_each_scenario_holds_on_the_emulated_board(image: Path, name: str, scenario: str):
    wired = check(WOKWI / "pico")
    (one,) = [s for s in check(WOKWI / name).scenarios if f"{scenario}.s" in s.reader.path]
    with Pico(image) as pico:
        pico.start()
        Player(Checked(wired.project, wired.diagram, [one]), PicoBench(pico), print).play(one)


def failure(image: Path, folder: Path, old: str, new: str) -> HostError:
    """What is said if the scenario `wet` has something else in it."""
    shutil.copytree(WOKWI / "pico", folder)
    path = folder / "wet.scenario.yaml"
    path.write_text(path.read_text().replace(old, new))
    checked = check(folder)
    (one,) = [s for s in checked.scenarios if s.reader.path == str(path)]
    with Pico(image) as pico:
        pico.start()
        with pytest.raises(HostError) as refusal:
            Player(checked, PicoBench(pico), print, timeout_ms=2000).play(one)
    assert refusal.value.code == "TSME-B072"
    assert str(path) in refusal.value.message
    return refusal.value


def test_a_text_that_never_comes_is_told_with_what_came(image: Path, tmp_path: Path):
    error = failure(image, tmp_path / "pico", "the soil is wet", "the soil is dry")
    assert 'did not say "the soil is dry" in 2000 ms; it said: ' in error.message
    assert "the soil is wet" in error.message


def test_a_pin_at_the_other_level_is_told(image: Path, tmp_path: Path):
    error = failure(image, tmp_path / "pico", "pin: A, value: 0", "pin: A, value: 1")
    assert "valve A is 0, not 1" in error.message


def test_what_only_wokwi_can_do_says_so(image: Path, tmp_path: Path):
    step = "take-screenshot: { part-id: valve, save-to: valve.png }"
    error = failure(image, tmp_path / "pico", 'wait-serial: "tsme: ready"', step)
    assert "take-screenshot needs Wokwi itself" in error.message


def sim(*args: str, path: str = "/usr/bin:/bin", token: str = "") -> tuple[int, str]:
    env = os.environ | {"PATH": path, "WOKWI_CLI_TOKEN": token, "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tsme_sim.wokwi", *args]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    return done.returncode, done.stdout + done.stderr


def test_without_wokwi_it_plays_here_and_says_how_to_get_it(image: Path):
    code, said = sim("wokwi_esp32", path=os.environ["PATH"])
    assert code == 0
    assert "WOKWI_CLI_TOKEN is not set" in said
    assert "playing on the emulated RP2040" in said
    assert "wokwi.com/dashboard/ci" in said
    assert said.count(".scenario.yaml)") == 2


def test_with_wokwi_it_is_asked_for_each_scenario(image: Path, tmp_path: Path):
    """wokwi-cli is in no registry: a script in its place writes down how it is called."""
    tool = tmp_path / "wokwi-cli"
    tool.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n')
    tool.chmod(0o755)
    code, said = sim("wokwi_pico", path=f"{tmp_path}:{os.environ['PATH']}", token="a token")
    assert (code, "emulated" in said) == (0, False)
    folder = WOKWI / "pico"
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"{folder} --scenario {name}.scenario.yaml --timeout 30000" for name in ("water", "wet")
    ]
    tool.write_text("#!/bin/sh\nexit 42\n")  # as it ends when its time is over
    code, _ = sim("wokwi_pico", path=f"{tmp_path}:{os.environ['PATH']}", token="a token")
    assert code == 42


@pytest.mark.parametrize("args", [["wokwi_uno"], ["wokwi_esp32", "--bord"], []])
def test_a_wrong_word_ends_in_one_line(args: list[str]):
    code, said = sim(*args)
    assert code == 2
    assert "Traceback" not in said


def test_the_image_for_the_esp32_has_table_package_and_files(tmp_path: Path):
    firmware, out = tmp_path / "firmware.bin", tmp_path / "esp32.bin"
    firmware.write_bytes(esp_files.firmware("esp32"))
    make.esp32(out, str(firmware))
    flash = b"\xff" * 0x1000 + out.read_bytes()
    table = partitions.parse(flash[partitions.OFFSET : partitions.OFFSET + partitions.SIZE])
    journal = partitions.named(table, "tsme")
    vfs = partitions.files(table)
    assert journal
    assert vfs
    assert (journal.offset, journal.size) == (vfs.end, board("wokwi_esp32").journal.blocks * BLOCK)
    held = dict(file_system.listed(flash[vfs.offset : vfs.end]))
    names = {name.lstrip("/") for name in held}
    assert {"main.py", "board.json", "tasks.py", "start.json", "garden.tsm"} <= names
    assert any(re.fullmatch(r"lib/tsme/boot/.*\.mpy", name) for name in names)


def test_the_image_for_the_pico_is_its_firmware_and_files(image: Path):
    found = uf2.read(image.read_bytes(), "pico.uf2", make.RP2040, 2 << 20)
    blocks = board("wokwi_pico").journal.start
    at = FILES - (found.start - make.XIP)
    held = file_system.listed(found.image[at:].ljust(blocks * BLOCK, b"\xff"))
    assert {name.lstrip("/") for name, _ in held} == set(make.pico_files())
