"""The checked form of a workflow: what the validator hands to the lowering.

A `Machine` holds nothing that is not known to be right: every name is resolved, every path and
intrinsic call is parsed, every default of the States Language is filled in.  All classes are
frozen, so that a later pass can keep references without asking who else does.

Source: Amazon States Language specification, https://states-language.net, and the sections named.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from dataclasses import dataclass

    from ..jsonata.tree import Node

    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:
    from .plain import quick as dataclass

    Json = bool | int | float | str | list | dict | None


@dataclasses.dataclass(frozen=True)  # quicker to make one of, not the class
class Where:
    """A place in the source text, for errors and for the debug part of a program.

    `pointer` is an RFC 6901 JSON pointer; `line` and `column` count from 1 and point at the
    value (not at its key); `field` is the last name in the pointer, e.g. `value.$`.
    """

    pointer: str
    line: int
    column: int

    @property
    def field(self) -> str:
        return self.pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")


# --- Paths ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """`.name` or `['name']`."""

    name: str


@dataclass(frozen=True)
class Index:
    """`[n]`; negative counts from the end."""

    n: int


@dataclass(frozen=True)
class Wildcard:
    """`.*` or `[*]`."""


@dataclass(frozen=True)
class Slice:
    """`[start:stop:step]`; a part that was left out is None."""

    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True)
class Several:
    """`[0,2]` or `['a','b']`."""

    parts: tuple[Key | Index, ...]


@dataclass(frozen=True)
class Filter:
    """`[?(...)]`; `text` is what stands between the brackets."""

    text: str


@dataclass(frozen=True)
class Descend:
    """`..`: the next segment applies at any depth."""


@dataclass(frozen=True)
class Function:
    """A trailing `.length()`, `.min()` ... of the Jayway dialect."""

    name: str


Segment = Key | Index | Wildcard | Slice | Several | Filter | Descend | Function


@dataclasses.dataclass(frozen=True)
class Path:
    """A parsed path.  `root` is `$` (input), `$$` (context object) or a variable's name."""

    root: str
    segments: tuple[Segment, ...]
    text: str
    where: Where

    @property
    def definite(self) -> bool:
        """True if the path names at most one value: only keys and indexes."""
        return all(isinstance(s, (Key, Index)) for s in self.segments)


# --- Expressions: payload templates and intrinsic calls -------------------------------------


@dataclass(frozen=True)
class Const:
    """A literal value."""

    value: Json
    where: Where


@dataclass(frozen=True)
class Ref:
    """The value at a path."""

    path: Path
    where: Where


@dataclass(frozen=True)
class IntrinsicCall:
    """An intrinsic function; `name` is e.g. `States.Format`, `text` the whole call as written."""

    name: str
    args: tuple[Expr, ...]
    text: str
    where: Where


@dataclass(frozen=True)
class Obj:
    """An object of a payload template, members in source order, `.$` taken off the names."""

    items: tuple[tuple[str, Expr], ...]
    where: Where


@dataclass(frozen=True)
class Arr:
    """An array of a payload template, with something dynamic in it."""

    items: tuple[Expr, ...]
    where: Where


@dataclass(frozen=True)
class Jsonata:
    """A JSONata expression: `text` is what stands between `{%` and `%}`, without the white space
    around it, and `field` the place in its state that AWS names, such as `Output/a[0]`."""

    text: str
    tree: Node
    field: str
    where: Where


# The validator folds a subtree without any dynamic part to one Const.
Expr = Const | Ref | IntrinsicCall | Obj | Arr | Jsonata


# --- Choice rules ---------------------------------------------------------------------------


@dataclass(frozen=True)
class And:
    """All parts hold; they are tried in order."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Or:
    """One part holds; they are tried in order."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True)
class Compare:
    """One comparison.  `op` never has the suffix `Path`: then `operand` is a Path instead.

    Ops: {String,Numeric,Timestamp}{Equals,LessThan,GreaterThan,LessThanEquals,GreaterThanEquals},
    BooleanEquals, StringMatches, IsNull, IsPresent, IsNumeric, IsString, IsBoolean, IsTimestamp.
    """

    op: str
    variable: Path
    operand: Path | str | int | float | bool
    where: Where


Condition = And | Or | Not | Compare

Assign = tuple[tuple[str, Expr], ...]  # variable name -> expression, in source order


@dataclass(frozen=True)
class ChoiceRule:
    """An entry of Choices; the rest counts if it is the first whose condition holds.

    In JSONata `condition` is a Jsonata or a boolean, and `output` may be there.
    """

    condition: Condition | Jsonata | bool
    next: str
    assign: Assign
    where: Where
    output: Expr | None = None


# --- States ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Retrier:
    """An entry of Retry, with the defaults of the States Language; intervals in seconds."""

    errors: tuple[str, ...]
    interval_seconds: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: int | None = None
    full_jitter: bool = False
    where: Where = Where("", 1, 1)


@dataclass(frozen=True)
class Catcher:
    """An entry of Catch."""

    errors: tuple[str, ...]
    next: str
    result_path: Path | None  # None: `"ResultPath": null`, the error is discarded
    assign: Assign
    where: Where
    output: Expr | None = None  # of JSONata


