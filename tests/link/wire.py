"""The link as SPEC 8 has it, written from that page alone: lines, packets, messages."""

from __future__ import annotations

import binascii
import os
import select
import struct
import time
from typing import Any

import cbor2

OWN = 65
TEXT = 93  # bytes of a packet in a line


def message(group: int, command: int, body: Any, write: bool, sequence: int = 0) -> bytes:
    data = cbor2.dumps(body)
    head = struct.pack(">BBHHBB", 0x0A if write else 0x08, 0, len(data), group, sequence, command)
    return head + data


def packet(data: bytes) -> bytes:
    crc = binascii.crc_hqx(data, 0)
    return struct.pack(">H", len(data) + 2) + data + struct.pack(">H", crc)


def lines(data: bytes, text: int = TEXT) -> bytes:
    whole = packet(data)
    out = b""
    for at in range(0, len(whole), text):
        mark = b"\x04\x14" if at else b"\x06\x09"
        out += mark + binascii.b2a_base64(whole[at : at + text])
    return out


class Refused(Exception):
    """What an answer says in place of a success."""


class Wire:
    """A client that takes answers apart by itself, and holds them to what SPEC says of them."""

    def __init__(self, port: str | int, patience: float = 60.0) -> None:
        self.fd = port if isinstance(port, int) else os.open(port, os.O_RDWR | os.O_NOCTTY)
        self.patience = patience
        self.sequence = 0
        self.came = b""
        self.beside = b""  # what was no line of the link

    def close(self) -> None:
        os.close(self.fd)

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]

    def line(self, patience: float) -> bytes | None:
        until = time.monotonic() + patience
        while b"\n" not in self.came:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return None
            self.came += os.read(self.fd, 4096)
        line, _, self.came = self.came.partition(b"\n")
        return line

    def line_beside(self) -> None:
        """Read a line of text."""
        line = self.line(self.patience)
        assert line is not None
        self.beside += line + b"\n"

    def answer(self, patience: float | None = None) -> bytes | None:
        """The next message, or None if none comes in time."""
        whole = b""
        size = None
        while size is None or len(whole) < size + 2:
            line = self.line(self.patience if patience is None else patience)
            if line is None:
                assert not whole
                return None
            at = line.find(b"\x04\x14" if whole else b"\x06\x09")
            if at < 0:
                assert not whole, "text within a packet"
                self.beside += line + b"\n"
                continue
            self.beside += line[:at]
            text = line[at + 2 :]
            assert len(text) <= 124
            assert not text.endswith(b"\r")
            whole += binascii.a2b_base64(text, strict_mode=True)
            size = struct.unpack_from(">H", whole)[0]
        assert len(whole) == size + 2
        data = whole[2:-2]
        assert struct.unpack(">H", whole[-2:])[0] == binascii.crc_hqx(data, 0)
        return data

    def ask(self, group: int, command: int, body: Any = None, write: bool = False) -> Any:
        self.sequence = (self.sequence + 1) % 256
        sent = message(group, command, body or {}, write, self.sequence)
        self.send(lines(sent))
        return self.heard(sent)

    def heard(self, sent: bytes) -> Any:
        got = self.answer()
        assert got is not None, "no answer"
        assert got[0] == sent[0] | 1
        assert got[1] == 0
        assert struct.unpack_from(">H", got, 2)[0] == len(got) - 8
        assert got[4:8] == sent[4:8]
        body = cbor2.loads(got[8:])
        if "err" in body:
            raise Refused(body["err"]["group"], body["err"]["rc"])
        if set(body) == {"rc"}:
            raise Refused(None, body["rc"])
        return body

    def read(self, command: int, **body: Any) -> Any:
        """A command of group 65."""
        return self.ask(OWN, command, rename(body))

    def write(self, command: int, **body: Any) -> Any:
        return self.ask(OWN, command, rename(body), True)

    def why(self) -> tuple[str, str]:
        r = self.read(21)
        return r["code"], r["text"]

    def records(self, name: str, number: int = 0) -> tuple[int, int, bytes]:
        """(first, its chain, bytes) of all that is there from a record on."""
        r = self.read(13, name=name, from_=number)
        first, chain, whole = r["from"], r["chain"], r["data"]
        while r["data"]:
            at, done = place(whole, first)
            assert r["next"] == at
            r = self.read(13, name=name, from_=at, skip=done)
            if r["from"] != at:  # meanwhile the ring has come round
                assert r["from"] > at
                return first, chain, whole[: len(whole) - done]
            whole += r["data"]
        return first, chain, whole


def rename(body: dict[str, Any]) -> dict[str, Any]:
    return {k.rstrip("_"): v for k, v in body.items()}


def place(data: bytes, first: int) -> tuple[int, int]:
    """(record, bytes of it) at the end of bytes of records that begin with record `first`."""
    while len(data) >= 8:
        size = 8 + (struct.unpack_from("<I", data)[0] & 0xFFFFFF)
        if len(data) < size:
            break
        data = data[size:]
        first += 1
    return first, len(data)


def chained(data: bytes, chain: int) -> int:
    """The number of records in whole bytes of them; their chain is checked."""
    count = 0
    while data:
        word, crc = struct.unpack_from("<II", data)
        size = word & 0xFFFFFF
        chain = binascii.crc32(data[8 : 8 + size], binascii.crc32(data[:4], chain))
        assert chain == crc
        data = data[8 + size :]
        count += 1
    return count
