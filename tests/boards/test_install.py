"""tsme onto a board over its prompt, through mpremote: MicroPython with a littlefs as its root."""

from __future__ import annotations

import hashlib
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.boards.prompted import Prompted
from tsme_host.tools.boards import (
    board_file,
    file_system,
    installer,
    measure,
    native_core,
    package,
    settings,
)
from tsme_host.tools.boards.installer import Wish
from tsme_host.tools.boards.prompt import Facts, Prompt
from tsme_host.tools.boards.telling import Telling
from tsme_host.tools.errors import HostError

ROOT = Path(__file__).parents[2]
# A Pico with the official firmware, which is there already.
BOARD = replace(board_file.board("rpi_pico"), port="linux")


class Heard(Telling):
    def __init__(self, yes=False):
        super().__init__(yes)
        self.lines = []

    def say(self, text):
        self.lines.append(text)


def flash(port, yes=False):
    heard = Heard(yes)
    installer.install(BOARD, Wish(port, keep_firmware=True), heard)
    return heard.lines


def files(board):
    return dict(file_system.listed(board.image.read_bytes()))


@pytest.fixture(scope="module")
def wanted():
    """What is to be there, compiled once."""
    made = package.contents(BOARD)
    return made | {f"/{name}": data for name, data in settings.files(BOARD).items()}


@pytest.fixture
def few(wanted, monkeypatch):
    """A package of a few files, where it is not about which."""
    some = [path for path in wanted if "/values/" in path]
    monkeypatch.setattr(package, "contents", lambda _: {path: wanted[path] for path in some})
    return {path: wanted[path] for path in (*some, "/board.json", "/main.py")}


RAM = "__import__('tsme.journal.ram_flash', None, None, ['RamFlash']).RamFlash(4096, 16)"


def test_a_board_gets_the_modules_that_mip_installs():
    listed = json.loads((ROOT / "firmware" / "package.json").read_text(encoding="utf-8"))["urls"]
    source = package.contents(replace(BOARD, install="source"))
    assert sorted(source) == sorted(f"/lib/{name}" for name, _ in listed)


def test_all_of_it_in_one_command_and_the_board_answers(tmp_path, wanted, monkeypatch):
    with Prompted(tmp_path) as board:
        heard = flash(board.port)
        assert {path: data for path, data in files(board).items() if path in wanted} == wanted
        assert not [path for path in files(board) if path.endswith(".part")]
        assert any("it answers: tsme" in line for line in heard), heard
        assert any("journal: the file journal.bin" in line for line in heard)
        assert any("make firmware BOARD=rpi_pico" in line for line in heard)
        assert any("20 million" in line for line in heard)  # the price
        assert files(board)["/lib/tsme_core.mpy"][:4] == b"M\x06\x0b\x1f"  # native code for x64
        assert any(line.startswith("engine: C, tsme_core.mpy of") for line in heard), heard
        again = flash(board.port)
        assert "tsme is on it already, all files as they should be" in again
        assert any("it answers" in line for line in again)
        raw = replace(BOARD, journal=BOARD.own)
        with Prompt(board.port) as prompt:  # what runs there is interrupted
            monkeypatch.setattr(measure, "device_code", lambda _: RAM)
            found = measure.measured(raw, prompt, False)
            assert found.place == "a region of the board's flash, 16 blocks of 4096 bytes, tried"
            assert "none of them" in found.promise


def test_ctrl_c_while_a_board_boots_leaves_it_with_its_own_files(tmp_path):
    """And never with this computer's, which the unix port begins with."""
    with Prompted(tmp_path) as board:
        address = board.port.removeprefix("socket://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as line:
            line.sendall(b"\x03" * 100)
        with Prompt(board.port) as prompt:
            assert prompt.run("import os; print(os.listdir('/'))").strip() == "[]"


def mpy(arch):
    return native_core._ARCHES.index(arch) << 10 | 0x306


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (Facts("micropython", (1, 25, 0), "rp2", mpy("armv6m"), core=1), "C, in the firmware"),
        (Facts("micropython", (1, 25, 0), "stm32", mpy("")), "no native code"),
        (Facts("circuitpython", (9, 1, 0), "RP2040", mpy("armv6m")), "no native code"),
        (Facts("micropython", (1, 25, 0), "esp8266", mpy("xtensa"), heap=36864), "KB of RAM"),
        (Facts("micropython", (1, 25, 0), "linux", mpy("armv6"), heap=10**6), "no architecture"),
    ],
)
def test_who_cannot_have_the_core_gets_python_and_is_told_why(facts, says):
    core = native_core.for_board(facts)
    assert core.data == b""
    assert says in core.said
    assert core.said.startswith("engine: C" if facts.core else "engine: Python; ")


@pytest.mark.parametrize("arch", ["armv6m", "rv32imc", "xtensawin"])
def test_a_board_gets_the_core_of_what_its_firmware_says_it_is(arch):
    core = native_core.for_board(Facts("micropython", (1, 25, 0), "any", mpy(arch), heap=300_000))
    assert core.said.startswith("engine: C, tsme_core.mpy of")
    assert core.data[:2] == b"M\x06"
    assert core.data[2] == native_core._ARCHES.index(arch) << 2 | 3


