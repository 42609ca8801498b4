"""Servers on loopback that tasks of the network are tried against."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests import interpreters


class Seen(BaseHTTPRequestHandler):
    """Answers with what it was asked; paths have answers of their own."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, dict[str, str], str]] = []  # noqa: RUF012

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        head = {k.lower(): v for k, v in self.headers.items()}
        self.asked.append((self.command, self.path, head, body))
        special = getattr(self, "path_" + self.path.strip("/").split("?")[0], None)
        if special:
            special()
        else:
            told = {"method": self.command, "path": self.path, "body": body}
            self.give(200, json.dumps(told), "application/json; charset=utf-8")

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def give(self, status: int, text: str | bytes, kind: str = "text/plain", **more: str) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def path_missing(self) -> None:
        self.give(404, "there is none")

    def path_moved(self) -> None:
        self.give(302, "", Location="/found?x=1")

    def path_round(self) -> None:
        self.give(301, "", Location="/round")

    def path_away(self) -> None:
        self.give(307, "", Location=f"http://localhost:{self.server.server_port}/found")  # type: ignore[attr-defined]

    def path_binary(self) -> None:
        self.give(200, bytes(range(250, 256)), "application/octet-stream")

    def path_large(self) -> None:
        self.give(200, "x" * 20000)

    def path_nothing(self) -> None:
        self.send_response(204)
        self.end_headers()

    def path_chunked(self) -> None:
        self.send_response_only(100)
        self.end_headers()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (b"some ", b"parts, ", b"one answer" * 100):
            self.wfile.write(b"%x;ext=1\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def path_endless(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000 + b"\r\n\r\n")

    def path_half(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.close_connection = True

    def path_silent(self) -> None:
        time.sleep(1.5)
        self.close_connection = True


@contextmanager
def http_server(certificate: Path | None = None) -> Iterator[int]:
    """A server and its port; over TLS if it has a certificate."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Seen)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    Seen.asked = []
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does what it likes with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = False

        def serve() -> None:
            while not ended:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        ended = True
        socket.create_connection(server.getsockname()).close()
        thread.join(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def mosquitto() -> str | None:
    return shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or shutil.which("mosquitto")


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[int]:
    """mosquitto, a broker of MQTT as many run it, and its port."""
    program = mosquitto()
    if program is None:
        interpreters.require("mosquitto")
    assert program
    port = free_port()
    config = folder / "mosquitto.conf"
    text = "\n".join([f"listener {port} 127.0.0.1", *(lines or ("allow_anonymous true",)), ""])
    config.write_text(text, encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def time_server(change: Callable[[bytearray], bytearray | None] = lambda b: b) -> Iterator[int]:
    """A server of SNTP that gives 2036-02-07T06:28:26.500Z, ten seconds into the second era.

    `change`: what is done to each answer before it is sent; None sends nothing.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        ended = False

        def serve() -> None:
            while not ended:
                try:
                    asked, where = server.recvfrom(100)
                except TimeoutError:
                    continue
                stamp = struct.pack(">II", 10, 1 << 31)
                answer = bytearray(b"\x24\x02\x00\xec" + bytes(20) + asked[40:48] + stamp + stamp)
                sent = change(answer)
                if sent is not None:
                    server.sendto(sent, where)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        ended = True
        thread.join(10)
