"""The ring of what was logged, against all of it kept."""

from __future__ import annotations

import random

import pytest

from tests import interpreters
from tsme.link import Log
from tsme.link.system import read

WORDS = ["a", "line\n", "ä", "€uro", "\U0001f600", "x" * 70, "", "\u0439" * 9]


@pytest.mark.parametrize("size", [16, 64, 512])
def test_a_ring_gives_whole_characters_of_what_it_still_has(size: int) -> None:
    dice = random.Random(size)
    log = Log(size)
    whole = b""
    for _ in range(3000):
        text = "".join(dice.choices(WORDS, k=dice.randrange(4)))
        log.write(text)
        whole += text.encode()
        assert log.next == len(whole)
        start = dice.choice([0, max(0, len(whole) - dice.randrange(2 * size)), len(whole) + 5])
        most = dice.choice([4, 30, 1000])
        first, got = read(log, start, most)
        data = got.encode()
        assert whole[first : first + len(data)] == data
        assert first >= min(start, len(whole), max(start, len(whole) - size))
        assert len(data) <= most
        if start <= len(whole) and most == 1000 and len(whole) - first <= most:
            assert first + len(data) == len(whole)  # nothing is kept back


def test_a_ring_is_read_on_a_board_too(tmp_path) -> None:
    script = tmp_path / "ring.py"
    script.write_text(
        "from tsme.link import Log\nfrom tsme.link.system import read\nlog = Log(16)\n"
        "log.write('abc\\u20ac' * 9)\nprint(log.next, read(log, 0, 100)[0])\n"
    )
    for name in ("micropython", "micropython32"):
        interpreters.require(name)
        done = interpreters.run(name, script)
        assert done.stdout.split() == [b"54", b"38"], done.stderr


MACHINE = """
class RTC:
    def datetime(self, when):
        print("set", when)
"""


def test_the_clock_of_a_board_is_set_by_its_parts(tmp_path) -> None:
    (tmp_path / "machine.py").write_text(MACHINE)
    script = tmp_path / "clock.py"
    script.write_text(
        "import sys\nsys.path.insert(0, sys.argv[1])\n"
        "from tsme import Board, Link, ProgramFiles, RamFlash\n"
        "from tsme.link.system import set_time\n"
        "board = Board(RamFlash(4096, 40), ProgramFiles(sys.argv[1] + '/p'))\n"
        "print(set_time(Link(board, object()), None, {'now': 1764331200000}))\n"
    )
    interpreters.require("micropython")
    done = interpreters.run("micropython", script, [tmp_path])
    assert done.stdout.decode().splitlines() == ["set (2025, 11, 28, 4, 12, 0, 0, 0)", "{}"]
