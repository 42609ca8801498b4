"""`tsme migrate`, `stop`, `retire` and `resume`: what becomes of an execution under way."""

from __future__ import annotations

import copy
import json
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.releases.test_releases import BEFORE
from tests.tools.shell import COMMAND, CPYTHON_AND_MICROPYTHON, need
from tests.tools.test_changes import edited, interrupted, run, write
from tsme import Engine, FileFlash, Journal, Program, RamFlash, TsmeError
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.journal.image import read_log
from tsme_host.tools.outputs import KINDS, Kind

FLOW: dict[str, Any] = {
    "StartAt": "Set",
    "States": {
        "Set": {"Type": "Pass", "Assign": {"x": 5}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Nap",
                    "States": {
                        "Nap": {"Type": "Wait", "Seconds": 3600, "Next": "Tell"},
                        "Tell": {"Type": "Pass", "Parameters": {"x.$": "$x"}, "End": True},
                    },
                },
                {
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Map",
                            "ItemsPath": "$.items",
                            "MaxConcurrency": 1,
                            "ItemProcessor": {
                                "StartAt": "Ask",
                                "States": {
                                    "Ask": {
                                        "Type": "Task",
                                        "Resource": "ask.waitForTaskToken",
                                        "Parameters": {"token.$": "$$.Task.Token"},
                                        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 3}],
                                        "End": True,
                                    }
                                },
                            },
                            "End": True,
                        }
                    },
                },
            ],
            "End": True,
        },
    },
}
TASKS = """\
import tsme

tasks = tsme.Tasks()


@tasks.task("ask.waitForTaskToken")
def ask(payload):
    pass
"""
ENDED = "tsme: execution %d has ended: nothing to give up\n"


def branch(flow: dict[str, Any], number: int) -> dict[str, Any]:
    states: dict[str, Any] = flow["States"]["Both"]["Branches"][number]["States"]
    return states


