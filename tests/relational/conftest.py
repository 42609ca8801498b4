"""What the tests of machines elsewhere have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relational.far import Far


@pytest.fixture
def far(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Far]:
    """A process with machines, which outlives the test; its parameter: what Far is given."""
    one = Far(tmp_path, *getattr(request, "param", ("cpython",)))
    try:
        yield one
        assert one.process.poll() is None
    finally:
        one.cut()
