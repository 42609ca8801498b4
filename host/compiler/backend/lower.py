"""Lowering: a checked workflow becomes instructions.

Each state becomes one run of code that begins with ENTER.  Within it the data is either slot 0
(the state's input), or a known place on the operand stack (the effective input, a result); a
`Dollar` says which.  What this version cannot run it refuses by name, all of it in one go.
"""

from __future__ import annotations

import json

from ..frontend.model import (
    ChoiceRule,
    ChoiceState,
    Const,
    FailState,
    IntrinsicCall,
    Json,
    Jsonata,
    MapState,
    ParallelState,
    PassState,
    Path,
    Ref,
    StateMachine,
    SucceedState,
    TaskState,
    WaitState,
)
from ..frontend.resource import has_lists, resource_of
from ..jsonpath.calls import SIGNATURES
from . import branches, conditions, expressions, jsonata
from .data_flow import DataFlow
from .emit import USUAL
from .expressions import Dollar
from .ir import Label, Lowered, Pooled, Site, StateInfo

EMITS = {"tsme:log": 0, "tsme:metric": 1, "tsme:publish": 2}


class Lowering(DataFlow):
    """Writes the code of one machine.  Use `lower`."""

    def pass_(self, state: PassState) -> None:
        dollar = None if state.jsonata else self.effective(state)
        if state.parameters is not None:
            self.expr(state.parameters, dollar)
            dollar = self.depth - 1
        self.seen("afterParameters", dollar)
        if state.result is not None:  # it is what a Task would have made of the parameters
            expressions.constant(self, state.result.value)
            dollar = self.depth - 1
            self.seen("result", dollar)
        self.finish(dollar, state.result_path, state.assign)
        self.go(state.next)

    def task(self, state: TaskState) -> None:
        handler = Label(state.name + ".handler") if state.retry or state.catch else None
        if handler:
            self.ins("CATCH", handler)
        dollar = None if state.jsonata else self.effective(state)
        untracked = state.resource in EMITS
        options = 0
        for k, limit in enumerate(() if untracked else (state.timeout, state.heartbeat)):
            options |= self.option(k, limit, dollar) << k
        if state.parameters is not None:
            self.expr(state.parameters, dollar)
        else:
            self.top(dollar)
        if has_lists(state):
            site = Site("parameters", "", state.where)
            self.ins("CALL", expressions.FUNCTIONS.index("Lists"), site)
        self.seen("afterParameters", self.depth - 1)
        if untracked:
            self.ins("EMIT", EMITS[state.resource])
        else:
            resource = resource_of(state)
            if resource not in self.resources:
                self.resources.append(resource)
            self.start(resource, options, self.credentials(state))
        result = self.depth - 1
        self.seen("result", result)
        if state.result_selector is not None:
            self.expr(state.result_selector, result)
            result = self.depth - 1
        self.finish(result, state.result_path, state.assign)
        self.go(state.next)
        if handler:
            self.label(handler)
            self.handler(state.retry, state.catch)

    def credentials(self, state: TaskState) -> Site | None:
        """The device has no use for them; the debug part keeps them for the history.

        Those of JSONata are evaluated all the same, since that can fail.
        """
        if state.credentials is None:
            return None
        shown: dict[str, Json] = {"Credentials": expressions.template(state.credentials)}
        if state.jsonata:
            shown["QueryLanguage"] = "JSONata"
            if not isinstance(state.credentials, Const):
                self.expr(state.credentials, None)
                self.ins("DROP", 1)
        else:
            shown["InputPath"] = None if state.input_path is None else state.input_path.text
        return Site("credentials", json.dumps(shown, ensure_ascii=False), state.credentials.where)

    def choice(self, state: ChoiceState) -> None:
        dollar = None if state.jsonata else self.effective(state)
        depth = self.depth
        for rule in state.rules:
            then, otherwise = Label("then"), Label("else")
            if isinstance(rule.condition, (Jsonata, bool)):
                jsonata.condition(self, rule.condition, otherwise)
            else:
                conditions.condition(self, rule.condition, dollar, then, otherwise)
            self.label(then)
            self.chosen(dollar, rule, rule.next)
            self.label(otherwise)
            self.depth = depth
        if state.default is not None:
            self.chosen(dollar, state, state.default)
        else:
            self.clear()
            site = Site("choice", "", state.where)
            self.ins("CONST", Pooled("States.NoChoiceMatched"))
            self.ins("CONST", Pooled("no rule fits and there is no Default"))
            self.ins("FAIL", 3, site)

    def chosen(self, dollar: Dollar, by: ChoiceRule | ChoiceState, name: str) -> None:
        """A rule counts alone, the state itself if none fits."""
        if self.state.jsonata:
            self.leave(None, by.assign, by.output)
        else:
            self.finish(dollar, Path("$", (), "$", self.state.where), by.assign)
        self.go(name)

    def wait(self, state: WaitState) -> None:
        if not state.jsonata and self.effective(state) is not None:
            self.ins("STORE", 0)
        value = state.seconds if state.seconds is not None else state.timestamp
        kind = "seconds" if state.seconds is not None else "timestamp"
        site = None
        if isinstance(value, Jsonata):
            site = jsonata.delay(self, value, kind)
        elif isinstance(value, Path):
            site = Site(kind, value.text, value.where)
            expressions.path(self, value, None, kind)
        elif isinstance(value, int):
            self.integer(value)
        else:
            self.ins("CONST", Pooled(value))
        self.ins("WAIT", int(kind == "timestamp"), site)
        self.finish(None, None, state.assign)
        self.go(state.next)

    def succeed(self, state: SucceedState) -> None:
        root = Path("$", (), "$", state.where)
        dollar = None if state.jsonata else self.effective(state)
        self.finish(dollar, root, state.assign)
        self.ins("END")

    def fail(self, state: FailState) -> None:
        """An error has a text as its name and one as its cause; a path may name something else."""
        if not state.jsonata:
            self.seen("afterInputPath", None)
        parts = (state.error, state.cause)
        doubtful = [p for p in parts if isinstance(p, (Ref, IntrinsicCall)) and _may_be_no_text(p)]
        no_text = Label(state.name + ".no_text")
        for value in doubtful:
            self.expr(value, None, field=False)
            self.ins("TEST", conditions.TESTS["IsString"])
            self.ins("UNLESS", no_text)
        k = 0
        for bit, part in zip((1, 2), parts, strict=True):
            if part is None:
                continue
            k |= bit
            if isinstance(part, str):
                self.ins("CONST", Pooled(part))
            elif isinstance(part, Jsonata):
                jsonata.expect(self, part, jsonata.TEXT, None)
            else:
                self.expr(part, None, field=False)
        self.ins("FAIL", k)
        if doubtful:
            self.label(no_text)
            self.ins("CONST", Pooled("States.Runtime"))
            self.ins("CONST", Pooled("ErrorPath and CausePath must name strings"))
            self.ins("FAIL", 3)

    def parallel(self, state: ParallelState) -> None:
        branches.parallel(self, state)

    def map_(self, state: MapState) -> None:
        branches.map_(self, state)

    def machine_(self, machine: StateMachine, entry: Label | None = None) -> None:
        """The code of a machine; that of an inner one follows the state it belongs to."""
        outer = self.labels
        self.windows.append(self.frame)
        self.frame.first = len(self.states)
        self.labels = {name: Label(name) for name in machine.states}
        numbers = {name: len(self.states) + n for n, name in enumerate(machine.states)}
        self.states += [StateInfo(s.name, s.kind, s.where) for s in machine.states.values()]
        for name in _order(machine):
            self.state = state = machine.states[name]
            if entry and name == machine.start_at:
                self.label(entry)
            self.label(self.labels[name])
            self.ins("ENTER", numbers[name])
            if isinstance(state, PassState):
                self.pass_(state)
            elif isinstance(state, TaskState):
                self.task(state)
            elif isinstance(state, ChoiceState):
                self.choice(state)
            elif isinstance(state, WaitState):
                self.wait(state)
            elif isinstance(state, SucceedState):
                self.succeed(state)
            elif isinstance(state, FailState):
                self.fail(state)
            elif isinstance(state, ParallelState):
                self.parallel(state)
            elif isinstance(state, MapState):
                self.map_(state)
            self.depth = 0
        self.labels = outer


def _may_be_no_text(e: Ref | IntrinsicCall) -> bool:
    return isinstance(e, Ref) or SIGNATURES[e.name].returns != "string"


def _order(machine: StateMachine) -> list[str]:
    """State names so that a state is followed by its Next where that is possible."""
    done: dict[str, None] = {}
    todo = [machine.start_at]
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done[name] = None
        state = machine.states[name]
        after: list[str] = []
        if isinstance(state, ChoiceState):
            after += [rule.next for rule in state.rules]
            after += [state.default] if state.default is not None else []
        elif isinstance(state, (TaskState, ParallelState, MapState)):
            after += [c.next for c in state.catch]
        if state.next is not None:
            after.append(state.next)
        todo += after
    return list(done)


def lower(machine: StateMachine, largest: int = USUAL.largest) -> Lowered:
    """Instructions for a workflow.  Raises CompileError, each problem a refusal by name.

    `largest`: bytes that a value may have.
    """
    work = Lowering(machine, largest)
    work.machine_(machine)
    return work.lowered(machine.timeout_seconds or 0)
