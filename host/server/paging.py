"""Pages of lists: how many, and the token that says where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, Final
from zlib import crc32

from .errors import ApiError

USUAL: Final = 100  # rows of a page if nobody says how many
MOST: Final = 1000


def size(request: dict[str, Any]) -> int:
    """How many a page has: maxResults, and what AWS takes 0 for."""
    return min(request.get("maxResults") or USUAL, MOST)


def after(request: dict[str, Any], *kinds: type) -> list[Any] | None:
    """The key of the last row of the page before; None for the first page.

    `kinds`: the types of the key's parts.  Raises ApiError InvalidToken.
    """
    token = request.get("nextToken")
    if token is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    fits = isinstance(key, list) and len(key) == len(kinds)
    if not fits or any(type(one) is not kind for one, kind in zip(key, kinds, strict=True)):
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'")
    out: list[Any] = key
    return out


def token(*key: Any) -> str:
    """The token for what comes after a row with this key."""
    text = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def after_in(request: dict[str, Any], of: str, kind: type) -> Any:
    """The key of the last row of the page before, in a list that is called `of`; None for the
    first page.  Raises ApiError InvalidToken, also for the token of another list."""
    key = after(request, int, kind)
    if key is None:
        return None
    if key[0] != _mark(of):
        raise ApiError("InvalidToken", "Invalid Token: 'Input inconsistent with page token'")
    return key[1]


def _mark(of: str) -> int:
    return crc32(of.encode())


def page(
    name: str, rows: Sequence[Any], items: Sequence[Any], key: Any, most: int, of: str = ""
) -> dict[str, Any]:
    """The answer with a page of a list, of which `rows` has up to `most` + 1; `key(row)` is the
    key of a row, `of` what tells the list from others of its name."""
    out: dict[str, Any] = {name: list(items[:most])}
    if len(rows) > most:
        out["nextToken"] = token(_mark(name + of), key(rows[most - 1]))
    return out
