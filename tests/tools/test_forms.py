"""Inputs, outputs and answers in JSON, CBOR and MessagePack, by file endings and by --format."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cbor2
import msgpack
import pytest

from tests import interpreters
from tests.tools.shell import (
    COMMAND,
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    example,
    need,
    spawn,
    tsme,
)

ECHO = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
VALUE = {"z": 1, "a": [2**63 - 1, -(2**63), 1.0, -0.0, 0.1, 5e-324], "m": {"é": None, "": True}}
WRITE: dict[str, Any] = {
    "json": lambda value: json.dumps(value).encode(),
    "cbor": cbor2.dumps,
    "msgpack": msgpack.packb,
}
READ: dict[str, Any] = {"json": json.loads, "cbor": cbor2.loads, "msgpack": msgpack.unpackb}
OTHERS = ("cbor", "msgpack")


def exact(value: Any) -> str:
    """Shows the order of members, 1.0 beside 1, and -0.0."""
    return repr(value)


def piped(folder: Path, data: bytes, *args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [COMMAND, *args], cwd=folder, input=data, capture_output=True, timeout=60, check=False
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    example(tmp_path)
    (tmp_path / "echo.asl.json").write_text(json.dumps(ECHO), encoding="utf-8")
    for form, write in WRITE.items():
        (tmp_path / f"in.{form}").write_bytes(write(VALUE))
    return tmp_path


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("form", READ)
def test_run_takes_and_writes_files_by_their_endings(folder: Path, on: str, form: str):
    target = folder / f"out.{form}"
    for source in WRITE:
        given = ["-i", f"in.{source}", "-o", target.name, "--on", need(on)]
        done = spawn("run", "echo.asl.json", *given, cwd=folder)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"{target.name}: the output of execution 1\n"
        assert exact(READ[form](target.read_bytes())) == exact(VALUE)


@pytest.mark.parametrize("form", READ)
def test_format_is_that_of_the_standard_input_and_output(folder: Path, form: str):
    done = piped(folder, WRITE[form](VALUE), "run", "echo.asl.json", "-i", "-", "--format", form)
    assert done.returncode == 0, done.stderr
    assert exact(READ[form](done.stdout)) == exact(VALUE)


def test_a_file_of_another_ending_is_of_the_format_given(folder: Path):
    (folder / "in.bin").write_bytes(msgpack.packb(VALUE))
    done = piped(folder, b"", "run", "echo.asl.json", "-i", "in.bin", "--format", "msgpack")
    assert exact(msgpack.unpackb(done.stdout)) == exact(VALUE)
    done = piped(folder, b"", "run", "echo.asl.json", "-i", "in.cbor", "--format", "msgpack")
    assert exact(msgpack.unpackb(done.stdout)) == exact(VALUE)
    refused = spawn("run", "echo.asl.json", "-i", "in.bin", cwd=folder)
    assert_one_clear_line(refused.stderr, "TSME-H014")
    assert "--format" in refused.stderr


def test_the_journal_is_the_same_whatever_form_the_input_had(folder: Path):
    journals = []
    for form in WRITE:
        given = ["-i", f"in.{form}", "-j", f"{form}.bin", "--fast", "--seed", "1"]
        spawn("run", "echo.asl.json", *given, "--now", "2026-01-31T06:00:00Z", cwd=folder)
        journals.append((folder / f"{form}.bin").read_bytes())
    assert journals[0] == journals[1] == journals[2]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.cbor", cbor2.dumps(cbor2.CBORTag(1, 5)), "TSME-V015"),
        ("a.cbor", cbor2.dumps({"k": b"x"}), "TSME-V015"),
        ("a.cbor", cbor2.dumps(2**64), "TSME-V015"),
        ("a.msgpack", msgpack.packb(msgpack.Timestamp(1, 0)), "TSME-V015"),
        ("a.msgpack", msgpack.packb({1: 2}), "TSME-V005"),
        ("a.msgpack", msgpack.packb(2**63), "TSME-V002"),
        ("a.msgpack", b"", "TSME-V010"),
    ],
)
def test_what_is_no_value_is_one_line_with_the_file(
    folder: Path, name: str, data: bytes, code: str
):
    (folder / name).write_bytes(data)
    done = spawn("run", "echo.asl.json", "-i", name, cwd=folder)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, code)
    assert f"{name}: " in done.stderr


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("value", [VALUE, 41, None, "text", ["ä" * 3000], {"k": ["x" * 90] * 60}])
def test_an_output_replaces_one_of_before_in_any_form(folder: Path, form: str, value: object):
    (folder / "out.json").write_bytes(WRITE[form](value))
    done = spawn("run", "echo.asl.json", "-i", "1", "-o", "out.json", cwd=folder)
    assert (done.returncode, (folder / "out.json").read_text()) == (0, "1\n"), done.stderr


@pytest.mark.parametrize("command", [["run", "echo.asl.json"], ["resume", "j.bin"]])
def test_an_output_whose_ending_is_no_form_needs_one(folder: Path, command: list[str]):
    spawn("run", "echo.asl.json", "-j", "j.bin", cwd=folder)
    before = (folder / "j.bin").read_bytes()
    refused = spawn(*command, "-o", "out.txt", cwd=folder)
    assert_one_clear_line(refused.stderr, "TSME-H003")
    assert '"out.txt" ends in none of .json, .cbor and .msgpack; add --format' in refused.stderr
    assert not (folder / "out.txt").exists()
    assert (folder / "j.bin").read_bytes() == before
    given = ["-i", "1", "-o", "out.txt", "--format", "cbor"]
    done = spawn("run", "echo.asl.json", *given, cwd=folder)
    assert (done.returncode, (folder / "out.txt").read_bytes()) == (0, b"\x01")
    for where in ("-", "/dev/null"):
        done = spawn("run", "echo.asl.json", "-i", "1", "-o", where, cwd=folder)
        assert (done.returncode, done.stdout) == (0, "1\n" if where == "-" else "")


def test_an_output_replaces_an_output_and_nothing_else(folder: Path):
    workflow = (folder / "flow.asl.json").read_bytes()
    refused = spawn("run", "echo.asl.json", "-o", "flow.asl.json", cwd=folder)
    assert_one_clear_line(refused.stderr, "TSME-H013")
    assert (folder / "flow.asl.json").read_bytes() == workflow
    itself = spawn("run", "echo.asl.json", "-o", "echo.asl.json", cwd=folder)
    assert_one_clear_line(itself.stderr, "TSME-H013")
    spawn("run", "echo.asl.json", "-j", "j.bin", cwd=folder)
    (folder / "long.txt").write_text("Not a value, but long. " * 400, encoding="utf-8")
    (folder / "short.txt").write_text("a note\n", encoding="utf-8")
    for foreign in ("j.bin", "tasks.py", "long.txt", "short.txt"):
        kept = (folder / foreign).read_bytes()
        refused = spawn("run", "echo.asl.json", "-o", foreign, "--format", "cbor", cwd=folder)
        assert_one_clear_line(refused.stderr, "TSME-H013")
        assert (folder / foreign).read_bytes() == kept
    both = spawn("run", "echo.asl.json", "--json", "--format", "cbor", cwd=folder)
    assert_one_clear_line(both.stderr, "TSME-H002")


@pytest.fixture
def journal(folder: Path) -> Path:
    given = ["--tasks", "tasks.py", "-i", '{"day": 1}', "-j", "j.bin", "--fast"]
    done = spawn("run", "flow.asl.json", *given, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("form", OTHERS)
@pytest.mark.parametrize(
    "command",
    [
        ["history", "j.bin", "--program", "flow.asl.json"],
        ["replay", "j.bin", "--program", "flow.asl.json"],
        ["journal", "show", "j.bin", "--program", "flow.asl.json"],
        ["journal", "effects", "j.bin", "--program", "flow.asl.json"],
        ["token", "list", "j.bin", "--program", "flow.asl.json"],
        ["test-state", "echo.asl.json", "--state", "A", "--input", "in.msgpack"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_an_answer_is_the_same_in_each_form(journal: Path, command: list[str], form: str):
    as_json = piped(journal, b"", *command, "--json")
    assert as_json.returncode == 0, as_json.stderr
    answer = READ[form](piped(journal, b"", *command, "--format", form).stdout)
    plain = json.loads(json.dumps(answer, default=bytes.hex))
    assert exact(plain) == exact(json.loads(as_json.stdout))
    assert piped(journal, b"", *command, "--format", "json").stdout == as_json.stdout


@pytest.mark.parametrize("form", OTHERS)
def test_an_export_is_the_same_in_each_form(journal: Path, form: str):
    spawn("journal", "export", "j.bin", "-o", "e.json", cwd=journal)
    records = json.loads((journal / "e.json").read_bytes())
    for _ in range(2):  # the second one replaces the first
        done = spawn("journal", "export", "j.bin", "-o", f"e.{form}", cwd=journal)
        assert done.returncode == 0, done.stderr
    answer = READ[form]((journal / f"e.{form}").read_bytes())
    assert exact(json.loads(json.dumps(answer, default=bytes.hex))) == exact(records)
    piped_out = piped(journal, b"", "journal", "export", "j.bin", "--format", form).stdout
    assert piped_out == (journal / f"e.{form}").read_bytes()


def test_test_state_takes_its_mock_and_variables_by_their_endings(folder: Path):
    state = {"Type": "Task", "Resource": "ask", "End": True}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (folder / "mock.msgpack").write_bytes(msgpack.packb({"result": {"moisture": 41}}))
    (folder / "v.cbor").write_bytes(cbor2.dumps({"x": 1}))
    done = tsme("test-state", "state.json", "--mock", "mock.msgpack", "--variables", "v.cbor")
    assert done.exit_code == 0, done.output
    assert '"moisture": 41' in done.stdout or '"moisture":41' in done.stdout


@pytest.mark.parametrize("name", ["cpython", "micropython", "micropython32"])
def test_the_unix_board_takes_and_writes_each_form(folder: Path, name: str):
    interpreters.require(name)
    tsme("compile", "echo.asl.json", "-o", "echo.tsm", "--no-debug")
    (folder / "in.cbor").write_bytes(cbor2.dumps(VALUE, canonical=True))  # a device is strict
    board = interpreters.ROOT / "firmware" / "boards" / "unix" / "main.py"
    for source in ("json", "msgpack"):
        for form, read in READ.items():
            args = ["echo.tsm", f"input=in.{source}", f"output=out.{form}"]
            done = interpreters.run(name, board, args)
            assert done.returncode == 0, done.stderr
            assert exact(read((folder / f"out.{form}").read_bytes())) == exact(VALUE)
    (folder / "bad.msgpack").write_bytes(msgpack.packb({"k": b"x"}))
    done = interpreters.run(name, board, ["echo.tsm", "input=bad.msgpack"])
    assert done.returncode == 2
    assert b"TSME-V015" in done.stderr
    assert b"a byte string" in done.stderr
