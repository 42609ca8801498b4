"""The screens, driven as people drive them: keys, mouse, sizes; and as they look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.debugger.test_track import ticking
from tests.debugger.test_transitions import crane
from tsme_host.tools.commands.debug import files
from tsme_host.tools.debugger.app import Debugger
from tsme_host.tools.debugger.axis import Axis
from tsme_host.tools.debugger.rain import Drops
from tsme_host.tools.debugger.widgets import Lines, Outline, Timeline

SMALL, WIDE = (80, 24), (140, 44)


def month_app(folder: Path, at: str = "46") -> Any:
    return Debugger(files([str(folder / "g.bin")], [str(folder / "greenhouse.asl.json")]), at)


async def settle(pilot: Pilot[None]) -> None:
    """Until nothing is under way any more."""
    for _ in range(50):
        await pilot.pause()
        if not pilot.app.workers:
            break
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def driven(app: Debugger, drive: Callable[[Pilot[None]], Awaitable[None]], size=SMALL) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            await drive(pilot)

    asyncio.run(run())


def text(app: Debugger, which: str) -> str:
    lines = app.query_one(which, Lines).lines
    return "\n".join("".join(part for part, _ in line) for line in lines)


def number(app: Any) -> int:
    assert app.moment is not None
    return app.moment.number


def test_steps_go_on_and_back(recorded: Path):
    app = month_app(recorded)

    async def drive(pilot: Pilot[None]) -> None:
        seen = [number(app)]
        for key in ("n", "down", "p", "up", "p", "home", "end"):
            await pilot.press(key)
            await settle(pilot)
            seen.append(number(app))
        assert seen == [46, 47, 48, 47, 46, 45, 0, app.track_now.next - 1]

    driven(app, drive)


def test_going_to_numbers_and_times(recorded: Path):
    app = month_app(recorded)

    async def drive(pilot: Pilot[None]) -> None:
        for written, place in (("20", 20), ("+5", 25), ("2015-07-18", 0)):
            await pilot.press("g", *written, "enter")
            await settle(pilot)
            assert number(app) == place
        await pilot.press("g", *"noon", "enter")
        await settle(pilot)
        assert number(app) == 0
        assert "TSME-H091" in str(app.query_one("#status").render())

    driven(app, drive)


def test_a_search_goes_from_one_to_the_next_and_back(recorded: Path):
    app = month_app(recorded, "0")

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"state:OpenValve", "enter")
        await settle(pilot)
        first = number(app)
        assert "OpenValve" in app.moment.played.route
        await pilot.press("greater_than_sign")
        await settle(pilot)
        second = number(app)
        assert second > first
        await pilot.press("less_than_sign")
        await settle(pilot)
        assert number(app) == first
        await pilot.press("less_than_sign")
        await settle(pilot)
        assert "not found" in str(app.query_one("#status").render())

    driven(app, drive)


def test_a_filter_shows_what_fits_and_goes_away(recorded: Path):
    app = month_app(recorded)

    async def drive(pilot: Pilot[None]) -> None:
        whole = len(app.timeline(0).numbers)
        await pilot.press("f", *"kind:started", "enter")
        await settle(pilot)
        shown = list(app.timeline(0).numbers)
        assert 0 < len(shown) < whole
        assert all(app.track_now.stretch(n).record(n).input == "started" for n in shown)
        await pilot.press("home")
        await settle(pilot)
        assert number(app) == shown[0]
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.timeline(0).numbers) == whole
        assert number(app) == shown[0]

    driven(app, drive)


def test_panels_tell_of_the_moment(recorded: Path):
    app = month_app(recorded)

    async def drive(pilot: Pilot[None]) -> None:
        told = {}
        for n in range(1, 8):
            await pilot.press(str(n))
            await pilot.pause()
            told[n] = text(app, "#details")
        assert '"input": "succeeded"' in told[1]
        assert '"resource": "read_sensors"' in told[1]
        assert "~ $.today" in told[2]
        assert "$ = {" in told[3]
        assert "$litres = " in told[4]
        assert "+   44 task   open_valve" in told[5]
        assert "- " in told[5]
        assert '▶     "OpenValve": {' in told[6]
        assert "record 46: block" in told[7]
        assert "▶ OpenValve" in text(app, "#outline")
        assert "• Judge" in text(app, "#outline")

    driven(app, drive, WIDE)


def test_the_mouse_does_what_keys_do(recorded: Path):
    app = month_app(recorded, "0")

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.click(Timeline, offset=(10, 5))
        await settle(pilot)
        assert number(app) == 5
        top = int(app.query_one("#outline").scroll_offset.y)
        line = next(n for n, row in enumerate(app._outlined) if row.text == "Report")
        await pilot.click("#outline", offset=(4, line - top))
        await settle(pilot)
        assert number(app) > 5
        assert "Report" in app.moment.played.route

    driven(app, drive)


def test_machines_are_side_by_side_at_the_same_time(recorded: Path, tmp_path: Path):
    program = str(recorded / "greenhouse.asl.json")
    for name in ("one", "two"):
        (tmp_path / f"{name}.bin").write_bytes((recorded / "g.bin").read_bytes())
    paths = [str(tmp_path / "one.bin"), str(tmp_path / "two.bin")]
    app: Any = Debugger(files(paths, [program]), "60")

    async def drive(pilot: Pilot[None]) -> None:
        now = app.moment.record.now
        other = app.timeline(1).number
        assert app.opened[1].track.time(other) == now
        await pilot.press("m", "up", "up", "up", "up", "up", "up", "up")
        await settle(pilot)
        assert app.active == 1
        there = app.opened[0].track.time(app.timeline(0).number)
        assert there == app.moment.record.now

    driven(app, drive, WIDE)


def test_a_click_on_the_axis_goes_to_its_time(recorded: Path, tmp_path: Path):
    program = str(recorded / "greenhouse.asl.json")
    for name in ("one", "two"):
        (tmp_path / f"{name}.bin").write_bytes((recorded / "g.bin").read_bytes())
    paths = [str(tmp_path / "one.bin"), str(tmp_path / "two.bin")]
    app: Any = Debugger(files(paths, [program]))

    async def drive(pilot: Pilot[None]) -> None:
        axis = app.query_one(Axis)
        assert all(bar.strip() for bar in axis.bars)
        await pilot.click(Axis, offset=(14 + axis.room // 2, 1))
        await settle(pilot)
        assert app.active == 1
        middle = (axis.first + axis.last) // 2
        assert abs(app.moment.record.now - middle) < 2 * 86_400_000
        assert app.opened[0].track.time(app.timeline(0).number) == app.moment.record.now

    driven(app, drive)


def test_a_journal_that_grows_is_followed(tmp_path: Path):
    path = ticking(tmp_path, 20, checkpoints=False)
    app = Debugger(files([path], [str(tmp_path / "ticks.asl.json")]))

    async def drive(pilot: Pilot[None]) -> None:
        assert number(app) == 20
        ticking(tmp_path, 33, checkpoints=False)
        app._look()
        await settle(pilot)
        assert number(app) == 33
        await pilot.press("home")
        await settle(pilot)
        ticking(tmp_path, 40, checkpoints=False)
        app._look()
        await settle(pilot)
        assert number(app) == 0
        assert len(app.timeline(0).numbers) == 41

    driven(app, drive)


def test_a_moment_and_a_screen_come_out(month: Path):
    app = month_app(month, "40")

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("x")
        await pilot.pause()
        assert "g-40.py" in str(app.query_one("#status").render())
        await pilot.press("s")
        await pilot.pause()
        assert (month / "g-40.svg").read_text().startswith("<svg")

    driven(app, drive, WIDE)


def test_records_are_shown_without_a_program(recorded: Path, tmp_path: Path):
    (tmp_path / "g.bin").write_bytes((recorded / "g.bin").read_bytes())
    app = Debugger(files([str(tmp_path / "g.bin")], []), "46")

    async def drive(pilot: Pilot[None]) -> None:
        assert "neither kept beside" in text(app, "#outline")
        await pilot.press("1")
        await pilot.pause()
        assert '"input": "succeeded"' in text(app, "#details")

    driven(app, drive)


def test_a_relational_machine_has_a_panel_of_transitions(tmp_path: Path):
    one = crane(tmp_path, {"add": "Ready"}, {"add": "Lower", "args": {"ok": False}})
    app = Debugger([one])

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await pilot.pause()
        assert "4 Transitions" in str(app.query_one("#tabs").render())
        assert "✗ LowerEnter refused" in text(app, "#details")
        await pilot.press("p")
        await settle(pilot)
        assert "+ Ready 0 → 1  called" in text(app, "#details")

    driven(app, drive)


SIGNALS = [{"add": "Ready"}, {"add": "Lift"}, {"add": "Lower", "args": {"ok": False}},
           {"add": "Lower"}, {"add": "Storm"}, {"remove": "Ready"}, {"add": "Lift"}]  # fmt: skip


def test_the_rain_has_a_line_for_each_transition(tmp_path: Path):
    app = Debugger([crane(tmp_path, *SIGNALS)])

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("8")
        await settle(pilot)
        rain = app.query_one(Drops)
        told = ["".join(part for part, _ in rain.row(n, 80)) for n in rain.numbers]
        assert told[:5] == [
            "       0 2·········· add Start",
            "         122········ auto Power, Light",
            "       1 1112······· add Ready",
            "       2 11112·2···· add Lift",
            "       3 11112c1···· add Lower",
        ]
        assert rain.drops[rain.cursor].number == number(app) == 7
        await pilot.press("home")
        await settle(pilot)
        assert number(app) == rain.cursor == 0
        rain.focus()
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert number(app) == 1
        assert rain.drops[rain.cursor].number == 1
        await pilot.click(Drops, offset=(12, 4))
        await settle(pilot)
        assert number(app) == rain.drops[4].number == 3
        line = next(n for n, row in enumerate(app._outlined) if row.text == "Storm")
        await pilot.click("#outline", offset=(4, line))
        await settle(pilot)
        assert number(app) == 5

    driven(app, drive, WIDE)


async def pressed(pilot: Pilot[None], *keys: str) -> tuple[int, int, int | None]:
    """Press keys; at which record, transition and step this leads."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
    app: Any = pilot.app
    return number(app), app.walk.which, app.walk.at


