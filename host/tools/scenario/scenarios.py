"""Test files: scenarios of a workflow, with mocked tasks and what is to come out.

The format is told in docs/TESTING.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tsme.engine.tasks import names
from tsme.errors import TsmeError
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import EMITS
from tsme.sim.world import World
from tsme.values import timestamp

from ...compiler.backend.disasm import disassemble
from ...compiler.frontend.model import CompileError, Json, Where
from ...compiler.frontend.source import Node
from ..definitions import as_text
from ..errors import HostError, did_you_mean
from ..files import read_program
from ..inputs import input_error
from ..journal.listing import Listing, listing
from ..limits import MOST, no_limits
from .expectations import Expected, Payloads, read_expected
from .mocks import Mock, MockConfig, read_mock, read_mock_config
from .reader import ScenarioReader
from .virtual_time import Begin, StartedTask

START = "2026-01-01T00:00:00Z"
ENDING = ".test.json"
WORKFLOWS = (".asl.json", ".asl.yaml", ".asl.yml", ".asl", ".yaml", ".yml")
_SHARED = ("input", "context", "start", "seed", "tasks", "limits", "world")
_FILE = ("comment", "workflow", "substitutions", "mock_config", "handlers", *_SHARED, "cases")
_CASE = ("name", "comment", "mock_case", *_SHARED, "expect")
_CONTEXT = {"Execution": ("Id", "Name", "RoleArn"), "StateMachine": ("Id", "Name")}
_EMITS = [f"tsme:{name}" for name in EMITS]


@dataclass(frozen=True)
class Workflow:
    """A compiled workflow and what tests may name of it."""

    path: str
    program: bytes
    debug: bytes
    what: Listing
    resources: list[str]

    def tasks(self) -> list[str]:
        """What a task can be called by in a test: its state, its resource."""
        states = [state.name for state in self.what.states if state.type == "Task"]
        known = [name for resource in self.resources for name in names(resource)]
        return list(dict.fromkeys([s for s in states if s not in self.emits()] + known))

    def emits(self) -> dict[str, str]:
        """The states that only send something, and as what."""
        found = {}
        state = ""
        for instruction in self.what.code:
            if instruction.op == "ENTER":
                state = self.what.states[instruction.arg].name
            elif instruction.op == "EMIT":
                found[state] = f"tsme:{EMITS[instruction.arg]}"
        return found


@dataclass
class Case:
    """One scenario.  `expected` is None if it only has to come to an end."""

    name: str
    workflow: Workflow
    begin: Begin
    mocks: dict[str, Mock]
    expected: Expected | None
    limits: dict[str, int] = field(default_factory=dict)  # those that are not a board's
    handlers: str | None = None  # the tasks file that plays what is not mocked
    world: dict[str, Json] = field(default_factory=dict)  # what its pins and sensors read

    def mock(self, call: StartedTask) -> Mock | None:
        """The mock of a call: by its state, else by its resource."""
        for name in (call.state, *names(call.resource)):
            if name in self.mocks:
                return self.mocks[name]
        return None


@dataclass
class Scenarios:
    """A test file."""

    path: str
    cases: list[Case]
    shared: list[Mock] = field(default_factory=list)  # mocks for all cases


def find(paths: tuple[str, ...]) -> Iterator[str]:
    """The test files among files and folders."""
    for given in paths or (".",):
        path = Path(given)
        if not path.is_dir():
            _not_a_workflow(given)
            yield given
            continue
        found = [p for p in path.rglob(f"*{ENDING}") if p.is_file() and _looked_at(p, path)]
        yield from (str(item) for item in sorted(found))


def _not_a_workflow(path: str) -> None:
    """A workflow is no test, but perhaps there is one beside it."""
    name = next((path.removesuffix(end) for end in WORKFLOWS if path.endswith(end)), None)
    if name is None or path.endswith(ENDING):
        return
    test = f"{name}{ENDING}"
    there = Path(test).is_file()
    hint = (
        f"run tsme test {test}" if there else f"write its scenarios into {test}: docs/TESTING.md"
    )
    raise HostError("TSME-H070", f'"{path}" is a workflow, and no test of one', hint)


def _looked_at(path: Path, top: Path) -> bool:
    parts = path.relative_to(top).parts[:-1]
    return not any(part.startswith(".") or part in ("build", "node_modules") for part in parts)


def load(path: str) -> Scenarios:
    """Read a test file, or a MockConfigFile.  Raises HostError for the first mistake in it."""
    reader = ScenarioReader(path)
    if isinstance(reader.root.value, dict) and "StateMachines" in reader.root.value:
        return _config_alone(path)
    return _Loader(path, reader).load()


def _workflow(path: str, values: dict[str, str] | None = None) -> Workflow:
    """The workflow of a test, compiled with its debug part.  `values`: for its placeholders."""
    try:
        loaded = read_program(path, own=values)
    except CompileError as error:
        raise input_error(error.problems, path) from None
    with no_limits():
        size = disassemble(loaded.data).size
        program, debug = loaded.data[:size], loaded.data[size:]
        if not debug:
            hint = "compile it without --no-debug, or give the workflow"
            raise HostError("TSME-H046", f'"{path}" has no debug part', hint)
        what = listing(program, debug)
    return Workflow(path, program, debug, what, disassemble(program).resources)


class _Loader:
    def __init__(self, path: str, reader: ScenarioReader) -> None:
        self.path = path
        self.reader = reader
        self.top = reader.members(reader.root, "a test file", _FILE)
        self.workflow = self.find_workflow()
        self.config: MockConfig | None = None
        named = reader.text(self.top.get("handlers"), "handlers")
        self.handlers = str(Path(path).parent / named) if named else None
        self.shared: dict[str, Mock] = {}

    def load(self) -> Scenarios:
        reader, top = self.reader, self.top
        if config := reader.text(top.get("mock_config"), "mock_config"):
            self.config = read_mock_config(str(Path(self.path).parent / config))
        self.shared = self.mocks(top)
        for mock in self.shared.values():
            mock.shared = True
        if "cases" not in top and not reader.problems:
            reader.wrong(reader.root.where, 'a test file needs "cases"', "an array of objects")
        cases: list[Case] = []
        for node in reader.array(top.get("cases"), "cases"):
            case = self.case(node)
            if case.name in [other.name for other in cases]:
                reader.wrong(node.where, f'there are two cases "{case.name}"', "rename one")
            cases.append(case)
        reader.close()
        return Scenarios(self.path, cases, list(self.shared.values()))

    def find_workflow(self) -> Workflow:
        """The one that is named, else that of the same name beside the test file."""
        node = self.top.get("workflow")
        folder = Path(self.path).parent
        if node is not None:
            name = self.reader.text(node, "workflow")
            if name is None:
                self.reader.close()
            return _workflow(str(folder / (name or "")), self.substitutions())
        base = Path(self.path).name.removesuffix(ENDING)
        beside = _beside(folder, base)
        if not beside.is_file():
            hint = 'name it: "workflow": "flow.asl.json"'
            what = f'there is no workflow "{beside}" beside it'
            raise HostError("TSME-H073", f"{self.path}: {what}", hint)
        return _workflow(str(beside), self.substitutions())

    def substitutions(self) -> dict[str, str]:
        """The member `substitutions`: values for the workflow's placeholders."""
        given = self.reader.object(self.top.get("substitutions"), "substitutions")
        return {name: as_text(node.plain()) for name, node in given.items()}

    def case(self, node: Node) -> Case:
        reader = self.reader
        of = reader.members(node, "a case", _CASE)
        name = reader.text(of.get("name"), "name")
        if not name and isinstance(node.value, dict):
            reader.wrong(node.where, 'a case needs a "name"')
        mocks = {key: mock.fresh() for key, mock in self.shared.items()}
        mocks |= self.of_config(of.get("mock_case")) | self.mocks(of)
        expected = read_expected(reader, of.get("expect"), self.workflow.what)
        for key, payloads in expected.calls.items():
            self.check_call(key, payloads)
        limits = self.limits(self.top) | self.limits(of)
        world = self.world(self.top) | self.world(of)
        if self.handlers is None and (world or expected.world):
            where = of["world"].where if "world" in of else node.where
            hint = 'name the tasks file: "handlers": "tasks.py"'
            reader.wrong(where, "there is a world, and no handlers that live in it", hint)
        case = Case(name or "", self.workflow, self.begin(of), mocks, expected, limits)
        case.handlers, case.world = self.handlers, world
        return case

    def world(self, of: dict[str, Node]) -> dict[str, Json]:
        """The member `world` of a file or case."""
        node = of.get("world")
        found = {k: v.plain() for k, v in self.reader.object(node, "world").items()}
        try:
            World(found)
        except TsmeError as error:
            self.reader.wrong(_where(node), error.message)
        return found

    def begin(self, of: dict[str, Node]) -> Begin:
        def find(name: str) -> Node | None:
            return of.get(name) or self.top.get(name)

        reader = self.reader
        given = find("input")
        start = reader.text(find("start"), "start") or START
        now = timestamp.ms(start)
        if now is None:
            hint = f"write it as {START}"
            reader.wrong(_where(find("start")), f'start "{start}" is no timestamp', hint)
        seed = reader.whole(find("seed"), "seed")
        if seed is not None and seed >= 1 << 64:
            reader.wrong(_where(find("seed")), "seed must be below 2^64")
        return Begin(
            given.plain() if given else {},
            now or 0,
            1 if seed is None else seed,
            self.context(find("context")),
        )

    def limits(self, of: dict[str, Node]) -> dict[str, int]:
        """The member `limits` of a file or case."""
        found: dict[str, int] = {}
        for name, node in self.reader.object(of.get("limits"), "limits").items():
            number = self.reader.whole(node, name, 1)
            if name not in LIMITS:
                self.reader.unknown(node.key_where, f'there is no limit "{name}"', name, LIMITS)
            elif number is not None and number > MOST:
                self.reader.wrong(node.where, f"{name} must be below 10^9")
            elif number is not None:
                found[name] = number
        return found

    def context(self, node: Node | None) -> list[str | None] | None:
        if node is None:
            return None
        found: list[str | None] = []
        parts = self.reader.members(node, "context", _CONTEXT)
        for part, fields in _CONTEXT.items():
            of = self.reader.members(parts.get(part), part, fields)
            found += [self.reader.text(of.get(name), name) for name in fields]
        return found

    def mocks(self, of: dict[str, Node]) -> dict[str, Mock]:
        """The member `tasks` of a file or case."""
        mocks = {}
        for name, node in self.reader.object(of.get("tasks"), "tasks").items():
            if self.is_task(name, node.key_where):
                mocks[name] = read_mock(self.reader, name, node)
        return mocks

    def is_task(self, name: str, where: Where) -> bool:
        """Does a name belong to a task?  If not, that is a problem."""
        if name in self.workflow.tasks():
            return True
        emits = self.workflow.emits()
        state = next((s for s in self.workflow.what.states if s.name == name), None)
        if name in emits:
            message = f'"{name}" calls no task, it sends'
            self.reader.wrong(where, message, f'its calls are those of "{emits[name]}"')
        elif state:
            message = f'"{name}" is a {state.type} state, which calls no task'
            self.reader.unknown(where, message, name, [])
        else:
            message = f'the workflow has no task "{name}"'
            self.reader.unknown(where, message, name, self.workflow.tasks())
        return False

    def check_call(self, name: str, payloads: Payloads) -> None:
        if name not in _EMITS:
            self.is_task(name, payloads.where)

    def of_config(self, node: Node | None) -> dict[str, Mock]:
        """The mocks of a test case in the MockConfigFile."""
        name = self.reader.text(node, "mock_case")
        if node is None or name is None:
            return {}
        if self.config is None:
            hint = 'name the MockConfigFile: "mock_config": "MockConfigFile.json"'
            self.reader.wrong(node.where, "there is no mock_config in this file", hint)
            return {}
        cases = {case: mocks for of in self._machines() for case, mocks in of.items()}
        if name not in cases:
            self.reader.unknown(node.where, f'there is no test case "{name}"', name, cases)
        return {state: mock.fresh() for state, mock in cases.get(name, {}).items()}

    def _machines(self) -> list[dict[str, dict[str, Mock]]]:
        """Those of the state machine named as the workflow is, else of all."""
        assert self.config is not None
        base = Path(self.workflow.path).name.partition(".")[0]
        machines = self.config.machines
        return [machines[base]] if base in machines else list(machines.values())


