"""`tsme convert`: a workflow in JSONPath becomes one in JSONata, state by state.

For each input with which a state of JSONPath succeeds, the state of JSONata does the same.  Where
that cannot be shown, the state stays as it is, and it is said why.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..frontend.check import check
from ..frontend.model import AslState, Json, MapState, ParallelState, StateMachine, Where
from ..frontend.source import Flow, parse
from .spelling import Left, Uses
from .states import Fields, as_fields, convert_state


@dataclass(frozen=True)
class Remark:
    """Something to know of a state: why it is still in JSONPath, or what was assumed of it."""

    state: str
    message: str
    where: Where
    hint: str = ""
    left: bool = True


@dataclass
class Converted:
    """`definition`: the new workflow; `states`: how many were in JSONPath; `remarks` in order."""

    definition: Fields
    states: int = 0
    remarks: list[Remark] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many states are in JSONPath still."""
        return sum(remark.left for remark in self.remarks)


def convert(text: Flow, name: str = "", *, assume: bool = False) -> Converted:
    """A workflow in JSONata.  Raises CompileError for one that has problems.

    `assume`: convert also what is the same only under a condition; a remark tells it.
    """
    machine = check(text, name)
    node, _ = parse(text)
    assert node is not None
    work = _Work(assume, _variables(machine))
    definition = as_fields(node.plain())
    made = work.machine(machine, definition)
    converted = Converted(made, work.states, work.remarks)
    if not converted.left:
        made = _without_language(made)
        head = {k: v for k, v in made.items() if k == "Comment"}
        rest = {k: v for k, v in made.items() if k not in ("Comment", "QueryLanguage")}
        converted.definition = head | {"QueryLanguage": "JSONata"} | rest
    return converted


class _Work:
    def __init__(self, assume: bool, variables: set[str]) -> None:
        self.assume = assume
        self.variables = variables
        self.states = 0
        self.remarks: list[Remark] = []

    def machine(self, machine: StateMachine, source: Fields) -> Fields:
        """recursion: as deep as machines are nested"""
        states: Fields = {}
        for name, written in as_fields(source["States"]).items():
            states[name] = self.state(machine.states[name], as_fields(written))
        return source | {"States": states}

    def state(self, state: AslState, source: Fields) -> Fields:
        fields = source
        if not state.jsonata:
            self.states += 1
            fields = self.converted(state, source)
        if isinstance(state, ParallelState):
            branches = source["Branches"]
            assert isinstance(branches, list)
            made: list[Json] = [
                self.machine(branch, as_fields(written))
                for branch, written in zip(state.branches, branches, strict=True)
            ]
            fields = fields | {"Branches": made}
        elif isinstance(state, MapState):
            key = "Iterator" if "Iterator" in fields else "ItemProcessor"
            fields = fields | {key: self.machine(state.body, as_fields(fields[key]))}
        return fields

    def converted(self, state: AslState, source: Fields) -> Fields:
        uses = Uses(self.assume)
        try:
            fields = convert_state(state, source, uses)
        except Left as left:
            self.remarks.append(Remark(state.name, left.why, left.where, left.hint))
            return source
        if hidden := uses.functions & self.variables:
            why = f"a variable ${min(hidden)} hides the function of JSONata that it needs"
            self.remarks.append(Remark(state.name, why, state.where, "rename the variable"))
            return source
        for condition in uses.conditions:
            self.remarks.append(Remark(state.name, condition, state.where, left=False))
        return fields


def _variables(machine: StateMachine) -> set[str]:
    """All variables that states set, in machines at any depth."""
    found: set[str] = set()
    todo = [machine]
    while todo:
        for state in todo.pop().states.values():
            for setter in (state, *getattr(state, "rules", ()), *getattr(state, "catch", ())):
                found.update(name for name, _ in setter.assign)
            if isinstance(state, ParallelState):
                todo += state.branches
            elif isinstance(state, MapState):
                todo.append(state.body)
    return found


def _without_language(machine: Fields) -> Fields:
    """A machine whose states do not say their language.  recursion: as deep as machines nest"""
    states: Fields = {}
    for name, written in as_fields(machine["States"]).items():
        state = {k: v for k, v in as_fields(written).items() if k != "QueryLanguage"}
        if "ItemProcessor" in state:
            state["ItemProcessor"] = _without_language(as_fields(state["ItemProcessor"]))
        if isinstance(state.get("Branches"), list):
            branches = state["Branches"]
            assert isinstance(branches, list)
            state["Branches"] = [_without_language(as_fields(branch)) for branch in branches]
        states[name] = state
    return machine | {"States": states}
