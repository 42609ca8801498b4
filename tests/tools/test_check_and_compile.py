"""`tsme check`, `compile` and `disasm` on whole files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.shell import COMMAND, DATA, example, tsme
from tsme import core
from tsme.errors import TsmeError
from tsme_host.compiler.backend import disasm
from tsme_host.compiler.backend.instructions import INSTRUCTIONS
from tsme_host.compiler.compile import compile_text

BROKEN = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Nxet": "B", "End": true}}}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(example(tmp_path))
    (tmp_path / "broken.asl.json").write_text(BROKEN, encoding="utf-8")
    return tmp_path


def golden(name: str, text: str) -> None:
    """Compare with a file in data/; UPDATE_GOLDEN=1 writes it instead."""
    path = DATA / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_tsme_alone_shows_what_it_can_do_with_examples():
    result = tsme()
    assert result.exit_code == 0
    for word in ("check", "compile", "run", "replay", "Examples:", "Exit codes:"):
        assert word in result.stdout


def test_the_version_is_the_packages(folder: Path):
    engine = "C core" if core.core else "Python (the C core is not here)"
    assert tsme("--version").stdout == f"tsme 0.1.0\nengine: {engine}\n"


@pytest.mark.parametrize("command", ["check", "compile", "disasm", "run", "replay", "graph"])
def test_every_command_has_help_of_its_own(command: str):
    result = tsme(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: tsme {command} ")


def test_the_shell_can_complete_commands(folder: Path):
    completion = {"_TSME_COMPLETE": "bash_complete", "COMP_WORDS": "tsme co", "COMP_CWORD": "1"}
    done = subprocess.run(
        [COMMAND], env=os.environ | completion, capture_output=True, text=True, check=False
    )
    assert done.stdout == "plain,compile\nplain,convert\n"


def test_check_says_ok_and_exits_with_0(folder: Path):
    result = tsme("check", "flow.asl.json")
    assert (result.exit_code, result.stdout) == (0, "flow.asl.json: ok\n")


def test_check_shows_the_place_of_each_problem_and_exits_with_1(folder: Path):
    result = tsme("check", "flow.asl.json", "broken.asl.json")
    assert result.exit_code == 1
    assert "flow.asl.json: ok" in result.stdout
    assert "broken.asl.json:1:51: error TSME-C011: " in result.stdout
    assert result.stdout.endswith("broken.asl.json: 1 problem\n")


def test_check_as_json_is_a_list_of_problems(folder: Path):
    result = tsme("check", "--json", "flow.asl.json", "broken.asl.json")
    (problem,) = json.loads(result.stdout)
    assert (problem["code"], problem["file"]) == ("TSME-C011", "broken.asl.json")
    assert json.loads(tsme("check", "--json", "flow.asl.json").stdout) == []


def test_check_reads_the_standard_input(folder: Path):
    result = tsme("check", "-", stdin=BROKEN)
    assert result.exit_code == 1
    assert result.stdout.startswith("<stdin>:1:51: error TSME-C011")


def test_check_goes_on_after_a_file_it_cannot_read(folder: Path):
    result = tsme("check", "nothing.json", "flow.asl.json")
    assert (result.exit_code, result.stdout) == (2, "flow.asl.json: ok\n")


def test_there_is_no_colour_in_a_file_nor_with_no_color(folder: Path):
    coloured = tsme("check", "broken.asl.json")
    assert "\x1b" not in coloured.stdout
    script = f"{COMMAND} check flow.asl.json"
    if shutil.which("script") is None:
        pytest.skip("the program script is not here")
    terminal = ["script", "-qec", script, "/dev/null"]
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    none = plain | {"NO_COLOR": "1"}
    seen = subprocess.run(terminal, env=plain, capture_output=True, check=False)
    assert b"\x1b[32mok" in seen.stdout
    seen = subprocess.run(terminal, env=none, capture_output=True, check=False)
    assert b"\x1b" not in seen.stdout
    assert b"ok" in seen.stdout


def test_compile_writes_the_program_next_to_the_workflow_and_tells_its_size(folder: Path):
    result = tsme("compile", "flow.asl.json")
    compiled = compile_text((folder / "flow.asl.json").read_text(), "flow.asl.json")
    assert (folder / "flow.tsm").read_bytes() == compiled.data
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"flow.tsm: {len(compiled.program)} bytes, ")
    assert lines[1] == f"digest: {compiled.digest.hex()}"
    assert lines[2:] == ["handlers needed:", "  read_soil", "  open_valve"]


def test_compile_without_debug_part_gives_the_bare_program(folder: Path):
    assert tsme("compile", "flow.asl.json", "-o", "bare.tsm", "--no-debug").exit_code == 0
    compiled = compile_text((folder / "flow.asl.json").read_text(), "flow.asl.json")
    assert (folder / "bare.tsm").read_bytes() == compiled.program


def test_compile_as_json_has_the_same_facts(folder: Path):
    facts = json.loads(tsme("compile", "flow.asl.json", "--json").stdout)
    assert facts["program_bytes"] + facts["debug_bytes"] == (folder / "flow.tsm").stat().st_size
    assert facts["resources"] == ["read_soil", "open_valve"]
    assert facts["ratio"] == round(facts["program_bytes"] / facts["minified_bytes"], 4)


def test_compile_puts_the_budget_into_the_program(folder: Path):
    tsme("compile", "flow.asl.json", "--budget", "7")
    assert disasm.disassemble((folder / "flow.tsm").read_bytes()).limits["budget"] == 7


def test_compile_of_a_broken_workflow_exits_with_1_and_writes_nothing(folder: Path):
    result = tsme("compile", "broken.asl.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "TSME-C011" in result.stderr
    assert not list(folder.glob("*.tsm"))


def test_compile_to_the_standard_output_writes_nothing_else_there(folder: Path):
    result = tsme("compile", "flow.asl.json", "-o", "-")
    compiled = compile_text((folder / "flow.asl.json").read_text(), "flow.asl.json")
    assert result.stdout_bytes == compiled.data


def test_the_listing_of_a_small_program_is_the_recorded_one(folder: Path):
    tsme("compile", "flow.asl.json")
    result = tsme("disasm", "flow.tsm")
    assert result.exit_code == 0
    golden("flow.disasm", result.stdout)
    assert tsme("disasm", "flow.asl.json").stdout == result.stdout


def test_disasm_works_without_a_debug_part(folder: Path):
    tsme("compile", "flow.asl.json", "--no-debug")
    result = tsme("disasm", "flow.tsm")
    assert "no debug part" in result.stdout
    assert "state 0" in result.stdout
    assert "Measure" not in result.stdout


def test_disasm_as_json_has_every_instruction(folder: Path):
    listing = json.loads(tsme("disasm", "flow.asl.json", "--json").stdout)
    assert listing["code"][0]["op"] == "ENTER"
    assert listing["debug"]["states"][0] == {"name": "Measure", "type": "Task", "line": 5}
    assert listing["refusal"] is None


def test_disasm_says_why_a_device_would_refuse_a_program(folder: Path):
    tsme("compile", "flow.asl.json")
    data = bytearray((folder / "flow.tsm").read_bytes())
    data[4] ^= 1  # in the digest
    (folder / "flow.tsm").write_bytes(data)
    result = tsme("disasm", "flow.tsm")
    assert result.exit_code == 0
    assert "a device refuses it: TSME-P005" in result.stdout


def test_a_mutated_program_is_listed_or_refused_but_never_crashes_the_disassembler():
    data = compile_text((DATA / "flow.asl.json").read_text()).data
    for at in range(len(data)):
        for mask in (1, 0x20, 0x80, 0xFF):
            mutant = bytearray(data)
            mutant[at] ^= mask
            try:
                listing = disasm.disassemble(bytes(mutant))
            except TsmeError:
                continue
            disasm.to_text(listing)
            json.dumps(disasm.to_json(listing))


def test_the_disassembler_has_a_name_for_every_choice_that_an_operand_has():
    choices = {name: row.choices for name, row in INSTRUCTIONS.items() if row.kind in "kp"}
    assert set(disasm.CHOICES) == set(choices)
    for name, there in choices.items():
        words = disasm.CHOICES[name]
        assert there.bit_length() <= len(words) <= -(-there.bit_length() // 8) * 8
        assert not any(there >> n & 1 and word.endswith("?") for n, word in enumerate(words)), name


@pytest.mark.parametrize("wild", ["States.ALL", "States.TaskFailed"])
def test_a_retry_on_a_wildcard_is_said_not_to_mean_an_interrupted_once_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wild: str
):
    monkeypatch.chdir(tmp_path)
    task = {"Type": "Task", "Resource": "open", "End": True}
    retry = [{"ErrorEquals": [wild]}]
    inner = {"StartAt": "Open", "States": {"Open": {**task, "Retry": retry}}}
    each = {"Type": "Map", "ItemProcessor": inner, "End": True}
    flow = {"StartAt": "Each", "States": {"Each": each}}
    Path("f.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    done = tsme("check", "f.asl.json")
    assert (done.exit_code, done.stdout) == (0, "f.asl.json: ok\n")
    assert "if a task with Retry (Open) is `once` and a reset interrupts it" in done.stderr
    assert done.stderr.endswith("do not run it again; TSME.Interrupted does\n")
    retry.insert(0, {"ErrorEquals": ["TSME.Interrupted"]})
    Path("f.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    assert tsme("check", "f.asl.json").stderr == ""
    retry[:] = [{"ErrorEquals": ["Jammed"]}]
    Path("f.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    assert tsme("check", "f.asl.json").stderr == ""