def test_a_transition_is_walked_through_on_and_back(tmp_path: Path):
    app = Debugger([crane(tmp_path, *SIGNALS)], "3")
    back, on = "left_square_bracket", "right_square_bracket"

    async def drive(pilot: Pilot[None]) -> None:
        assert await pressed(pilot, "4", back) == (3, 0, 3)
        assert "▶ add Lower" in text(app, "#details")
        assert await pressed(pilot, back) == (3, 0, 2)
        assert "Lower ─▶ rem Lift" in text(app, "#outline")
        assert await pressed(pilot, on, on) == (3, 0, 4)
        assert "!   Lower" in text(app, "#outline")
        assert await pressed(pilot, on, on) == (4, 0, 2)
        assert await pressed(pilot, back, back, back) == (3, 0, 4)
        await pilot.click("#details", offset=(6, 2))
        assert await pressed(pilot) == (3, 0, 2)
        assert await pressed(pilot, "escape") == (3, 0, None)
        start = ("g", "0", "enter")
        assert await pressed(pilot, *start, "right_curly_bracket") == (0, 1, None)
        assert await pressed(pilot, "right_curly_bracket", "left_curly_bracket") == (0, 1, None)

    driven(app, drive)


def test_transitions_lead_to_who_queued_them_and_states_to_who_changed_them(tmp_path: Path):
    signals = [{"add": "Ready"}, {"add": "Lift"}, {"add": "Lock"}, {"add": "Storm"}]
    app = Debugger([crane(tmp_path, *signals)])

    async def drive(pilot: Pilot[None]) -> None:
        assert await pressed(pilot, "u") == (3, 5, None)  # its StormState
        assert await pressed(pilot, "u") == (3, 0, None)
        assert await pressed(pilot, "u") == (3, 0, None)
        assert "it came with the signal" in str(app.query_one("#status").render())
        assert await pressed(pilot, "U") == (3, 1, None)
        await pressed(pilot, "4")
        below = next(n for n, line in enumerate(app.query_one("#details", Lines).lines)
                     if line[0][0] == "add Lock")  # fmt: skip
        await pilot.click("#details", offset=(2, below))
        assert await pressed(pilot) == (3, 0, None)
        await pressed(pilot, "g", "0", "enter")
        app.query_one(Outline).chosen = next(
            n for n, row in enumerate(app._outlined) if row.text == "Lift"
        )
        assert await pressed(pilot, "c") == (2, 0, None)
        assert await pressed(pilot, "c") == (3, 0, None)
        assert await pressed(pilot, "C") == (2, 0, None)
        assert await pressed(pilot, "9") == (2, 0, None)
        assert "Lamp" in text(app, "#details")

    driven(app, drive)


