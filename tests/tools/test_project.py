"""tsme.toml and what it brings: which board is meant, which files go there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tsme_host.tools.boards import ports, project, running, sources, target
from tsme_host.tools.errors import HostError

TOML = """\
# mine
port = "tcp://127.0.0.1:1"  # by the window
tasks = "tasks.py"

[workflows]
soil = "soil.asl.json"  # the garden
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, with no emulated board and no serial port around."""
    (tmp_path / "tsme.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_found_from_a_folder_within(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(folder / "a" / "b")
    found = project.found()
    assert found
    assert (found.folder, found.port, found.board) == (folder, "tcp://127.0.0.1:1", "")
    assert found.workflows == {"soil": "soil.asl.json"}


def test_what_is_remembered_leaves_all_else_as_it_is(folder: Path):
    before = project.found()
    assert before
    said = project.remember(before, board="esp32", port="/dev/ttyUSB0")
    assert said == ['board = "esp32"', 'port = "/dev/ttyUSB0"']
    after = project.found()
    assert after
    assert (after.board, after.port) == ("esp32", "/dev/ttyUSB0")
    text = (folder / "tsme.toml").read_text(encoding="utf-8")
    for kept in ("# mine\n", "# by the window\n", 'soil = "soil.asl.json"  # the garden\n'):
        assert kept in text
    assert after.workflows == before.workflows
    stamp = (folder / "tsme.toml").stat().st_mtime_ns
    assert project.remember(after, board="esp32") == []
    assert (folder / "tsme.toml").stat().st_mtime_ns == stamp
    assert project.remember(after, port="") == ["no port"]
    again = project.found()
    assert again
    assert (again.board, again.port) == ("esp32", "")


def test_another_board_makes_the_port_and_the_way_of_the_first_forgotten(folder: Path):
    mine = project.Project(folder, board="rpi_pico", port="/dev/ttyACM0", via="mpremote")
    assert project.of_board(mine, {"board": "esp32"}) == {"board": "esp32", "port": "", "via": ""}
    other = {"board": "esp32", "port": "/dev/ttyUSB0"}
    assert project.of_board(mine, other) == {**other, "via": ""}
    for same in ({"board": "rpi_pico"}, {"port": "/dev/ttyUSB0"}):
        assert project.of_board(mine, same) == same
    assert project.of_board(None, {"board": "esp32"}) == {"board": "esp32"}


WRONG = {
    "a word that is none": ('bord = "x"', 'there is no "bord"', 'did you mean "board"?'),
    "a port that is a number": ("port = 3", '"port" is no text', 'write port = ".."'),
    "no TOML": ("port = ", "no TOML", ""),
    "a way that is none": ('via = "webrepl"', "no way to a board", 'write via = "mpremote"'),
    "workflows in a list": ("workflows = []", "no table", 'soil = "soil.asl.json"'),
    "a workflow without a file": ("[workflows]\nsoil = 1", '"soil"', "soil.asl.json"),
    "a name too long": (f'[workflows]\n{"x" * 33} = "a.json"', "1 to 32 bytes", ""),
    "a start of nothing": ("[start]\nsoil = {}", '"soil" in [start] is not in [workflows]', ""),
    "files in a list": ("files = []", "no table", "[files]"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_it_is_said_with_its_place(folder: Path, case: str):
    text, said, hint = WRONG[case]
    (folder / "tsme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(HostError) as error:
        project.found()
    assert error.value.code == "TSME-N060"
    assert str(folder / "tsme.toml") in error.value.message
    assert said in error.value.message
    assert hint in error.value.hint


def test_bytes_that_are_no_text_are_said(folder: Path):
    (folder / "tsme.toml").write_bytes(b'port = "\xff"')
    with pytest.raises(HostError, match=r"TSME-N060: .* no UTF-8 at byte 8"):
        project.found()


# --- which board -------------------------------------------------------------------------------


def test_an_option_beats_the_file_and_is_to_be_remembered(folder: Path):
    found = target.target("esp32", "/dev/ttyACM7", None)
    assert (found.port, found.board) == ("/dev/ttyACM7", "esp32")
    assert dict(found.given) == {"board": "esp32", "port": "/dev/ttyACM7"}
    plain = target.target(None, None, None)
    assert (plain.port, plain.given) == ("tcp://127.0.0.1:1", ())


def test_the_port_of_an_emulator_is_not_to_be_remembered(folder: Path):
    with running.announced("qemu_mps2", "socket://127.0.0.1:2"):
        found = target.target(None, "socket://127.0.0.1:2", None)
        assert (found.port, dict(found.given)) == ("socket://127.0.0.1:2", {})
        other = target.target(None, "socket://127.0.0.1:3", None)
    assert dict(other.given) == {"port": "socket://127.0.0.1:3"}


def test_the_port_of_another_board_is_not_taken(folder: Path):
    (folder / "tsme.toml").write_text('board = "esp32"\nport = "/dev/x"\n', encoding="utf-8")
    with running.announced("qemu_mps2", "socket://127.0.0.1:2"):
        found = target.target("qemu_mps2", None, None)
    assert (found.port, found.chosen) == ("socket://127.0.0.1:2", True)
    assert dict(found.given) == {"board": "qemu_mps2", "port": "", "via": ""}
    assert target.target("esp32", None, None).port == "/dev/x"


def test_the_only_board_that_is_there_is_meant(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ports, "_attached", list)
    (folder / "tsme.toml").unlink()
    with pytest.raises(HostError, match="TSME-N064: no board was found"):
        target.target(None, None, None)
    with running.announced("qemu_mps2", "socket://127.0.0.1:2"):
        found = target.target(None, None, None)
        assert (found.port, found.board) == ("socket://127.0.0.1:2", "qemu_mps2")
        with running.announced("qemu_rv32", "socket://127.0.0.1:3"):
            with pytest.raises(HostError, match="TSME-N065: there are several boards") as error:
                target.target(None, None, None)
            assert "socket://127.0.0.1:2 (qemu_mps2)" in error.value.hint
            assert target.target("qemu_rv32", None, None).port == "socket://127.0.0.1:3"
    with pytest.raises(HostError, match="does not run") as error:
        target.target("qemu_rv32", None, None)
    assert "tsme emulate qemu_rv32" in error.value.hint
    with pytest.raises(HostError, match='TSME-N064: no port seems to be a board "esp32"'):
        target.target("esp32", None, None)


def test_of_several_emulated_ones_that_of_the_project_is_meant(folder: Path):
    (folder / "tsme.toml").write_text('board = "qemu_mps2"\n', encoding="utf-8")
    mine = str(folder / ".tsme" / "qemu_mps2" / "flash.bin")
    with running.announced("qemu_mps2", "socket://127.0.0.1:2", "/elsewhere/flash.bin"):
        assert target.target(None, None, None).port == "socket://127.0.0.1:2"
        with running.announced("qemu_mps2", "socket://127.0.0.1:3", mine):
            assert target.target(None, None, None).port == "socket://127.0.0.1:3"
            third = running.announced("qemu_mps2", "socket://127.0.0.1:4", mine)
            with third, pytest.raises(HostError, match="TSME-N065"):
                target.target(None, None, None)


def test_a_board_that_is_none_is_said_before_anything_is_opened(folder: Path):
    with pytest.raises(HostError, match="TSME-B001"):
        target.target("esp23", "/dev/nothing", None)


def test_an_emulator_that_was_killed_is_no_board(folder: Path):
    code = (
        "import os, signal\nfrom tsme_host.tools.boards import running\n"
        "with running.announced('unix', 'tcp://127.0.0.1:9'):\n"
        "    assert len(running.boards()) == 1\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -9
    (left,) = (folder / "run" / "tsme").glob("*.json")
    assert running.boards() == []
    assert not left.exists()


def test_nobody_else_s_folder_is_believed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "run" / "tsme").symlink_to(folder)
    (folder / "x.json").write_text('{"board":"unix","port":"/dev/x","process":1}', "utf-8")
    with running.announced("unix", "tcp://127.0.0.1:9"):
        assert running.boards() == []


# --- ports -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "product", "kind"),
    [(0x2E8A, 0x0005, "rp2"), (0x303A, 0x1001, "esp32c3"), (0x10C4, 0xEA60, "esp32")],
)
def test_usb_numbers_say_which_boards_it_may_be(vendor: int, product: int, kind: str):
    text, kinds = ports.seems(vendor, product)
    assert text
    assert kind in kinds
    assert ports.boards_of(kinds)
    assert ports.seems(0x1234, 1) == ("", ())
    assert ports.seems(None, None) == ("", ())


def test_a_port_in_use_names_who_has_it(tmp_path: Path):
    main, line = os.openpty()
    name = os.ttyname(line)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(line,),
    )  # fmt: skip
    try:
        assert holder.stdout
        holder.stdout.readline()
        said = ports.problem(name)
        assert f"(process {holder.pid}): end that first" in said
        error = ports.refused(name, OSError(16, "Device or resource busy"))
        assert error.code == "TSME-N032"
        assert f"process {holder.pid}" in f"{error.message}; {error.hint}"
    finally:
        holder.communicate()
        os.close(line)
        os.close(main)
    assert "it is not there" in ports.problem(name)


def test_what_may_not_be_opened_says_how_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    device = tmp_path / "ttyUSB0"
    device.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(ports, "_permission", lambda _: "sudo usermod -aG dialout $USER")
    assert ports.problem(str(device)).endswith(
        "you may not open it: sudo usermod -aG dialout $USER"
    )
    monkeypatch.undo()
    assert ports._permission(device).startswith("sudo ")
    error = ports.refused("/dev/ttyUSB9", PermissionError(13, "Permission denied"))
    assert error.code in ("TSME-N031", "TSME-N030")


# --- what goes onto the board -------------------------------------------------------------------


def lay(folder: Path, **files: str) -> project.Project:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "tsme.toml").write_text('tasks = "tasks.py"\n', encoding="utf-8")
    found = project.found(folder)
    assert found
    return found


def test_tasks_go_with_what_they_import_of_the_folder(tmp_path: Path):
    mine = lay(
        tmp_path,
        tasks_py="import tsme, machine\nfrom garden import water\nimport pumps.big\n",
        garden_py="def water():\n    import clock\n",
        clock_py="",
        pumps__init_py="",
        pumps__big_py="from . import small\nfrom .deep import x\n",
        pumps__small_py="import garden\n",
        other_py="",
    )
    (tmp_path / "pumps" / "init.py").rename(tmp_path / "pumps" / "__init__.py")
    (tmp_path / "pumps" / "deep").mkdir()
    (tmp_path / "pumps" / "deep" / "__init__.py").write_text("x = 1\n", encoding="utf-8")
    names = [one.name for one in sources.of_project(mine)]
    assert names[-1] == "tasks.py"
    assert set(names) == {
        "tasks.py", "garden.py", "clock.py", "pumps/__init__.py", "pumps/big.py",
        "pumps/small.py", "pumps/deep/__init__.py",
    }  # fmt: skip


def test_the_board_may_have_another_file_than_the_laptop(tmp_path: Path):
    mine = lay(tmp_path, tasks_py="from garden import water\n", garden_py="laptop = 1\n")
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "garden.py").write_text("import pins\n", encoding="utf-8")
    (tmp_path / "pins.py").write_text("", encoding="utf-8")
    (tmp_path / "page.html").write_bytes(b"\xff\x00")
    text = 'tasks = "tasks.py"\n[files]\n"garden.py" = "board/garden.py"\n"www/a" = "page.html"\n'
    mine.path.write_text(text, encoding="utf-8")
    again = project.found(tmp_path)
    assert again
    found = {one.name: one.data for one in sources.of_project(again)}
    assert found.keys() == {"tasks.py", "garden.py", "pins.py", "www/a"}
    assert found["garden.py"] == b"import pins\n"
    assert found["www/a"] == b"\xff\x00"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ('"main.py" = "a.py"', "is not the project's"),
        ('"lib/tsme.py" = "a.py"', "is not the project's"),
        ('"../x" = "a.py"', "is no name of a file"),
        ('"/x" = "a.py"', "is no name of a file"),
    ],
)
def test_what_is_the_board_s_own_stays(tmp_path: Path, files: str, said: str):
    (tmp_path / "a.py").write_text("", encoding="utf-8")
    (tmp_path / "tsme.toml").write_text(f"[files]\n{files}\n", encoding="utf-8")
    found = project.found(tmp_path)
    assert found
    with pytest.raises(HostError, match="TSME-N066") as error:
        sources.of_project(found)
    assert said in error.value.message


def test_tasks_that_are_no_python_are_not_brought(tmp_path: Path):
    mine = lay(tmp_path, tasks_py="import garden\n", garden_py="def water(:\n")
    with pytest.raises(HostError, match=r"TSME-N066: .*garden.py:1: invalid syntax"):
        sources.of_project(mine)


GATE = """
from words import OPEN


