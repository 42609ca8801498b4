"""docs/tsme.cddl describes the real bytes: a validator that knows nothing of TSME accepts them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cddl_verifier import Validator
from hypothesis import given

from tests.cbor_items import skip
from tests.compiler.definitions import FULL
from tests.firmware.test_load import CONSTANTS
from tests.interpreters import ROOT
from tests.laws.support import drive, many, show
from tests.laws.test_trees import judge
from tests.laws.workflows import Case, cases
from tests.tools.recorded import Device
from tests.tools.shell import DATA
from tsme.journal import Journal
from tsme.journal.ram_flash import RamFlash
from tsme.journal.region import Region
from tsme.journal.regions import Regions
from tsme.kernel.protocol import FAILED, HEARTBEAT, STARTED, STOP
from tsme.values import cbor
from tsme_host.compiler.backend.emit import Compiled
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError
from tsme_host.tools.journal.image import read_log

CDDL = Validator(ROOT / "docs" / "tsme.cddl")
SHARED = ROOT.parent / "shared"


def problems(data: bytes, rule: str) -> list[str]:
    """What the validator has against one CBOR item."""
    return [found.message for found in CDDL.validate(data, root_type=rule).diagnostics]


def sequence(data: bytes) -> bytes:
    """A CBOR sequence as the array that stands for it in the CDDL."""
    at = count = 0
    while at < len(data):
        at = skip(data, at)
        count += 1
    head = bytearray()
    cbor.put_head(head, 4, count)
    return bytes(head) + data


def assert_valid(data: bytes, rule: str) -> None:
    assert problems(data, rule) == [], cbor2.loads(data)


def assert_program(compiled: Compiled) -> None:
    assert_valid(compiled.program, "program")
    assert_valid(compiled.debug, "debug")
    assert_valid(sequence(compiled.data), "file")
    assert_valid(sequence(compiled.program), "file")


def workflows(*folders: Path) -> Iterable[tuple[Path, str]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.asl.json")):
            yield path, path.read_text(encoding="utf-8")


def test_programs_of_all_workflows_at_hand_are_valid():
    seen = 0
    texts = [text for _, text in workflows(ROOT / "examples", SHARED / "bench", DATA)]
    for text in [*texts, json.dumps(FULL)]:
        try:
            compiled = compile_text(text, "flow.asl.json")
        except CompileError as error:
            assert all(problem.refusal for problem in error.problems)
            continue
        assert_program(compiled)
        seen += 1
    assert seen >= 2


def test_constants_that_are_bytes_or_in_parts_are_valid():
    assert_valid(CONSTANTS.build(), "program")
    again = replace(CONSTANTS, consts=(*CONSTANTS.consts, b"\xc6\x01"))  # parts that are no bytes
    assert problems(again.build(), "program")


@given(cases())
@many(60)
def test_generated_programs_their_records_and_checkpoints_are_valid(case: Case):
    assert_program(compile_text(case.text))
    records: list[bytes] = []

    def look(event: Any, step: Any) -> None:
        if step is not None:
            records.append(bytes(step.record))
            checkpoints.append(step.state)

    checkpoints: list[Any] = []
    try:
        done = drive(case, look=look)
        for record in records:
            assert_valid(sequence(record[4:]), "step")
        for state in checkpoints[:: max(1, len(checkpoints) // 4)]:
            assert_valid(done.kernel.checkpoint(state), "checkpoint")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{show(case)}") from None


def test_checkpoints_of_frames_that_wait_for_many_are_valid():
    kept = []
    sources = [r.source for r in (judge(seed, 3, kept.append) for seed in range(40)) if r]
    assert sum("Tolerated" in source for source in sources) > 10
    for checkpoint in kept[:: len(kept) // 30]:
        assert_valid(checkpoint, "checkpoint")


def test_a_journal_with_every_kind_of_input_is_valid(tmp_path: Path):
    device = Device(tmp_path / "j.bin")
    device.run(1, checkpoint=True)
    device.start({"day": 2})
    device.feed(STARTED, 1, 1)
    device.feed(HEARTBEAT, 1, 1)
    device.feed(FAILED, 1, 1, "SensorBusy", None)
    device.feed(STOP, 1, "Stopped", "by hand")
    records = read_log(str(device.save())).records
    assert len({record.input for record in records}) == 8  # all but continue, and checkpoints
    for record in records:
        if record.kind == "checkpoint":
            assert_valid(record.body, "checkpoint")
        else:
            assert_valid(sequence(record.body[4:]), "step")
    body = bytes(4) + cbor.encode(0) + cbor.encode(5)
    assert_valid(sequence(body[4:]), "step")


# Each breaks one rule of the format; the first six decode as CBOR all the same.
BREAKS: dict[str, tuple[str, Any]] = {
    "another format version": ("program", lambda item: item.__setitem__(0, 3)),
    "a digest that is too short": ("program", lambda item: item.__setitem__(1, b"1234567")),
    "an unknown capability": ("program", lambda item: item.__setitem__(2, 256)),
    "a budget below nothing": ("program", lambda item: item[3].__setitem__(3, -1)),
    "a limit too few": ("program", lambda item: item[3].pop()),
    "code that is text": ("program", lambda item: item.__setitem__(4, "code")),
    "a part too many": ("program", lambda item: item.append(None)),
    "a constant that is a tag": ("program", lambda item: item.__setitem__(6, b"\xc1\x00")),
    "constants that are cut": ("program", lambda item: item.__setitem__(6, item[6][:-1])),
    "a state of no type": ("debug", lambda item: item[3][0].__setitem__(1, "Loop")),
    "a line that is text": ("debug", lambda item: item[3][0].__setitem__(2, "1")),
    "a variable that is a number": ("debug", lambda item: item[4].append(1)),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_program_that_breaks_the_format_is_refused(name: str):
    rule, change = BREAKS[name]
    compiled = compile_text((DATA / "flow.asl.json").read_text(encoding="utf-8"))
    data = compiled.program if rule == "program" else compiled.debug
    item = cbor2.loads(data)
    assert problems(cbor2.dumps(item), rule) == []
    change(item)
    assert problems(cbor2.dumps(item), rule) != []


STEPS = {
    "an unknown kind": [9, 0, 1],
    "a time before the last": [5, -1, 1],
    "an action without a number": [5, 0],
    "an action of number 0": [5, 0, 0],
    "a result that is a byte string": [2, 0, 1, b"x"],
    "a result with a key that is no text": [2, 0, 1, {1: 2}],
    "an integer beyond 64 bits": [2, 0, 1, 2**63],
    "a start with half a digest": [1, 0, 1, b"1234", 7, None, None],
    "a context that is too short": [1, 0, 1, b"12345678", 7, None, ["id"]],
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_breaks_the_format_is_refused(name: str):
    assert problems(cbor2.dumps(STEPS[name]), "step") != []


def test_a_checkpoint_that_breaks_the_format_is_refused(tmp_path: Path):
    device = Device(tmp_path / "j.bin")
    device.start({"day": 1})
    body = device.kernel.checkpoint(device.state)
    assert problems(body, "checkpoint") == []
    item = cbor2.loads(body)
    for at in range(len(item)):
        broken = [*item[:at], b"\0\0", *item[at + 1 :]]
        assert problems(cbor2.dumps(broken), "checkpoint") != [], at
    assert problems(cbor2.dumps([*item, None]), "checkpoint") != []


def test_tables_of_regions() -> None:
    flash = RamFlash(256, 24)
    regions = Regions(flash)
    regions.create("pumps", 4)
    regions.create("garden", 3)
    regions.resize("pumps", 5)
    regions.retire("garden", 9)
    found = list(Journal(Region(flash, 0, 4)).records())
    assert len(found) > 2
    for _, _, body, _, _ in found:
        assert_valid(body, "table")
