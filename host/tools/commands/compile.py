"""`tsme compile` and `tsme disasm`: workflows to programs, programs to text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

from ...compiler.backend.disasm import disassemble, to_json, to_text
from ...compiler.backend.emit import USUAL, Compiled
from ...compiler.compile import compile_text
from ...compiler.frontend.model import MOST, CompileError
from ...compiler.frontend.source import Flow, parse_text
from .. import console
from ..definitions import split_name, takes_values
from ..errors import DONE, FAILED, HostError
from ..files import is_schema, read_flow, read_program, shown_name
from ..outputs import write_bytes
from .check import show_problems, show_warnings

_Command: TypeAlias = "Callable[..., Any]"


def target_of(flow: str) -> str:
    """Where the program of a workflow goes if nothing else is said: next to it."""
    flow, name = split_name(flow)
    path = Path(flow)
    if name:
        return str(path.with_name(f"{name}.tsm"))
    for ending in (".asl.json", ".asl.yaml", ".asl.yml", ".json", ".yaml", ".yml", ".asl"):
        if path.name.endswith(ending):
            return str(path.with_name(path.name.removesuffix(ending) + ".tsm"))
    return f"{flow}.tsm"


def minified(flow: Flow) -> int:
    """Bytes of a workflow's JSON without white space."""
    plain = parse_text(flow).plain()
    return len(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode())


def _limit(name: str, text: str) -> Callable[[_Command], _Command]:
    """An option for a limit of the program, which its Comment may give as well."""
    usual = f"{text}  [default: {getattr(USUAL, name)}, or as the Comment says]"
    kind = click.IntRange(1, MOST[name])
    return click.option("--" + name.replace("_", "-"), type=kind, metavar="N", help=usual)


@click.command(name="compile")
@click.argument("flow", metavar="FLOW")
@click.option(
    "-o", "--output", metavar="P.tsm", help="Where the program goes.  [default: next to FLOW]"
)
@click.option("--no-debug", is_flag=True, help="Leave out state names and source positions.")
@_limit("budget", "Transitions that one step may take.")
@_limit("step_bytes", "Bytes that large values may have which one state makes.")
@_limit("items", "Items that a Map may have.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@takes_values
def compile_(
    flow: str, output: str | None, no_debug: bool, as_json: bool, **limits: int | None
) -> int:
    """Compile a workflow to a program, or a relational schema.

    Prints how large it is, against the workflow without its white space, and the handlers that
    it needs. `-o -` writes the program to the standard output. Exits with 1 if the workflow has
    problems.

    FLOW may be the schema of a relational machine: FILE.py:CLASS, or a JSON or YAML file with
    `states`. It becomes a .tsr, of which a board computes relations without any preparation.
    """
    if is_schema(flow):
        if no_debug or any(value is not None for value in limits.values()):
            hint = "leave them out: a schema has neither a debug part nor limits"
            raise HostError("TSME-H002", "--no-debug and limits are for workflows", hint)
        return _compile_schema(flow, output, as_json)
    if output is None and flow == "-":
        raise HostError("TSME-H002", "a workflow from the standard input needs -o P.tsm")
    text = read_flow(flow)
    name = shown_name(text, flow)
    try:
        compiled = compile_text(text, Path(name).name, **limits)
    except CompileError as error:
        show_problems(error.problems, text, name, to_stderr=True)
        return FAILED
    show_warnings(compiled.warnings, text, name, to_stderr=True)
    target = output or target_of(flow)
    data = compiled.program if no_debug else compiled.data
    write_bytes(target, data, "program", split_name(flow)[0])
    size = minified(text)
    if as_json:
        facts = _facts(compiled, target, size)
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2), err=target == "-")
        return DONE
    _show(compiled, target, size, 0 if no_debug else len(compiled.debug))
    return DONE


def _compile_schema(given: str, output: str | None, as_json: bool) -> int:
    """The same for a relational schema."""
    from .. import schemas  # noqa: PLC0415

    made, findings = schemas.check(given)
    schemas.show(findings, to_stderr=True)
    if made is None:
        return FAILED
    target = output or schemas.target_of(given, made)
    write_bytes(target, made.data, "compiled schema", given.rpartition(".py:")[0] or given)
    schema = made.schema
    facts = {
        "schema": target,
        "bytes": len(made.data),
        "name": schema.name,
        "version": schema.version,
        "states": [state.name for state in schema.states],
        "groups": {title: list(names) for title, names in schema.groups.items()},
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2), err=target == "-")
        return DONE
    states = console.count(len(schema.states), "state")
    line = f"{console.strong(target)}: {len(made.data)} bytes, {schema.name} version "
    click.echo(f"{line}{schema.version}, {states}", err=target == "-")
    return DONE


def _facts(compiled: Compiled, target: str, size: int) -> dict[str, object]:
    return {
        "program": target,
        "program_bytes": len(compiled.program),
        "debug_bytes": len(compiled.debug),
        "minified_bytes": size,
        "ratio": round(len(compiled.program) / size, 4),
        "digest": compiled.digest.hex(),
        "resources": list(compiled.resources),
    }


def _show(compiled: Compiled, target: str, size: int, debug: int) -> None:
    program = len(compiled.program)
    lines = [
        f"{console.strong(target)}: {program} bytes, {100 * program / size:.0f} % of the "
        f"workflow's {size} (minified)" + (f"; {debug} more for debugging" if debug else ""),
        f"digest: {compiled.digest.hex()}",
    ]
    if compiled.resources:
        lines.append("handlers needed:")
        lines += [f"  {console.name(resource)}" for resource in compiled.resources]
    else:
        lines.append("handlers needed: none")
    for line in lines:
        click.echo(line, err=target == "-")


@click.command()
@click.argument("program", metavar="PROGRAM")
@click.option("--json", "as_json", is_flag=True, help="Print the listing as JSON.")
@takes_values
def disasm(program: str, as_json: bool) -> int:
    """Show a program as text that can be read.

    PROGRAM is a .tsm file, or a workflow, which is compiled first. State names and the lines of
    the source come from the program's debug part, if it has one. A compiled schema (.tsr), or
    what is compiled to one, is shown state by state.
    """
    if is_schema(program):
        return _show_schema(program, as_json)
    try:
        loaded = read_program(program)
    except CompileError as error:
        if program == "-":
            raise  # it cannot be read twice
        text = read_flow(program)
        show_problems(error.problems, text, shown_name(text, program), to_stderr=True)
        return FAILED
    listing = disassemble(loaded.data)
    if as_json:
        console.out_json(to_json(listing))
    else:
        console.out(to_text(listing))
    return DONE


def _show_schema(given: str, as_json: bool) -> int:
    from ...relational import compiled  # noqa: PLC0415
    from .. import schemas  # noqa: PLC0415

    made, findings = schemas.check(given)
    if made is None:
        schemas.show(findings, to_stderr=True)
        return FAILED
    if as_json:
        console.out_json(compiled.to_json(made.schema, made.data))
    else:
        console.out(compiled.to_text(made.schema, made.data))
    return DONE


COMMANDS = (compile_, disasm)
