"""The command `tsme`: its name and its groups.  A command is read when it is used."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

import tsme

from ..ending import Stopped

# The module of each command, and what --help says of it, which spares reading them all.
COMMANDS = {
    "check": ("check", "Show all problems of workflows."),
    "compile": ("compile", "Compile a workflow to a program."),
    "disasm": ("compile", "Show a program as text that can be read."),
    "graph": ("graph", "Draw a workflow as Mermaid text or as SVG."),
    "history": ("history", "Show an execution as AWS's GetExecutionHistory would."),
    "init": ("init", "Make a folder with a first workflow, its tasks and a test."),
    "journal": ("journal", "Show, export, resize or repair a journal; its effects."),
    "migrate": ("migrate", "Move a running execution to the workflow as it is now."),
    "replay": ("replay", "Run a journal's inputs again, compare every byte."),
    "resume": ("resume", "Go on with the execution under way in a journal."),
    "retire": ("resume", "Give up an execution that cannot go on."),
    "run": ("run", "Run a workflow or a compiled program, or several on one board."),
    "sim": ("sim", "Simulate devices with many seeds and faults."),
    "stop": ("resume", "End the execution under way in a journal."),
    "test": ("test", "Run scenario tests, with tasks mocked."),
    "test-state": ("test_state", "Run one state of a workflow, with mocked answers."),
    "token": ("token", "Complete callbacks and activities from outside."),
}
_NARROW = 52  # columns: to no less does click fit its help by itself
_QUIET = {"help": "help", "version": "help"}  # known, but not listed

EXAMPLES = """\
\b
Examples:
  tsme init garden                          a folder with a first workflow
  tsme check flow.asl.json                  all problems of a workflow
  tsme compile flow.asl.json -o flow.tsm    the program for the device
  tsme run flow.asl.json --input '{"day": 1}' --tasks tasks.py --journal j.bin
  tsme test-state flow.asl.json --state Dry --input '{"day": 1}' --inspection DEBUG
  tsme test                                 the scenarios in *.test.json, tasks mocked
  tsme sim flow.asl.json                    many seeds of faults and power cuts
  tsme journal show j.bin --program flow.asl.json
  tsme journal effects j.bin --program flow.asl.json --tasks tasks.py
  tsme resume j.bin --tasks tasks.py        goes on, without the workflow
  tsme migrate j.bin flow.asl.json          moves what is under way to the workflow as it is now
  tsme stop j.bin --cause "enough"          ends it
  tsme retire j.bin                         gives up what nothing can go on with
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

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name not in _QUIET:
            return None
        name = COMMANDS[cmd_name][0] if cmd_name in COMMANDS else _QUIET[cmd_name]
        module = importlib.import_module(f"..commands.{name}", __name__)
        gc.enable()  # it was off while modules were read
        found: click.Command = next(c for c in module.COMMANDS if c.name == cmd_name)
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

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
        with suppress(OSError, ValueError, AttributeError):  # no terminal
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
            if columns < _NARROW:
                extra["terminal_width"] = columns
        if os.environ.get("NO_COLOR"):
            extra["color"] = False
        try:
            if sys.stdout is None:  # `>&-`: what is opened next would be taken for it
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            try:
                code = super().main(args, prog_name or "tsme", complete_var, False, **extra)
            except click.exceptions.NoArgsIsHelpError as asked:
                click.echo(asked.ctx.get_help())
                code = 0
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt, Stopped) as error:
            from .leaving import leave  # noqa: PLC0415

            leave(error)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


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
