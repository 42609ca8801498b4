"""Lambda's Invoke API at a port of its own: what functions of a test answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit


class Invoked(NamedTuple):
    """A call: the function, its qualifier, the headers, the payload."""

    name: str
    qualifier: str | None
    headers: dict[str, str]
    payload: Any


class Failed(Exception):
    """What a function fails with: the payload's text, as its runtime would write it."""


@contextmanager
def lambdas(**functions: Callable[[Any], Any]) -> Iterator[tuple[str, list[Invoked]]]:
    """-> (the URL of the endpoint, the calls that it gets)"""
    calls: list[Invoked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            where = urlsplit(self.path)
            parts = where.path.split("/")
            assert parts[1:3] == ["2015-03-31", "functions"]
            assert parts[4:] == ["invocations"]
            name = unquote(parts[3])
            body = self.rfile.read(int(self.headers["Content-Length"]))
            qualifier = parse_qs(where.query).get("Qualifier", [None])[0]
            headers = {key.lower(): value for key, value in self.headers.items()}
            calls.append(Invoked(name, qualifier, headers, json.loads(body)))
            function = functions.get(name.rpartition(":")[2])
            if function is None:
                told = {"Type": "User", "Message": f"Function not found: {name}"}
                self.answer(404, json.dumps(told), "x-amzn-ErrorType", "ResourceNotFoundException")
                return
            try:
                text = json.dumps(function(calls[-1].payload))
            except Failed as error:
                self.answer(200, str(error), "X-Amz-Function-Error", "Unhandled")
                return
            self.answer(200, text, "X-Amz-Executed-Version", qualifier or "$LATEST")

        def answer(self, status: int, text: str, name: str, value: str) -> None:
            self.send_response(status)
            self.send_header(name, value)
            self.send_header("x-amzn-RequestId", "r-1")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
