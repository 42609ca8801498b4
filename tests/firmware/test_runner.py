"""What surrounds a step: handlers that are late, that raise, that change what they are given."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tsme
from tests import interpreters
from tsme_host.compiler.compile import compile_text

CASES = Path(__file__).with_name("runner_cases.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]


def task(resource: str = "a", **more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": resource,
        **({} if "Next" in more else {"End": True}),
        **more,
    }


ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
ONE = {"A": task()}
CAUGHT = {"A": task(Catch=ALL), "Caught": {"Type": "Pass", "End": True}}
FLOWS: dict[str, Any] = {
    "late": ONE,
    "changed": {
        "L": task("tsme:log", Next="M"),
        "M": task("tsme:metric", Next="A"),
        "A": task(),
    },
    "cancelled": CAUGHT,
    "interrupted": {"A": task(Next="B"), "B": task(Next="C"), "C": task()},
    "odd": CAUGHT,
    "untold": {"A": task(Next="B"), "B": task()},
}
TOLD = {
    "late": "stopped None TSME.Stopped\nsucceeded of the second None\n{}\n",
    "changed": "1\nFalse 1\n",
    "untold": "None\ncut\nsucceeded 2 None\nNone\nsucceeded 12 None\nsucceeded 12 None\n",
    "interrupted": "interrupted\nsucceeded 3 None\nFalse 3\n",
}


def compiled(states: dict[str, Any]) -> bytes:
    return compile_text(json.dumps({"StartAt": next(iter(states)), "States": states})).program


def play(board: str, case: str, folder: Path) -> str:
    if board != "cpython":
        interpreters.require(board)
    (folder / "p.tsm").write_bytes(compiled(FLOWS[case]))
    done = interpreters.run(board, CASES, [case, folder / "p.tsm"], heap="1M")
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("case", list(TOLD))
def test_what_surrounds_a_step_leaves_it_alone(board: str, case: str, tmp_path: Path) -> None:
    assert TOLD[case] in play(board, case, tmp_path)


@pytest.mark.parametrize("board", BOARDS)
def test_a_cancelled_handler_has_failed(board: str, tmp_path: Path) -> None:
    assert "CancelledError" in play(board, "cancelled", tmp_path)


@pytest.mark.parametrize("board", BOARDS)
def test_any_error_of_a_handler_can_be_caught(board: str, tmp_path: Path) -> None:
    lines = play(board, "odd", tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == ["succeeded"] * 3
    assert "404" in lines[0]
    assert "States.DataLimitExceeded" in lines[1]


def test_the_main_py_of_the_readme_tells_an_outcome_that_a_reset_hid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The power goes in the last commit, right behind it, and then not any more."""
    readme = (interpreters.ROOT / "README.md").read_text(encoding="utf-8")
    main = next(part for part in readme.split("```python\n") if part.startswith("import machine"))
    main = main.partition("```")[0]
    (tmp_path / "soil.tsm").write_bytes(compiled({"A": task("measure")}))
    monkeypatch.chdir(tmp_path)
    machine, tasks = ModuleType("machine"), ModuleType("tasks")
    machine.deepsleep = tasks.tasks = None  # type: ignore[attr-defined]
    tasks.tasks = tsme.Tasks()  # type: ignore[attr-defined]
    tasks.tasks.task("measure")(lambda payload: {"soil": 250})
    monkeypatch.setitem(sys.modules, "machine", machine)
    monkeypatch.setitem(sys.modules, "tasks", tasks)
    flash = tsme.RamFlash()
    monkeypatch.setattr(tsme, "FileFlash", lambda path, count: flash)
    commits = []
    commit = tsme.Journal.commit

    def cut(self: Any, kind: int, body: Any) -> Any:
        number = commit(self, kind, body)
        commits.append(number)
        if len(commits) == 2:
            raise KeyboardInterrupt
        return number

    monkeypatch.setattr(tsme.Journal, "commit", cut)
    with pytest.raises(KeyboardInterrupt):
        exec(main, {})
    assert capsys.readouterr().out == ""
    exec(main, {})
    assert capsys.readouterr().out.splitlines() == [
        'execution 1 succeeded: {"soil":250}',
        'execution 2 succeeded: {"soil":250}',
    ]


def test_an_engine_runs_in_one_event_loop_after_another() -> None:
    engine = tsme.Engine(tsme.Program(compiled(ONE)))

    @engine.task("a")
    async def a(payload: Any) -> Any:
        await asyncio.sleep(0.001)
        return payload

    assert [engine.run_sync(n).output for n in range(3)] == [0, 1, 2]


def test_recovery_counts_the_transitions_that_it_replays() -> None:
    """Else a device that resets often would have more to replay each time (law 7)."""
    loop = {
        "A": {"Type": "Pass", "Next": "C"},
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "X"}],
            "Default": "A",
        },
        "X": {"Type": "Succeed"},
    }
    program = tsme.Program(compiled(loop))
    flash = tsme.RamFlash()
    most = 0

    async def live(engine: Any) -> None:
        running = asyncio.create_task(engine.run({"n": 0}))
        for _ in range(8):
            await asyncio.sleep(0)
        running.cancel()

    for _ in range(8):
        engine = tsme.Engine(program, tsme.Journal(flash))
        engine.recover()
        assert engine.found
        most = max(most, engine.found.steps * program.budget)
        asyncio.run(live(engine))
    assert 0 < most <= 4096


def test_a_clock_that_goes_back_prolongs_no_wait() -> None:
    """Boards without a battery begin in 2000 again; a wait of 2 s then took until today."""
    states = {
        "A": {"Type": "Wait", "Seconds": 2, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 3},
    }
    states["B"]["End"] = True
    program = tsme.Program(compiled(states))
    flash = tsme.RamFlash()
    now = 1800000000000
    slept = []

    def sleep(ms: int) -> None:
        nonlocal now
        slept.append(ms)
        now += ms

    engine = tsme.Engine(program, tsme.Journal(flash), clock=lambda: now)

    async def begun() -> None:
        running = asyncio.ensure_future(engine.run({}))
        while not engine.state.steps:
            await asyncio.sleep(0)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(begun())
    now = 946684800000
    engine = tsme.Engine(program, tsme.Journal(flash), clock=lambda: now, sleep=sleep)
    assert engine.run_sync().status == "succeeded"
    assert slept == [2000, 3000]
    assert engine.state.now == 1800000005000


def test_who_runs_an_engine_twice_gets_the_same_outcome_twice() -> None:
    engine = tsme.Engine(tsme.Program(compiled(ONE)))

    @engine.task("a")
    async def a(payload: Any) -> Any:
        await asyncio.sleep(0.01)
        return payload

    async def twice() -> list[Any]:
        both = asyncio.gather(engine.run(1), engine.run(2))
        return [outcome.output for outcome in await asyncio.wait_for(both, 60)]

    assert asyncio.run(twice()) == [1, 1]
