"""`tsme check`: every problem of a workflow, at its place."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...compiler.backend.emit import Compiled
from ...compiler.compile import compile_text
from ...compiler.frontend.check import check as check_text
from ...compiler.frontend.model import CompileError, Problem
from ...compiler.frontend.references import references as variable_references
from ...compiler.frontend.report import ProblemJson, render_text, to_json
from ...compiler.frontend.source import Flow
from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED, UNABLE, HostError, one_line
from ..files import is_schema, read_flow, shown_name

_SHOWN = 3  # names of states in a note


def problems_of(text: Flow, name: str) -> tuple[Compiled | None, list[Problem]]:
    """Everything that stands between a workflow and its program."""
    try:
        return compile_text(text, name), []
    except CompileError as error:
        return None, error.problems


def show_problems(problems: list[Problem], text: Flow, name: str, to_stderr: bool = False) -> None:
    """The problems with their source lines, and how many there are."""
    click.echo(
        console.report(render_text(problems, text, name, console.width(to_stderr))), err=to_stderr
    )
    click.echo(err=to_stderr)
    click.echo(console.bad(f"{name}: {console.count(len(problems), 'problem')}"), err=to_stderr)


def show_warnings(
    warnings: Sequence[Problem], text: Flow, name: str, to_stderr: bool = False
) -> None:
    """What is odd about a workflow that compiles."""
    if warnings:
        click.echo(
            console.report(render_text(warnings, text, name, console.width(to_stderr))) + "\n",
            err=to_stderr,
        )


def _retried(states: Sequence[str]) -> str:
    """What a Retry on a wildcard does not mean here."""
    shown = ", ".join(states[:_SHOWN]) + (", ..." if len(states) > _SHOWN else "")
    return (
        f"note: if a task with Retry ({shown}) is `once` and a reset interrupts it, States.ALL "
        "and States.TaskFailed do not run it again; TSME.Interrupted does"
    )


def _schema(given: str, as_json: bool, everything: list[ProblemJson]) -> int:
    """The same for a relational schema."""
    from .. import schemas  # noqa: PLC0415

    made, findings = schemas.check(given)
    everything += schemas.as_json(findings)
    if not as_json:
        schemas.show(findings)
        if made is not None:
            console.out(f"{given}: {console.good('ok')}")
    return DONE if made is not None else FAILED


@click.command()
@click.argument("flows", metavar="FLOW...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as a JSON array.")
@click.option(
    "--references", is_flag=True, help="Print which variables each state reads, as JSON."
)
@takes_values
def check(flows: tuple[str, ...], as_json: bool, references: bool) -> int:
    """Show all problems of workflows and relational schemas.

    A problem is anything that keeps a workflow from becoming a program: a mistake, or a feature
    that this version does not have. A warning is no problem: the workflow compiles all the same.
    FLOW is a file in Amazon States Language, as JSON or YAML, or a template that holds it
    (template.yaml:Name if it has several); `-` reads the standard input. Or it is the schema of a
    relational machine: FILE.py:CLASS, or a JSON or YAML file with `states`.

    Exits with 0 if there is no problem, 1 if there is one, 2 if a file cannot be read.
    """
    status = DONE
    everything: list[ProblemJson] = []
    for flow in flows:
        try:
            if is_schema(flow):
                status = max(status, _schema(flow, as_json, everything))
                continue
            text = read_flow(flow)
        except HostError as error:
            click.secho(one_line(error.code, error.message, error.hint), err=True, fg="red")
            status = UNABLE
            continue
        name = shown_name(text, flow)
        compiled, problems = problems_of(text, name)
        everything += to_json([*problems, *(compiled.warnings if compiled else ())], name)
        if problems:
            status = max(status, FAILED)
        if as_json:
            continue
        if problems:
            show_problems(problems, text, name)
        elif references:
            console.out_json(variable_references(check_text(text)))
        elif compiled:
            show_warnings(compiled.warnings, text, name)
            console.out(f"{name}: {console.good('ok')}")
            if compiled.retried:
                console.note(_retried(compiled.retried))
    if as_json:
        console.out_json(everything)
    return status


COMMANDS = (check,)
