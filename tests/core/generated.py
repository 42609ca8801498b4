"""Generated executions, and what the Python engine makes of them: what the C core must make too.

A seed is a case. Most are workflows of all kinds of states (tests/laws/workflows.py), whose data and
literals have the numbers that are odd somewhere: -0.0, 5e-324, 2^53 + 1, 2^63 - 1, the edges of
floats of 32 bits. The others are trees of Parallel and Map in one another
(tests/laws/trees.py), with tasks that end in any order, fail and are silent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.golden.make import FOLDER
from tests.laws import trees, values
from tests.laws.drive import Drive, start_event
from tests.laws.test_trees import Runner
from tests.laws.workflows import NAMES, write
from tsme.errors import IntrinsicError, LimitError, StatesError, TsmeError
from tsme.kernel import Kernel, State
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

from . import functions, kernel
from .batch import Case

TREES = 10  # one case of so many is a tree
BUDGETS = (256, 256, 256, 1, 2, 7)


class Recorder(Interpreter):  # type: ignore[misc]
    """An interpreter that notes what functions are asked, and what they say."""

    def __init__(self, program: Any) -> None:
        super().__init__(program)
        self.heard: list[tuple[int, bytes, int, bytes]] = []
        self.calls = {
            number: (row[0], self.noted(number, row[1]), *row[2:])
            for number, row in self.calls.items()
        }

    def noted(self, number: int, function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(builder: Any, *arguments: Any) -> Any:
            given = functions.encoded(*arguments)
            try:
                result = function(builder, *arguments)
            except IntrinsicError:
                self.heard.append((number, given, functions.INTRINSIC, b""))
                raise
            except StatesError as e:
                named = functions.RAISED, functions.encoded(e.name, e.cause)
                self.heard.append((number, given, *((e.number, b"") if e.number else named)))
                raise
            except TsmeError:
                self.heard.append((number, given, functions.TOO_LARGE, b""))
                raise
            self.heard.append((number, given, 0, functions.encoded(result)))
            return result

        return ask


class Tree(Runner):
    """Runs a tree without looking at each of its states."""

    def feed(self, event: Any) -> None:
        step = self.kernel.step(self.state, event)
        self.events.append(list(event))
        self.steps.append(step)
        self.state = step.state


def case_of(name: str, program: bytes, events: list[Any], steps: list[Any], calls: Any) -> Case:
    inputs = [kernel.packed([event]) for event in events[: len(steps)]]
    return Case(name, program, inputs, [s and bytes(s.record) for s in steps], calls)


def tree(seed: int) -> Case | None:
    """None: the tree is larger than the kernel lets it be."""
    forest = trees.Forest(seed)
    root = forest.tree()
    source = values.Source(seed)

    def plant(node: trees.Node) -> None:
        node.items = [source.value(2) if source.maybe(50) else item for item in node.items]
        for child in node.children:
            plant(child)

    plant(root)
    runner = Tree(trees.text(root), seed, (1, 2, 7, 256)[seed % 4])
    recorder = Recorder(runner.kernel.client.program)
    runner.kernel = Kernel(recorder)
    runner.value = source.value()
    try:
        runner.run()
    except LimitError:
        return None
    return case_of(f"tree {seed}", runner.program, runner.events, runner.steps, recorder.heard)


def workflow(seed: int) -> Case:
    made = write(seed, 1 + seed % 7)
    program = compile_text(made.text, budget=BUDGETS[seed % len(BUDGETS)]).program
    recorder = Recorder(Program(program))
    start = start_event(recorder.program, made.value, made.seed, NAMES)
    ran = Drive(Kernel(recorder), start, made.moves, made.results).run()
    return case_of(f"workflow {seed}", program, ran.events, ran.steps, recorder.heard)


def corpus() -> Iterator[Case]:
    """The golden corpus, as far as one program makes it (tests/golden)."""
    for path in sorted(FOLDER.glob("*.cbor")):
        (program, *more), moves, _, _ = cbor.decode(path.read_bytes(), 0, True)[0]
        if more or not isinstance(program, bytes):
            continue
        recorder = Recorder(Program(program))
        engine = Kernel(recorder)
        state, steps = State(), []
        events = [tuple(move) for move in moves if isinstance(move, list)]
        for event in events:
            try:
                steps.append(engine.step(state, event))
            except LimitError:  # the executor gives such a state up, and bounds the step
                break
            state = steps[-1].state if steps[-1] else state
        yield case_of(path.stem, program, events, steps, recorder.heard)


def case(seed: int) -> Case | None:
    return tree(seed) if seed % TREES == 0 else workflow(seed)


def cases(count: int, first: int = 0) -> Iterator[Case]:
    """So many, by their seeds; those that are larger than the kernel lets them be are left out."""
    for seed in range(first, first + count):
        if made := case(seed):
            yield made


def show(seed: int) -> str:
    """The definition of a seed, for who looks into a difference."""
    if seed % TREES == 0:
        return trees.text(trees.Forest(seed).tree())
    return json.dumps(write(seed, 1 + seed % 7).definition, indent=1, ensure_ascii=False)