@dataclass(frozen=True, kw_only=True)
class AslState:
    """What all states share.

    `input_path`/`output_path`/`result_path`: a Path (default `$`), or None for JSON null.
    `next` is None when the state ends its machine.  A `jsonata` state has `output` and `$` for all
    paths; its Arguments are `parameters`, and where a number or a Path may stand, a Jsonata may.
    """

    name: str
    where: Where
    comment: str = ""
    input_path: Path | None
    output_path: Path | None
    next: str | None = None
    assign: Assign = ()
    jsonata: bool = False
    output: Expr | None = None

    @property
    def kind(self) -> str:
        """Its Type, such as "Task"."""
        return type(self).__name__.removesuffix("State")


@dataclass(frozen=True, kw_only=True)
class PassState(AslState):
    """`result`, if there, stands for what the parameters make."""

    result: Const | None = None
    parameters: Expr | None = None
    result_path: Path | None


@dataclass(frozen=True, kw_only=True)
class TaskState(AslState):
    """`resource` as written; what it means is known to whoever runs it."""

    resource: str
    parameters: Expr | None = None
    result_selector: Expr | None = None
    result_path: Path | None
    timeout: int | Path | Jsonata | None = None  # seconds, or TimeoutSecondsPath
    heartbeat: int | Path | Jsonata | None = None  # seconds, or HeartbeatSecondsPath
    credentials: Expr | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChoiceState(AslState):
    """Without a rule that holds and without `default` it fails: States.NoChoiceMatched."""

    rules: tuple[ChoiceRule, ...]
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class WaitState(AslState):
    """Exactly one of `seconds` and `timestamp` is set; a Path stands for ...Path."""

    seconds: int | Path | Jsonata | None = None
    timestamp: str | Path | Jsonata | None = None


@dataclass(frozen=True, kw_only=True)
class SucceedState(AslState):
    """Ends its machine; its output is its input after InputPath and OutputPath."""


@dataclass(frozen=True, kw_only=True)
class FailState(AslState):
    """`error`, `cause`: text, what ErrorPath, CausePath or JSONata gives, or None when absent."""

    error: str | Expr | None = None
    cause: str | Expr | None = None


@dataclass(frozen=True, kw_only=True)
class ParallelState(AslState):
    """Its result is an array of the branches' outputs, in their order."""

    branches: tuple[StateMachine, ...]
    parameters: Expr | None = None
    result_selector: Expr | None = None
    result_path: Path | None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True)
class ItemReader:
    """ItemReader.  `config` is the ReaderConfig as written."""

    resource: str
    parameters: Expr | None
    config: dict[str, Json]
    max_items: int | Path | Jsonata
    where: Where


@dataclass(frozen=True)
class ItemBatcher:
    """ItemBatcher; 0 for no limit."""

    shared: Expr | None  # BatchInput
    items: int | Path | Jsonata
    size: int | Path | Jsonata


@dataclass(frozen=True)
class ResultWriter:
    """ResultWriter; without a resource it only transforms the state's output."""

    resource: str | None
    parameters: Expr | None
    config: dict[str, Json]
    where: Where


@dataclass(frozen=True, kw_only=True)
class MapState(AslState):
    """`tolerated`: count and percentage of items that may fail, None for one not given.

    `items`: what Items of JSONata gives; without it, the items are the state's input.
    """

    body: StateMachine
    distributed: bool = False
    items_path: Path | None = None
    items: Expr | None = None
    item_selector: Expr | None = None
    result_selector: Expr | None = None
    result_path: Path | None
    max_concurrency: int | Path | Jsonata = 0
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    label: str | None = None
    tolerated: tuple[int | Path | Jsonata | None, float | Path | Jsonata | None] = (None, None)
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None


@dataclass(frozen=True)
class Limits:
    """What a program lets itself have at most, on every engine alike (docs/SPEC.md, 2)."""

    budget: int = 256  # transitions in a step
    largest: int = 262144  # bytes of a value, AWS's limit
    step_bytes: int = 24576  # bytes of what a state makes
    items: int = 1000  # items of a Map

    def written(self) -> dict[str, int]:
        """As a program has them: 0 stands for the usual value."""
        usual = Limits()
        pairs = {name: (getattr(self, name), getattr(usual, name)) for name in MOST}
        return {name: 0 if value == known else value for name, (value, known) in pairs.items()}


# The most that each limit of a program can be.
MOST = {"budget": 65535, "largest": 99999999, "step_bytes": 99999999, "items": 99999999}


@dataclass(frozen=True)
class StateMachine:
    """One state machine: the workflow itself, a branch of a Parallel, or the body of a Map.

    `states` are in source order.  `timeout_seconds` is only ever set on the outermost one.
    """

    start_at: str
    states: dict[str, AslState]
    where: Where
    comment: str = ""
    timeout_seconds: int | None = None
    warnings: tuple[Problem, ...] = ()  # of the whole workflow, on the outermost one
    limits: Limits = Limits()  # that its Comment gives, on the outermost one


# --- Findings -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """One finding.  `code` is listed in docs/ERRORS.md; `hint` says what to write instead."""

    code: str
    message: str
    where: Where
    hint: str = ""
    refusal: bool = False  # True: right in AWS, but a feature this version refuses by name
    warning: bool = False  # True: the workflow compiles all the same


class CompileError(Exception):
    """All the problems of one source text, in the order of their places."""

    def __init__(self, problems: list[Problem], filename: str = "") -> None:
        super().__init__(f"{filename or 'workflow'}: {len(problems)} problem(s)")
        self.problems = problems
        self.filename = filename
