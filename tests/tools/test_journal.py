"""`tsme journal` and `tsme replay`: what a journal says, also when it is torn or damaged."""

from __future__ import annotations

import json
from pathlib import Path
from zlib import crc32

import cbor2
import pytest

from tests.tools.recorded import EPOCH, PLAIN, TEXT, Device
from tests.tools.shell import DATA, assert_one_clear_line, tsme
from tsme.journal import CHECKPOINT, STEP
from tsme.kernel import Kernel
from tsme.kernel.protocol import SUCCEEDED, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.journal.image import duration, read_log


def place(path: Path, number: int) -> int:
    """Where the body of a record lies in the file."""
    record = next(r for r in read_log(str(path)).records if r.number == number)
    return record.block * 4096 + record.offset + 8


def test_show_reads_like_a_log(device: Device):
    device.run(1, checkpoint=True)
    result = tsme("journal", "show", device.save())
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"{device.path}: 5 records in 8 blocks of 4096 bytes"
    assert lines[1].startswith("    0  2026-01-01 00:00:00.000 start       execution 1, input {")
    assert lines[2] == '    1  2026-01-01 00:00:00.250 succeeded   action 1: {"moisture": 12.5}'
    assert lines[3].startswith("    2  2026-01-01 00:00:00.250 checkpoint  execution 1 after 2 st")
    assert lines[5] == "    4  2026-01-01 00:01:20.250 timer       action 3"


def test_show_with_the_program_names_states_and_resources(device: Device):
    device.run(1)
    result = tsme("journal", "show", device.save(), "--program", "flow.tsm")
    assert result.exit_code == 0
    said = [line.strip() for line in result.stdout.splitlines()]
    assert "Measure, starts read_soil (action 1)" in said
    assert "Dry? → Water, starts open_valve (action 2)" in said
    assert "Soak, waits 1 min (action 3)" in said
    assert said[-1] == "Done → succeeded"
    assert 'action 2 (open_valve): "opened"' in result.stdout


def test_show_as_json_has_every_field(device: Device):
    device.run(1)
    shown = json.loads(tsme("journal", "show", device.save(), "--json").stdout)
    assert [entry["input"] for entry in shown["records"]] == [
        "start", "succeeded", "succeeded", "timer"]  # fmt: skip
    assert shown["records"][0]["fields"]["input"] == {"day": 1}
    assert shown["records"][1]["dt"] == 250
    assert shown["records"][1]["time"] == EPOCH + 250
    assert shown["torn"] is False


def test_branches_are_told_apart(tmp_path: Path):
    device = Device(tmp_path / "j.bin", PLAIN)
    (tmp_path / "plain.asl.json").write_text(PLAIN, encoding="utf-8")
    device.start(None)
    device.feed(TIMER, 1000, 1)
    result = tsme("journal", "show", device.save(), "--program", tmp_path / "plain.asl.json")
    assert "Both | Left | Right, waits 1 s (action 1), waits 2 s (action 2)" in result.stdout


def test_a_journal_without_records_is_no_mistake(device: Device):
    assert "nothing was committed yet" in tsme("journal", "show", device.save()).stdout
    device.path.write_bytes(b"\xff" * 32768)
    assert "nothing was committed yet" in tsme("journal", "show", device.path).stdout


def test_export_has_the_same_records_in_both_forms(device: Device):
    device.run(1, checkpoint=True)
    device.save()
    as_json = json.loads(tsme("journal", "export", device.path).stdout)
    assert tsme("journal", "export", device.path, "-o", "j.json").exit_code == 0
    assert json.loads(Path("j.json").read_text(encoding="utf-8")) == as_json
    assert tsme("journal", "export", device.path, "-o", "j.cborseq").exit_code == 0
    with Path("j.cborseq").open("rb") as stream:
        items = []
        while stream.peek(1):
            items.append(cbor2.load(stream))
    for item in items:
        if item["kind"] == "checkpoint":
            slots = item["fields"]["client"][0][10]
            assert slots[0] == {"day": 1, "soil": {"moisture": 12.5}}
    assert [item["record"] for item in items] == [0, 1, 2, 3, 4]
    assert items[0] == as_json[0]


