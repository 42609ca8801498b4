"""`tsme convert`: a workflow in JSONPath becomes one in JSONata."""

from __future__ import annotations

import json

import click

from ...compiler.convert.convert import Converted, convert
from ...compiler.frontend.model import CompileError
from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED
from ..files import read_flow, shown_name
from ..outputs import write_bytes
from .check import show_problems


@click.command("convert")
@click.argument("flow", metavar="FLOW")
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help="Where the workflow in JSONata goes.  [default: the standard output]",
)
@click.option(
    "--assume",
    is_flag=True,
    help="Convert also what is the same only under a condition, and say the condition.",
)
@takes_values
def convert_command(flow: str, output: str, assume: bool) -> int:
    """Turn a workflow in JSONPath into JSONata.

    Each state becomes one in JSONata if it then does the same with every input with which it
    succeeds today; the others stay as they are, and it is said why. Both kinds run together.
    What fails, fails with States.QueryEvaluationError in JSONata, which States.ALL catches.

    Exits with 0 if a workflow was written, 1 if FLOW has problems.
    """
    text = read_flow(flow)
    name = shown_name(text, flow)
    try:
        converted = convert(text, name, assume=assume)
    except CompileError as error:
        show_problems(error.problems, text, name, to_stderr=True)
        return FAILED
    written = json.dumps(converted.definition, ensure_ascii=False, indent=2) + "\n"
    write_bytes(output, written.encode(), "workflow in JSONata", flow)
    _tell(converted, name)
    return DONE


def _tell(converted: Converted, name: str) -> None:
    for remark in converted.remarks:
        where = f"{name}:{remark.where.line}:{remark.where.column}"
        verb = "stays in JSONPath" if remark.left else "is the same if this holds"
        console.note(f"{where}: {remark.state} {verb}: {remark.message}")
        if remark.hint:
            console.note(f"  help: {remark.hint}")
    done = converted.states - converted.left
    console.note(f"{name}: {done} of {console.count(converted.states, 'state')} converted")


COMMANDS = (convert_command,)
