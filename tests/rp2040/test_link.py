"""Worlds over the link: whenever the power goes, what the laptop pulls is whole, and replays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rp2040.link_worlds import LinkWorlds


@pytest.mark.parametrize("name", ["pumps"])
def test_what_is_pulled_after_each_cut_is_replayed(name: str, tmp_path: Path):
    with LinkWorlds(name, tmp_path) as worlds:
        while worlds.cuts < 8:
            worlds.live()
    print(f"{worlds.cuts} cuts, {worlds.pulls} pulls, {worlds.account.records} records")
    assert worlds.account.records
    assert worlds.account.handlers
