"""What a check says of a schema is so: the machine itself is asked, with schemas by chance."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.relational_host.schemas import findings
from tsme.kernel import Kernel, State
from tsme.relational import Relational

NEVER = ("TSME-C110", "TSME-C111", "TSME-C113")


def schema(dice: random.Random, adds: float) -> dict[str, dict[str, Any]]:
    """A few states with relations by chance."""
    names = "ABCDEFG"[: dice.randint(3, 7)]
    chances = (("require", 0.18), ("add", adds), ("remove", 0.22))
    states: dict[str, dict[str, Any]] = {}
    for one in names:
        lists = {
            key: [other for other in names if other != one and dice.random() < chance]
            for key, chance in chances
        }
        flags = {key: dice.random() < 0.15 for key in ("auto", "multi")}
        states[one] = {key: value for key, value in {**lists, **flags}.items() if value}
    return states


class Life:
    """A machine of some states, without handlers."""

    def __init__(self, states: dict[str, dict[str, Any]]) -> None:
        machine = type("Machine", (), {"name": "machine", "states": list(states.items())})
        client = Relational(machine)
        self.names = [*states]
        self.kernel = Kernel(client)
        self.now = 1000
        start = (1, self.now, 1, client.program.digest, 1, None, None, 1)
        self.state = self.kernel.step(State(), start).state

    def ask(self, verb: str, states: list[str]) -> None:
        self.now += 1
        self.state = self.kernel.step(self.state, (8, self.now, {verb: states})).state

    def ticked(self, name: str) -> bool:
        return bool(self.state.client.ticks[self.names.index(name)])


def needed(states: dict[str, dict[str, Any]], name: str) -> list[str]:
    """A state, and all that it requires."""
    found = [name]
    for one in found:
        found += [other for other in states[one].get("require", ()) if other not in found]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_each_state_of_a_sound_schema_can_be_active(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    sound = 0
    for _ in range(60):
        states = schema(dice, adds=0.1)
        found = findings(tmp_path, json.dumps({"states": states}), "s.json")
        if any(not one.problem.warning for one in found):
            continue
        sound += 1
        for name in states:
            life = Life(states)
            life.ask("set", needed(states, name))
            assert life.ticked(name), (name, states)
    assert sound > 3


@pytest.mark.parametrize("seed", range(3))
def test_what_can_never_be_active_never_is(tmp_path: Path, seed: int) -> None:
    """Without `add`: its second step passes by what the first has removed, for one transition."""
    dice = random.Random(seed)
    dead = 0
    for _ in range(15):
        states = schema(dice, adds=0)
        found = findings(tmp_path, json.dumps({"states": states}), "s.json")
        said = [one.problem.message for one in found if one.problem.code in NEVER]
        never = {match[1] for match in map(re.compile(r'"(\w+)"').match, said) if match}
        dead += len(never)
        life = Life(states)
        for _ in range(20 if never else 0):
            verb = dice.choice(["add", "remove", "set"])
            life.ask(verb, dice.sample([*states], dice.randint(1, 3)))
        assert not [name for name in never if life.ticked(name)], states
    assert dead > 5
