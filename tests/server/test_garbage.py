"""Who serves looks for garbage seldom, and only then."""

from __future__ import annotations

import gc

from tsme_host.server.serving import Options, opened


def test_a_server_looks_for_garbage_seldom_until_it_ends(sqlite_url: str) -> None:
    often, kept = gc.get_threshold(), gc.get_freeze_count()
    with opened(Options(database=sqlite_url)):
        assert gc.get_threshold()[0] > often[0]
        assert gc.get_freeze_count() > kept
    assert gc.get_threshold() == often