def test_replay_of_a_sound_journal_is_identical(device: Device):
    device.run(1, checkpoint=True)
    device.run(2)
    result = tsme("replay", device.save(), "--program", "flow.tsm")
    assert result.exit_code == 0
    assert result.stdout == "identical: 8 steps, 2 executions, 1 checkpoint\n"
    answer = json.loads(tsme("replay", device.path, "--program", "flow.asl.json", "--json").stdout)
    assert answer["identical"] is True
    assert (answer["steps"], answer["executions"]) == (8, 2)


def test_replay_shows_the_first_difference(device: Device):
    device.start({"day": 1})
    step = device.kernel.step(device.state, (SUCCEEDED, EPOCH + 5, 1, {"moisture": 12.5}))
    record = bytearray(step.record)
    record[0] ^= 0xFF
    device.journal.commit(STEP, record)
    result = tsme("replay", device.save(), "--program", "flow.tsm")
    assert result.exit_code == 1
    assert "different at record 1 (input succeeded): another state comes out" in result.stdout
    assert f"digest in the journal: {int.from_bytes(record[:4], 'little'):08x}" in result.stdout
    assert f"digest of the replay:  {step.state.digest:08x}" in result.stdout
    assert "states entered: Dry? → Water" in result.stdout
    answer = json.loads(tsme("replay", device.path, "--program", "flow.tsm", "--json").stdout)
    assert answer["difference"]["record"] == 1
    assert answer["difference"]["got"] == f"{step.state.digest:08x}"


def test_replay_compares_checkpoints_too(device: Device):
    device.start({"day": 1})
    body = bytearray(device.kernel.checkpoint(device.state))
    at = body.index(b"\xa1cday\x01") + 5
    body[at] = 2
    device.journal.commit(CHECKPOINT, body)
    result = tsme("replay", device.save(), "--program", "flow.tsm")
    assert result.exit_code == 1
    assert "checkpoint" in result.stdout


def test_replay_begins_at_a_checkpoint_where_older_records_are_gone(device: Device):
    for day in range(300):
        if device.journal.room < 1000:
            device.journal.commit(CHECKPOINT, device.kernel.checkpoint(device.state))
        device.run(day)
    result = tsme("replay", device.save(), "--program", "flow.tsm")
    assert result.exit_code == 0, result.stdout
    assert result.stdout.startswith("identical: ")
    assert read_log(str(device.path)).records[0].number > 0


def test_the_wrong_program_is_named_with_both_digests(device: Device):
    device.run(1)
    Path("other.asl.json").write_text(TEXT.replace('"Seconds": 60', '"Seconds": 61'))
    for args in (["replay"], ["journal", "show"]):
        result = tsme(*args, str(device.save()), "--program", "other.asl.json")
        assert result.exit_code == 2
        assert_one_clear_line(result.stderr, "TSME-H043")
        assert compile_text(TEXT).digest.hex() in result.stderr


def test_executions_of_two_programs_are_replayed_with_both(device: Device):
    device.run(1)
    other = TEXT.replace('"Seconds": 60', '"Seconds": 61')
    Path("other.asl.json").write_text(other)
    device.kernel = Kernel(Interpreter(Program(compile_text(other).program)))
    device.start({"day": 2})
    args = ["replay", str(device.save()), "--program", "flow.tsm"]
    result = tsme(*args)
    assert result.stdout == "identical: 4 steps, 1 execution\n"
    assert "1 record not replayed: the program " in result.stderr
    assert " is neither kept beside the journal nor given with --program" in result.stderr
    result = tsme(*args, "--program", "other.asl.json")
    assert (result.stdout, result.stderr) == ("identical: 5 steps, 2 executions\n", "")


def test_a_torn_write_is_told_and_is_no_failure(device: Device):
    device.run(1)
    path = device.save()
    last = place(path, 3)
    image = bytearray(path.read_bytes())
    image[last + 4 : last + 32] = b"\xff" * 28
    path.write_bytes(image)
    result = tsme("journal", "show", path)
    assert result.exit_code == 0
    assert "3 records" in result.stdout
    assert "it was never committed" in result.stdout
    result = tsme("replay", path, "--program", "flow.tsm")
    assert (result.exit_code, result.stdout) == (0, "identical: 3 steps, 1 execution\n")
    assert "never committed" in result.stderr


