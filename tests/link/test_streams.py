"""UART, TCP, and a line that somebody else writes on, too."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.link.boards import cabled
from tests.link.test_executions import GREET, load, program, served
from tests.link.wire import OWN, Wire, lines, message


def port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connected(number: int) -> socket.socket:
    until = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", number), 60)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32", "cpython"])
def test_a_board_is_reached_over_tcp_and_a_new_client_takes_over(
    tmp_path: Path, interpreter: str
) -> None:
    number = port()
    with cabled(tmp_path, interpreter, f"tcp={number}", "key=k"):
        with connected(number) as first:
            wire = Wire(first.fileno())
            assert wire.ask(0, 0, {"d": "x" * 900})["r"] == "x" * 900
            nonce = wire.read(18)["nonce"]
            # A cable that was pulled says nothing: who comes next is served.
            with connected(number) as second:
                other = Wire(second.fileno())
                assert other.read(0)["board"] == "unix"
                assert other.read(18)["nonce"] != nonce
                assert first.recv(1) == b""
        with connected(number) as third:
            assert Wire(third.fileno()).read(0)["locked"] is True


def test_several_clients_are_served_at_once_and_one_more_takes_the_place_of_the_quietest(
    tmp_path: Path,
) -> None:
    number = port()
    with (
        cabled(tmp_path, "micropython", f"tcp={number}", "clients=2"),
        connected(number) as first,
        connected(number) as second,
    ):
        one, two = Wire(first.fileno()), Wire(second.fileno())
        nonces = [wire.read(18)["nonce"] for wire in (one, two, one)]
        assert len(set(nonces)) == 3
        with connected(number) as third:
            assert Wire(third.fileno()).read(0)["board"] == "unix"
            assert second.recv(1) == b""
            assert one.read(0)["board"] == "unix"


def test_half_a_packet_of_one_client_is_no_part_of_the_next_ones(tmp_path: Path) -> None:
    number = port()
    with cabled(tmp_path, "micropython", f"tcp={number}"):
        sent = lines(message(0, 0, {"d": "x" * 300}, True))
        with connected(number) as first:
            first.sendall(sent[:200])
            Wire(first.fileno())
        with connected(number) as second:
            wire = Wire(second.fileno())
            wire.send(sent[sent.index(b"\x04\x14") :])
            assert wire.ask(0, 0, {"d": "b"})["r"] == "b"


def test_lines_may_come_as_others_write_them(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        sent = message(0, 0, {"d": "y" * 400}, True, 3)
        for data in (
            lines(sent).replace(b"\n", b"\r\n"),
            lines(sent, 381),  # smpmgr --line-length 512
            b">>> some text" + lines(sent).replace(b"\n", b"\nlog line\n"),
            b"\x06\x09AAAA" + lines(sent),  # one that was cut off
            b"\x06" + lines(sent),
            lines(sent, 3),
        ):
            wire.send(data)
            assert wire.heard(sent) == {"r": "y" * 400}
        for piece in lines(sent):
            wire.send(bytes([piece]))
        assert wire.heard(sent) == {"r": "y" * 400}


def test_a_board_answers_in_the_version_that_it_is_asked_in(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        old = bytearray(message(OWN, 5, {"name": "x"}, False, 3))
        old[0] = 0
        wire.send(lines(bytes(old)))
        answer = wire.answer()
        assert answer is not None
        assert answer[0] == 1
        assert answer[8:] == b"\xa1\x62rc\x04"


def test_what_a_task_prints_stands_beside_the_packets(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        digest = load(wire, program(GREET))
        for n in range(20):
            wire.write(6, name="pump", program=digest, input="x" * n)
            while wire.read(5, name="pump")["status"] == "running":
                pass
        assert wire.beside.count(b"hello from") == 20
        assert b"\x06" not in wire.beside
        assert b"\x04" not in wire.beside


UART = """
import asyncio, sys
from select import POLLIN, poll
from tsme import Board, Link, ProgramFiles, RamFlash, Uart


class Machine:  # machine.UART as the ports have it: what is there, and no more than is taken
    def __init__(self):
        self.poller = poll()
        self.poller.register(sys.stdin, POLLIN)
        self.held = b""

    def any(self):
        while len(self.held) < 300 and self.poller.poll(0):
            self.held += sys.stdin.buffer.read(1)
        return len(self.held)

    def readinto(self, buf, most=None):
        n = min(len(buf), len(self.held))
        buf[:n] = self.held[:n]
        self.held = self.held[n:]
        return n

    def write(self, buf):
        buf = bytes(buf)[:50]
        sys.stdout.buffer.write(buf)
        return len(buf) or None


board = Board(RamFlash(4096, 40), ProgramFiles(sys.argv[1] + "/programs"))
asyncio.run(Link(board, Uart(Machine()), files=sys.argv[1]).run())
"""


def test_a_uart_takes_what_it_can(tmp_path: Path) -> None:
    script = tmp_path / "uart.py"
    script.write_text(UART)
    with served(tmp_path, script=script) as wire:
        for text in ("a", "z" * 900):
            assert wire.ask(0, 0, {"d": text})["r"] == text


LATE = """
import asyncio, os, sys, time
from tsme import Board, Link, ProgramFiles, RamFlash

board = Board(RamFlash(4096, 40), ProgramFiles(sys.argv[1] + "/programs"))
link = Link(board, files=sys.argv[1])


async def main():
    task = asyncio.create_task(link.run())
    print("ready")
    while True:
        await asyncio.sleep(0.01)
        try:
            with open(sys.argv[1] + "/block") as f:
                pass
        except OSError:
            continue
        print("blocked")
        while "sent" not in os.listdir(sys.argv[1]):
            time.sleep(0.01)
        time.sleep(2.5)
        with open(sys.argv[1] + "/freed", "w") as f:
            pass
        await task


asyncio.run(main())
"""


def test_a_request_that_waited_too_long_is_not_answered(tmp_path: Path) -> None:
    script = tmp_path / "late.py"
    script.write_text(LATE)
    with served(tmp_path, script=script) as wire:
        assert wire.ask(0, 0, {"d": "a"})["r"] == "a"
        (tmp_path / "block").touch()
        while b"blocked" not in wire.beside:
            wire.line_beside()
        sent = message(0, 0, {"d": "late"}, True, 77)
        wire.send(lines(sent))
        (tmp_path / "sent").touch()
        until = time.monotonic() + 60
        while not (tmp_path / "freed").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        # The next one is answered, and nothing of the one before stands in its way.
        assert wire.ask(0, 0, {"d": "b"})["r"] == "b"
