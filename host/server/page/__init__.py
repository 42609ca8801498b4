"""The page: files that a browser shows, and the JSON and events that they ask for.

Nothing is drawn here.  Its scripts get data from below `/page/`, and what they change they
change by the API, as anybody does.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ..server import Server
from .data import data_routes
from .live import Live, live_routes

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# What comes from users is data and never code: scripts and styles are files of ours, and forms
# lead nowhere.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def routes(server: Server) -> list[BaseRoute]:
    """The routes of the page, all of them GET."""
    files = _files()

    async def shell(request: Request) -> Response:
        return _file(request, files["index.html"], "html")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return Response(f"there is no file {name!r}\n", 404, HEADERS, "text/plain")
        return _file(request, files[name], name.rpartition(".")[2])

    async def icon(_request: Request) -> Response:
        return RedirectResponse("/static/icon.svg", 301)

    live = Live(server)
    return [
        Route("/", shell, methods=["GET"]),
        Route("/executions", shell, methods=["GET"]),
        Route("/executions/{arn:path}", shell, methods=["GET"]),
        Route("/map-runs/{arn:path}", shell, methods=["GET"]),
        Route("/machines", shell, methods=["GET"]),
        Route("/machines/{arn:path}", shell, methods=["GET"]),
        Route("/favicon.ico", icon, methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
        *live_routes(live, HEADERS),
        *data_routes(server, HEADERS),
    ]


def _files() -> dict[str, bytes]:
    """All files of the page by name; no other can be asked for."""
    folder = resources.files(__package__) / "static"
    found = (file for file in folder.iterdir() if file.name.rpartition(".")[2] in _TYPES)
    return {file.name: file.read_bytes() for file in found}


def _file(request: Request, content: bytes, kind: str) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = HEADERS | {"ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(None, 304, headers)
    return Response(content, 200, headers, _TYPES[kind])
