"""`tsme journal resize` and `repair`, and the errors that name them: no whole record is lost."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.tools.recorded import Device
from tests.tools.shell import assert_one_clear_line, tsme
from tsme.journal import Journal
from tsme.journal.flash import FileFlash

WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
        "B": {"Type": "Pass", "End": True}}}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


TASKS = """
import tsme

tasks = tsme.Tasks()
for name in ("read_soil", "open_valve"):
    tasks.task(name)(lambda payload: None)
"""


def records(path: Path) -> list[tuple[int, str, str]]:
    """What `tsme journal show` shows of a journal that is whole."""
    shown = tsme("journal", "show", path, "--json")
    assert shown.exit_code == 0, shown.stdout
    return [
        (r["record"], r["kind"], json.dumps(r["fields"]))
        for r in json.loads(shown.stdout)["records"]
    ]


def recovered(path: Path) -> list[bytes]:
    """What a device would go on from."""
    flash = FileFlash(str(path))
    found: list[bytes] = []
    Journal(flash).recover(lambda b: found.append(bytes(b)), lambda b: found.append(bytes(b)))
    flash.close()
    return found


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("blocks", [2, 3, 7, 9, 64, 4096])
def test_resize_keeps_all_records_and_their_numbers(
    device: Device, blocks: int, checkpoint: bool
) -> None:
    for day in range(5):
        device.run(day, checkpoint)
    path = device.save()
    before, state = records(path), recovered(path)
    result = tsme("journal", "resize", path, "--blocks", str(blocks))
    if (blocks, checkpoint) == (2, True):  # each checkpoint has a block of its own there
        assert_one_clear_line(result.stderr, "TSME-H049")
        assert records(path) == before
        return
    assert result.exit_code == 0, result.stderr
    assert f"{blocks} blocks of 4096 bytes now" in result.stdout
    assert path.stat().st_size == blocks * 4096
    assert records(path) == before
    assert recovered(path) == state
    again = tsme("journal", "resize", path, "--blocks", str(blocks))
    assert "already" in again.stdout
    assert tsme("replay", path, "--program", "flow.tsm").exit_code == 0


def test_resize_of_a_ring_that_has_gone_round_keeps_what_is_left_with_its_numbers() -> None:
    path = Path("round.bin")
    device = Device(path, blocks=4)
    for day in range(300):
        if device.journal.needs_checkpoint():
            device.journal.checkpoint(device.kernel.checkpoint(device.state))
        device.run(day)
    path.write_bytes(device.flash.data)
    before, state = records(path), recovered(path)
    assert before[0][0] > 0
    assert tsme("journal", "resize", path, "--blocks", "32").exit_code == 0
    assert records(path) == before
    assert recovered(path) == state
    refused = tsme("journal", "resize", path, "--blocks", "2")
    assert_one_clear_line(refused.stderr, "TSME-H049")
    assert records(path) == before


def test_resize_says_how_many_and_what_does_not_fit(device: Device) -> None:
    device.run(1)
    path = device.save()
    assert_one_clear_line(tsme("journal", "resize", path).stderr, "TSME-H002")
    assert_one_clear_line(
        tsme("journal", "resize", path, "--blocks", "9", "--limit", "state_bytes=9").stderr,
        "TSME-H002",
    )
    device.start({"large": "x" * 7000})
    path = device.save()
    before = path.read_bytes()
    result = tsme("journal", "resize", path, "--blocks", "2")
    assert_one_clear_line(result.stderr, "TSME-H049")
    assert path.read_bytes() == before
    assert list(path.parent.glob("*.part")) == []


def test_a_journal_that_was_cut_off_is_shown_and_made_whole(device: Device) -> None:
    """Cut anywhere behind its records."""
    device.run(1)
    whole = device.save().read_bytes()
    shown = records(device.path)
    Path("tasks.py").write_text(TASKS)
    for size in (1000, 5000, 20000, len(whole) - 1):
        device.path.write_bytes(whole[:size])
        result = tsme("journal", "show", device.path)
        assert result.exit_code == 1
        assert "4 records in 8 blocks" in result.stdout
        assert f"the file is cut off: {size} bytes, not 32768" in result.stdout
        run = tsme("run", "flow.asl.json", "--tasks", "tasks.py", "--journal", device.path)
        assert_one_clear_line(run.stderr, "TSME-H041")
        assert f"tsme journal repair {shlex.quote(str(device.path))}" in run.stderr
        mended = tsme("journal", "repair", device.path)
        assert mended.exit_code == 0, mended.stderr
        assert "it is whole again, 4 records" in mended.stdout
        assert records(device.path) == shown
        assert recovered(device.path)
        assert "nothing to repair" in tsme("journal", "repair", device.path).stdout


def test_a_cut_into_the_records_keeps_those_before_it_and_says_so(device: Device) -> None:
    device.run(1)
    whole = device.save().read_bytes()
    last = json.loads(tsme("journal", "show", device.path, "--json").stdout)["records"][-1]
    before = records(device.path)
    for cut in (3, 9):
        device.path.write_bytes(whole[: last["offset"] + cut])
        mended = tsme("journal", "repair", device.path)
        assert mended.exit_code == 0, mended.stderr
        assert records(device.path) == before[:-1]


def test_damage_that_whole_records_follow_is_not_repaired(device: Device) -> None:
    device.run(1)
    second = json.loads(tsme("journal", "show", device.save(), "--json").stdout)["records"][1]
    path = device.save({second["offset"] + 12: 0x11})
    before = path.read_bytes()
    result = tsme("journal", "repair", path)
    assert_one_clear_line(result.stderr, "TSME-H049")
    assert "tsme journal show" in result.stderr
    assert path.read_bytes() == before


def test_damage_at_the_end_is_left_out_and_that_is_said(device: Device) -> None:
    device.run(1)
    last = json.loads(tsme("journal", "show", device.save(), "--json").stdout)["records"][-1]
    before = records(device.path)
    path = device.save({last["offset"] + 3: 0xF9})  # a kind that there is not
    assert tsme("journal", "show", path).exit_code == 1
    mended = tsme("journal", "repair", path)
    assert mended.exit_code == 0, mended.stderr
    assert "3 records kept" in mended.stdout
    assert "may run again" in mended.stdout
    assert records(path) == before[:-1]


@pytest.mark.parametrize("data", [b"", b"\xff" * 5000, b"\xff" * 64 * 4096])
def test_what_was_never_made_to_its_end_is_made_by_run(data: bytes) -> None:
    flow, path = Path("wait.asl.json"), Path("j.bin")
    flow.write_text(json.dumps(WAIT))
    path.write_bytes(data)
    if data:
        assert "nothing was committed yet" in tsme("journal", "repair", path).stdout
    result = tsme("run", flow, "--fast", "--journal", path)
    assert result.exit_code == 0, result.stderr
    assert ("was empty" in result.stderr) == (not data)
    assert len(records(path)) == 2
    assert path.stat().st_size == 64 * 4096


def test_a_larger_state_than_the_journal_takes_names_the_command_that_helps() -> None:
    flow, path = Path("wait.asl.json"), Path("my journal.bin")
    flow.write_text(json.dumps(WAIT))
    assert tsme("run", flow, "--fast", "--journal", path).exit_code == 0
    words = ["run", str(flow), "--fast", "--journal", str(path)]
    words += ["--limit", "state_bytes=1000000"]
    refused = tsme(*words)
    assert_one_clear_line(refused.stderr, "TSME-H048")
    before = records(path)
    command = refused.stderr.partition("; ")[2].partition(" gives")[0]
    assert tsme(*shlex.split(command)[1:]).exit_code == 0
    assert records(path) == before
    assert tsme(*words).exit_code == 0


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_without_sync_the_journal_is_the_same(on: str) -> None:
    flow = Path("wait.asl.json")
    flow.write_text(json.dumps(WAIT))
    images = []
    for more in ((), ("--no-sync",)):
        path = Path(f"j{len(more)}.bin")
        words = ("--fast", "--seed", "1", "--now", "2026-01-31T06:00:00Z", "--on", on, *more)
        assert tsme("run", flow, *words, "--journal", path).exit_code == 0
        images.append(path.read_bytes())
    assert images[0] == images[1]