def asking(flow: dict[str, Any]) -> dict[str, Any]:
    ask: dict[str, Any] = branch(flow, 1)["Each"]["ItemProcessor"]["States"]["Ask"]
    return ask


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder in which a Parallel waits, with a Map in its second branch."""
    write(tmp_path, FLOW)
    (tmp_path / "tasks.py").write_text(TASKS)
    interrupted(tmp_path, "-t", "tasks.py", "-i", '{"items": [1, 2]}')
    return tmp_path


def change(folder: Path, how: Callable[[dict[str, Any]], object]) -> None:
    flow = copy.deepcopy(FLOW)
    how(flow)
    write(folder, flow)


def insert(flow: dict[str, Any]) -> None:
    """A state before everything, others in a branch, another Retry of what has not failed."""
    flow["States"]["First"] = {"Type": "Pass", "Next": "Set"}
    flow["StartAt"] = "First"
    branch(flow, 0)["Tell"]["Parameters"] = {"y.$": "States.MathAdd($x, 1)"}
    branch(flow, 1)["Each"]["ItemProcessor"]["States"] |= {
        "More": {"Type": "Pass", "Parameters": {"got.$": "$", "x.$": "$x"}, "End": True}
    }
    ask = asking(flow)
    del ask["End"]
    ask |= {"Next": "More", "Retry": [{"ErrorEquals": ["States.ALL"]}]}


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_branches_and_items_under_way_go_on_in_the_new_workflow(tree: Path, on: str) -> None:
    change(tree, insert)
    code, out, err = run(tree, "migrate", "j.bin", "flow.asl.json")
    assert (code, out) == (0, "")
    assert re.search(
        r'execution 1 has moved from the program \w{16} to \w{16}, in "Nap", "Ask"', err
    )
    for token in ("1-2", "1-3"):
        code, out, err = run(tree, "token", "success", "j.bin", token, '"yes"')
        assert code == 0, err
        interrupted(tree, "-t", "tasks.py", "--on", need(on))
    code, out, err = run(tree, "run", "flow.asl.json", "-j", "j.bin", "-t", "tasks.py", "--fast")
    assert json.loads(out) == [{"y": 6}, [{"got": "yes", "x": 5}, {"got": "yes", "x": 5}]]
    assert code == 0
    code, out, err = run(tree, "replay", "j.bin")
    assert (code, err) == (0, "")
    assert out.startswith("identical: ")
    code, out, err = run(tree, "history", "j.bin")
    events = json.loads(out)["events"]
    details = [e["stateEnteredEventDetails"] for e in events if "stateEnteredEventDetails" in e]
    entered = [found["name"] for found in details]
    assert entered == ["Set", "Both", "Nap", "Each", "Ask", "More", "Ask", "More", "Tell"]
    assert events[-1]["type"] == "ExecutionSucceeded"
    shown = run(tree, "journal", "show", "j.bin")[1]
    assert re.search(r"migrate +to the program \w{16}", shown)


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a state is gone": (
        lambda flow: (
            branch(flow, 0).update(Nap2=branch(flow, 0).pop("Nap"))
            or flow["States"]["Both"]["Branches"][0].update(StartAt="Nap2")
        ),
        'the state "Nap" is gone from "flow.asl.json"; did you mean "Nap2"? --map Nap=Nap2 says '
        "that it takes its place",
    ),
    "a branch is gone": (
        lambda flow: flow["States"]["Both"]["Branches"].pop(),
        '"Both" waits for 2 branches, and now for 1 branch; let it end as it began: tsme resume',
    ),
    "another task": (
        lambda flow: asking(flow).update(Resource="other.waitForTaskToken"),
        '"Ask" waits for the task ask.waitForTaskToken, and now for the task '
        "other.waitForTaskToken; let it end as it began: tsme resume",
    ),
    "another kind of state": (
        lambda flow: branch(flow, 0).update(Nap={"Type": "Pass", "Next": "Tell"}),
        '"Nap" waits for a time, and now for nothing; --map Nap=NEW says which takes its place',
    ),
    "a variable is gone": (
        lambda flow: (
            flow["States"]["Set"].pop("Assign") and branch(flow, 0)["Tell"].pop("Parameters")
        ),
        'the variable "x" has a value, and "flow.asl.json" has no such variable; '
        "--variable x=NEW renames it, --variable x= drops it",
    ),
    "a variable is new": (
        lambda flow: flow["States"]["Set"]["Assign"].update(z=1),
        'the variable "z" of "flow.asl.json" has no value in this execution; --set z=JSON gives '
        "it one, --set z= leaves it without",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_place_is_refused_by_name_and_nothing_changes(tree: Path, case: str) -> None:
    how, text = REFUSED[case]
    change(tree, how)
    before = (tree / "j.bin").read_bytes()
    code, out, err = run(tree, "migrate", "j.bin", "flow.asl.json")
    assert (code, out) == (2, "")
    assert f"tsme: error TSME-H053: the execution cannot move: {text}" in err
    assert (tree / "j.bin").read_bytes() == before


def test_what_the_user_says_of_names_counts(tree: Path) -> None:
    def rename(flow: dict[str, Any]) -> None:
        REFUSED["a state is gone"][0](flow)
        flow["States"]["Set"]["Assign"] = {"renamed": 1, "z": 2}
        branch(flow, 0)["Tell"]["Parameters"] = {"r.$": "$renamed", "z.$": "$z"}

    change(tree, rename)
    wishes = ("--map", "Nap=Nap2", "--variable", "x=renamed", "--set", 'z={"a": 1}')
    assert run(tree, "migrate", "j.bin", "flow.asl.json", *wishes)[0] == 0
    run(tree, "token", "success", "j.bin", "1-2")
    interrupted(tree, "-t", "tasks.py")
    run(tree, "token", "success", "j.bin", "1-3")
    code, out, _ = run(tree, "resume", "j.bin", "-t", "tasks.py", "--fast")
    assert (code, json.loads(out)) == (0, [{"r": 5, "z": {"a": 1}}, [None, None]])
    assert run(tree, "replay", "j.bin")[0] == 0


def test_a_plan_replaces_a_plan_and_nothing_else(tree: Path) -> None:
    change(tree, insert)
    command = ("migrate", "j.bin", "flow.asl.json", "-o")
    before = (tree / "j.bin").read_bytes()
    for _ in range(2):  # the second time over its own
        code, out, err = run(tree, *command, "plan.cbor")
        assert (code, out, err) == (0, "", "plan.cbor: the plan for 6 states\n")
    plan = (tree / "plan.cbor").read_bytes()
    assert KINDS["plan of a migration"](plan)
    (tree / "value.cbor").write_bytes(cbor.encode([[[1]], [[1, 2, 3, 4, 5, 6]]], True))
    shutil.copy(tree / "tasks.py", tree / "tasks.cbor")
    shutil.copy(tree / "j.bin", tree / "j.cbor")
    shutil.copy(tree / "flow.asl.json", tree / "flow.cbor")
    for foreign in ("value.cbor", "tasks.cbor", "j.cbor", "flow.cbor"):
        kept = (tree / foreign).read_bytes()
        code, out, err = run(tree, *command, foreign)
        assert (code, out) == (2, "")
        assert err.startswith(
            f'tsme: error TSME-H013: "{foreign}" cannot be written: it is there '
        )
        assert (tree / foreign).read_bytes() == kept
    code, out, err = run(tree, *command, "plan.json")
    assert (code, out) == (2, "")
    assert err == (
        'tsme: error TSME-H003: "plan.json" does not end in .cbor, which a plan is; write '
        "-o plan.cbor\n"
    )
    code, _, err = run(tree, "run", "flow.asl.json", "-t", "tasks.py", "-o", "plan.cbor")
    assert (code, "TSME-H013" in err) == (2, True)
    assert (tree / "plan.cbor").read_bytes() == plan
    assert (tree / "j.bin").read_bytes() == before


def test_what_is_written_has_a_kind_of_its_own() -> None:
    assert set(KINDS) == set(get_args(Kind))
    long = cbor.encode([[[0, 1], [0]], [[n, n, n, 0, 0, None] for n in range(999)]], True)
    assert KINDS["plan of a migration"](long[:4096])
    assert not KINDS["value"](long[:4096])


def test_attempts_that_are_used_up_stay_used_up(tree: Path) -> None:
    run(tree, "token", "failure", "j.bin", "1-2", "--error", "Busy")
    interrupted(tree, "-t", "tasks.py")
    change(tree, lambda flow: asking(flow)["Retry"][0].update(MaxAttempts=9, IntervalSeconds=7))
    assert run(tree, "migrate", "j.bin", "flow.asl.json")[0] == 0
    change(tree, lambda flow: asking(flow)["Retry"][0].update(ErrorEquals=["Busy", "Other"]))
    code, _, err = run(tree, "migrate", "j.bin", "flow.asl.json")
    assert code == 2
    assert '"Ask" has used up attempts, and its Retry has changed' in err


def test_resume_goes_on_as_it_began_whatever_became_of_the_workflow(tmp_path: Path) -> None:
    write(tmp_path, edited())
    interrupted(tmp_path)
    (tmp_path / "flow.asl.json").unlink()
    told = json.loads(run(tmp_path, "resume", "j.bin", "--fast", "--json")[1])
    assert (told["status"], told["output"], told["execution"]) == ("succeeded", "old", 1)
    code, _, err = run(tmp_path, "resume", "j.bin")
    assert code == 2
    assert err == (
        'tsme: error TSME-H044: no execution is under way in "j.bin"; tsme run begins one\n'
    )


def test_stop_ends_what_is_under_way_and_the_next_can_begin(tmp_path: Path) -> None:
    write(tmp_path, edited())
    interrupted(tmp_path)
    assert run(tmp_path, "stop", "j.bin", "--cause", "by hand") == (
        0, "", "tsme: execution 1 is stopped\n",
    )  # fmt: skip
    shown = run(tmp_path, "journal", "show", "j.bin")[1]
    assert re.search(r"stop +TSME.Stopped: by hand\n +stopped", shown)
    assert run(tmp_path, "replay", "j.bin")[0] == 0
    code, _, err = run(tmp_path, "stop", "j.bin")
    assert (code, err.startswith("tsme: error TSME-H044: no execution is under way")) == (2, True)
    assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin", "--fast")[:2] == (0, '"old"\n')


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_retire_gives_up_what_no_program_can_go_on_with(tmp_path: Path, on: str) -> None:
    write(tmp_path, edited())
    interrupted(tmp_path)
    shutil.rmtree(tmp_path / "j.bin.programs")
    write(tmp_path, edited(Last={"Type": "Pass", "Result": "new", "End": True}))
    assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin")[0] == 2
    assert run(tmp_path, "retire", "j.bin", "--cause", "lost") == (
        0, "", "tsme: execution 1 is given up\n",
    )  # fmt: skip
    assert read_log(str(tmp_path / "j.bin")).records[-1].fields["result"] == [
        "TSME.Retired",
        "lost",
    ]
    command = ("run", "flow.asl.json", "-j", "j.bin", "--fast", "--on", need(on), "--json")
    assert json.loads(run(tmp_path, *command)[1])["execution"] == 2
    assert run(tmp_path, "replay", "j.bin")[0] == 0
    assert run(tmp_path, "retire", "j.bin") == (1, "", ENDED % 2)


@pytest.mark.parametrize("name", ["retry", "tree"])
def test_retire_is_the_cure_for_a_journal_of_another_release(tmp_path: Path, name: str) -> None:
    shutil.copy(BEFORE / f"{name}.bin", tmp_path / "j.bin")
    write(tmp_path, edited())
    code, _, err = run(tmp_path, "run", "flow.asl.json", "-j", "j.bin")
    assert code == 2
    assert "tsme retire j.bin" in err
    assert run(tmp_path, "retire", "j.bin")[0] == 0
    program = Program(compile_text((tmp_path / "flow.asl.json").read_text()).program)
    flash = FileFlash(str(tmp_path / "j.bin"), 512, 16)
    engine = Engine(program, Journal(flash, buffer=256), sleep=lambda ms: None)
    ended = engine.outcome()
    assert ended
    assert ended.error == "TSME.Retired"
    with pytest.raises(TsmeError, match="TSME-K002"):
        engine.retire()


def test_retire_gives_up_nothing_of_what_has_ended(tmp_path: Path) -> None:
    write(tmp_path, edited(First=None) | {"StartAt": "Last"})
    assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin")[0] == 0
    before = (tmp_path / "j.bin").read_bytes()
    assert run(tmp_path, "retire", "j.bin") == (1, "", ENDED % 1)
    shutil.rmtree(tmp_path / "j.bin.programs")
    assert run(tmp_path, "retire", "j.bin", "--program", "flow.asl.json") == (1, "", ENDED % 1)
    assert (tmp_path / "j.bin").read_bytes() == before
    assert run(tmp_path, "retire", "j.bin")[0] == 0  # nobody can tell
    assert run(tmp_path, "retire", "j.bin") == (1, "", ENDED % 1)
    pair = ("a=flow.asl.json", "b=flow.asl.json", "-j", "two.bin")
    assert run(tmp_path, "run", *pair)[0] == 0
    before = (tmp_path / "two.bin").read_bytes()
    assert run(tmp_path, "retire", "two.bin", "--region", "b")[0] == 1
    assert (tmp_path / "two.bin").read_bytes() == before


def test_an_engine_gives_up_nothing_of_what_has_ended() -> None:
    flash = RamFlash(512, 16)
    program = Program(compile_text(json.dumps(edited())).program)
    journal = Journal(flash)
    journal.format()
    now = [1_700_000_000_000]

    def sleep(ms: int) -> None:
        now[0] += ms

    engine = Engine(program, journal, lambda: now[0], sleep)
    with pytest.raises(TsmeError, match="TSME-K002"):
        engine.retire()
    engine.begin({}, None)  # under way, and its program is here
    engine.retire("by hand")
    ended = Engine(program, Journal(flash)).outcome()
    assert ended
    assert (ended.error, ended.cause) == ("TSME.Retired", "by hand")
    assert engine.run_sync({}).output == "old"
    before = bytes(flash.data)
    with pytest.raises(TsmeError, match="TSME-K002"):
        Engine(program, Journal(flash)).retire()
    assert bytes(flash.data) == before


@pytest.mark.parametrize("command", ["stop", "retire", "resume", "migrate", "journal resize"])
@pytest.mark.parametrize("name", ["typo.bin", "folder", "-"])
def test_only_run_makes_a_journal(tmp_path: Path, command: str, name: str) -> None:
    write(tmp_path, edited())
    (tmp_path / "folder").mkdir()
    more = {"migrate": ["flow.asl.json"], "journal resize": ["--blocks", "9"]}.get(command, [])
    code, out, err = run(tmp_path, *command.split(), name, *more)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    if name != "-":
        assert f"TSME-H01{name == 'folder':d}: " in err
    assert {p.name for p in tmp_path.iterdir()} == {"flow.asl.json", "folder"}


BROKEN = {
    "half of an edit": edited(Last={"Type": "Pass", "Result": "new"}),
    "deleted": None,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_workflow_that_cannot_be_read_is_in_the_way_of_nothing_under_way(
    tmp_path: Path, how: str
) -> None:
    write(tmp_path, edited())
    interrupted(tmp_path)
    (tmp_path / "flow.asl.json").unlink()
    if BROKEN[how]:
        write(tmp_path, BROKEN[how])
    hint = "; what is under way goes on without it: tsme resume j.bin"
    code, _, err = run(tmp_path, "run", "flow.asl.json", "-j", "j.bin")
    assert (code, err.count("\n"), err.endswith(f"{hint}\n")) == (2, 1, True), err
    (tmp_path / "tasks.py").write_text(TASKS)
    err = run(tmp_path, "run", "flow.asl.json", "-j", "j.bin", "-t", "tasks.py")[2]
    assert err.endswith(f"{hint} --tasks tasks.py\n")
    assert json.loads(run(tmp_path, "resume", "j.bin", "--fast")[1]) == "old"
    for journal in ("j.bin", "none.bin"):  # nothing is under way there
        assert hint not in run(tmp_path, "run", "flow.asl.json", "-j", journal)[2]


def test_resume_goes_on_with_all_regions_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, edited(First={"Type": "Wait", "Seconds": 600, "Next": "Last"}))
    interrupted_pair(tmp_path)
    (tmp_path / "flow.asl.json").unlink()
    hint = "; what is under way goes on without it: tsme resume j.bin\n"
    assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin")[2].endswith(hint)
    stop = ("stop", "j.bin", "--region", "b")
    assert run(tmp_path, *stop) == (0, "", "tsme: execution 2 is stopped\n")
    assert 'no execution is under way in the region "b" of "j.bin"' in run(tmp_path, *stop)[2]
    code, out, err = run(tmp_path, "resume", "j.bin", "--fast")
    assert (code, json.loads(out)) == (0, {"a": "old"}), err
    code, _, err = run(tmp_path, "resume", "j.bin")
    assert (code, err) == (
        2, 'tsme: error TSME-H044: no execution is under way in "j.bin"; tsme run begins one\n',
    )  # fmt: skip


def test_resume_says_which_region_cannot_go_on(tmp_path: Path) -> None:
    write(tmp_path, edited(First={"Type": "Wait", "Seconds": 600, "Next": "Last"}))
    interrupted_pair(tmp_path)
    shutil.rmtree(tmp_path / "j.bin.programs")
    code, out, err = run(tmp_path, "resume", "j.bin", "--fast")
    assert (code, json.loads(out)) == (2, {})
    for name in ("a", "b"):
        assert f"{name}: error TSME-K005: " in err
        assert f"tsme retire j.bin --region {name}\n" in err
    assert [line for line in err.splitlines() if "retire()" in line] == [
        line
        for line in err.splitlines()
        if line.startswith('log: "')  # a board's own words
    ]
    again = ("resume", "j.bin", "--fast", "--program", "flow.asl.json")
    assert json.loads(run(tmp_path, *again)[1]) == {"a": "old", "b": "old"}


def interrupted_pair(folder: Path) -> None:
    """Two executions wait in regions of j.bin."""
    command = [str(COMMAND), "run", "a=flow.asl.json", "b=flow.asl.json", "-j", "j.bin"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr
    said = b""
    while b"b: waiting" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)


READERS = {
    "replay": "identical: ",
    "history": "ExecutionSucceeded",
    "journal show": "succeeded",
    "journal effects": "0 tasks",
}


@pytest.mark.parametrize("words", READERS)
@pytest.mark.parametrize("how", ["another program", "problems"])
def test_a_program_that_is_not_the_journals_is_said_where_that_is_kept(
    tmp_path: Path, words: str, how: str
) -> None:
    write(tmp_path, edited())
    assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin", "--fast")[0] == 0
    last = {"Type": "Pass", "Result": "new"}
    write(tmp_path, edited(Last=last if how == "problems" else last | {"End": True}))
    code, out, err = run(tmp_path, *words.split(), "j.bin", "--program", "flow.asl.json")
    assert (code, READERS[words] in out) == (0, True), err
    said = "has problems" if how == "problems" else "is none of its programs ("
    assert err.startswith(f'tsme: "flow.asl.json" {said}')
    assert 'those kept in "j.bin.programs" are taken\n' in err
    shutil.rmtree(tmp_path / "j.bin.programs")
    code, _, err = run(tmp_path, *words.split(), "j.bin", "--program", "flow.asl.json")
    assert (code, err.count("\n")) == (2, 1)
    assert ("TSME-C" if how == "problems" else "TSME-H043") in err


def test_stop_and_migrate_take_what_is_kept_where_another_program_is_given(tmp_path: Path) -> None:
    write(tmp_path, edited())
    interrupted(tmp_path)
    write(tmp_path, edited(Last={"Type": "Pass", "Result": "new", "End": True}))
    given = ("j.bin", "--program", "flow.asl.json")
    assert run(tmp_path, "migrate", *given[:1], "flow.asl.json", *given[1:])[0] == 0
    shutil.rmtree(tmp_path / "j.bin.programs")
    write(tmp_path, edited())
    code, _, err = run(tmp_path, "stop", "j.bin", "--program", "flow.asl.json")
    assert code == 2
    cure = "add --program and the workflow as it was, or FILE.py:CLASS for a machine, or give up"
    assert f"{cure} what it began: tsme retire" in err
    assert run(tmp_path, "retire", "j.bin")[0] == 0
