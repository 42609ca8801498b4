"""sd: a line is appended once, wherever the power fails."""

from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tsme import Done, Tasks
from tsme.tasks import sd

LINE = "a line of its own"
BEFORE = b"the first\n"

# A folder of littlefs, whose blocks are counted once more for each file that is open.
OPEN = """
import vfs

from tsme import Tasks
from tsme.tasks import sd

SIZE, BLOCKS = 512, 64


class Memory:
    def __init__(self):
        self.bytes = bytearray(SIZE * BLOCKS)

    def readblocks(self, number, into, offset=0):
        at = number * SIZE + offset
        into[:] = self.bytes[at : at + len(into)]

    def writeblocks(self, number, data, offset=0):
        at = number * SIZE + offset
        self.bytes[at : at + len(data)] = data

    def ioctl(self, what, _):
        return {4: BLOCKS, 5: SIZE}.get(what, 0)


memory = Memory()
vfs.VfsLfs2.mkfs(memory)
vfs.mount(vfs.VfsLfs2(memory), "/log")
tasks = Tasks()
sd.register(tasks, None, "/log")
with open("/log/day.csv", "wb") as file:
    file.write(bytes(19200))
with open("/log/day.csv", "ab") as file:
    file.write(bytes(600))
    print(tasks.find("sd:space").function({}))
"""


class PowerCut(BaseException):
    pass


class Context:
    execution, action, attempt = 3, 14, 1


class Cutting:
    """Files of which so many operations, and bytes of the last one, are done."""

    def __init__(self, left: int) -> None:
        self.left = left

    def open(self, path: str, mode: str = "r") -> Any:
        if "r" not in mode:
            self.spend(1)
        return _File(self, builtins.open(path, mode))  # noqa: PTH123

    def spend(self, count: int) -> int:
        """How many of `count` are done."""
        done = min(count, self.left)
        self.left -= done
        return done


class _File:
    def __init__(self, power: Cutting, file: Any) -> None:
        self.power = power
        self.file = file

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *args: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, data: Any) -> int:
        done = self.power.spend(len(data))
        self.file.write(data[:done])
        if done < len(data):
            raise PowerCut
        return done


@pytest.mark.parametrize("begins", [b"", BEFORE])
def test_a_line_is_there_once_wherever_the_power_fails(
    begins: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once more in the check that looks what had happened."""
    tasks = Tasks()
    sd.register(tasks, None, str(tmp_path))
    task = tasks.handlers["sd:append"]
    assert task.check
    payload = {"path": "day.csv", "line": LINE}
    path, note = tmp_path / "day.csv", tmp_path / "day.csv.at"
    cuts = 0
    for first in range(40):
        for second in (0, 1, 7, 1000):
            note.unlink(missing_ok=True)
            path.write_bytes(begins)
            results: list[Any] = []
            for number, left in enumerate((first, second, 1000)):
                power = Cutting(left)
                monkeypatch.setattr(sd, "open", power.open, raising=False)
                try:
                    if number:
                        found = task.check(payload, Context)
                        assert found is not None
                        if found is not False:
                            results.append(found.result)
                            break
                    results.append(task.function(payload, Context))
                    break
                except PowerCut:
                    cuts += 1
            assert path.read_bytes() == begins + LINE.encode() + b"\n", (first, second)
            assert results == [{"size": len(begins) + len(LINE) + 1}]
    assert cuts > 100


def test_the_same_line_of_another_task_is_another_line(tmp_path: Path) -> None:
    tasks = Tasks()
    sd.register(tasks, None, str(tmp_path))
    task = tasks.handlers["sd:append"]
    assert task.check
    payload = {"path": "day.csv", "line": LINE}
    task.function(payload, Context)

    class Next(Context):
        action = 15

    assert task.check(payload, Next) is False
    task.function(payload, Next)
    found = task.check(payload, Next)
    assert isinstance(found, Done)
    assert (tmp_path / "day.csv").read_text() == (LINE + "\n") * 2


def test_on_a_laptop_the_card_is_a_folder(tmp_path: Path) -> None:
    script = tmp_path / "laptop.py"
    script.write_text(
        "import tsme.sim\n"
        "tsme.sim.install()\n"
        "from machine import SDCard\n"
        "from tsme import Tasks\n"
        "from tsme.tasks import sd\n"
        "tasks = Tasks()\n"
        "sd.register(tasks, SDCard(1))\n"
        "tasks.handlers['sd:write'].function({'path': 'a/b.txt', 'text': 'c'})\n",
        encoding="utf-8",
    )
    subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=interpreters.environment(), check=True
    )
    assert (tmp_path / "sd" / "a" / "b.txt").read_text() == "c"


def test_a_file_system_with_files_open_is_never_said_to_have_more_room_than_it_has(
    tmp_path: Path,
) -> None:
    script = tmp_path / "open.py"
    script.write_text(OPEN, encoding="utf-8")
    for name in ("micropython", "micropython32"):
        done = interpreters.run(name, script)
        assert done.stdout.decode() == "{'size': 32768, 'free': 0}\n", done.stderr
