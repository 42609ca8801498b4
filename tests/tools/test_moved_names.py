"""`tsme migrate` where names differ: what the user says of them, and what is proposed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tools.test_changes import interrupted, run, write
from tests.tools.test_moves import TASKS

NAMES: dict[str, Any] = {
    "StartAt": "Measure",
    "States": {
        "Measure": {"Type": "Pass", "Assign": {"bed": 1}, "Next": "Sleep"},
        "Sleep": {"Type": "Wait", "Seconds": 3600, "Next": "Water"},
        "Water": {"Type": "Task", "Resource": "ask.waitForTaskToken", "Next": "Tell"},
        "Tell": {"Type": "Pass", "Parameters": {"bed.$": "$bed"}, "End": True},
    },
}


def renamed(states: dict[str, str], variables: dict[str, str], text: str = "") -> dict[str, Any]:
    """NAMES with other names, and something new, so that it is another program."""
    text = text or json.dumps(NAMES)
    for old, new in states.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    for old, new in variables.items():
        text = text.replace(f'"{old}"', f'"{new}"').replace(f'"${old}"', f'"${new}"')
    flow: dict[str, Any] = json.loads(text)
    flow["States"]["Tell"]["Parameters"]["more"] = 1
    return flow


@pytest.fixture
def named(tmp_path: Path) -> Path:
    write(tmp_path, NAMES)
    (tmp_path / "tasks.py").write_text(TASKS)
    interrupted(tmp_path, "-t", "tasks.py")
    return tmp_path


WRONG = {
    "--map Slep=Nap": ('--map: what runs now has no state "Slep"', 'did you mean "Sleep"?'),
    "--map Sleep=Nop": ('--map: "flow.asl.json" has no state "Nop"', 'did you mean "Nap"?'),
    "--map Nap=Sleep": ('--map: what runs now has no state "Nap"', "mean --map Sleep=Nap?"),
    "--map Sleep=Nap --map Sleep=Water": ('--map gives "Sleep" twice, "Nap" and "Water"', "leave"),
    "--map Sleep=Nap --variable bedd=plot": (
        '--variable: what runs now has no variable "bedd"',
        'did you mean "bed"?',
    ),
    "--map Sleep=Nap --variable bed=plto": (
        '--variable: "flow.asl.json" has no variable "plto"',
        'did you mean "plot"?',
    ),
    "--map Sleep=Nap --variable bed=plot --variable x=y": (
        '--variable: what runs now has no variable "x"',
        "it has bed",
    ),
    "--map Sleep=Nap --variable plot=bed": (
        '--variable: what runs now has no variable "plot"',
        "mean --variable bed=plot?",
    ),
    "--map Sleep=Nap --variable bed=plot --variable bed=": (
        '--variable gives "bed" twice, "plot" and ""',
        "leave one out",
    ),
    "--map Sleep=Nap --variable bed=plot --set extar=1": (
        '--set: "flow.asl.json" has no variable "extar"',
        'did you mean "extra"?',
    ),
    "--map Sleep=Nap --set extra=1 --set extra=2": ('--set gives "extra" twice, "1" and "2"', ""),
    "--set x": ('--set "x" is no pair', "write --set NAME=JSON, or --set NAME= to leave it"),
    "--map x": ('--map "x" is no pair', "write --map OLD=NEW"),
    "--map x=": ('--map "x=" is no pair', "write --map OLD=NEW"),
    "--variable =x": ('--variable "=x" is no pair', "write --variable OLD=NEW, or"),
}


def other_names(folder: Path) -> None:
    flow = renamed({"Sleep": "Nap"}, {"bed": "plot"})
    flow["States"]["Measure"]["Assign"]["extra"] = 1
    write(folder, flow)


@pytest.mark.parametrize("words", WRONG)
def test_a_name_that_names_nothing_is_said(named: Path, words: str) -> None:
    other_names(named)
    before = (named / "j.bin").read_bytes()
    code, out, err = run(named, "migrate", "j.bin", "flow.asl.json", *words.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"tsme: error TSME-H002: {WRONG[words][0]}")
    assert WRONG[words][1] in err
    assert len(err.splitlines()) == 1
    assert (named / "j.bin").read_bytes() == before


def test_what_is_said_of_a_state_must_be_possible(named: Path) -> None:
    other_names(named)
    rest = ("--variable", "bed=plot", "--set", "extra=1")
    for pair, why in (
        (
            "Sleep=Water",
            '"Sleep" waits for a time, and "Water" of "flow.asl.json" for the task ask',
        ),
        ("Measure=Nap", '"Measure" waits for nothing, and "Nap" of "flow.asl.json" for a time'),
    ):
        code, _, err = run(named, "migrate", "j.bin", "flow.asl.json", "--map", pair, *rest)
        assert (code, f"TSME-H053: --map {pair}: {why}" in err) == (2, True), err


def test_two_variables_do_not_become_one_in_silence(tmp_path: Path) -> None:
    flow = json.loads(json.dumps(NAMES))
    flow["States"]["Measure"]["Assign"]["other"] = 2
    write(tmp_path, flow)
    (tmp_path / "tasks.py").write_text(TASKS)
    interrupted(tmp_path, "-t", "tasks.py")
    write(tmp_path, renamed({}, {}))
    merged = ("migrate", "j.bin", "flow.asl.json", "--variable", "other=bed")
    code, _, err = run(tmp_path, *merged)
    assert code == 2
    assert 'TSME-H002: the variables "bed" and "other" would both be "bed"' in err
    assert "--variable bed= or --variable other=" in err
    assert run(tmp_path, *merged, "--variable", "bed=")[0] == 0


def test_what_is_proposed_moves_it_and_the_new_name_is_told(named: Path) -> None:
    """Names that are not alike are proposed where one thing alone is new there."""
    write(named, renamed({"Sleep": "Nap"}, {"bed": "plot"}))
    words: list[str] = []
    for said in (
        'did you mean "Nap"? --map Sleep=Nap says',
        '"plot"? --variable bed=plot renames',
    ):
        code, _, err = run(named, "migrate", "j.bin", "flow.asl.json", *words)
        assert (code, said in err) == (2, True), err
        words += re.findall(r"(--\w+) (\w+=\w+)", err)[0]
        if len(words) == 4:  # the error first, then what else is wrong
            assert [line.split(":")[1].strip() for line in err.splitlines()] == [
                "error TSME-H053",
                "also",
            ]
    code, out, err = run(named, "migrate", "j.bin", "flow.asl.json", *words)
    assert (code, out) == (0, "")
    assert err.endswith(', in "Nap"\n')


def test_a_rename_alone_makes_no_other_program(named: Path) -> None:
    write(named, json.loads(json.dumps(NAMES).replace("Sleep", "Nap")))
    code, _, err = run(named, "migrate", "j.bin", "flow.asl.json", "--map", "Sleep=Nap")
    assert code == 2
    assert err == (
        'tsme: error TSME-H044: the execution in "j.bin" runs that program already: names are for '
        "debugging alone, so that other names make no other program; nothing has to move\n"
    )
    write(named, NAMES)
    code, _, err = run(named, "migrate", "j.bin", "flow.asl.json")
    assert (code, "runs that program already; nothing has to move" in err) == (2, True)


@pytest.mark.parametrize("output", [(), ("-o", "plan.cbor")])
def test_a_program_that_is_not_kept_is_asked_for(named: Path, output: tuple[str, ...]) -> None:
    """As with what a board's journal holds.  Given for the move, it is kept from then on."""
    shutil.copy(named / "flow.asl.json", named / "old.asl.json")
    shutil.rmtree(named / "j.bin.programs")
    write(named, renamed({}, {}))
    code, _, err = run(named, "migrate", "j.bin", "flow.asl.json", *output)
    assert code == 2
    assert err.startswith('tsme: error TSME-H043: "j.bin" needs the program ')
    assert err.endswith("the workflow as it was, or FILE.py:CLASS for a machine\n")
    given = ("--program", "old.asl.json", *output)
    assert run(named, "migrate", "j.bin", "flow.asl.json", *given)[0] == 0
    if not output:
        code, out, err = run(named, "replay", "j.bin")
        assert (code, err, out.startswith("identical: ")) == (0, "", True)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("check j.bin", "a workflow"),
        ("compile j.bin -o x.tsm", "a workflow"),
        ("run j.bin", "a workflow"),
        ("run flow.asl.json -t tasks.py -i j.bin", "JSON text"),
        ("disasm j.bin", "a workflow"),
        ("replay j.bin --program j.bin", "a workflow"),
        ("resume j.bin --program j.bin", "a workflow"),
        ("migrate flow.asl.json j.bin", "a workflow"),
    ],
)
def test_a_journal_in_place_of_a_workflow_is_called_one(
    named: Path, words: str, kind: str
) -> None:
    code, out, err = run(named, *words.split())
    assert (code, out) == (2, "")
    hint = "; the journal comes first: tsme migrate j.bin flow.asl.json"
    more = hint if words.startswith("migrate") else ""
    assert err == f'tsme: error TSME-H014: "j.bin" is a journal, not {kind}{more}\n'


@pytest.mark.parametrize("command", ["resume j.bin -t tasks.py", "migrate j.bin flow.asl.json"])
def test_a_program_given_that_is_another_is_named(named: Path, command: str) -> None:
    shutil.rmtree(named / "j.bin.programs")
    write(named, renamed({}, {}))
    shutil.copy(named / "flow.asl.json", named / "other.asl.json")
    code, out, err = run(named, *command.split(), "--program", "other.asl.json")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(r'TSME-H043: .*"other.asl.json" \(\w{16}\)', err)


def test_what_was_not_replayed_is_said_for_one_and_for_many(named: Path) -> None:
    shutil.copy(named / "flow.asl.json", named / "old.asl.json")
    write(named, renamed({}, {}))
    assert run(named, "migrate", "j.bin", "flow.asl.json")[0] == 0
    shutil.rmtree(named / "j.bin.programs")
    for command in ("replay", "journal effects"):
        words = (*command.split(), "j.bin", "--program", "flow.asl.json")
        _, out, err = run(named, *words)
        said = r"(\d) records not replayed: the program \w{16} is neither kept beside the journal"
        assert re.search(said, err), err
        assert command == "replay" or "of 0 executions, as far as it was replayed" in out
