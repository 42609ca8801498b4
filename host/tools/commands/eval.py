"""`tsme eval`: what an expression gives, its tree and its code."""

from __future__ import annotations

import json
import re
import time
from typing import Any, TypedDict, Unpack

import click

from tsme import core, kernel
from tsme.errors import TsmeError
from tsme.program import Program

from ...compiler.backend.disasm import disassemble, to_text
from ...compiler.compile import compile_text
from ...compiler.frontend.model import CompileError, Json, Problem, Where
from ...compiler.jsonata.checks import check, references
from ...compiler.jsonata.functions import built_in
from ...compiler.jsonata.members import ALWAYS
from ...compiler.jsonata.outline import outline
from ...compiler.jsonata.parser import parse
from ...compiler.jsonata.tree import JsonataError, Node
from .. import console, engines
from ..aws import one_state
from ..aws.state_request import ApiError, Request
from ..errors import DONE, FAILED, HostError
from ..files import read_value
from ..forms import answers
from ..inputs import read_bytes, text_of
from .check import show_problems
from .test_batches import run_batch
from .test_state import find_state, own_context

_SHELL = "in double quotes the shell takes `$name` away: write the expression in single quotes"
_TAKEN = re.compile(r"(?:^|[^\w)\]}`])\.(?:input|context|result|errorOutput)\b")
_STATE = "Eval"
_NOTHING = "returned nothing (undefined)."


class Options(TypedDict):
    """What `tsme eval` takes beside the expression."""

    given: str | None
    variables: tuple[str, ...]
    context: str | None
    engine: str
    tree: bool
    code: bool
    form: str | None


