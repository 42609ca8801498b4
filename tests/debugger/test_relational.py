"""Of a relational machine: which states are active, what a step made of them, their clocks."""

from __future__ import annotations

from pathlib import Path

from tests.relational_host.test_journal import folder  # noqa: F401
from tsme_host.tools.debugger import filters, panels
from tsme_host.tools.debugger.filters import Filter
from tsme_host.tools.debugger.opening import open_file


def test_states_clocks_and_what_became_active(folder: Path):  # noqa: F811
    opened = open_file("j.bin", ["relay.py:Relay"])
    track = opened.track
    parts = filters.matches(track, Filter(words={"state": ("reverse",)}), opened.sources, 0)
    (number,) = [n for _, found in parts for n in found]
    moment = track.moment(number)
    assert moment is not None
    view = filters.view(track, moment, opened.sources)
    rows = {row.text: row for row in view.outline(moment)}
    assert rows["Reverse"].here == 1
    assert rows["Reverse"].entered
    assert rows["Forward"].here == 0
    assert rows["Ready"].here == 1
    assert rows["Ready"].detail == "1"
    told, _ = panels.details("Changes", track, moment, view)
    text = ["".join(part for part, _ in line) for line in told]
    assert "~ ticks.Forward  1 → 2" in text
    assert "~ ticks.Reverse  0 → 1" in text
    assert "+Reverse" in "".join(part for part, _ in panels.row(track, number))
