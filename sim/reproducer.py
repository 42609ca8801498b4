"""A failure in a file, so that it can be had again: elsewhere, or as a regression test."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsme import __version__
from tsme.errors import TsmeError
from tsme.kernel.protocol import INPUTS
from tsme_host.tools.definitions import split_name
from tsme_host.tools.limits import no_limits
from tsme_host.tools.outputs import write_bytes

from .campaign import Failure, one
from .coverage import Coverage
from .device import Device
from .simulation import Simulation
from .subjects import subjects_of
from .terms import Call, Value
from .world import Move

ENDING = ".sim.json"
_LONGEST = 70  # of a value in the story
_PASTED = 24  # moves that a test shows, instead of naming the file


@dataclass(frozen=True)
class Reproducer:
    """What a file holds.  simulation: "file.py:Class", the file relative to the reproducer's."""

    simulation: str
    failure: Failure
    commit: str
    inputs: tuple[Value, ...] = ()


class _Story(Coverage):
    """Writes down what happens, instead of only counting it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines_told: list[str] = []

    def say(self, text: str) -> None:
        self.lines_told.append(text)

    def fault(self, name: str) -> None:
        super().fault(name)
        self.say(f"             ⚡ {name}")

    def task(self, device: Device, call: Call) -> None:
        super().task(device, call)
        again = f", for the {call.starts}. time" if call.starts > 1 else ""
        self.say(f"             {_name(device)}{call.resource} begins (action {call.id}){again}")

    def rejected(self, device: Device, error: Exception) -> None:
        super().rejected(device, error)
        self.say(f"             {_name(device)}rejected: {type(error).__name__}: {error}")

    def counter(self, sim: Simulation, device: Device) -> Any:
        count, inputs, _ = super().counter(sim, device)

        def tell(event: Any, step: Any, counted: bool = False) -> None:
            fields = ", ".join(_short(v) for v in event[2:] if not isinstance(v, bytes))
            if event[0] == 1:
                fields = _short(event[5])
            kind = INPUTS[event[0]]
            self.say(
                f"{(event[1] - device.world.began) / 1000:>11.3f}  {_name(device)}{kind} {fields}"
            )
            count(event, step, counted)

        return tell, inputs, True


def _name(device: Device) -> str:
    return f"{device.name}: " if len(device.world.devices) > 1 else ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def story(kind: type[Simulation], failure: Failure) -> list[str]:
    """What happened, a line each: seconds since the start, the device, the input."""
    telling = _Story()
    with no_limits():
        seed, moves, without = failure.seed, failure.moves, failure.without
        one(kind, subjects_of(kind), seed, telling, moves, without, failure.guarded)
    return telling.lines_told


def replay(
    kind: type[Simulation], seed: int, moves: Sequence[Sequence[int]], without: Iterable[str] = ()
) -> None:
    """Run the moves of a failure again, as a regression test: AssertionError if it still fails."""
    made: list[Move] = [(int(k), int(d), int(n)) for k, d, n in moves]
    with no_limits():
        failure = one(kind, subjects_of(kind), seed, Coverage(), made, tuple(without), guard=True)
    if failure:
        text = "\n".join(story(kind, failure))
        raise AssertionError(f"{failure.message} ({failure.where})\n{text}")


def replay_file(path: str | Path) -> None:
    """The same for a saved failure; its simulation is found where the file says."""
    saved = load(Path(path))
    file, _, name = saved.simulation.rpartition(":")
    kind = simulations(Path(path).parent / file, saved.inputs)[name]
    failure = saved.failure
    replay(kind, failure.seed, failure.moves, failure.without)


def regression(kind: type[Simulation], failure: Failure) -> str:
    """The failure as a test to paste."""
    if len(failure.moves) > _PASTED:
        name = f"{kind.__name__}-{failure.seed}{ENDING}"
        return f'def test_seed_{failure.seed}():\n    replay_file("{name}")  # {failure.message}\n'
    moves = ", ".join(str(move) for move in failure.moves)
    without = f", without={failure.without!r}" if failure.without else ""
    return (
        f"def test_seed_{failure.seed}():\n"
        f"    # {failure.message}\n"
        f"    replay({kind.__name__}, {failure.seed}, [{moves}]{without})\n"
    )


def commit(folder: Path) -> str:
    """The commit that a folder is at, with a + if there are changes; "" outside of git."""
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def save(path: Path, file: Path, kind: type[Simulation], failure: Failure) -> None:
    """Write a failure of the simulation `kind`, which is in `file`."""
    near = file.name if file.resolve().parent == path.resolve().parent else file.resolve()
    value = {
        "simulation": f"{near}:{kind.__name__}",
        "tsme": __version__,
        "commit": commit(file.parent),
        "message": failure.message,
        "where": failure.where,
        "seed": failure.seed,
        "without": list(failure.without),
        "inputs": list(kind.inputs),
        "moves": [list(move) for move in failure.moves],
        "story": story(kind, failure),
    }
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    write_bytes(str(path), text.encode(), "failure of a simulation")


def load(path: Path) -> Reproducer:
    """Read a reproducer.  Raises TsmeError if it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        moves = [(int(k), int(d), int(n)) for k, d, n in value["moves"]]
        without = tuple(str(name) for name in value["without"])
        failure = Failure(int(value["seed"]), moves, value["message"], value["where"], without)
        inputs = tuple(value.get("inputs", ()))
        return Reproducer(str(value["simulation"]), failure, str(value["commit"]), inputs)
    except (OSError, ValueError, KeyError, TypeError) as e:
        text = f'"{path}" is no reproducer of a simulation: {type(e).__name__}: {e}'
        raise TsmeError("TSME-S003", text) from None


def _of_workflow(path: Path, inputs: tuple[Value, ...]) -> type[Simulation]:
    """A simulation of a workflow alone: its tasks answer as the scenarios beside it have them."""
    test = path.with_name(path.name.partition(".")[0] + ".test.json")
    scenario = str(test) if test.is_file() else ""
    members = {"program": str(path), "scenario": scenario, "inputs": inputs}
    return type("Workflow", (Simulation,), members)


def simulations(path: Path, inputs: tuple[Value, ...] = ()) -> dict[str, type[Simulation]]:
    """The simulations in a Python file, by name, or that of a workflow.  TsmeError if none.

    inputs: what the workflow starts with, one of them, instead of what its scenarios have.
    """
    if not Path(split_name(str(path))[0]).is_file():
        raise TsmeError("TSME-S002", f'there is no file "{path}"')
    if path.suffix != ".py":
        return {"Workflow": _of_workflow(path.resolve(), inputs)}
    name = f"tsme_simulated_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TsmeError("TSME-S002", f'"{path}" is no Python file')
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except Exception as e:
        text = f'"{path}" cannot be loaded: {type(e).__name__}: {e}'
        raise TsmeError("TSME-S002", text) from e
    finally:
        sys.path.pop(0)
    found = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Simulation)
        and value.__module__ == name
        and (value.machine or value.program or value.devices)
    }
    if not found:
        text = f'"{path}" has no simulation; it needs a class that inherits from '
        raise TsmeError("TSME-S002", text + "tsme.testing.Simulation and says what runs")
    return found


def again(
    file: Path, name: str, failure: Failure, inputs: tuple[Value, ...] = ()
) -> tuple[type[Simulation], Failure | None]:
    """The simulation of a saved failure, and what its moves do now."""
    kind = simulations(file, inputs)[name]
    with no_limits():
        seed, moves, without = failure.seed, failure.moves, failure.without
        those, guard = subjects_of(kind), failure.guarded
        return kind, one(kind, those, seed, Coverage(), moves, without, guard)
