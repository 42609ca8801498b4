"""Relational machines: mutations a second beside `transitions`, growth, and a board's heap.

A mutation is asked for and worked off within a step, in memory, which is what `transitions` does;
`.step` has a step, its record and its digest for each.  Both sides have as many states and take
turns, and the best turn of each counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import transitions

from tests import interpreters
from tests.bench import remote
from tests.interpreters import ROOT
from tsme.kernel import Kernel, State, StepBuilder
from tsme.relational import Relational
from tsme.relational.build import build
from tsme.relational.moment import Moment

COUNT = 10000  # mutations of a turn
TURNS = 3  # of each, at least
Calls = Sequence[Callable[[], object]]
Move = tuple[str, str]


def client(states: Any, **members: Any) -> Any:
    return Relational(type("Bench", (), {"states": states, **members}))


def begun(one: Any) -> tuple[Kernel, State]:
    kernel = Kernel(one)
    event = (1, 1000, 1, one.program.digest, 1, None, None, 1)
    return kernel, kernel.step(State(), event).state


def within(one: Any, moves: Sequence[Move]) -> Calls:
    """Mutations of one step that does not end."""
    _, state = begun(one)
    d = StepBuilder(state, 1001)
    d.left = 1 << 60
    m: Any = Moment(one, state.client, d)

    def call(verb: str, name: str) -> Callable[[], object]:
        mutate, drain = getattr(m, verb), m.drain

        def run() -> None:
            mutate(name)
            drain()

        return run

    return [call(*move) for move in moves]


def stepped(one: Any, moves: Sequence[Move]) -> Calls:
    """Mutations of a step each."""
    kernel, state = begun(one)
    now = [state]

    def call(verb: str, name: str) -> Callable[[], object]:
        def run() -> None:
            now[0] = kernel.step(now[0], (8, now[0].now + 1, {verb: [name]})).state

        return run

    return [call(*move) for move in moves]


def seconds(calls: Calls, count: int = COUNT) -> float:
    """Of one mutation."""
    rounds = max(1, count // len(calls))
    start = time.perf_counter()
    for _ in range(rounds):
        for call in calls:
            call()
    return (time.perf_counter() - start) / (rounds * len(calls))


def best(turns: int, *all_calls: Calls) -> list[float]:
    """The best turn of each, which take turns."""
    told = [[seconds(calls) for calls in all_calls] for _ in range(max(turns, TURNS))]
    return [min(column) for column in zip(*told, strict=True)]


class Model:
    """Of `transitions`: with callbacks as a relational machine has handlers."""

    def asked(self) -> bool:
        return True

    def told(self) -> None:
        pass


def theirs(count: int, handlers: bool = False) -> Calls:
    """A machine of `transitions` that goes through its states, one after another."""
    names = [f"S{n}" for n in range(count)]
    model: Any = Model()
    more = {"conditions": "asked", "after": "told"} if handlers else {}
    ways = [
        {"trigger": f"to{n}", "source": names[n], "dest": names[(n + 1) % count], **more}
        for n in range(count)
    ]
    transitions.Machine(model, states=names, transitions=ways, initial=names[0])
    return [getattr(model, f"to{n}") for n in range(count)]


def many(count: int) -> Any:
    """Every fourth state is active; every second one removes its neighbour."""
    names = [f"S{n}" for n in range(count)]
    states = [
        (name, {"remove": [names[(n + 1) % count]]} if n % 2 == 0 else {})
        for n, name in enumerate(names)
    ]
    return client(states, start=lambda m: m.set(names[1::4]))


def cases() -> dict[str, tuple[Any, list[Move], Calls]]:
    plain: Any = [(name, {}) for name in "ABCD"]
    apart: Any = [("A", {"remove": ["B"]}), ("B", {"remove": ["A"]}), ("C", {}), ("D", {})]
    four = {name: lambda m: None for name in ("AEnter", "AState", "AExit", "AEnd")}
    on_off = [("add", "A"), ("remove", "A")]
    through = [(verb, f"S{n}") for n in range(0, 100, 2) for verb in ("add", "remove")]
    return {
        "bare": (client(plain), on_off, theirs(4)),
        "remove": (client(apart), [("add", "A"), ("add", "B")], theirs(4)),
        "handlers": (client(plain, **four), on_off, theirs(4, True)),
        "s100": (many(100), through, theirs(100)),
    }


def speeds(turns: int) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, (one, moves, other) in cases().items():
        ours, step, beside = best(turns, within(one, moves), stepped(one, moves), other)
        out[f"relational.py.{name}"] = round(1 / ours)
        out[f"relational.py.{name}.step"] = round(1 / step)
        out[f"relational.py.{name}.vs_transitions"] = round(beside / ours, 2)
        out[f"relational.py.{name}.step.vs_transitions"] = round(beside / step, 2)
    return out


def growth(turns: int) -> dict[str, float]:
    """What a mutation takes with 200 states beside 10: again, and for the first time."""
    moves = [(verb, name) for name in ("S0", "S2", "S4") for verb in ("add", "remove")]
    small, large = best(turns, within(many(10), moves), within(many(200), moves))
    first = []
    for count in (10, 200):
        one = many(count)
        one.plans = -1  # it keeps none

        first.append(best(turns, within(one, moves))[0])
    return {
        "relational.growth": round(large / small, 2),
        "relational.growth.first": round(first[1] / first[0], 2),
    }


def schema() -> bytes:
    """Forty states, with relations of all kinds."""
    states = [
        (
            f"S{n}",
            {
                "require": ["S0"] if n % 5 == 1 else [],
                "remove": [f"S{(n + 1) % 40}"] if n % 4 == 2 else [],
                "add": [f"S{(n + 2) % 40}"] if n % 8 == 3 else [],
                "multi": n % 10 == 7,
                "auto": n % 13 == 6,
            },
        )
        for n in range(40)
    ]
    return build("Forty", 1, states)


def heap() -> dict[str, float]:
    """Of a machine of forty states, beyond the engine, and beyond the code it needs."""
    script = Path(__file__).with_name("heap_relational.py")
    program = interpreters.find("micropython32")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = ROOT / "setup" / "package.py"
        subprocess.run([sys.executable, package, "--mpy", folder / "lib"], check=True)
        words = ["-O2", "-o", str(folder / f"{script.stem}.mpy"), str(script)]
        subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)
        (folder / "forty.tsr").write_bytes(schema())
        out = []
        for more in ([], ["loaded"]):
            command = [str(program), "-X", "heapsize=256k", "-m", script.stem, "forty.tsr"]
            done = subprocess.run(
                [*command, f"flash{len(more)}", *more],
                capture_output=True,
                check=False,
                cwd=folder,
                env={"MICROPYPATH": ".:lib:.frozen"},
            )
            if done.returncode:
                raise SystemExit(f"bench: relational heap: {done.stderr.decode()}")
            out.append(int(done.stdout))
    return {"relational.heap_bytes": out[1], "relational.heap_bytes.with_code": out[0]}


def measure(repeat: int) -> dict[str, float]:
    """All of it."""
    return speeds(repeat) | growth(repeat) | heap() | remote.measure()