def test_damage_is_told_and_fails(device: Device):
    device.run(1)
    path = device.save()
    device.save({place(path, 1) + 5: 0x10})
    result = tsme("journal", "show", path, "--program", "flow.tsm")
    assert result.exit_code == 1
    assert "damaged: record 1 (block 0, offset " in result.stdout
    assert "a device cannot go on from this journal: TSME-J005" in result.stdout
    result = tsme("replay", path, "--program", "flow.tsm")
    assert result.exit_code == 1
    assert "damaged: record 1" in result.stdout
    result = tsme("run", "flow.tsm", "-t", DATA / "tasks.py", "-j", path)
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-H045")


def test_any_flipped_bit_is_found_or_harmless_and_never_a_traceback(device: Device):
    device.run(1, checkpoint=True)
    end = place(device.save(), 4) + 32
    for at in range(0, end, 3):
        path = str(device.save({at: 1 << at % 8}))
        for args in (["journal", "show", path], ["replay", path, "--program", "flow.tsm"]):
            result = tsme(*args)
            assert result.exit_code in (0, 1, 2)
            assert "TSME-H099" not in result.stderr, result.stderr
            assert result.exception is None or isinstance(result.exception, SystemExit)


def test_half_an_image_is_shown_and_said_to_be_half(device: Device):
    device.run(1)
    path = device.save()
    path.write_bytes(path.read_bytes()[: 4 * 4096])
    result = tsme("journal", "show", path)
    assert result.exit_code == 1
    assert "4 records in 8 blocks" in result.stdout
    assert "the file is cut off: 16384 bytes, not 32768; tsme journal repair" in result.stdout


def test_what_follows_an_image_is_refused(device: Device):
    device.run(1)
    path = device.save()
    path.write_bytes(path.read_bytes() + b"something else")
    assert_one_clear_line(tsme("journal", "show", path).stderr, "TSME-H041")


def test_blocks_that_have_failed_are_named(device: Device, monkeypatch: pytest.MonkeyPatch):
    device.run(1)
    assert json.loads(tsme("journal", "show", device.save(), "--json").stdout)["retired"] == []
    write = device.flash.writeblocks
    monkeypatch.setattr(device.flash, "writeblocks", lambda n, *a: 5 if n == 0 else write(n, *a))
    device.run(2)
    result = tsme("journal", "show", device.save())
    assert result.exit_code == 0
    said = "the flash wears out: block 0 has failed (1 of 8) and will not be used any more"
    assert result.stdout.splitlines()[-1].strip() == said
    assert json.loads(tsme("journal", "show", device.path, "--json").stdout)["retired"] == [0]
    result = tsme("replay", device.path, "--program", "flow.tsm")
    assert result.stdout == "identical: 8 steps, 2 executions\n"


def test_a_journal_of_another_format_version_is_refused_by_all_and_left_alone(device: Device):
    device.run(1)
    path = device.save()
    head = bytearray(path.read_bytes()[:24])
    head[4] = 2
    image = head + crc32(head).to_bytes(4, "little") + path.read_bytes()[28:]
    path.write_bytes(image)
    for args in (["journal", "show"], ["journal", "export"], ["replay", "--program", "flow.tsm"]):
        assert_one_clear_line(tsme(*args, path).stderr, "TSME-J003")
    result = tsme("run", "flow.tsm", "-t", DATA / "tasks.py", "-j", path)
    assert_one_clear_line(result.stderr, "TSME-J003")
    assert path.read_bytes() == image


def test_the_lost_head_of_the_only_block_is_no_empty_journal(device: Device):
    device.run(1)
    result = tsme("journal", "show", device.save({5: 0x10}))
    assert result.exit_code == 1
    assert "a device cannot go on from this journal: TSME-J002" in result.stdout


def test_a_record_that_this_version_does_not_know_is_refused(device: Device):
    device.journal.commit(STEP, b"\0\0\0\0" + cbor.encode(1) + cbor.encode(2))
    result = tsme("journal", "show", device.save())
    assert_one_clear_line(result.stderr, "TSME-H042")


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 ms"), (999, "999 ms"), (1500, "1.5 s"), (60000, "1 min"), (172800000, "2 d")],
)
def test_durations_are_said_in_their_largest_unit(ms: int, text: str):
    assert duration(ms) == text
