"""Filters find what they are asked for, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tsme_host.tools.debugger import filters, telling
from tsme_host.tools.debugger.opening import Opened, open_file
from tsme_host.tools.errors import HostError


def opened(folder: Path) -> Opened:
    return open_file(str(folder / "g.bin"), [str(folder / "greenhouse.asl.json")])


def found(one: Opened, text: str, start: int = 0, back: bool = False) -> list[int]:
    wanted = filters.read(text)
    assert wanted is not None
    parts = filters.matches(one.track, wanted, one.sources, start, back)
    return [number for _, numbers in parts for number in numbers]


def test_each_name_finds_what_it_says(recorded: Path):
    one = opened(recorded)
    track: Any = one.track
    moments = [track.moment(n) for n in range(track.first, track.next)]
    kinds = [m.number for m in moments if telling.kind(m.record) in ("timer", "failed")]
    assert found(one, "kind:timer,failed") == kinds
    states = [m.number for m in moments if "OpenValve" in m.played.route]
    assert found(one, "state:openvalve") == states
    assert len(states) > 5
    paths = found(one, "path:$litres")
    assert paths
    assert set(paths) < set(range(track.next))
    for number in paths:
        m = moments[number]
        view = filters.view(track, m, one.sources)
        before, after = view.values(m.before), view.values(m.after)
        assert before.get("$litres") != after.get("$litres")
    both = found(one, "kind:succeeded state:OpenValve")
    assert both == [n for n in states if moments[n].record.input == "succeeded"]


def test_an_error_is_found_by_its_name(recorded: Path):
    one = opened(recorded)
    assert found(one, "error:nosucherror") == []
    flow = Path(recorded / "greenhouse.asl.json").read_text()
    assert "Jammed" in flow
    failed = found(one, "kind:failed")
    track: Any = one.track
    assert all(telling.error_of(track.moment(n)) for n in failed)


def test_backwards_is_the_same_from_the_other_end(recorded: Path):
    one = opened(recorded)
    end = one.track.next - 1
    assert found(one, "state:Report", end, back=True) == found(one, "state:Report")[::-1]


def test_text_is_looked_for_in_what_rows_say(recorded: Path):
    one = opened(recorded)
    assert found(one, "open_valve") == found(one, 'text:"open_valve"')
    assert found(one, "open_valve")


@pytest.mark.parametrize("text", ["kinds:failed", "kind:fialed"])
def test_what_there_is_not_is_said_with_what_there_is(text: str):
    with pytest.raises(HostError, match=r"TSME-H090") as said:
        filters.read(text)
    assert "did you mean" in said.value.hint


def test_nothing_is_no_filter():
    assert filters.read("  ") is None
