"""Whom a request is for, and from where a browser makes it.

A page somewhere else may give its own name the address of this computer (DNS rebinding), and then
a browser takes the server for that page's.  It still asks for that name, in the header Host: so at
an address that only this computer reaches, names that nobody gave the server are refused.  What
changes something is refused if a page of another origin asks for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final

from .errors import ApiError

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_READING: Final = ("GET", "HEAD", "OPTIONS")
_MOST: Final = 64  # hosts that are remembered
_SHOWN: Final = 255  # characters of a name in an error


class Hosts:
    """The names of a server that is bound to `address`; `given`: those that its owner has given.

    At an address that others reach, any name will do unless some are given.
    """

    def __init__(self, address: str, given: Iterable[str] = ()) -> None:
        self._given = frozenset(name.lower() for name in given)
        own = f"[{address}]" if ":" in address else address.lower()
        self._names = _LOCAL | {own} | self._given
        self._seen: set[bytes] = set()  # hosts that were well, as requests have them
        self._any = not (_loopback(address) or self._given)

    def check(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Raises ApiError, of status 403."""
        host = headers.get(b"host")  # none: no browser asks
        if host is not None and host not in self._seen:
            name = _bare(host.decode("latin-1").lower())
            if not (self._any or self._known(name)):
                raise _unknown(name)
            if len(self._seen) < _MOST:
                self._seen.add(host)
        origin = headers.get(b"origin")
        if origin is not None and method not in _READING:
            self._from(origin.decode("latin-1").lower(), (host or b"").decode("latin-1").lower())

    def _from(self, origin: str, host: str) -> None:
        there = origin.partition("://")[2]
        if not there or there != host and _bare(there) not in self._given:
            raise _foreign(origin)

    def _known(self, name: str) -> bool:
        # All below "localhost" is this computer, for browsers too (RFC 6761, 6.3).
        return name in self._names or name.endswith(".localhost")


def _bare(host: str) -> str:
    """A host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def _unknown(name: str) -> ApiError:
    name = name[:_SHOWN]
    text = f'TSME-S043: this server is not called "{name}"; tsme serve --allowed-host {name}'
    return ApiError("AccessDeniedException", f"{text} if it is", 403)


def _foreign(origin: str) -> ApiError:
    text = f'TSME-S044: a page of "{origin[:_SHOWN]}" may change nothing here'
    name = _bare(origin.partition("://")[2])[:_SHOWN] or "NAME"
    return ApiError(
        "AccessDeniedException", f"{text}; tsme serve --allowed-host {name} if it is yours", 403
    )