@click.command(name="eval")
@click.argument("expression", metavar="EXPRESSION", nargs=-1, required=True)
@click.option(
    "--input",
    "-i",
    "given",
    metavar="JSON",
    help="What $states.input is: a file (.json, .cbor, .msgpack), `-`, or the JSON itself.  "
    "[default: {}]",
)
@click.option(
    "--variable",
    "-v",
    "variables",
    metavar="NAME=JSON",
    multiple=True,
    help="A variable of the workflow. May be repeated.",
)
@click.option("--context", metavar="JSON", help="What $states.context is.")
@click.option(
    "--on",
    "engine",
    type=click.Choice(engines.NAMES),
    callback=lambda _context, _option, value: engines.chosen(value),
    help="The interpreter; core: CPython with the C core.  "
    "[default: core, or cpython where it is not]",
)
@click.option("--tree", is_flag=True, help="Show the tree of the expression instead.")
@click.option("--code", is_flag=True, help="Show the program that it is compiled to instead.")
@answers
def command(expression: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Try a JSONata expression, show its tree or its code.

    \b
      tsme eval '$sum($states.input.xs) * $factor' --input '{"xs": [1, 2]}' --variable factor=10

    It stands where the Output of a state would. Write it in single quotes, with or without {% %}
    around it; `-` reads it from the standard input. It is compiled and run as in a workflow, and
    an error is told in AWS's words.

    Exits with 0 if it gave a value, 1 if not, 2 if it could not be tried.
    """
    text = _expression(expression)
    try:
        tree = parse(text)
    except JsonataError as error:
        message = f"the JSONata expression is wrong: {error.message}"
        hint = error.hint or _of_the_shell(text)
        return _refused(text, [("TSME-C083", error.index, message, hint)])
    variables = dict(_variable(given) for given in options["variables"])
    if options["tree"]:
        console.out(outline(tree))
        return DONE
    if found := _wrong(tree):
        return _refused(text, found)
    try:
        if options["code"]:
            console.out(to_text(disassemble(_program(text, variables))))
            return DONE
        answer = _run(_request(text, variables, options), options["engine"])
    except CompileError as error:
        return _refused(text, [(p.code, 0, p.message, p.hint) for p in error.problems])
    except ApiError as error:
        raise HostError("TSME-H061", f"{error.code}: {error.message}", error.hint) from None
    return _tell(answer, options["form"], _unset(text, tree, variables))


# --- the expression ---------------------------------------------------------------------------


def _expression(words: tuple[str, ...]) -> str:
    """What is to be evaluated, without {% %}."""
    if len(words) > 1:
        shown = " ".join(words)
        raise HostError(
            "TSME-H002",
            f"there are {len(words)} expressions, or one that the shell has taken apart",
            _of_the_shell(shown) or f"write it as one, in single quotes: '{shown}'",
        )
    [text] = words
    if text == "-":
        text = text_of(read_bytes("-"), "the standard input")
    text = text.strip()
    if text.startswith("{%") and text.endswith("%}") and len(text) > 3:
        text = text[2:-2].strip()
    if not text:
        raise HostError("TSME-H002", "the expression is empty", _SHELL)
    return text


def _of_the_shell(text: str) -> str:
    """A hint, if it looks as if the shell had taken `$states` away."""
    return _SHELL if _TAKEN.search(text) else ""


def _wrong(tree: Node) -> list[tuple[str, int, str, str]]:
    """What AWS refuses in it when a state machine is created."""
    return [(f.code, f.at, f.message, f.hint) for f in check(tree, ALWAYS)]


def _refused(text: str, found: list[tuple[str, int, str, str]]) -> int:
    problems = []
    for code, at, message, hint in found:
        before = text[:at]
        where = Where("", before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1)
        problems.append(Problem(code, message, where, hint))
    show_problems(problems, text, "expression", to_stderr=True)
    return FAILED


def _variable(given: str) -> tuple[str, Json]:
    name, equals, value = given.partition("=")
    name = name.strip().removeprefix("$")
    if not equals or not name:
        hint = "write --variable NAME=JSON"
        raise HostError("TSME-H002", f'--variable "{given}" gives no value', hint)
    if not name.replace("_", "a").isalnum() or name == "states":
        raise HostError("TSME-H002", f'"{name}" cannot be the name of a variable')
    return name, read_value(value, f"--variable {name}")


def _unset(text: str, tree: Node, variables: dict[str, Json]) -> list[str]:
    """The variables that it reads, and that nobody gave; what is called is a function."""
    names = sorted(references(tree) - variables.keys() - built_in())
    return [name for name in names if not re.search(rf"\${name}\s*\(", text)]


# --- running it -------------------------------------------------------------------------------


def _state(text: str) -> dict[str, Json]:
    return {"Type": "Pass", "Output": "{% " + text + " %}", "End": True}


def _program(text: str, variables: dict[str, Json]) -> bytes:
    """The program of a workflow that has the expression as the Output of a state."""
    states: dict[str, Json] = {_STATE: _state(text)}
    if variables:
        assign: dict[str, Json] = {"Type": "Pass", "Assign": variables, "Next": _STATE}
        states = {"Assign": assign, **states}
    machine = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    return compile_text(json.dumps(machine)).data


def _request(text: str, variables: dict[str, Json], options: Options) -> Request:
    context = options["context"]
    names = None if context is None else read_value(context, "--context", options["form"])
    if not (names is None or isinstance(names, dict)):
        raise HostError("TSME-H062", "--context must be a JSON object")
    given = options["given"]
    return Request(
        definition=json.dumps({"QueryLanguage": "JSONata"} | _state(text)),
        input={} if given is None else read_value(given, form=options["form"]),
        context=names,
        variables=variables,
    )


def _run(request: Request, engine: str) -> dict[str, Any]:
    """What TestState would answer; another engine must make the same records."""
    state = find_state(request)
    now = time.time_ns() // 1_000_000
    context = request.context
    setting = one_state.Setting(
        state=state,
        input=request.input,
        context=own_context(state, request, now) if context is None else context,
        now=now,
        variables=request.variables,
    )
    run = one_state.prepare(setting)
    one_state.drive(setting, run)
    records = run.records
    if engine == "micropython":
        [(records, problem)] = run_batch([(run.compiled.program, run.inputs, {})])
        if problem:
            raise TsmeError("TSME-H031", f"micropython: {problem}")
    elif engine == "core":
        records = _on_core(run)
    return one_state.answer(setting, run.compiled, records, "INFO")


def _on_core(run: one_state.StateRun) -> list[bytes]:
    """The records that the core makes of the same inputs."""
    made = core.kernel(core.runs(Program(run.compiled.program)))
    state = kernel.State()
    records = []
    for event in run.inputs:
        step = made.step(state, tuple(event))
        records.append(bytes(step.record))
        state = step.state
    return records


def _tell(answer: dict[str, Any], form: str | None, unknown: list[str]) -> int:
    if form:
        console.answer(answer, form)
    elif answer["status"] == "SUCCEEDED":
        console.out(console.json_text(answer["output"]))
    elif answer.get("cause", "").endswith(_NOTHING):
        console.out("nothing")
        console.note("where a field has this, AWS says: " + answer["cause"])
        for name in unknown:
            console.note(f"${name} has no value: give it one with --variable {name}=JSON")
    else:
        console.out(f"{console.bad(answer['error'])}: {answer.get('cause', '')}")
    return DONE if answer["status"] == "SUCCEEDED" else FAILED


COMMANDS = (command,)
