"""The command `tsme`: its name, its groups, and what it says when something is wrong."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

import tsme
from tsme.errors import TsmeError

from ..compiler.model import CompileError
from . import (
    checking,
    compiling,
    drawing,
    histories,
    journals,
    replaying,
    running,
    simulating,
    testing,
    teststate,
    tokens,
)
from .errors import FAILED, INTERRUPTED, UNABLE, HostError, did_you_mean, one_line

EXAMPLES = """\
\b
Examples:
  tsme check flow.asl.json                  all problems of a workflow
  tsme compile flow.asl.json -o flow.tsm    the program for the device
  tsme run flow.asl.json --input '{"day": 1}' --tasks tasks.py --journal j.bin
  tsme test-state flow.asl.json --state Dry --input '{"day": 1}' --inspection DEBUG
  tsme test                                 the scenarios in *.test.json, tasks mocked
  tsme sim flow.asl.json                    many seeds of faults and power cuts
  tsme journal show j.bin --program flow.asl.json
  tsme journal effects j.bin --program flow.asl.json --tasks tasks.py
  tsme token success j.bin 1-4 '{"closed": true}' --program flow.asl.json
  tsme history j.bin --program flow.asl.json
  tsme replay j.bin --program flow.asl.json
  tsme graph flow.asl.json -o flow.svg

\b
Exit codes:
  0  done     1  the answer is no (problems, failed, different)     2  could not do it

\b
Shell completion (bash; also zsh_source and fish_source):
  eval "$(_TSME_COMPLETE=bash_source tsme)"
"""


class Tsme(click.Group):
    """A group whose errors are one line each, with a code; never a traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        extra |= {"windows_expand_args": windows_expand_args}
        if os.environ.get("NO_COLOR"):
            extra["color"] = False
        try:
            code = super().main(args, prog_name or "tsme", complete_var, False, **extra)
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as asked:
            click.echo(asked.ctx.get_help())
            code = 0
        except Exception as error:
            _leave(error)
        except KeyboardInterrupt:
            _leave(click.Abort())
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


def _leave(error: Exception) -> NoReturn:
    """Say what was wrong in one line and end with its exit code."""
    if isinstance(error, click.Abort):
        click.echo("tsme: interrupted", err=True)
        sys.exit(INTERRUPTED)
    if isinstance(error, BrokenPipeError):  # `tsme disasm p.tsm | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    if os.environ.get("TSME_TRACEBACK"):
        traceback.print_exception(error)
    click.secho(_describe(error), err=True, fg="red")
    sys.exit(UNABLE)


def _describe(error: Exception) -> str:
    if isinstance(error, HostError):
        return one_line(error.code, error.message, error.hint)
    if isinstance(error, TsmeError):
        return one_line(error.code, error.message)
    if isinstance(error, CompileError):
        return _first_problem(error)
    if isinstance(error, click.ClickException):
        return one_line("TSME-H001", *_usage(error))
    at = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    where = f"{os.path.basename(at.filename)}:{at.lineno}"  # noqa: PTH119
    message = f"a mistake in tsme itself, please report it: {what} ({where})"
    return one_line("TSME-H099", message, "TSME_TRACEBACK=1 shows more")


def _first_problem(error: CompileError) -> str:
    """One problem of a workflow with its place, and how to see the others."""
    first, name = error.problems[0], error.filename
    message, hint = first.message, first.hint
    if name:
        message = f"{name}:{first.where.line}:{first.where.column}: {message}"
    if more := len(error.problems) - 1:
        see = f": tsme check {name}" if name and name != "<stdin>" else ""
        hint = "; ".join(part for part in (hint, f"{more} more{see}") if part)
    return one_line(first.code, message, hint)


def _usage(error: click.ClickException) -> tuple[str, str]:
    """Message and hint of what click has to say about the arguments."""
    context = getattr(error, "ctx", None)
    see = f'see "{context.command_path} --help"' if context else 'see "tsme --help"'
    if isinstance(error, click.NoSuchCommand):
        known = list(context.command.commands) if context else []
        hint = did_you_mean(error.command_name, known) or f"there are {', '.join(known)}"
        return f'there is no command "{error.command_name}"', hint
    if isinstance(error, click.NoSuchOption):
        known = [name for p in context.command.params for name in p.opts] if context else []
        hint = did_you_mean(error.option_name, [*known, "--help"]) or see
        return f'there is no option "{error.option_name}"', hint
    text = error.format_message().rstrip(".")
    return text[:1].lower() + text[1:], see


@click.group(
    "tsme",
    cls=Tsme,
    epilog=EXAMPLES,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
)
@click.version_option(tsme.__version__, "-V", "--version", message="tsme %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Workflows in Amazon States Language for microcontrollers: check, compile, run, replay."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for group in (
    checking,
    compiling,
    running,
    testing,
    simulating,
    teststate,
    journals,
    histories,
    replaying,
    tokens,
    drawing,
):
    for command in group.COMMANDS:
        main.add_command(command)
