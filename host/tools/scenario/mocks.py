"""Mocked answers of tasks, in our own form and in that of AWS Step Functions Local.

Both say for a task what its calls get, in order:

    "OpenValve": [{"error": "ValveJammed", "times": 2}, {"output": {"litres": 150}}]
    "OpenValve": {"0-1": {"Throw": {"Error": "ValveJammed", "Cause": ""}},
                  "2": {"Return": {"litres": 150}}}

A single answer that stands in no array is given to every call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from tsme.engine.tasks import INTERRUPTED
from tsme.kernel.protocol import FAILED, SUCCEEDED

from ...compiler.frontend.model import Where
from ...compiler.frontend.source import Node
from .reader import ScenarioReader
from .virtual_time import MockAnswer

_FIELDS = ("output", "error", "cause", "timeout", "delay_ms", "times", "comment")
_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_LONGEST = 1000000  # calls that one answer may be for


@dataclass
class Mock:
    """What the calls of a task get.  `always`: one answer for all of them.  An answer of None
    never comes."""

    name: str
    where: Where
    answers: list[MockAnswer | None]
    always: bool = False
    shared: bool = False  # by all cases of a file
    used: int = 0
    ours: list[Mock] = field(default_factory=list)  # of a shared one: where it was used

    def next(self) -> MockAnswer | None:
        """The answer to the next call.  Raises IndexError if there is none left."""
        answer = self.answers[0 if self.always else self.used]
        self.used += 1
        return answer

    def fresh(self) -> Mock:
        """The same, unused: for one run of a case."""
        copy = replace(self, used=0, ours=[])
        self.ours.append(copy)
        return copy

    @property
    def unused(self) -> str:
        """What of it was never used, as a text; empty if nothing."""
        if not self.used:
            return f'"{self.name}" is mocked, but was never called'
        left = 0 if self.always else len(self.answers) - self.used
        if not left:
            return ""
        return f'"{self.name}" has {len(self.answers)} answers, but was called {self.used} times'


def read_mock(reader: ScenarioReader, name: str, node: Node) -> Mock:
    """The mock of one task."""
    if isinstance(node.value, dict) and (
        not node.value or any(_RANGE.fullmatch(key) for key in node.value)
    ):
        return Mock(name, node.key_where, read_responses(reader, node))
    if isinstance(node.value, list):
        answers: list[MockAnswer | None] = []
        if not node.value:
            reader.wrong(node.where, f'"{name}" has no answers', "leave it out")
        for item in node.value:
            answer, times = _answer(reader, item)
            answers += [answer] * times
        return Mock(name, node.key_where, answers)
    answer, times = _answer(reader, node)
    once = isinstance(node.value, dict) and "times" in node.value
    return Mock(name, node.key_where, [answer] * times, always=not once)


def _answer(reader: ScenarioReader, node: Node) -> tuple[MockAnswer | None, int]:
    """One answer, and for how many calls it is."""
    of = reader.members(node, "a mocked answer", _FIELDS)
    times = reader.whole(of.get("times"), "times", 1) or 1
    if times > _LONGEST:
        reader.wrong(of["times"].where, f"times must be at most {_LONGEST}")
        times = 1
    delay = reader.whole(of.get("delay_ms"), "delay_ms") or 0
    ways = [name for name in ("output", "error", "timeout") if name in of]
    if len(ways) != 1 and isinstance(node.value, dict):
        said = " and ".join(f'"{name}"' for name in ways)
        what = f"a mocked answer has {said}" if ways else "a mocked answer says nothing"
        reader.wrong(node.where, what, 'it needs one of "output", "error", "timeout"')
    if "cause" in of and "error" not in of:
        reader.wrong(of["cause"].key_where, '"cause" belongs to an "error"')
    if "timeout" in of:
        if of["timeout"].value is not True:
            reader.wrong(of["timeout"].where, "timeout can only be true")
        if "delay_ms" in of:
            reader.wrong(of["delay_ms"].key_where, "an answer that never comes has no delay")
        return None, times
    if "error" in of:
        error = reader.text(of["error"], "error")
        cause = reader.text(of.get("cause"), "cause")
        return _failed(error or "", cause, delay), times
    return MockAnswer(SUCCEEDED, (of["output"].plain() if "output" in of else None,), delay), times


def _failed(error: str, cause: str | None, delay: int = 0) -> MockAnswer:
    if cause is None:
        cause = INTERRUPTED if error == "TSME.Interrupted" else ""
    return MockAnswer(FAILED, (error, cause), delay)


# --- AWS Step Functions Local -----------------------------------------------------------------


@dataclass(frozen=True)
class MockConfig:
    """A MockConfigFile: state machine -> test case -> state -> its answers."""

    reader: ScenarioReader
    machines: dict[str, dict[str, dict[str, Mock]]]
    places: dict[str, Where]  # of the machines' names


def read_responses(reader: ScenarioReader, node: Node) -> list[MockAnswer | None]:
    """What `MockedResponses` has under one name: {"0": {"Return": ..}, "1-2": {"Throw": ..}}."""
    found: dict[int, MockAnswer] = {}
    before = len(reader.problems)
    for key, item in reader.object(node, "mocked answers").items():
        match = _RANGE.fullmatch(key)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last or last > _LONGEST:
            reader.wrong(item.key_where, f'"{key}" is no number of calls', 'write "0" or "1-3"')
            continue
        answer = _response(reader, item)
        for number in range(first, last + 1):
            if number in found:
                reader.wrong(item.key_where, f"call {number} has two answers")
            found[number] = answer
    missing = [n for n in range(len(found)) if n not in found]
    if len(reader.problems) > before:
        return []
    if missing:
        reader.wrong(node.where, f"there is no answer for call {missing[0]}", "calls count from 0")
        return []
    if not found:
        reader.wrong(node.where, "there are no answers", 'write {"0": {"Return": ...}}')
    return [found[n] for n in sorted(found)]


def _response(reader: ScenarioReader, node: Node) -> MockAnswer:
    of = reader.members(node, "a mocked response", ("Return", "Throw"))
    if len(of) != 1 and isinstance(node.value, dict) and len(of) == len(node.value):
        reader.wrong(node.where, 'a mocked response needs either "Return" or "Throw"')
    if "Throw" not in of:
        return MockAnswer(SUCCEEDED, (of["Return"].plain() if "Return" in of else None,))
    thrown = reader.members(of["Throw"], "Throw", ("Error", "Cause"))
    if "Error" not in thrown:
        reader.wrong(of["Throw"].where, 'Throw needs "Error"')
    error, cause = (reader.text(thrown.get(name), name) for name in ("Error", "Cause"))
    return _failed(error or "", cause)


def read_mock_config(path: str) -> MockConfig:
    """A MockConfigFile.  Raises HostError with the first problem."""
    reader = ScenarioReader(path)
    top = reader.members(reader.root, "a MockConfigFile", ("StateMachines", "MockedResponses"))
    responses: dict[str, list[MockAnswer | None]] = {
        name: read_responses(reader, node)
        for name, node in reader.object(top.get("MockedResponses"), "MockedResponses").items()
    }
    machines: dict[str, dict[str, dict[str, Mock]]] = {}
    places: dict[str, Where] = {}
    for name, node in reader.object(top.get("StateMachines"), "StateMachines").items():
        places[name] = node.key_where
        of = reader.members(node, "a state machine", ("TestCases",))
        cases = reader.object(of.get("TestCases"), "TestCases")
        machines[name] = {case: _chosen(reader, it, responses) for case, it in cases.items()}
    reader.close()
    return MockConfig(reader, machines, places)


def _chosen(
    reader: ScenarioReader, node: Node, responses: dict[str, list[MockAnswer | None]]
) -> dict[str, Mock]:
    """A test case: which of the mocked responses each state gets."""
    mocks: dict[str, Mock] = {}
    for state, chosen in reader.object(node, "a test case").items():
        name = reader.text(chosen, "the name of a mocked response")
        if name is not None and name not in responses:
            message = f'there are no MockedResponses "{name}"'
            reader.unknown(chosen.where, message, name, responses)
        mocks[state] = Mock(state, chosen.key_where, responses.get(name or "", []))
    return mocks