def test_the_rain_goes_on_where_its_end_is_near(tmp_path: Path):
    signals = [{"add": "Ready"}, {"add": "Lift"}, {"remove": "Ready"}] * 200
    app = Debugger([crane(tmp_path, *signals)])

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("8")
        await settle(pilot)
        rain = app.query_one(Drops)
        assert rain.first > 0
        rain.focus()
        for _ in range(5):
            await pilot.press("home")
            await settle(pilot)
        track = app.track_now
        assert (rain.first, rain.last) == (0, track.next - 1)
        moments = [track.moment(n) for n in range(track.next)]
        assert [drop.number for drop in rain.drops] == [
            moment.number for moment in moments if moment for _ in moment.transitions
        ]

    driven(app, drive)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (250, 70)])
def test_any_size_will_do(recorded: Path, size: tuple[int, int]):
    app = month_app(recorded)

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.press("escape", "n")
        await settle(pilot)
        assert number(app) == 47

    driven(app, drive, size)


def test_sixty_columns_are_enough(tmp_path: Path):
    app = Debugger([crane(tmp_path, *SIGNALS)], "3")

    async def drive(pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await settle(pilot)
        assert str(app.query_one("#tabs").render()).split() == [*"1234", "Transitions", *"56789"]
        assert "✗ LowerEnter refused" in text(app, "#details")
        where = str(app.query_one("#where").render())
        assert where == "c.bin · record 3 · step 4 · running · 00:00:03.000"
        row = "".join(part for part, _ in app.timeline(0).row(4, 60))
        assert row == '  4 00:00:04.000 signal     +Lower -Lift  {"add": "Lower"}'
        assert "00:00:04 signal " in "".join(part for part, _ in app.timeline(0).row(4, 40))

    driven(app, drive, (60, 20))


# --- as they look -------------------------------------------------------------------------------


def test_small(recorded: Path, snap_compare):
    assert snap_compare(month_app(recorded), terminal_size=SMALL, run_before=settle)


def test_wide_with_its_source(recorded: Path, snap_compare):
    async def drive(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("6")
        await settle(pilot)

    assert snap_compare(month_app(recorded), terminal_size=(120, 36), run_before=drive)


@pytest.mark.parametrize(
    "keys",
    [["8"], ["9", "left_square_bracket", "left_square_bracket"]],
    ids=["rain", "matrix"],
)
def test_who_refused(tmp_path: Path, snap_compare, keys: list[str]):
    async def drive(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    app = Debugger([crane(tmp_path, *SIGNALS)], "3")
    assert snap_compare(app, terminal_size=(100, 30), run_before=drive)
