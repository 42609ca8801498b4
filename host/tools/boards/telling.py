"""What an installation tells while it goes on, and what it asks; remarks, so on the standard
error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from .. import console
from ..errors import HostError


class Telling:
    """`yes`: every question is answered with yes, as --yes says."""

    def __init__(self, yes: bool = False) -> None:
        self._yes = yes

    def say(self, text: str) -> None:
        """A step that is done, or what is about to happen."""
        console.note(text)

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int], None]]:
        """A bar of percents on a terminal, elsewhere the label alone."""
        with click.progressbar(length=100, label=label, file=sys.stderr) as bar:
            yield lambda percent: bar.update(max(0, min(percent, 100) - bar.pos))

    def consent(self, question: str) -> None:
        """Ask; anything but yes is HostError TSME-B041, and so is nobody who could be asked."""
        if self._yes:
            return
        if not sys.stdin.isatty():
            raise HostError("TSME-B041", f"{question} Nobody is there to be asked", "write --yes")
        if not click.confirm(question, err=True):
            raise HostError("TSME-B041", "nothing was changed", "write --yes if it may be")
