"""States as a tree, values of branches and items by their place, errors with their lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.relational_host.schemas import written
from tests.tools.recorded import Device
from tsme import Engine, FileFlash, Journal
from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme_host.tools.debugger import filters, panels
from tsme_host.tools.debugger.filters import Filter
from tsme_host.tools.debugger.opening import Opened, open_file
from tsme_host.tools.handlers import load_machine

WAIT = {"Type": "Task", "Resource": "work", "End": True}
NESTED = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Map",
                            "ItemsPath": "$.items",
                            "ItemProcessor": {"StartAt": "Item", "States": {"Item": WAIT}},
                            "Next": "After",
                        },
                        "After": {"Type": "Pass", "End": True},
                    },
                },
                {"StartAt": "Other", "States": {"Other": WAIT}},
            ],
            "ResultPath": "$.both",
            "Next": "Last",
        },
        "Last": {
            "Type": "Pass",
            "Parameters": {"text.$": "$.nowhere"},
            "End": True,
        },
    },
}


def nested(folder: Path, ends: int) -> Opened:
    """A Parallel with a Map in it, after so many of its three tasks."""
    text = json.dumps(NESTED, indent=1)
    device = Device(folder / "n.bin", text)
    device.start({"items": [1, 2]})
    for _ in range(ends):
        action = min(device.state.pending.values())
        device.feed(SUCCEEDED, 10, action.id, "done")
    (folder / "n.bin").write_bytes(device.flash.data)
    (folder / "n.asl.json").write_text(text)
    return open_file(str(folder / "n.bin"), [str(folder / "n.asl.json")])


def last(opened: Opened) -> tuple[Any, Any]:
    moment = opened.track.moment(opened.track.next - 1)
    assert moment is not None
    return moment, filters.view(opened.track, moment, opened.sources)


def test_states_of_branches_and_items_are_below_what_has_them(tmp_path: Path):
    moment, view = last(nested(tmp_path, 0))
    rows = view.outline(moment)
    assert [(row.depth, row.text, row.here) for row in rows] == [
        (0, "Both", 1),
        (1, "Each", 1),
        (2, "Item", 2),
        (1, "After", 0),
        (1, "Other", 1),
        (0, "Last", 0),
    ]
    lines, _ = panels.outline(rows)
    assert "".join(text for text, _ in lines[2]) == "▶     Item ×2 Task"


def test_values_of_branches_have_their_place(tmp_path: Path):
    moment, view = last(nested(tmp_path, 0))
    items = {"items": [1, 2]}
    assert view.values(moment.after) == {
        "$": items,
        "Both[0] $": items,
        "Both[1] $": items,
        "Both[0] Each[0] $": 1,
        "Both[0] Each[1] $": 2,
    }
    found = [number for _, those in filters.matches(
        nested(tmp_path, 2).track, Filter(words={"path": ("$.items",)}), view.sources, 0
    ) for number in those]  # fmt: skip
    assert found == [0]


def test_an_error_names_its_line_and_field(tmp_path: Path):
    moment, view = last(nested(tmp_path, 3))
    assert moment.played.ended == "failed"
    line = 1 + next(
        n for n, text in enumerate(json.dumps(NESTED, indent=1).splitlines()) if "nowhere" in text
    )
    assert view.faults(moment) == [
        "States.Runtime: a path names nothing",
        f"    in Last, line {line}: text.$ $.nowhere",
    ]
    assert view.source(moment).now == frozenset([line])
    lines, at = panels.details("Source", None, moment, view)  # type: ignore[arg-type]
    assert at == line - 1
    assert lines[at][0][1] == "mark"
    rows = [row.text for row in view.outline(moment) if row.here]
    assert rows == ["Last"]


TILL = """\
def price(n):
    if n > 1:
        return n * 9
    return n * 10


class Till:
    initial = {"sum": 0}

    def stf(state, input, actions):
        if input.kind != "signal":
            return
        state["sum"] += price(input.value)
        actions.publish({"sum": state["sum"]})
"""


def test_of_a_class_the_lines_that_ran_and_what_it_emitted(tmp_path: Path):
    written(tmp_path, TILL, "till.py")
    program = f"{tmp_path / 'till.py'}:Till"
    flash = FileFlash(str(tmp_path / "t.bin"), 4096, 8)
    engine = Engine(load_machine(program), Journal(flash))
    engine.recover()
    engine.feed((1, 1767225600000, 1, engine.program.digest, 7, None, None, 1))
    for n in (1, 2):
        engine.feed((8, 1767225600000 + n, n))
    flash.close()
    opened = open_file(str(tmp_path / "t.bin"), [program])
    ran = []
    for number in range(1, 3):
        moment: Any = opened.track.moment(number)
        view = filters.view(opened.track, moment, opened.sources)
        source = view.source(moment)
        assert [source.text[n - 1].strip()[:7] for n in source.now] == ["def stf"]
        ran.append(sorted(source.lines))
    assert ran == [[2, 4, 11, 13, 14], [2, 3, 11, 13, 14]]
    told, _ = panels.details("Actions", opened.track, moment, view)
    assert [text for _, (text, _) in told] == [
        "no action is pending", 'emits publish {"sum": 28}',
    ]  # fmt: skip
    assert [row.path for row in view.outline(moment)] == ["", "$.sum"]


def test_a_task_that_failed_is_told_with_its_name(tmp_path: Path):
    opened = nested(tmp_path, 0)
    device = Device(tmp_path / "f.bin", json.dumps(NESTED))
    device.start({"items": []})
    action = min(device.state.pending.values())
    device.feed(FAILED, 10, action.id, "Jam", "ice")
    (tmp_path / "f.bin").write_bytes(device.flash.data)
    opened = open_file(str(tmp_path / "f.bin"), [str(tmp_path / "n.asl.json")], alone=False)
    moment = opened.track.moment(1)
    assert moment is not None
    view = filters.view(opened.track, moment, opened.sources)
    lines, _ = panels.details("Changes", opened.track, moment, view)
    assert "Jam: ice" in "".join(text for text, _ in lines[0])
