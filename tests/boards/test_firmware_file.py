"""The firmware that is written: given, or downloaded once and trusted from then on."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import threading
from dataclasses import replace

import pytest

from tsme_host.tools.boards import board_file
from tsme_host.tools.boards.firmware_file import LOCK, firmware
from tsme_host.tools.errors import HostError

DATA = b"\xe9firmware" * 1000


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TSME_CACHE", str(tmp_path))
    return tmp_path / "firmware"


@contextlib.contextmanager
def site(answer):
    """A download page on this computer: `answer` is the bytes, and how many it says there are."""
    asked = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(answer[1]))
            self.end_headers()
            self.wfile.write(answer[0])

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            serving.join()


def board(url, sha256=""):
    esp32 = board_file.board("esp32")
    source = replace(esp32.firmware, url=url + "/ESP32-v1.25.0.bin", sha256=sha256)
    return replace(esp32, firmware=source)


def refused(code, *args):
    with pytest.raises(HostError) as caught:
        firmware(*args)
    assert caught.value.code == code
    assert caught.value.hint
    return caught.value


def test_the_first_download_is_trusted_and_remembered(cache):
    with site((DATA, len(DATA))) as (url, asked):
        seen = []
        name, data = firmware(board(url), "", seen.append)
        assert data == DATA
        assert seen[-1] == 100
        assert firmware(board(url)) == (name, DATA)
        assert asked == ["/ESP32-v1.25.0.bin"]  # once
    digest = hashlib.sha256(DATA).hexdigest()
    assert (cache / LOCK).read_text() == f"{digest}  ESP32-v1.25.0.bin\n"
    # What sha256sum -c reads; whatever changes the file is seen.
    (cache / "ESP32-v1.25.0.bin").write_bytes(DATA + b"!")
    assert LOCK in refused("TSME-B032", board(url)).message
    (cache / "ESP32-v1.25.0.bin").unlink()
    with site((DATA + b"?", len(DATA) + 1)) as (url, _):  # another one in its place
        refused("TSME-B032", board(url))


def test_the_checksum_of_the_board_file_counts_from_the_first_time(cache):
    with site((DATA, len(DATA))) as (url, _):
        assert "board.toml" in refused("TSME-B032", board(url, "0" * 64)).message
        assert firmware(board(url, hashlib.sha256(DATA).hexdigest()))[1] == DATA


def test_a_download_that_fails_leaves_nothing_and_says_how_to_do_without(cache):
    with site((DATA[:100], len(DATA))) as (url, _):
        error = refused("TSME-B031", board(url))
        assert "100 of" in error.message
        assert "FIRMWARE=file" in error.hint
    refused("TSME-B031", board("http://127.0.0.1:1"))
    assert [one.name for one in cache.iterdir()] == []


def test_a_file_that_is_given_is_taken_as_it_is(cache, tmp_path):
    path = tmp_path / "mine.bin"
    path.write_bytes(DATA)
    assert firmware(board("http://127.0.0.1:1"), str(path)) == (str(path), DATA)
    with pytest.raises(HostError, match="there is no file"):
        firmware(board("http://127.0.0.1:1"), str(tmp_path / "none.bin"))
