"""What a link takes of a board's heap while it waits (`make bench` also measures it frozen)."""

from __future__ import annotations

from pathlib import Path

from tests import interpreters
from tests.bench import link_heap


def test_a_link_that_waits_takes_less_than_12_kilobytes(tmp_path: Path) -> None:
    interpreters.require("micropython32")
    link_heap.prepared(tmp_path)
    assert 0 < link_heap.measure_compiled(tmp_path) <= 12288
