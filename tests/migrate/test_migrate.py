"""An execution that moves to another program does so alike on every interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.spec import second_reader
from tests.spec.second_machine import Machine
from tests.tools.test_moves import branch, change
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import MIGRATE, START, SUCCEEDED, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.files import Loaded
from tsme_host.tools.journal.migration import Planner, Wishes
from tsme_host.tools.journal.replayer import know

HERE = Path(__file__).parent
BOARDS = ["micropython", "micropython32"]


def told(board: str, *args: object) -> list[str]:
    interpreters.require(board)
    done = interpreters.run(board, HERE / "device.py", [str(arg) for arg in args], timeout=300)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode().splitlines()


def edited(flow: dict[str, Any]) -> None:
    flow["States"]["First"] = {"Type": "Pass", "Next": "Set"}
    flow["StartAt"] = "First"
    branch(flow, 0)["Tell"]["Parameters"] = {"y.$": "$x"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two programs, and the plan that leads from one to the other."""
    place: Path = tmp_path_factory.mktemp("migrate")
    known = []
    for name, how in (("old", lambda flow: None), ("new", edited)):
        change(place, how)
        data = compile_text((place / "flow.asl.json").read_text(), f"{name}.asl.json").data
        known.append(know(Loaded(name, data, None)))
        place.joinpath(f"{name}.tsm").write_bytes(data[: known[-1].program.size])
    plan = Planner(known[0], known[1], Wishes({}, {}, {})).plan
    place.joinpath("plan.cbor").write_bytes(cbor.encode(plan, True))
    return place


def test_a_workflow_moves_and_is_recovered_as_it_moved(folder: Path) -> None:
    lines = told("cpython", folder, "workflow")
    assert lines[0].startswith("waits: step 1, digest ")
    refused = "TSME-K008: the execution cannot move to the other program: "
    assert [line.removeprefix(refused) for line in lines[1:6]] == [
        "the plan is none",
        "the plan has no place for state 1 (instruction 10)",
        "the plan has no place for state 1 (instruction 10)",
        "the plan is none",
        "the plan is none",
    ]
    assert lines[6] == "1"  # the old program is dropped
    at = next(n for n, line in enumerate(lines) if line.startswith("True "))
    assert lines[at].endswith(" True")
    assert lines[at + 1] == "True"
    assert lines[at + 2].startswith("waits: step 3, ")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("case", ["workflow", "machine", "retire"])
def test_boards_write_the_bytes_that_cpython_writes(board: str, case: str, folder: Path) -> None:
    assert told(board, folder, case) == told("cpython", folder, case)


def test_nothing_is_given_up_of_what_has_ended_as_far_as_its_program_says_so(folder: Path) -> None:
    waits, ended, outcome, end, refused, same, other, *_ = told("cpython", folder, "retire")
    assert waits.startswith("waits: ")
    assert (ended, refused) == ("TSME-K002: no execution is running",) * 2
    assert outcome == "execution 1 stopped: TSME.Retired: by hand"
    assert end.startswith("execution 1 succeeded")
    assert (same, other) == ("True", "False")  # without it nobody can tell


def test_a_machine_moves_to_its_new_version(folder: Path) -> None:
    lines = told("cpython", folder, "machine")
    parts: dict[str, list[str]] = {}
    for line in lines:
        if line in ("Two", "Alone", "Other", "Broken", "Still"):
            parts[line] = part = []
        else:
            part.append(line)
    for name in ("Two", "Alone"):
        waits, same, state, again, *rest = parts[name]
        assert (waits[:13], same) == ("waits: step 4", "False")
        assert "[1, 12]" in state
        assert again.startswith("True ")
        assert again.endswith(" True")
        assert rest
    assert "execution 1 succeeded: [1,12]" in parts["Two"]
    assert parts["Other"][0].startswith("TSME-R001: step 1 (start): the journal has digest ")
    assert parts["Broken"][0] == (
        "TSME-M013: migrate() of Till: ValueError: no euros in version 1; nothing has changed, "
        "and the older version can go on"
    )
    assert parts["Still"][0] == (
        "TSME-K008: the execution cannot move to the other program: Till has no migrate(state, "
        "version)"
    )
    for name in ("Other", "Broken", "Still"):
        assert parts[name][1] == "True"  # the journal is as it was


def test_the_second_reader_moves_as_the_kernel_does(folder: Path) -> None:
    programs = [(folder / f"{name}.tsm").read_bytes() for name in ("old", "new")]
    clients = {p.digest: Interpreter(p) for p in map(Program, programs)}
    digests = list(clients)
    kernel = Kernel(None, None, clients.get)
    second = Machine(second_reader.Program(programs[0]))
    second.others = {digests[1]: second_reader.Program(programs[1])}
    plan = cbor.decode((folder / "plan.cbor").read_bytes())[0]
    now = 1767225600000
    state = State()
    for event in (
        (START, now, 1, digests[0], 7, {"items": [1, 2]}, None, 1),
        (MIGRATE, now + 5, digests[1], plan),
        (SUCCEEDED, now + 9, 2, "yes"),
        (TIMER, now + 3600000, 1),
        (SUCCEEDED, now + 3600001, 3, "yes"),
    ):
        step = kernel.step(state, event)
        dt = event[1] - (0 if event[0] == START else state.now)
        assert second.step(event[0], dt, list(event[2:])) == step.state.digest, event[0]
        state = step.state
        assert second.checkpoint() == kernel.checkpoint(state)
    assert state.result == [{"y": 5}, ["yes", "yes"]]
