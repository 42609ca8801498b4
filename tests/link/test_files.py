"""The file group, with smpclient as it is and by hand, on MicroPython."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import zlib
from pathlib import Path

import pytest
from smpclient.exceptions import SMPUploadError
from smpclient.generics import error_v2, success
from smpclient.requests.file_management import (
    FileClose,
    FileHashChecksum,
    FileStatus,
    SupportedFileHashChecksumTypes,
)

from tests.link.boards import ask, cabled, client
from tests.link.test_executions import served
from tests.link.wire import Refused, Wire

DATA = random.Random(1).randbytes(20_011)


@pytest.mark.parametrize("interpreter", ["micropython", "micropython32", "cpython"])
def test_files_go_up_and_down(tmp_path: Path, interpreter: str) -> None:
    async def talk(port):
        async with client(port) as c:
            for name, data in (("/a.bin", DATA), ("/lib/deep/b.bin", b""), ("/c", b"x" * 512)):
                async for off in c.upload_file(data, name):
                    assert off <= len(data)
                assert await c.download_file(name) == data
                r = await ask(c, FileStatus(name=name))
                assert r.len == len(data)
                r = await ask(c, FileHashChecksum(name=name, type="sha256"))
                assert (r.len, r.output) == (len(data), hashlib.sha256(data).digest())
            r = await ask(c, FileHashChecksum(name="/a.bin", type="crc32", off=10, len=5000))
            assert (r.off, r.len, r.output) == (10, 5000, zlib.crc32(DATA[10:5010]))
            r = await ask(c, FileHashChecksum(name="/a.bin"))
            assert r.type == "sha256"
            assert set((await ask(c, SupportedFileHashChecksumTypes())).types) == {
                "crc32",
                "sha256",
            }
            assert success(await ask(c, FileClose()))

    with cabled(tmp_path, interpreter) as board:
        asyncio.run(talk(board))
    files = tmp_path / "files"
    assert (files / "a.bin").read_bytes() == DATA
    assert sorted(p.name for p in files.rglob("*") if p.is_file()) == ["a.bin", "b.bin", "c"]


def test_what_is_no_file_is_refused_by_zephyrs_codes(tmp_path: Path) -> None:
    async def talk(port):
        async with client(port) as c:
            for name, rc in (
                ("/no", 3),
                ("/lib", 4),
                ("/../flash.bin", 2),
                ("/lib/..", 2),
                ("/", 2),
            ):
                r = await ask(c, FileStatus(name=name))
                assert error_v2(r)
                assert (r.err.group, r.err.rc) == (8, rc)
            with pytest.raises(SMPUploadError):
                async for _ in c.upload_file(b"new", "/../flash.bin"):
                    pass
            with pytest.raises(SMPUploadError):
                async for _ in c.upload_file(b"new", "/lib"):
                    pass

    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "lib").mkdir()
    with cabled(tmp_path) as board:
        asyncio.run(talk(board))
    assert (
        not (tmp_path / "flash.bin").exists()
        or b"new" not in (tmp_path / "flash.bin").read_bytes()
    )


def put(wire: Wire, name: str, off: int, data: bytes, **more: object) -> int:
    return wire.ask(8, 0, {"off": off, "name": name, "data": data, **more}, True)["off"]


def test_an_upload_replaces_a_file_as_a_whole_and_only_if_it_is_what_was_meant(
    tmp_path: Path,
) -> None:
    (tmp_path / "files").mkdir()
    target = tmp_path / "files" / "main.py"
    target.write_bytes(b"old")
    data = DATA[:1500]
    sha = hashlib.sha256(data).hexdigest()
    with served(tmp_path) as wire:
        assert put(wire, "main.py", 0, data[:700], len=1500, sha=sha) == 700
        assert target.read_bytes() == b"old"
        assert put(wire, "main.py", 100, data[100:300]) == 700
        with pytest.raises(Refused) as e:
            put(wire, "main.py", 700, bytes(800))
        assert e.value.args == (8, 10)
        assert target.read_bytes() == b"old"
        assert put(wire, "main.py", 700, data[700:]) == 0  # nothing is known of it any more
        with pytest.raises(Refused) as e:
            put(wire, "main.py", 0, data[:700])
        assert e.value.args == (8, 11)
        assert put(wire, "main.py", 0, data[:700], len=1500, sha=sha) == 700
        with pytest.raises(Refused) as e:
            put(wire, "main.py", 700, bytes(801))
        assert e.value.args == (8, 11)
        assert put(wire, "main.py", 700, data[700:]) == 1500
    assert target.read_bytes() == data
    assert [p.name for p in (tmp_path / "files").iterdir()] == ["main.py"]


def test_an_upload_goes_on_after_the_power_was_gone(tmp_path: Path) -> None:
    sha = hashlib.sha256(DATA).hexdigest()
    off = 0
    with served(tmp_path) as wire:
        while off < 9000:
            more = {"len": len(DATA), "sha": sha} if not off else {}
            off = put(wire, "a.bin", off, DATA[off : off + 800], **more)
        wire.ask(8, 4, {}, True)
    with served(tmp_path) as wire:
        there = wire.ask(8, 1, {"name": "a.bin~"})["len"]
        assert there == off
        r = wire.ask(8, 2, {"name": "a.bin~", "type": "sha256"})
        assert r["output"] == hashlib.sha256(DATA[:there]).digest()
        off = put(wire, "a.bin", there, DATA[there : there + 800], len=len(DATA), sha=sha)
        assert off == there + 800
        while off < len(DATA):
            off = put(wire, "a.bin", off, DATA[off : off + 800])
    assert (tmp_path / "files" / "a.bin").read_bytes() == DATA


def test_a_hash_of_much_does_not_hold_up_what_runs(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    data = os.urandom(3_000_000)
    (tmp_path / "files" / "big").write_bytes(data)
    with served(tmp_path) as wire:
        while True:
            try:
                r = wire.ask(8, 2, {"name": "big", "type": "crc32"})
                break
            except Refused as e:
                assert e.args == (None, 10)
    assert r["output"] == zlib.crc32(data)
