"""A link that is up for longer than a board's ticks can tell, and one that has to wait."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import interpreters
from tests.link.test_executions import WAITS
from tests.link.wire import lines, message
from tsme import Board, FileFlash, Link, ProgramFiles
from tsme.link.executions import stop
from tsme_host.compiler.compile import compile_text

DAYS = """
import asyncio, os, sys, time
from tsme import Link, link as room
from tsme.link import packets

SENT = %r
AWAY = 1 << 28  # ms, three days
ahead = 0
real = room.ticks
mask = time.ticks_add(0, -1)
room.ticks = packets.ticks = lambda: (real() + ahead) & mask


class Stream:
    came = b""
    said = 0

    def read_into(self, buf):
        n = min(len(buf), len(self.came))
        buf[:n] = self.came[:n]
        self.came = self.came[n:]
        return n

    def write(self, data):
        self.said += 1


async def asked(stream):
    before = stream.said
    stream.came = SENT
    while stream.said == before:
        await asyncio.sleep(0.01)


async def main():
    global ahead
    stream = Stream()
    link = Link(None, stream, files=sys.argv[1])
    task = asyncio.create_task(link.run())
    await asked(stream)
    os.remove(sys.argv[1] + "/a.txt")
    for _ in range(3):
        ahead += AWAY + 1000
        await asyncio.sleep(0.1)
    await asked(stream)
    print("done again" if "a.txt" in os.listdir(sys.argv[1]) else "taken for the old one")
    from tsme.link.system import status

    print(status(link, link.lines[0], {})["uptime"] // AWAY)
    task.cancel()


asyncio.run(main())
"""


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32"])
def test_what_came_days_ago_is_not_sent_again_and_days_are_counted(
    tmp_path: Path, interpreter: str
) -> None:
    interpreters.require(interpreter)
    sent = lines(message(8, 0, {"name": "a.txt", "off": 0, "len": 1, "data": b"a"}, True))
    script = tmp_path / "days.py"
    script.write_text(DAYS % sent)
    done = interpreters.run(interpreter, script, [str(tmp_path)])
    assert done.stdout.decode().split("\n")[:2] == ["done again", "3"], done.stderr


def test_nothing_is_said_to_be_durable_before_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board(FileFlash(str(tmp_path / "f"), 4096, 64, False), ProgramFiles(str(tmp_path)))
    board.start("pump", compile_text(json.dumps(WAITS)).program, {})
    slot = board.slot("pump")
    link = Link(board, SimpleNamespace())
    board.active = True  # somebody runs it, and is busy

    async def main() -> None:
        asking = asyncio.ensure_future(stop(link, link.lines[0], {"name": "pump"}))
        now = time.monotonic_ns()
        for seconds in range(5):
            monkeypatch.setattr(time, "monotonic_ns", lambda s=seconds: now + s * 10**9)
            await asyncio.sleep(0.01)
            assert not asking.done()
        assert slot.busy()
        board.guard(slot)
        assert await asking == {}
        assert not slot.busy()

    asyncio.run(main())
