"""Limits that a board has, raised on the laptop: --limit NAME=N, and what an error says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from tsme.errors.causes import ERRORS
from tsme.kernel.limits import LIMITS

from .errors import HostError, did_you_mean

MOST = 999_999_999
_RAISE = re.compile(r'(\d+) asked(.*); raise tsme\.LIMITS\["(\w+)"\]')


def limits_of(given: Iterable[str]) -> dict[str, int]:
    """The limits given with --limit, by name."""
    found = {}
    for text in given:
        name, _, number = text.partition("=")
        if name not in LIMITS:
            raise HostError("TSME-H002", f'there is no limit "{name}"', similar(name))
        if not re.fullmatch("[1-9][0-9]{0,8}", number):
            hint = f"write --limit {name}={2 * LIMITS[name]}"
            raise HostError("TSME-H002", f'--limit "{text}" has no number from 1 to 10^9', hint)
        found[name] = int(number)
    return found


def similar(name: str) -> str:
    """Which limit was meant, or which there are."""
    return did_you_mean(name, LIMITS) or f"there are {', '.join(LIMITS)}"


@contextmanager
def limited(limits: Mapping[str, int]) -> Iterator[None]:
    """Limits other than a board's, for a while."""
    before = dict(LIMITS)
    LIMITS.update(limits)
    try:
        yield
    finally:
        LIMITS.update(before)


@contextmanager
def no_limits() -> Iterator[None]:
    """A laptop can hold what any device could."""
    with limited(dict.fromkeys(LIMITS, 1 << 40)):
        yield


def how_to_raise(message: str) -> str:
    """A message of the device, with how to raise the limit here besides; so too the causes of a
    workflow's own limits, which its Comment raises."""
    for given, (_, cause) in zip(("step_bytes=65536", "items=5000"), ERRORS[10:12], strict=True):
        hint = f'{cause}; write "Comment": "tsme: {given}" in the workflow'
        message = message.replace(cause, hint)
    return _RAISE.sub(_raise, message)


def _raise(found: re.Match[str]) -> str:
    asked, of, name = found.groups()
    # What runs may ask for more yet; what a program asks for stands in it.
    more = twice(int(asked)) if name in ("state_bytes", "work") else asked
    here = f"write --limit {name}={more}"
    return f'{asked} asked{of}; {here}, on a board tsme.LIMITS["{name}"]'


def twice(asked: int) -> int:
    """A round number that leaves some room."""
    return 1 << (asked + asked // 4).bit_length()