@pytest.mark.parametrize("after", [40, 3_000, 12_000, 30_000])
def test_a_cable_pulled_anywhere_leaves_a_board_that_the_same_command_mends(tmp_path, few, after):
    with Prompted(tmp_path) as board:
        board.pull = after
        with pytest.raises(HostError) as caught, Prompt(board.port, 5) as prompt:
            package.install(BOARD, prompt, prompt.facts(), Heard())
        assert caught.value.code in ("TSME-B037", "TSME-B047"), str(caught.value)
        assert caught.value.hint
        assert "/main.py" not in files(board)  # half a package does not begin
        board.pull = None
        with Prompt(board.port) as prompt:
            done = package.install(BOARD, prompt, prompt.facts(), Heard())
        assert {path: data for path, data in files(board).items() if path in few} == few
        if after > 20_000:
            assert done.written < len(few)  # what is there stays


def test_only_what_has_changed_is_written(tmp_path, few):
    with Prompted(tmp_path) as board:
        with Prompt(board.port) as prompt:
            package.install(BOARD, prompt, prompt.facts(), Heard())
            prompt.write("/lib/tsme/values/crc.mpy", b"of another release")
            done = package.install(BOARD, prompt, prompt.facts(), Heard())
        assert done.written == 2  # and main.py, which comes last
        assert files(board)["/lib/tsme/values/crc.mpy"] == few["/lib/tsme/values/crc.mpy"]


def test_what_the_user_has_set_in_board_json_outlives_another_installation(tmp_path, few):
    mine = {"key": "sesame", "watchdog": 8000, "deep": True}
    with Prompted(tmp_path) as board:
        with Prompt(board.port) as prompt:
            old = {"board": "another", "journal": {"kind": "tape"}, **mine}
            prompt.write("/board.json", json.dumps(old).encode())
            package.install(BOARD, prompt, prompt.facts(), Heard())
            again = package.install(BOARD, prompt, prompt.facts(), Heard())
        assert json.loads(files(board)["/board.json"]) == json.loads(few["/board.json"]) | mine
        assert not again.written


def test_somebody_elses_main_is_kept_with_consent(tmp_path, few):
    with Prompted(tmp_path) as board:
        with Prompt(board.port) as prompt:
            prompt.write("/main.py", b"print('mine')\n")
            with pytest.raises(HostError) as caught:
                package.install(BOARD, prompt, prompt.facts(), Heard())
            assert caught.value.code == "TSME-B041"
            assert files(board) == {"/main.py": b"print('mine')\n"}
            package.install(BOARD, prompt, prompt.facts(), Heard(yes=True))
        assert files(board)["/main_before_tsme.py"] == b"print('mine')\n"
        assert files(board)["/main.py"] == few["/main.py"]


def test_no_room_is_said_before_anything_is_written(tmp_path, few):
    with Prompted(tmp_path, blocks=20) as board:
        with Prompt(board.port) as prompt, pytest.raises(HostError) as caught:
            package.install(BOARD, prompt, prompt.facts(), Heard())
        assert caught.value.code == "TSME-B049"
        assert "KB free" in caught.value.message
        assert files(board) == {}


def test_what_arrives_otherwise_is_found_and_nothing_half_begins(tmp_path, few):
    with Prompted(tmp_path) as board, Prompt(board.port) as prompt:
        write = prompt.write

        def bad(path, data, done=None):
            write(path, data[:-1] + b"!" if path.endswith("crc.mpy") else data, done)

        prompt.write = bad
        with pytest.raises(HostError) as caught:
            package.install(BOARD, prompt, prompt.facts(), Heard())
        assert caught.value.code == "TSME-B050"
        assert "crc.mpy" in caught.value.message
        assert "/main.py" not in files(board)


def test_the_board_says_what_it_is(tmp_path):
    with Prompted(tmp_path) as board, Prompt(board.port) as prompt:
        facts = prompt.facts()
        assert (facts.name, facts.platform) == ("micropython", "linux")
        assert facts.files == (4096, 352, 350)
        assert facts.free == 350 * 4096
        data = bytes(range(256)) * 9
        prompt.folders(["/a", "/a/b"])
        prompt.write("/a/b/c", data)
        digest = hashlib.sha256(data).hexdigest()
        assert prompt.hashes(["/a/b/c", "/none"]) == {"/a/b/c": digest, "/none": ""}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (Facts("micropython", (1, 20, 0), "rp2", 0x306), "too old"),
        (Facts("circuitpython", (9, 1, 0), "RP2040", 0x6), "not micropython"),
        (Facts("micropython", (1, 25, 0), "rp2", 0), "takes no .mpy"),
    ],
)
def test_a_firmware_that_cannot_run_it_is_refused(facts, says):
    with pytest.raises(HostError) as caught:
        package.fits(BOARD, facts)
    assert caught.value.code == "TSME-B048"
    assert says in caught.value.message
    assert caught.value.hint


def test_nobody_at_the_port_and_an_emulated_board_are_told_apart():
    with pytest.raises(HostError) as caught:
        Prompt("/dev/ttyACM-none", 0)
    assert caught.value.code == "TSME-N030"
    with pytest.raises(HostError) as caught:
        installer.install(board_file.board("qemu_mps2"), Wish(), Heard())
    assert caught.value.code == "TSME-B052"
    assert caught.value.hint == "tsme emulate qemu_mps2"
