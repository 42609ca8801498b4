"""Programs of a board's store, by the beginning of their digests."""

from __future__ import annotations

import re

from ..errors import HostError

_DIGEST = re.compile(r"[0-9a-f]{4,16}")


def is_digest(text: str) -> bool:
    """May it be the beginning of a digest?"""
    return bool(_DIGEST.fullmatch(text))


def matching(there: list[str], beginning: str) -> str:
    """The one program that begins so.  Raises HostError TSME-N062."""
    fit = [digest for digest in there if is_digest(beginning) and digest.startswith(beginning)]
    if len(fit) == 1:
        return fit[0]
    which = "several programs on the board begin" if fit else "no program on the board begins"
    hint = "write more digits: " + ", ".join(fit) if fit else "tsme programs list shows them"
    raise HostError("TSME-N062", f'{which} with "{beginning}"', hint)
