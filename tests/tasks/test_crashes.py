"""What a crash in the middle of a task of the library means, through a real engine and journal.

The run is killed while a server holds its answer back; the next run goes on from the journal.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.tools.shell import COMMAND, CPYTHON_AND_MICROPYTHON, need, spawn

TASKS = """\
import tsme
from tsme.tasks import http, sd

tasks = tsme.Tasks()
http.register(tasks, device="d7")
sd.register(tasks, None, "card")
"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n42"
both = pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)


class Holding:
    """A server that holds its first answer back until the client is gone."""

    def __init__(self, server: socket.socket) -> None:
        self.server = server
        self.asked: list[bytes] = []
        self.came = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        port: int = self.server.getsockname()[1]
        return port

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                with connection, suppress(OSError):
                    connection.settimeout(60)
                    self.asked.append(connection.recv(4096))
                    self.came.set()
                    if len(self.asked) == 1:
                        connection.recv(1)  # until it is gone
                    else:
                        connection.sendall(ANSWER)


@contextmanager
def holding() -> Iterator[Holding]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = Holding(server)
        yield held
        server.shutdown(socket.SHUT_RDWR)
    held.thread.join(60)


def interrupted(
    folder: Path, on: str, resource: str, body: dict[str, Any]
) -> tuple[dict[str, Any], list[bytes]]:
    """What comes of a workflow of one task that is killed in its middle, and the requests."""
    with holding() as server:
        payload = {"url": f"http://127.0.0.1:{server.port}/x", **body}
        task = {"Type": "Task", "Resource": resource, "Parameters": payload, "End": True}
        flow = {"StartAt": "Ask", "States": {"Ask": task}}
        (folder / "flow.asl.json").write_text(json.dumps(flow), encoding="utf-8")
        (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
        run = ["run", "flow.asl.json", "-t", "tasks.py", "-j", "j.bin", "--on", need(on), "--json"]
        process = subprocess.Popen(
            [COMMAND, *run], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            assert server.came.wait(60)
        finally:
            process.kill()
            process.wait(60)
        # The interpreter goes when its command does, a moment later; then the journal is free.
        for _ in range(200):
            done = spawn(*run, cwd=folder, timeout=120)
            if done.stdout:
                break
        assert done.stdout, done.stderr
        return json.loads(done.stdout), server.asked


def key(request: bytes) -> bytes:
    lines = request.lower().split(b"\r\n")
    (found,) = [line for line in lines if line.startswith(b"idempotency-key: ")]
    return found


@both
def test_a_get_is_asked_again(tmp_path: Path, on: str):
    outcome, asked = interrupted(tmp_path, on, "http:get", {})
    assert outcome["status"] == "succeeded"
    assert outcome["output"]["body"] == 42
    assert len(asked) == 2


@both
def test_a_keyed_post_is_sent_again_under_the_same_key(tmp_path: Path, on: str):
    outcome, asked = interrupted(tmp_path, on, "http:post_keyed", {"body": {"n": 1}})
    assert outcome["status"] == "succeeded"
    assert len(asked) == 2
    assert key(asked[0]) == key(asked[1])
    assert key(asked[0]).startswith(b"idempotency-key: d7-1-")


@both
def test_a_post_is_never_sent_twice_and_the_workflow_is_told(tmp_path: Path, on: str):
    outcome, asked = interrupted(tmp_path, on, "http:post", {"body": {"n": 1}})
    assert (outcome["status"], outcome["error"]) == ("failed", "TSME.Interrupted")
    assert len(asked) == 1