def _beside(folder: Path, base: str) -> Path:
    """The workflow of a name; as JSON, if there is none."""
    found = [folder / f"{base}.asl{ending}" for ending in (".json", ".yaml", ".yml")]
    return next((file for file in found if file.is_file()), found[0])


def _where(node: Node | None) -> Where:
    return node.where if node else Where("", 1, 1)


def _config_alone(path: str) -> Scenarios:
    """A MockConfigFile by itself: each of its test cases has to come to an end."""
    config = read_mock_config(path)
    cases = []
    for machine, of in config.machines.items():
        file = _beside(Path(path).parent, machine)
        if not file.is_file():
            place = config.places[machine]
            at = f"{path}:{place.line}:{place.column}"
            others = [p.name.removesuffix(".asl.json") for p in file.parent.glob("*.asl.json")]
            hint = did_you_mean(machine, others)
            raise HostError("TSME-H073", f'{at}: there is no workflow "{file}" beside it', hint)
        workflow = _workflow(str(file))
        begin = Begin({}, timestamp.ms(START) or 0)
        for name, mocks in of.items():
            for mock in mocks.values():
                if mock.name not in workflow.tasks():
                    message = f'the workflow has no task "{mock.name}"'
                    config.reader.unknown(mock.where, message, mock.name, workflow.tasks())
            fresh: dict[str, Mock] = {state: mock.fresh() for state, mock in mocks.items()}
            cases.append(Case(f"{machine} {name}", workflow, begin, fresh, None))
    config.reader.close()
    return Scenarios(path, cases)
