"""Drawings as SVG, laid out by Graphviz, which the package pygraphviz brings along."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .errors import HostError


def drawn(dot: str) -> bytes:
    """A text of Graphviz as SVG."""
    return laid_out(graphs()(string=dot))


def graphs() -> Any:
    """Graphviz's graphs."""
    try:
        with _quiet():
            from pygraphviz import AGraph  # noqa: PLC0415
    except ImportError:
        hint = 'pip install "tsme[graph]", or write Mermaid: -o FILE.mmd'
        raise HostError("TSME-H050", "SVG needs the package pygraphviz", hint) from None
    return AGraph


def laid_out(whole: Any) -> bytes:
    """A graph as SVG."""
    try:
        with _quiet():
            drawn = whole.draw(format="svg", prog="dot")
    except (OSError, ValueError) as error:
        raise HostError("TSME-H051", f"Graphviz cannot draw it: {error}") from None
    return bytes(drawn)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the font library says about the machine's fonts, on file descriptor 2."""
    sys.stderr.flush()
    saved = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        with suppress(OSError):
            os.close(null)
        os.close(saved)
