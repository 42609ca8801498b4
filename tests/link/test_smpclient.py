"""smpclient, as it is on PyPI, talks to a board on MicroPython."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from smpclient.generics import error_v1, success
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite

from tests.link.boards import ask, cabled, client

INTERPRETERS = ["micropython", "micropython32", "cpython"]


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_a_client_connects_and_hears_its_echo(tmp_path: Path, interpreter: str) -> None:
    async def talk(port):
        async with client(port) as c:
            for text in ("", "a", "ä€\U0001f600", "x" * 900):
                r = await ask(c, EchoWrite(d=text))
                assert success(r)
                assert r.r == text

    with cabled(tmp_path, interpreter) as board:
        asyncio.run(talk(board))


def test_the_parameters_have_two_members_and_hold_what_they_promise(tmp_path: Path) -> None:
    async def talk(port):
        async with client(port) as c:
            r = await ask(c, MCUMgrParametersRead())
            assert (r.buf_size, r.buf_count) == (1024, 1)
            # The largest message that smpclient sends: buf_size without 2 of length, 2 of CRC.
            text = "x" * (1020 - 8 - len(b"\xa1\x61d\x79\x00\x00"))
            assert (await ask(c, EchoWrite(d=text))).r == text

    with cabled(tmp_path) as board:
        asyncio.run(talk(board))


def test_a_reset_is_answered_before_it_happens(tmp_path: Path) -> None:
    async def talk(port):
        async with client(port) as c:
            assert success(await ask(c, ResetWrite()))

    with cabled(tmp_path) as board:
        asyncio.run(talk(board))
        assert board.process.wait(60) == 7


def test_a_locked_board_answers_and_resets_for_nobody(tmp_path: Path) -> None:
    async def talk(port):
        async with client(port) as c:
            assert (await ask(c, EchoWrite(d="a"))).r == "a"
            r = await ask(c, ResetWrite())
            assert error_v1(r)
            assert r.rc == 11

    with cabled(tmp_path, "micropython", "key=secret") as board:
        asyncio.run(talk(board))