class {}:
    stf = None
"""


def gates(folder: Path, second: str, words: str) -> project.Project:
    """Two classes, each in a folder with its own words.py."""
    for name, file, text in (("a", "door.py", "up"), ("b", second, words)):
        (folder / name).mkdir()
        (folder / name / file).write_text(GATE.format(name.upper()), encoding="utf-8")
        (folder / name / "words.py").write_text(f"OPEN = '{text}'\n", encoding="utf-8")
    return lay(folder, tasks_py="")


@pytest.mark.parametrize(("second", "name"), [("door.py", "door.py"), ("gate.py", "words.py")])
def test_two_files_that_would_have_one_name_on_the_board_are_refused(
    tmp_path: Path, second: str, name: str
):
    mine = gates(tmp_path, second, "down")
    classes = [f"{tmp_path}/a/door.py:A", f"{tmp_path}/b/{second}:B"]
    with pytest.raises(HostError, match="TSME-N066") as error:
        sources.of_project(mine, classes=classes)
    first, other = tmp_path / "a" / name, tmp_path / "b" / name
    said = f'"{first}" and "{other}" would both be "{name}" on the board'
    assert error.value.message == said
    assert error.value.hint == "give one of them another name"


def test_copies_of_a_file_are_no_two_files(tmp_path: Path):
    mine = gates(tmp_path, "gate.py", "up")
    (tmp_path / "b" / "words.py").write_text("OPEN = 'up'\n", encoding="utf-8")
    classes = [f"{tmp_path}/a/door.py:A", f"{tmp_path}/b/gate.py:B"]
    names = sorted(one.name for one in sources.of_project(mine, classes=classes))
    assert names == ["door.py", "gate.py", "tasks.py", "words.py"]
