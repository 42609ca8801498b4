"""The two journals: in Python, and in C."""

from typing import Any

import pytest

from tests.interpreters import require
from tsme.journal import Journal

ENGINES = ("python", "core")


def journal_of(engine: str) -> Any:
    """The Journal of an engine; the test is skipped, or fails, where the core is not."""
    if engine == "python":
        return Journal
    require("core")
    try:
        from tsme.core.journal import Journal as CoreJournal
    except ImportError as error:  # TSME_CORE=0
        pytest.skip(str(error))
    return CoreJournal
