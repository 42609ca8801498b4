"""Generated executions, and what the Python engine makes of them: what the C core must make too.

A seed is a case. Most are workflows of all kinds of states (tests/laws/workflows.py), whose data
and literals have the numbers that are odd somewhere: -0.0, 5e-324, 2^53 + 1, 2^63 - 1, the edges
of floats of 32 bits. The others are trees of Parallel and Map in one another
(tests/laws/trees.py), with tasks that end in any order, fail and are silent.
"""

from __future__ import annotations

import contextlib
import functools
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
from tsme.kernel.protocol import TASK
from tsme.program import Program, opcodes
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

from . import functions, kernel
from .batch import Case
from .outside import asked

KEPT = 600
TREES = 10  # one case of so many is a tree
EMITTED = ("log", "metric", "publish")  # kinds of untracked actions, by number
BUDGETS = (256, 256, 256, 1, 2, 7)


class Recorder(Interpreter):
    """An interpreter that notes what functions are asked, and what they say."""

    def __init__(self, program: Any) -> None:
        super().__init__(program)
        self.heard: list[tuple[int, bytes, int, bytes]] = []
        known: dict[int, Any] = self.calls  # type: ignore[has-type]
        self.calls = {
            number: (row[0], self.noted(number, row[1]), *row[2:]) for number, row in known.items()
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
                named = 0, functions.encoded(e.name, e.cause)
                self.heard.append((number, given, *((e.number, b"") if e.number else named)))
                raise
            except TsmeError:
                self.heard.append((number, given, functions.TOO_LARGE, b""))
                raise
            self.heard.append((number, given, 0, functions.encoded(result)))
            return result

        return ask


class Noted:
    """Feeds inputs to the kernel, and notes what comes of each."""

    def __init__(self, name: str, program: bytes) -> None:
        self.recorder = Recorder(Program(program))
        self.kernel: Any = Kernel(self.recorder)
        self.state: Any = State()
        self.case = Case(name, program, [], [], b"", self.recorder.heard)

    def step(self, state: Any, event: Any) -> Any:
        """As the kernel has it."""
        self.case.inputs.append(kernel.packed([event]))
        try:
            step = self.kernel.step(state, event)
        except LimitError:
            self.case.outcomes.append("limit")
            raise
        except TsmeError as e:
            assert e.code in ("TSME-K002", "TSME-K003"), e
            self.case.outcomes.append("input")
            raise
        if step:
            self.state = step.state
        record = bytes(step.record) if step else b""
        self.case.outcomes.append((record, actions_of(step)) if step else "late")
        if step and not self.state.status and len(self.case.inputs) in (1, 3, 7):
            self.case.middle = len(self.case.inputs), bytes(self.kernel.checkpoint(self.state))
        return step

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kernel, name)

    def end(self) -> Case:
        self.case.checkpoint = bytes(self.kernel.checkpoint(self.state))
        return self.case


def actions_of(step: Any) -> bytes:
    """What the step began and did not end, and what it emitted, as the core lists it."""
    listed = []
    for action in step.actions:
        if not action.id:
            listed.append([0, EMITTED.index(action.kind), action.payload])
        elif action.id in step.state.pending:
            listed.append(list(action)[: 9 if action.kind == TASK else 4])
    return bytes(cbor.encode(listed, True))


class Tree(Runner):
    """Runs a tree without looking at each of its states."""

    def feed(self, event: Any) -> None:
        step = self.kernel.step(self.state, event)
        self.events.append(list(event))
        self.state = step.state


def tree(seed: int) -> Case:
    forest = trees.Forest(seed)
    root = forest.tree()
    source = values.Source(seed)

    def plant(node: trees.Node) -> None:
        node.items = [source.value(2) if source.maybe(50) else item for item in node.items]
        for child in node.children:
            plant(child)

    plant(root)
    runner = Tree(trees.text(root), seed, (1, 2, 7, 256)[seed % 4])
    runner.kernel = noted = Noted(f"tree {seed}", runner.program)
    runner.value = source.value()
    with contextlib.suppress(LimitError):
        runner.run()
    return noted.end()


def workflow(seed: int) -> Case:
    made = write(seed, 1 + seed % 7)
    program = compile_text(made.text, budget=BUDGETS[seed % len(BUDGETS)]).program
    noted = Noted(f"workflow {seed}", program)
    start = start_event(noted.recorder.program, made.value, made.seed, NAMES)
    with contextlib.suppress(LimitError):
        Drive(noted, start, made.moves, made.results).run()
    return noted.end()


def corpus() -> Iterator[Case]:
    """The golden corpus, as far as one program makes it (tests/golden)."""
    for path in sorted(FOLDER.glob("*.cbor")):
        (program, *more), moves, _, _ = cbor.decode(path.read_bytes(), 0, True)[0]
        if more or not isinstance(program, bytes):
            continue
        noted = Noted(path.stem, program)
        events = [tuple(move) for move in moves if isinstance(move, list)]
        for event in events:
            # The executor gives a state up that is too large, and bounds the step.
            with contextlib.suppress(TsmeError):
                noted.step(noted.state, event)
        if Program(program).needs & opcodes.NEEDS_EXPRESSION:
            noted.case.calls = asked(program, events)
        yield noted.end()


def made(seed: int) -> Case:
    return tree(seed) if seed % TREES == 0 else workflow(seed)


kept = functools.cache(made)


def case(seed: int) -> Case:
    """That of a seed.  Many tests begin with the first ones: made once, and changed by nobody."""
    return kept(seed) if seed < KEPT else made(seed)


def cases(count: int, first: int = 0) -> Iterator[Case]:
    """So many, by their seeds."""
    return map(case, range(first, first + count))


def show(seed: int) -> str:
    """The definition of a seed, for who looks into a difference."""
    if seed % TREES == 0:
        return trees.text(trees.Forest(seed).tree())
    return json.dumps(write(seed, 1 + seed % 7).definition, indent=1, ensure_ascii=False)
