"""The operations of the API, a module for each kind of thing."""

from __future__ import annotations

from collections.abc import Mapping

from ..server import Operation
from . import activities, aliases, definitions, machines, tags, versions
from .table import TABLE

__all__ = ["activities", "aliases", "definitions", "everything", "machines", "tags", "versions"]


def everything() -> Mapping[str, Operation]:
    """All operations there are, by name."""
    return TABLE
