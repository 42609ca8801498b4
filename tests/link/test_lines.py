"""Messages among a board's text: none is lost, none is made up (SPEC 8.1)."""

from __future__ import annotations

import re
import struct

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from smp.packet import encode

from tests.link.relay import Cable
from tsme_host.tools.errors import HostError
from tsme_host.tools.link.failures import of_opening
from tsme_host.tools.link.messages import Request, encoded, room
from tsme_host.tools.link.opening import open_board
from tsme_host.tools.link.stream import Lines

# With a head, as all have: the CRC-16 of nothing but zeros is 0, however many there are.
MESSAGES = st.binary(min_size=0, max_size=700).map(
    lambda body: struct.pack(">BBHHBB", 0x0A, 0, len(body), 65, 7, 8) + body
)
# What a program prints: `06 09` and `04 14` are what the device's own print takes out.
TEXT = st.binary(max_size=60).map(lambda text: text.replace(b"\x06", b"?").replace(b"\x04", b"?"))


def fed(data: bytes, sizes: list[int]) -> tuple[list[bytes], bytes]:
    """(messages, text) of bytes that come in pieces."""
    lines, found, at = Lines(), [], 0
    for size in [*sizes, len(data)]:
        found += list(lines.feed(data[at : at + size]))
        at += size
    return found, bytes(lines.text)


@given(st.lists(st.tuples(TEXT, MESSAGES), max_size=5), TEXT, st.lists(st.integers(1, 300)))
def test_messages_and_text_are_told_apart_however_they_come(
    parts: list[tuple[bytes, bytes]], last: bytes, sizes: list[int]
):
    data, said = b"", b""
    for text, message in parts:
        data += text + b"".join(encode(message, 128))
        said += text
    found, text = fed(data + last, sizes)
    assert found == [message for _, message in parts]
    assert text == said + last


@given(MESSAGES, MESSAGES, st.data())
def test_a_message_that_lost_bytes_takes_no_other_with_it(
    first: bytes, second: bytes, data: st.DataObject
):
    whole = b"".join(encode(first, 128))
    at = data.draw(st.integers(0, len(whole) - 1))
    lost = data.draw(st.integers(1, len(whole) - at))
    broken = whole[:at] + whole[at + lost :]
    found, _ = fed(broken + b"\n" + b"".join(encode(second, 128)), [])
    assert found[-1] == second
    assert set(found) <= {first, second}


@given(st.binary(max_size=600))
def test_garbage_is_no_message_and_never_an_error(data: bytes):
    found, _ = fed(b"\x06\x09" + data, [])
    assert all(isinstance(one, bytes) for one in found)


@given(st.integers(70, 1100), st.integers(0, 2**20))
def test_a_piece_fills_its_message_and_never_more(most: int, off: int):
    fields = {"off": off, "name": "a.bin"}
    data = bytes(room(fields, most))
    message = Request(8, 0, True, 0, encoded({**fields, "data": data})).BYTES
    assert most - 2 <= len(message) <= most


PORTS = {
    "/dev/ttyNOWHERE7": "TSME-N030: there is no port",
    "htp://10.0.0.7": "TSME-N040: .* is no port",
    "tcp://127.0.0.1": "TSME-N04[01]: ",
    "tcp://127.0.0.1:1": "TSME-N041: .* cannot be reached: connection refused",
    "socket://127.0.0.1:1": "TSME-N041: .* cannot be reached: connection refused",
    "rfc2217://127.0.0.1:1": "TSME-N041: .* cannot be reached: connection refused",
    "/dev/null": "TSME-N040: .* it is a file and no serial port",
}


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("via", [None, "mpremote"])
def test_a_port_that_cannot_be_opened_says_why_in_one_line(port: str, via: str | None):
    with pytest.raises(HostError, match=PORTS[port]) as said:
        open_board(port, via)
    assert "\n" not in str(said.value)
    assert "\n" not in said.value.hint


def test_a_port_that_is_another_group_s_says_how_to_join_it():
    said = of_opening("/dev/ttyACM0", serial.SerialException(13, "could not open port"))
    assert str(said) == 'TSME-N031: "/dev/ttyACM0" may not be opened by you'
    assert re.match(r"sudo usermod -a -G \w+ \w+, and log in again$", said.hint)


def test_another_way_than_those_there_are_is_refused():
    with pytest.raises(HostError, match='TSME-N048: there is no way to a board "telnet"'):
        open_board("/dev/null", "telnet")


def test_a_port_is_one_client_s(tmp_path):
    cable = Cable(tmp_path)
    try:
        with pytest.raises(HostError, match="TSME-N034: nothing answers"):
            open_board(cable.port, timeout=0.05)
        from tsme_host.tools.link.stream import opened

        port = opened(cable.port)
        with pytest.raises(HostError, match="TSME-N032: another program has the port"):
            open_board(cable.port)
        port.close()
    finally:
        cable.close()
