"""The operations of the API, a module for each kind of thing.

A module of operations is named here, so that its functions are in the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..server import Operation
from . import activities as activities
from . import aliases as aliases
from . import definitions as definitions
from . import events as events
from . import executions as executions
from . import machines as machines
from . import map_runs as map_runs
from . import redrives as redrives
from . import tags as tags
from . import tokens as tokens
from . import versions as versions
from .table import TABLE


def everything() -> Mapping[str, Operation]:
    """All operations there are, by name."""
    return TABLE
