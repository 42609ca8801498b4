"""What can go wrong around a command, said in one line.

Codes TSME-H... are explained in docs/ERRORS.md, "Command line".
"""

from __future__ import annotations

from collections.abc import Iterable

DONE = 0
FAILED = 1  # the answer is no: problems, a failed workflow, a difference
UNABLE = 2  # no answer: bad arguments, a file that cannot be read


class HostError(Exception):
    """A command cannot do its work.  `hint` says what to do instead, `also` what else is wrong."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint
        self.also: list[str] = []


def one_line(code: str, message: str, hint: str = "") -> str:
    """An error as one line, whatever the texts hold."""
    text = f"tsme: error {code}: {message}" + (f"; {hint}" if hint else "")
    return " ".join(part.strip() for part in text.splitlines() if part.strip())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the known name that is closest, or nothing."""
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    if not close:
        return ""
    ratio = {one: difflib.SequenceMatcher(None, one, name).ratio() for one in close}
    best = max(close, key=lambda one: (ratio[one], one[:1] == name[:1]))  # hepl: help, not repl
    return f'did you mean "{best}"?'
